//! `/set` and `/model`: what they ask for, what is shown of the answer, and names that are completed.

use q_core::{Command, SettingChange};
use q_term::{Intent, TerminalEvent};

use crate::world::{World, id, key_event, session};

fn world() -> World {
    World::with(100, 24, vec![session(1, "api"), session(2, "plan")])
}

fn names() -> Vec<String> {
    ["gpt-5", "gpt-5-mini", "o3"].map(str::to_owned).to_vec()
}

#[test]
fn what_is_typed_is_told_or_asked_about() {
    let set = |name: &str, value: &str| {
        let changes = vec![SettingChange { name: name.into(), value: value.into() }];
        Intent::Tell(Command::Set { session: id(1), changes })
    };
    let shown = |only: Option<&str>| Intent::Settings { session: id(1), only: only.map(str::to_owned) };
    for (typed, intent) in [
        ("/set temperature 0.2", set("temperature", "0.2")),
        ("/set max_tokens default", set("max_tokens", "default")),
        ("/model gpt-5", set("model", "gpt-5")),
        ("/set", shown(None)),
        ("/set reasoning", shown(Some("reasoning"))),
        ("/model", Intent::Models { session: id(1), shows: true }),
    ] {
        assert_eq!(world().say(typed), [intent], "{typed}");
    }
}

#[test]
fn models_are_shown_and_completed_and_no_key_waits_for_them() {
    let mut world = world();
    world.type_text("/model");
    let blank = TerminalEvent::Key(key_event(" "));
    let asked = world.ui.handle(&world.mirror, blank);
    assert_eq!(asked, [Intent::Models { session: id(1), shows: false }], "as soon as one is typed");
    world.type_text("g");
    assert_eq!(world.keys(&["Tab"]), []);
    assert!(world.frame().ends_with("[api] > /model g"), "{}", world.frame());
    // The Tab waited for them.
    world.ui.listed(&world.mirror, id(1), names(), false);
    assert!(world.frame().ends_with("[api] > /model gpt-5"), "{}", world.frame());
    // They are known now.
    assert_eq!(world.keys(&["-", "Tab"]), []);
    assert!(world.frame().ends_with("[api] > /model gpt-5-mini"), "{}", world.frame());
    world.keys(&["Ctrl+U"]);
    world.type_text("/set model x");
    assert_eq!(world.keys(&["Tab"]), []);
    assert!(world.frame().contains("no other model fits x"), "{}", world.frame());
    world.keys(&["Ctrl+U"]);
    world.type_text("/set max");
    world.keys(&["Tab"]);
    assert!(world.frame().ends_with("[api] > /set max_tokens"), "{}", world.frame());
    world.keys(&["Ctrl+U"]);
    world.ui.listed(&world.mirror, id(1), names(), true);
    let frame = world.frame();
    assert!(
        frame.contains("guide lists 3 models, /model NAME changes it") && frame.contains("gpt-5-mini"),
        "{frame}"
    );
}

#[test]
fn a_list_that_comes_late_changes_nothing_elsewhere() {
    let mut world = world();
    world.type_text("/model g");
    world.keys(&["Tab", "Alt+2"]);
    world.ui.listed(&world.mirror, id(1), names(), false);
    assert!(world.frame().ends_with("[plan] > ask something, or /help"), "{}", world.frame());
    world.keys(&["Alt+1"]);
    assert!(world.frame().ends_with("[api] > /model g"), "{}", world.frame());
}
