//! Keys that are set: what a person writes is what counts, a mistake costs its own key, and nobody is locked out.

use q_term::Intent;
use q_term::command::{Action, Arguments, UserCommand};
use q_term::keymap::{KeyContext, KeySettings, Keymap, Preset};
use q_term::keys::Chord;
use q_term::{Options, Ui};

use crate::world::{But, World, id, session};

/// The keys after these lines: context, action, keys. Faults as they are told.
fn set(preset: Preset, leader: Option<&str>, lines: &[(KeyContext, &str, &[&str])]) -> (Keymap, Vec<String>) {
    let mut settings = KeySettings::new(preset);
    let mut faults = Vec::new();
    if let Some(Err(fault)) = leader.map(|leader| settings.lead(leader)) {
        faults.push(fault.to_string());
    }
    for (context, action, keys) in lines {
        if let Err(fault) = settings.set(*context, action, keys) {
            faults.push(fault.to_string());
        }
    }
    let (keymap, kept) = settings.finish();
    faults.extend(kept.iter().map(ToString::to_string));
    (keymap, faults)
}

fn means(keymap: &Keymap, keys: &str, is_empty: bool) -> &'static str {
    let chords: Vec<Chord> = keys.split(' ').map(|key| key.parse().unwrap()).collect();
    let action = match chords[..] {
        [leader, key] if leader == keymap.leader() => keymap.by_leader(key),
        [key] => keymap.by_chord(key, is_empty),
        _ => None,
    };
    action.map_or("-", |action| action.name())
}

use KeyContext::{Direct, Empty, Leader, List, Page, Text};

#[test]
fn what_is_set_counts_where_it_is_set() {
    for (line, keys, is_empty, wanted) in [
        ((Direct, "attend", &["F2"][..]), "F2", true, "attend"),
        ((Direct, "attend", &["F2"]), "Alt+A", true, "-"),
        ((Direct, "attend", &["F2"]), "Ctrl+X a", true, "attend"),
        ((Direct, "attend", &["none"]), "Alt+A", true, "-"),
        ((Direct, "attend", &["Ctrl+W"]), "Ctrl+W", false, "attend"),
        ((Direct, "attend", &["Ctrl+W"]), "Ctrl+W", true, "attend"),
        // Only that half of the time is taken from who has a key always.
        ((Empty, "list", &["Ctrl+P"]), "Ctrl+P", true, "sessions"),
        ((Empty, "sessions", &["Ctrl+P"]), "Ctrl+P", false, "older"),
        ((Text, "list", &["Ctrl+N"]), "Ctrl+N", true, "new"),
        ((Text, "list", &["Ctrl+N"]), "Ctrl+N", false, "sessions"),
        ((Leader, "new", &["c", "Space"]), "Ctrl+X c", true, "new"),
        ((Leader, "new", &["c", "Space"]), "Ctrl+X Space", true, "new"),
        ((Leader, "new", &["c"]), "Ctrl+X n", true, "-"),
        ((Leader, "new", &["w"]), "Ctrl+X w", true, "new"),
        ((Direct, "switch", &["Ctrl+1", "Ctrl+2"]), "Ctrl+2", true, "switch"),
        ((Direct, "send", &["Alt+Enter"]), "Alt+Enter", false, "send"),
        // What keeps people in stays whatever is set.
        ((Direct, "interrupt", &["none"]), "Ctrl+C", false, "interrupt"),
        ((Leader, "help", &["h"]), "Ctrl+X ?", true, "help"),
        ((Direct, "send", &["none"]), "Enter", false, "send"),
        ((Direct, "cancel", &["none"]), "Esc", false, "cancel"),
    ] {
        let (keymap, _) = set(Preset::Readline, None, &[line]);
        assert_eq!(means(&keymap, keys, is_empty), wanted, "{line:?}: {keys}");
    }
}

