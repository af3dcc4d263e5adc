//! The screen divided: sessions side by side, one of which has the keyboard.

use crossterm::event::MouseButton::Left;
use crossterm::event::MouseEventKind::{Down, Drag, ScrollUp, Up};
use proptest::prelude::*;
use q_core::{Activity, Answer, Body, Command, SessionInView, Snapshot, Update};
use q_term::Intent;

use crate::waiting::{answer, consent, waiting};
use crate::world::{But, World, entry, id, session};

fn talk(slot: u32, name: &str) -> Snapshot {
    (1..=12).fold(session(slot, name), |snapshot, no| {
        snapshot
            .prompt(2 * no, &format!("question {no} of {name}"))
            .answer(2 * no + 1, &format!("the answer {no} of {name}"))
    })
}

fn sessions() -> Vec<Snapshot> {
    vec![
        talk(1, "api"),
        session(2, "docs")
            .prompt(1, "write the **manual**")
            .answer(2, "It is written.")
            .activity(Activity::Working),
        session(3, "plan"),
        talk(4, "review"),
    ]
}

/// The screen in panes, opened one after the other.
fn divided(columns: u16, rows: u16, panes: &[&str]) -> World {
    let mut world = World::with(columns, rows, sessions());
    for pane in panes {
        world.say(&format!("/split {pane}"));
    }
    world
}

fn shows(session: u32, at_end: bool, beside: &[(u32, bool)]) -> Intent {
    let other = |(session, at_end): &(u32, bool)| SessionInView { session: id(*session), at_end: *at_end };
    Intent::Show { session: Some(id(session)), at_end, beside: beside.iter().map(other).collect() }
}

#[test]
fn two_sessions_stand_side_by_side() {
    insta::assert_snapshot!("side_by_side_80x24", divided(80, 24, &["docs"]).frame());
    insta::assert_snapshot!("side_by_side_200x50", divided(200, 50, &["docs", "review"]).frame());
}

#[test]
fn where_it_is_too_narrow_they_stand_one_above_the_other() {
    insta::assert_snapshot!("stacked_60x24", divided(60, 24, &["docs"]).frame());
    insta::assert_snapshot!("stacked_80x24", divided(80, 24, &["docs", "review"]).frame());
}

#[test]
fn where_there_is_no_room_it_is_said() {
    let mut world = divided(40, 12, &["docs"]);
    assert!(world.ui.split().is_empty());
    assert!(world.frame().contains("no room for 2 panes"), "{}", world.frame());
    for (columns, rows) in [(1, 1), (2, 3), (39, 14)] {
        let mut world = divided(columns, rows, &["docs"]);
        world.frame();
        assert!(world.ui.split().is_empty(), "{columns}x{rows}");
    }
}

#[test]
fn without_a_name_the_one_shown_before_comes_beside_it() {
    let mut world = World::with(80, 24, sessions()).after(&["Alt+4", "Alt+1", "Ctrl+X", "v"]);
    assert_eq!(world.ui.split(), [id(1), id(4)]);
    assert_eq!(world.ui.focus(), Some(id(4)), "the new one has the keyboard");
    world.keys(&["Ctrl+X", "v"]);
    assert_eq!(
        world.ui.split(),
        [id(1), id(4), id(2)],
        "none was shown before: one that needs the person, or the next"
    );
    world.say("/split plan");
    assert!(world.frame().contains("3 panes are the most"), "{}", world.frame());
    let mut alone = World::with(80, 24, vec![session(1, "api")]).after(&["Ctrl+X", "v"]);
    assert!(alone.frame().contains("there is no other session"), "{}", alone.frame());
    let mut empty = World::with(80, 24, Vec::new()).told("/split api");
    assert!(empty.ui.split().is_empty() && !empty.frame().is_empty());
}

#[test]
fn keys_go_to_one_pane_and_each_keeps_its_own() {
    let mut world = divided(80, 24, &["docs"]);
    world.type_text("for docs");
    world.keys(&["F6"]);
    world.type_text("for api");
    world.keys(&["PageUp"]);
    let frame = world.frame();
    assert!(frame.contains("[docs] > for docs") && frame.contains("[api] > for api"), "{frame}");
    assert!(frame.contains("━━[1 api]") && frame.contains("── 2 docs"), "{frame}");
    let sent = world.keys(&["Enter"]);
    assert!(
        matches!(sent.as_slice(), [Intent::Prompt { session, text, .. }, ..] if *session == id(1) && text == "for api")
    );
    world.keys(&["Ctrl+X", "Left"]);
    let sent = world.keys(&["Enter"]);
    assert!(
        matches!(sent.as_slice(), [Intent::Prompt { session, text, .. }, ..] if *session == id(2) && text == "for docs")
    );
}

