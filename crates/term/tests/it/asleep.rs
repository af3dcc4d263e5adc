//! Sessions that hibernate: seen, woken when gone to, told of when they fall asleep.

use q_core::{Activity, Command, Presence, Update};
use q_term::Intent;

use crate::world::{But, World, asleep, id, line, session};

fn wake(slot: u32) -> Intent {
    Intent::Tell(Command::Wake { session: id(slot) })
}

fn show(slot: u32) -> Intent {
    Intent::Show { session: Some(id(slot)), at_end: true, beside: Vec::new() }
}

fn two() -> World {
    let plan = asleep(2, "plan").but(|snapshot| snapshot.summary.preview = "First, measure.".into());
    World::with(80, 12, vec![session(1, "api").prompt(1, "why?"), plan])
}

#[test]
fn it_is_woken_when_it_is_gone_to_and_its_screen_says_so() {
    let mut world = two();
    insta::assert_snapshot!("asleep_in_the_bar", world.frame());
    assert_eq!(world.keys(&["Alt+2"]), [wake(2), show(2)]);
    insta::assert_snapshot!("waking", world.frame());
    // It is asked once, whatever else happens.
    world.type_text("and then");
    assert_eq!(world.update(line(session(1, "api"))), []);

    let whole = session(2, "plan").prompt(1, "plan it").answer(3, "First, measure.");
    world.mirror.load(whole);
    assert_eq!(world.ui.refreshed(&world.mirror), []);
    let frame = world.frame();
    assert!(frame.contains("plan it") && frame.ends_with("[plan] > and then"), "{frame}");
    // Its prompts are in the history, as if it had been there from the beginning.
    world.keys(&["Ctrl+U", "Up"]);
    assert!(world.frame().ends_with("[plan] > plan it"));
}

#[test]
fn one_that_cannot_be_woken_says_so_and_is_tried_again_on_return() {
    let mut world = two();
    world.keys(&["Alt+2"]);
    world.ui.not_woken(id(2), "10 sessions are live, the most allowed");
    assert_eq!(world.ui.refreshed(&world.mirror), []);
    let frame = world.frame();
    assert!(frame.contains("could not be woken") && frame.contains("10 sessions are live"), "{frame}");
    world.keys(&["Alt+1"]);
    assert_eq!(world.keys(&["Alt+2"]), [wake(2), show(2)]);
}

#[test]
fn falling_asleep_is_told_once() {
    let mut world = World::with(80, 12, vec![session(1, "api"), session(2, "plan"), session(3, "docs")]);
    world.update(line(asleep(3, "docs")));
    assert!(world.frame().contains("docs hibernates now"));
    world.keys(&["Esc"]);
    world.update(line(asleep(3, "docs")));
    assert!(!world.frame().contains("hibernates now"));
}

#[test]
fn a_draft_is_kept_while_its_session_sleeps() {
    let mut world = two();
    world.mirror.load(session(2, "plan").but(|snapshot| snapshot.draft = "half a".into()));
    world.ui.refreshed(&world.mirror);
    world.keys(&["Alt+2", "Alt+1"]);
    world.update(line(asleep(2, "plan")));
    world.keys(&["Alt+2"]);
    assert!(world.frame().ends_with("[plan] > half a"));
    assert_eq!(world.ui.drafts(), []);
}

#[test]
fn at_first_one_that_is_awake_is_shown() {
    let mut world = World::new(80, 12);
    world.mirror.load(asleep(1, "api"));
    world.mirror.load(session(2, "plan"));
    assert_eq!(world.ui.refreshed(&world.mirror), [show(2)]);
    world.mirror.apply(Update::Gone(id(2))).unwrap();
    assert_eq!(world.ui.refreshed(&world.mirror), [wake(1), show(1)]);
}

#[test]
fn how_its_last_turn_ended_stays_in_the_list() {
    let failed = asleep(2, "plan").activity(Activity::Failed);
    let mut world = World::with(100, 12, vec![session(1, "api"), asleep(3, "docs"), failed]);
    world.keys(&["Alt+S"]);
    let frame = world.frame();
    let row = |name: &str| {
        frame
            .lines()
            .find(|row| row.contains(name) && row.starts_with(" │") | row.starts_with('│'))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(row("2 plan").contains("failed") && row("2 plan").contains("zz"), "{frame}");
    assert!(row("3 docs").contains("hibernated"), "{frame}");
}

#[test]
fn one_that_is_thrown_away_leaves() {
    let mut world = two();
    let trashed = session(2, "plan").but(|snapshot| snapshot.summary.presence = Presence::Trashed);
    world.update(line(trashed));
    assert!(!world.frame().contains("plan"));
}