#[test]
fn a_mistake_is_told_and_costs_its_own_key() {
    for (line, told) in [
        ((Direct, "closse", &["F2"][..]), "there is no action `closse`: did you mean `close`?"),
        ((Direct, "new", &["Ctrl+Hyper+N"]), "`Ctrl+Hyper+N` is no key"),
        ((Direct, "new", &["Ctrl+C"]), "Ctrl+C always interrupts"),
        ((Direct, "new", &["Esc"]), "Esc always leaves"),
        ((Direct, "new", &["n"]), "n alone is typed there"),
        ((Empty, "new", &["Ctrl+X"]), "Ctrl+X is the leader"),
        ((Leader, "new", &["?"]), "? after the leader always shows help"),
        ((List, "close", &["x"]), "x alone is typed there"),
        ((List, "send", &["F2"]), "`send` means nothing there"),
        ((Page, "new", &["F2"]), "`new` means nothing there"),
        ((Direct, "switch", &["F2"]), "F2 has no digit"),
        ((Direct, "last", &["F5"]), "F5 is set for `attend` already"),
        ((Text, "last", &["F5"]), "F5 is set for `attend` already"),
    ] {
        let (keymap, faults) = set(Preset::Readline, None, &[(Direct, "attend", &["F5"]), line]);
        assert!(faults.len() == 1 && faults[0].contains(told), "{line:?}: {faults:?}");
        for (keys, action) in [("F5", "attend"), ("Ctrl+N", "new"), ("Ctrl+X n", "new"), ("Alt+L", "last")] {
            assert_eq!(means(&keymap, keys, true), action, "{line:?}");
        }
    }
    let (_, faults) = set(Preset::Readline, None, &[(Leader, "last", &["F5"]), (Direct, "attend", &["F5"])]);
    assert!(faults.is_empty(), "one key in two places: {faults:?}");
}

#[test]
fn whoever_loses_a_key_without_being_thought_of_is_named() {
    for (lines, told) in [
        (
            &[(Direct, "find", &["Ctrl+G"][..])][..],
            "`find` takes Ctrl+G from `editor`: give `editor` another key",
        ),
        (&[(Direct, "attend", &["Ctrl+W"])], "`attend` takes Ctrl+W from `close` and `delete-word-back`"),
        (
            &[(Direct, "close", &["Enter"])],
            "`close` takes Enter from `send`: Enter does it with text in the prompt",
        ),
        (&[(Leader, "new", &["w"])], "`new` takes w from `close`"),
        // Who is written of was thought of, and on an empty prompt no key edits.
        (&[(Direct, "find", &["Ctrl+G"]), (Direct, "editor", &["F4"])], ""),
        (&[(Text, "editor", &["none"]), (Direct, "find", &["Ctrl+G"])], ""),
        (&[(Empty, "list", &["Ctrl+K"])], ""),
        (&[(Leader, "editor", &["e"]), (Direct, "find", &["Ctrl+G"])], "`find` takes Ctrl+G from `editor`"),
        (&[(Direct, "find", &["F9"])], ""),
    ] {
        let (keymap, faults) = set(Preset::Readline, None, lines);
        let is_told = faults.len() == usize::from(!told.is_empty());
        assert!(is_told && faults.iter().all(|fault| fault.starts_with(told)), "{lines:?}: {faults:?}");
        // Whatever is set, text can be sent and what lies on top be left.
        assert!(
            keymap.at_once(Action::Submit, false).is_some()
                && keymap.at_once(Action::Cancel, false).is_some()
        );
    }
}

#[test]
fn a_leader_is_no_key_that_has_to_be_pressed() {
    for leader in ["x", "X", "Enter", "Esc", "Tab", "Ctrl+C", "F1", "Space", "Up", "nonsense"] {
        let (keymap, faults) = set(Preset::Readline, Some(leader), &[]);
        assert_eq!((keymap.leader().to_string().as_str(), faults.len()), ("Ctrl+X", 1), "{leader}");
    }
    for leader in ["Ctrl+B", "Alt+Space", "F2", "Ctrl+Space", "Ctrl+A"] {
        let (keymap, faults) = set(Preset::Readline, Some(leader), &[]);
        assert_eq!((keymap.leader().to_string().as_str(), &faults[..]), (leader, &[][..]));
        assert_eq!(means(&keymap, leader, false), "-", "what the key meant it means no longer");
        assert_eq!(means(&keymap, &format!("{leader} ?"), false), "help");
    }
}