#[test]
fn a_session_is_in_one_pane_and_switching_acts_on_the_pane_with_the_keyboard() {
    let mut world = divided(120, 24, &["docs"]);
    world.keys(&["Alt+4"]);
    assert_eq!((world.ui.split(), world.ui.focus()), (&[id(1), id(4)][..], Some(id(4))));
    world.keys(&["Alt+1"]);
    assert_eq!(
        (world.ui.split(), world.ui.focus()),
        (&[id(1), id(4)][..], Some(id(1))),
        "the keyboard goes there"
    );
    world.keys(&["Alt+2"]);
    assert_eq!(world.ui.split(), [id(2), id(4)]);
    world.say("/split review");
    assert_eq!(
        (world.ui.split(), world.ui.focus()),
        (&[id(2), id(4)][..], Some(id(4))),
        "it is in a pane already"
    );
}

#[test]
fn closing_a_pane_closes_no_session() {
    let mut world = divided(120, 24, &["docs", "review"]);
    let intents = world.keys(&["Ctrl+X", "x"]);
    assert_eq!((world.ui.split(), world.ui.focus()), (&[id(1), id(2)][..], Some(id(2))));
    assert!(!intents.iter().any(|intent| matches!(intent, Intent::Tell(Command::Close { .. }))));
    world.say("/unsplit");
    assert_eq!((world.ui.split(), world.ui.focus()), (&[][..], Some(id(1))));
    world.say("/unsplit");
    assert!(world.frame().contains("there is one pane"), "{}", world.frame());
}

#[test]
fn a_pane_goes_with_its_session() {
    let mut world = divided(120, 24, &["docs", "review"]);
    world.update(Update::Gone(id(2)));
    assert_eq!((world.ui.split(), world.ui.focus()), (&[id(1), id(4)][..], Some(id(4))));
    world.update(Update::Gone(id(4)));
    assert_eq!((world.ui.split(), world.ui.focus()), (&[][..], Some(id(1))));
    assert!(world.frame().contains("closed elsewhere; now in api"), "{}", world.frame());
}

#[test]
fn the_host_hears_of_every_session_in_sight_and_of_no_other() {
    let mut world = World::with(80, 24, sessions());
    assert_eq!(world.say("/split docs"), [shows(2, true, &[(1, true)])]);
    world.frame();
    assert_eq!(world.keys(&["F6"]), [shows(1, true, &[(2, true)])]);
    assert_eq!(world.keys(&["PageUp"]), [shows(1, false, &[(2, true)])]);
    // There is no room any more: what is not seen is not read.
    assert_eq!(world.resize(40, 12), [shows(1, false, &[])]);
    assert!(world.frame().contains("no room for the other panes"), "{}", world.frame());
    assert!(!world.frame().contains("docs] >"));
    assert_eq!(world.resize(80, 24), [shows(1, false, &[(2, true)])]);
    assert!(world.frame().contains("[docs] >"));
}

#[test]
fn where_there_is_no_room_going_to_a_pane_shows_it_alone() {
    let mut world = divided(80, 24, &["docs"]);
    world.resize(40, 12);
    world.frame();
    world.keys(&["F6"]);
    let frame = world.frame();
    assert!(frame.contains("[api]") && frame.contains("answer 12 of api"), "{frame}");
    world.resize(80, 24);
    assert_eq!(world.ui.split(), [id(1), id(2)]);
}

#[test]
fn a_click_gives_a_pane_the_keyboard_and_the_wheel_scrolls_what_it_is_over() {
    let mut world = divided(80, 24, &["docs"]);
    let at = world.place("answer 12 of api");
    world.mouse(ScrollUp, at);
    let frame = world.frame();
    assert!(!frame.contains("answer 12 of api") && world.ui.focus() == Some(id(2)), "{frame}");
    let at = world.place("answer 9 of api");
    world.mouse(Down(Left), at);
    world.mouse(Drag(Left), (at.0 + 7, at.1));
    let copied = world.mouse(Up(Left), (at.0 + 7, at.1));
    assert_eq!(world.ui.focus(), Some(id(1)));
    assert!(copied.contains(&Intent::Copy("answer 9".into())), "{copied:?}");
}

#[test]
fn an_answer_without_a_number_is_for_the_pane_with_the_keyboard() {
    let sessions = vec![
        waiting(1, "api", vec![consent(1, "cargo test", 7)]),
        waiting(2, "docs", vec![consent(1, "rm -r target", 8)]),
    ];
    let mut world = World::with(120, 24, sessions).told("/split docs");
    let frame = world.frame();
    assert!(frame.contains("cargo test") && frame.contains("rm -r target"), "{frame}");
    world.wait_ms(1000);
    assert_eq!(world.say("y"), [answer(2, 1, 8, Answer::Once)]);
    world.keys(&["F6"]);
    // What could be read there before is not what this key was pressed at.
    let early = world.say("y");
    let answers = early.iter().any(|intent| matches!(intent, Intent::Tell(Command::Answer { .. })));
    assert!(!answers, "no frame with the keyboard there was on the screen yet: {early:?}");
    world.frame();
    assert_eq!(world.say("y"), [answer(1, 1, 7, Answer::Once)]);
}

