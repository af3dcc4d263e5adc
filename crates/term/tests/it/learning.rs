//! The tour and the hints: what is tried is noticed whichever way, each thing is said once, and nobody who types is held up.

use q_core::Activity;
use q_term::learned::Learned;
use q_term::{Intent, Options, TerminalEvent, Ui};

use crate::world::{But as _, World, id, line, session};

/// A terminal of somebody who was shown that.
fn of(columns: u16, rows: u16, learned: Learned, hints: bool) -> World {
    let mut world = World::new(columns, rows);
    world.ui = Ui::new(Options { learned, hints, ..Options::default() });
    world
}

/// What stands above the prompt.
fn said(world: &mut World) -> String {
    world.frame().lines().rev().nth(1).unwrap_or_default().trim().to_owned()
}

/// What the client is given to keep, the newest last.
fn kept(intents: &[Intent]) -> Option<String> {
    let learned = intents
        .iter()
        .rev()
        .find_map(|intent| if let Intent::Learned(learned) = intent { Some(learned) } else { None });
    learned.map(Learned::written)
}

/// The host makes a session that was asked for.
fn make(world: &mut World, slot: u32, name: &str) -> Vec<Intent> {
    world.mirror.load(session(slot, name));
    world.ui.created(&world.mirror, id(slot))
}

#[test]
fn the_tour_notices_what_is_done_by_command_and_by_key_and_ends_by_itself() {
    for by_key in [false, true] {
        let mut world = of(80, 24, Learned::nothing(false), true);
        assert!(world.frame().contains("/new NAME"));
        world.say("hello");
        make(&mut world, 1, "new");
        assert!(
            said(&mut world).starts_with("Tour · try /new NAME (Ctrl+X n): one more session"),
            "the first was no step"
        );
        let new = if by_key { world.keys(&["Ctrl+X", "n"]) } else { world.say("/new api") };
        assert!(kept(&new).is_none(), "it is not there yet");
        assert_eq!(kept(&make(&mut world, 2, "api")).as_deref(), Some("tour runs\ntried new\n"));
        assert!(said(&mut world).starts_with("Tour ✓ /new · try /switch NAME (Ctrl+X 1…9)"));
        let switched = if by_key { world.keys(&["Ctrl+PageUp"]) } else { world.say("/switch new") };
        assert_eq!(kept(&switched).as_deref(), Some("tour runs\ntried new\ntried switch\n"));
        let listed = if by_key { world.keys(&["Alt+S"]) } else { world.say("/sessions") };
        assert_eq!(kept(&listed).as_deref(), Some("tour over\ntried new\ntried switch\ntried sessions\n"));
        world.keys(&["Esc"]);
        world.ui.handle(&world.mirror, TerminalEvent::Resize(80, 24));
        assert!(said(&mut world).contains("That was the tour"), "{}", said(&mut world));
        world.wait_ms(6000);
        world.keys(&["x"]);
        assert!(!world.frame().contains("tour"), "{}", world.frame());
    }
}

#[test]
fn a_session_that_the_host_refused_was_not_made() {
    let mut world = of(80, 24, Learned::nothing(false), true);
    make(&mut world, 1, "one");
    world.say("/new api");
    world.ui.not_opened("ten sessions work");
    // Another one comes to be by a prompt.
    make(&mut world, 2, "two");
    world.keys(&["x"]);
    assert!(said(&mut world).starts_with("Tour · try /new"), "{}", said(&mut world));
}

#[test]
fn the_tour_ends_and_begins_as_it_is_told_and_takes_one_row() {
    let mut world = of(40, 12, Learned::nothing(false), true);
    make(&mut world, 1, "one");
    assert!(said(&mut world).starts_with("Tour · try /new NAME  "), "{}", world.frame());
    assert_eq!(kept(&world.say("/tour skip")).as_deref(), Some("tour over\n"));
    world.keys(&["x"]);
    assert!(!world.frame().contains("Tour"));
    world.keys(&["Backspace"]);
    assert_eq!(kept(&world.say("/tour")).as_deref(), Some("tour runs\n"));
    assert!(said(&mut world).starts_with("Tour · try /new NAME  "), "{}", world.frame());
    assert!(world.say("/tour now").is_empty() && world.frame().contains("/tour takes [skip]"));
}

#[test]
fn what_is_typed_is_a_prompt_while_the_tour_runs() {
    let mut world = of(80, 24, Learned::nothing(false), true);
    make(&mut world, 1, "one");
    let sent = world.say("why?");
    assert!(
        sent.iter().any(|intent| matches!(intent, Intent::Prompt { text, .. } if text == "why?")),
        "{sent:?}"
    );
}

#[test]
fn each_hint_is_said_once_and_stays_until_it_could_be_read() {
    let mut world = of(80, 24, Learned::nothing(true), true);
    world.mirror.load(session(1, "one"));
    world.ui.refreshed(&world.mirror);
    assert!(said(&mut world).is_empty() || !world.frame().contains("back and forth"));
    world.mirror.load(session(2, "two"));
    let two = world.ui.refreshed(&world.mirror);
    assert_eq!(kept(&two).as_deref(), Some("tour over\nhint two-sessions\n"));
    world.keys(&["x"]);
    assert!(
        said(&mut world).starts_with("Alt+L goes back and forth between two sessions, Alt+1…9"),
        "{}",
        world.frame()
    );
    world.wait_ms(6000);
    world.keys(&["x"]);
    assert!(!world.frame().contains("back and forth"));

    let news = line(session(2, "two").unread(1, 1, 0));
    assert_eq!(kept(&world.update(news)).as_deref(), Some("tour over\nhint news\nhint two-sessions\n"));
    assert!(said(&mut world).starts_with("two has something new: Alt+A goes there."), "{}", world.frame());
    world.wait_ms(6000);
    world.keys(&["Backspace"]);
    let again = world.update(line(session(2, "two").unread(2, 1, 0)));
    assert!(kept(&again).is_none() && !world.frame().contains("goes there"));

    let pasted = "a line\n".repeat(40);
    let pasted = world.ui.handle(&world.mirror, TerminalEvent::Paste(pasted));
    assert!(kept(&pasted).is_some_and(|kept| kept.contains("hint paste")));
    let frame = world.frame();
    assert!(frame.contains("folded and sent whole, by Enter alone; Ctrl+O unfolds it"), "{frame}");
}

#[test]
fn a_hint_waits_for_its_time() {
    // One that works has nothing to show yet.
    let mut world = of(80, 24, Learned::read("hint two-sessions"), true);
    world.mirror.load(session(1, "one"));
    world.mirror.load(session(2, "two").unread(1, 1, 0).activity(Activity::Working));
    assert!(kept(&world.ui.refreshed(&world.mirror)).is_none());
    let ended = line(session(2, "two").unread(1, 1, 0));
    assert!(kept(&world.update(ended)).is_some());
}

#[test]
fn who_wants_no_hints_gets_none() {
    let mut world = of(80, 24, Learned::nothing(true), false);
    world.mirror.load(session(1, "one"));
    world.mirror.load(session(2, "two").unread(1, 1, 0));
    assert!(kept(&world.ui.refreshed(&world.mirror)).is_none());
    let pasted = world.ui.handle(&world.mirror, TerminalEvent::Paste("a line\n".repeat(40)));
    assert!(kept(&pasted).is_none());
    assert!(!world.frame().contains("goes there"));
}