#[test]
fn presets_are_what_their_names_promise() {
    for (preset, keys, is_empty, wanted) in [
        (Preset::Readline, "Ctrl+W", false, "delete-word-back"),
        (Preset::App, "Ctrl+W", false, "close"),
        (Preset::App, "Ctrl+N", false, "new"),
        (Preset::App, "Ctrl+R", false, "rename"),
        (Preset::App, "Alt+R", false, "search-history"),
        (Preset::App, "Ctrl+X n", false, "new"),
        (Preset::Tmux, "Ctrl+B c", true, "new"),
        (Preset::Tmux, "Ctrl+B n", true, "next"),
        (Preset::Tmux, "Ctrl+B ,", true, "rename"),
        (Preset::Tmux, "Ctrl+B 3", true, "switch"),
        (Preset::Tmux, "Ctrl+B ?", true, "help"),
        (Preset::Tmux, "Ctrl+B d", true, "detach"),
        (Preset::Tmux, "Ctrl+B", true, "-"),
    ] {
        assert_eq!(means(&Keymap::preset(preset), keys, is_empty), wanted, "{preset:?}: {keys}");
    }
    for (_, preset) in Preset::ALL {
        let keymap = Keymap::preset(preset);
        for empty in [true, false] {
            let mut seen = std::collections::BTreeSet::from([keymap.leader().to_string()]);
            for keys in keymap.actions() {
                for (key, _) in keys.direct.iter().filter(|(_, when)| when.holds(empty)) {
                    assert!(seen.insert(key.to_string()), "{key} twice in {preset:?}");
                }
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for key in keymap.actions().iter().flat_map(|keys| &keys.leader) {
            assert!(seen.insert(key.to_string()), "{key} twice after the leader in {preset:?}");
        }
    }
}

fn world(keymap: Keymap) -> World {
    let mut world = World::new(100, 24);
    world.ui = Ui::new(Options { home: "/home/ann".into(), keymap, ..Options::default() });
    for snapshot in [session(1, "api").answer(1, "word\n\n".repeat(40).trim()), session(2, "plan")] {
        world.mirror.load(snapshot);
    }
    world.ui.refreshed(&world.mirror);
    world.frame();
    world
}

/// What is on the screen, without how it is broken into rows.
fn said(world: &mut World) -> String {
    world.frame().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_that_are_set_work_and_texts_name_them() {
    let lines: &[(KeyContext, &str, &[&str])] = &[
        (Direct, "new", &["F2"]),
        (Leader, "new", &["c"]),
        (Direct, "detach", &["F10"]),
        (Direct, "end", &["F9"]),
        (Direct, "help", &["F3"]),
        (List, "close", &["Ctrl+T"]),
        (List, "rename", &["none"]),
        (Page, "line-down", &["j"]),
        (Direct, "older", &["F7"]),
        (Direct, "complete", &["F8"]),
    ];
    let (keymap, faults) = set(Preset::Readline, Some("Ctrl+B"), lines);
    assert!(faults.is_empty(), "{faults:?}");
    let close = Intent::Tell(q_core::Command::Close { session: id(1), even_if_working: false });
    for (keys, intent) in [
        (&["F2"][..], Intent::Make(Arguments::default())),
        (&["Ctrl+B", "c"], Intent::Make(Arguments::default())),
        (&["F10"], Intent::Detach),
        (&["Alt+S", "Ctrl+T"], close),
    ] {
        let mut world = world(keymap.clone());
        assert_eq!(world.keys(keys).last(), Some(&intent), "{keys:?}");
    }
    for (keys, shown, not_shown) in [
        (&["Ctrl+C"][..], "F10 leaves", "Ctrl+D"),
        (&["x", "Ctrl+C"], "F7 brings it back", "Up brings"),
        (&["Ctrl+B"], "Ctrl+B c new", "Ctrl+X"),
        (&["Ctrl+B", "k"], "Ctrl+B ? shows what does", "Ctrl+X"),
        (&["Alt+9"], "Ctrl+B l lists them", "Ctrl+X"),
        (&["PageUp"], "(F9)", "(End)"),
        (&["Alt+S"], "Ctrl+T closes", "renames"),
        (&["F3"], "Ctrl+B c", "Ctrl+X"),
        (&["x", "F8"], "F8 completes", "Tab completes"),
    ] {
        let mut world = world(keymap.clone()).after(keys);
        let said = said(&mut world);
        assert!(said.contains(shown) && !said.contains(not_shown), "{keys:?}: {said}");
    }
    let mut world = world(keymap.clone()).after(&["F3"]);
    let (top, further) = (world.frame(), {
        world.keys(&["j"]);
        world.frame()
    });
    assert_ne!(top, further, "the page has moved");
    let mut empty = World::new(100, 24);
    empty.ui = Ui::new(Options { keymap, ..Options::default() });
    let said = said(&mut empty);
    assert!(
        said.contains("/help, F3") && said.contains("Ctrl+B: the keys") && said.contains("F10 leaves"),
        "{said}"
    );
}

#[test]
fn in_a_question_a_key_of_pages_is_no_answer_and_no_step() {
    let (keymap, _) = set(Preset::Readline, None, &[(Page, "line-down", &["y"])]);
    let mut world = world(keymap);
    world.ui.show_changes(q_term::ChangesPage {
        session: id(1),
        text: "a\n".repeat(60),
        on_yes: Some((UserCommand { action: Action::Undo, arguments: Arguments::default() }, "undoes it")),
    });
    world.frame();
    assert!(!world.keys(&["y"]).is_empty(), "a yes is a yes");
}