#[test]
fn a_call_in_another_pane_is_answered_by_its_number_once_it_was_read_whole() {
    let sessions = vec![session(1, "api"), waiting(2, "docs", vec![consent(1, "rm -r target", 8)])];
    let mut world = World::with(120, 24, sessions).after(&["Ctrl+X", "v", "F6"]);
    world.frame();
    assert!(
        world.say("y").iter().all(|intent| !matches!(intent, Intent::Tell(_))),
        "nothing waits in this one"
    );
    assert!(world.frame().contains("1 /approve 1 · /deny 1 · shell: rm -r target"), "{}", world.frame());
    assert_eq!(world.say("/approve 1"), [answer(2, 1, 8, Answer::Once)]);
}

#[test]
fn what_is_said_and_found_is_of_the_pane_with_the_keyboard() {
    let mut world = divided(120, 24, &["review"]);
    world.say("/find answer 12");
    insta::assert_snapshot!("finding_in_a_pane", world.frame());
    world.keys(&["F6"]);
    assert!(!world.frame().contains("find:"), "it was in the other pane");
    world.keys(&["Ctrl+X"]);
    insta::assert_snapshot!("leader_over_panes", world.frame());
}

#[test]
fn the_list_of_what_could_be_meant_is_of_one_pane() {
    let mut world = divided(120, 24, &["review"]);
    world.type_text("/spl");
    let frame = world.frame();
    let row = frame.lines().find(|row| row.contains("/split [SESSION]")).expect("a list");
    assert!(row.find("/split").is_some_and(|at| at >= 60), "{frame}");
}

#[test]
fn panes_come_back_as_they_were_left() {
    let mut world = World::with(120, 24, sessions()).after(&["Alt+4"]);
    world.ui.split_again(&world.mirror, &[id(1), id(9), id(4), id(4)]);
    assert_eq!(world.ui.split(), [id(1), id(4)], "of those that are there, once each");
    assert!(world.frame().contains("[4 review]"));
    let mut other = World::with(120, 24, sessions());
    other.ui.split_again(&other.mirror, &[id(2), id(4)]);
    assert!(other.ui.split().is_empty(), "the one in front is in none of them");
}

proptest! {
    /// Whatever is pressed at whatever size: one pane has the keyboard, none stands twice, none is gone, and all of it can be drawn.
    #[test]
    fn one_pane_has_the_keyboard_whatever_happens(
        events in prop::collection::vec((0usize..14, 1u16..130, 1u16..40), 1..40)
    ) {
        let mut world = World::with(120, 30, sessions());
        for (event, columns, rows) in events {
            match event {
                0 => drop(world.keys(&["Ctrl+X", "v"])),
                1 => drop(world.keys(&["Ctrl+X", "x"])),
                2 => drop(world.keys(&["F6"])),
                3 => drop(world.keys(&["Ctrl+X", "Left"])),
                4..=7 => drop(world.keys(&[["Alt+1", "Alt+2", "Alt+3", "Alt+4"][event - 4]])),
                8 => drop(world.resize(columns, rows)),
                9 => drop(world.mouse(Down(Left), (columns, rows))),
                10 => drop(world.type_text("some words")),
                11 => drop(world.update(Update::Gone(id(u32::from(columns % 4) + 1)))),
                12 => drop(world.mouse(ScrollUp, (columns, rows))),
                _ => {
                    let session = id(u32::from(columns % 4) + 1);
                    let entry = entry(100 + u64::from(rows), Body::Answer("more".into()));
                    let _of_one_that_is_gone = world.mirror.apply(Update::Entry { session, entry });
                    world.ui.refreshed(&world.mirror);
                }
            }
            world.frame();
            let panes = world.ui.split().to_vec();
            let known: std::collections::BTreeSet<_> = panes.iter().collect();
            prop_assert_eq!(known.len(), panes.len());
            prop_assert!(panes.len() != 1 && panes.len() <= 3);
            prop_assert!(panes.iter().all(|pane| world.mirror.get(*pane).is_some()));
            if let Some(front) = world.ui.focus() {
                prop_assert!(panes.is_empty() || panes.contains(&front));
            } else {
                prop_assert!(panes.is_empty());
            }
        }
    }
}
