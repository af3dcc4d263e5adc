//! When the person is told that a session needs them, what is said of it, and what the title of the window says.

use q_core::{Activity, AgentFailure, FailureKind, Interrupter, Snapshot};
use q_term::notification::TitleSetting;
use q_term::{Options, TerminalEvent, Ui};

use crate::world::{But, World, line, session};

/// Two that work, the first in view, and a window that was in front and is not.
fn away() -> World {
    let mut world = World::with(80, 12, vec![works(1, "front"), works(2, "docs"), works(3, "api")]);
    focus(&mut world, true);
    focus(&mut world, false);
    world
}

fn works(slot: u32, name: &str) -> Snapshot {
    session(slot, name).activity(Activity::Working)
}

fn answered(slot: u32, name: &str) -> Snapshot {
    session(slot, name).unread(1, 0, 0).but(|shot| shot.summary.turns = 1)
}

fn failed(slot: u32, name: &str) -> Snapshot {
    session(slot, name).failed(AgentFailure::new(FailureKind::Overloaded, "busy"))
}

fn focus(world: &mut World, in_front: bool) {
    world.ui.handle(&world.mirror, TerminalEvent::Focus(in_front));
}

fn happens(world: &mut World, snapshot: Snapshot) {
    world.update(line(snapshot));
    world.paint();
}

/// What is said by now, after so many seconds.
fn said_after(world: &mut World, seconds: u64) -> Option<String> {
    world.wait_ms(seconds * 1000);
    world.ui.notification(&world.mirror)
}

const ONE: &str = "q: 1 session needs you";

#[test]
fn what_finishes_asks_or_fails_while_nobody_looks_is_said_once() {
    let cut = |by| {
        let stopped = session(2, "docs").activity(Activity::Interrupted);
        stopped.but(|shot| shot.summary.interrupter = Some(by))
    };
    for (snapshot, is_said) in [
        (answered(2, "docs"), true),
        (failed(2, "docs"), true),
        (session(2, "docs").activity(Activity::NeedsApproval), true),
        (session(2, "docs").activity(Activity::NeedsInput), true),
        (cut(Interrupter::Crash), true),
        (cut(Interrupter::User), false),
        // Another terminal shows it to its end: somebody looks there.
        (session(2, "docs"), false),
        // This one shows it, and nobody looks here.
        (session(1, "front"), true),
        (works(2, "docs"), false),
    ] {
        let mut world = away();
        happens(&mut world, snapshot.clone());
        let said = said_after(&mut world, 0);
        assert_eq!(said.as_deref(), is_said.then_some(ONE), "{snapshot:?}");
        assert_eq!(said_after(&mut world, 60), None, "it is said once");
        assert_eq!(world.ui.notification_due(), None, "nothing wakes up for nothing");
    }
}

#[test]
fn nothing_is_said_to_who_looks() {
    let mut world = away();
    focus(&mut world, true);
    for snapshot in [answered(1, "front"), failed(2, "docs")] {
        happens(&mut world, snapshot);
        assert_eq!((said_after(&mut world, 60), world.ui.notification_due()), (None, None));
    }
    focus(&mut world, false);
    assert_eq!(said_after(&mut world, 60), None, "what was seen is no news");
}

#[test]
fn what_comes_together_is_one_and_what_comes_soon_after_waits_for_its_time() {
    let mut world = away();
    happens(&mut world, answered(2, "docs"));
    happens(&mut world, failed(3, "api"));
    assert_eq!(said_after(&mut world, 0).as_deref(), Some("q: 2 sessions need you"));
    happens(&mut world, answered(1, "front"));
    assert_eq!(said_after(&mut world, 4), None, "two in five seconds would be one too many");
    assert!(world.ui.notification_due().is_some());
    assert_eq!(said_after(&mut world, 1).as_deref(), Some("q: 3 sessions need you"));
}

#[test]
fn who_comes_back_or_what_is_over_before_it_is_said_needs_nobody() {
    let mut world = away();
    happens(&mut world, answered(2, "docs"));
    said_after(&mut world, 0);
    happens(&mut world, session(3, "api").activity(Activity::NeedsApproval));
    focus(&mut world, true);
    focus(&mut world, false);
    assert_eq!(said_after(&mut world, 60), None, "they looked");
    happens(&mut world, works(3, "api"));
    happens(&mut world, session(3, "api").activity(Activity::NeedsApproval));
    // Another terminal answered it in the meantime.
    happens(&mut world, works(3, "api"));
    assert_eq!(said_after(&mut world, 60), None, "it is answered");
}

#[test]
fn where_no_focus_is_ever_told_who_types_looks() {
    let mut world = World::with(80, 12, vec![works(1, "front"), works(2, "docs")]);
    world.type_text("half a prompt");
    happens(&mut world, answered(2, "docs"));
    assert_eq!(said_after(&mut world, 20), None);
    world.type_text("!");
    assert_eq!(said_after(&mut world, 60), None, "they typed since, and saw it");
    happens(&mut world, answered(1, "front"));
    assert_eq!(said_after(&mut world, 0).as_deref(), Some(ONE), "nobody typed for a minute");
    let mut quiet = World::with(80, 12, vec![works(1, "front"), works(2, "docs")]);
    quiet.type_text("x");
    happens(&mut quiet, answered(2, "docs"));
    assert_eq!(said_after(&mut quiet, 29), None);
    assert_eq!(said_after(&mut quiet, 1).as_deref(), Some(ONE), "nothing was typed since it came");
}

#[test]
fn names_are_said_only_where_they_are_wanted_and_few() {
    let mut world = away();
    let options = Options { notify_names: true, ..Options::default() };
    world.ui = Ui::new(options);
    for slot in 4..6 {
        world.mirror.load(works(slot, &format!("more-{slot}")));
    }
    world.ui.refreshed(&world.mirror);
    world.paint();
    focus(&mut world, false);
    happens(&mut world, answered(2, "docs"));
    assert_eq!(said_after(&mut world, 0).as_deref(), Some("q: docs needs you"));
    for slot in [3, 4, 5] {
        happens(&mut world, answered(slot, &format!("more-{slot}")));
    }
    assert_eq!(said_after(&mut world, 9).as_deref(), Some("q: docs, more-3, more-4, 1 more need you"));
}

#[test]
fn the_title_counts_and_names_nobody_unless_it_is_to() {
    for (title, before, after) in [
        (TitleSetting::Count, Some("q"), Some("q · 2 need you")),
        (TitleSetting::Name, Some("q · front"), Some("q · front · 2 need you")),
        (TitleSetting::None, None, None),
    ] {
        let mut world = World::with(80, 12, vec![works(1, "front"), works(2, "docs")]);
        world.ui = Ui::new(Options { title, ..Options::default() });
        world.ui.refreshed(&world.mirror);
        world.paint();
        focus(&mut world, false);
        assert_eq!(world.ui.title(&world.mirror).as_deref(), before);
        happens(&mut world, failed(2, "docs"));
        // The one in view is read by being shown, and still nobody looked.
        happens(&mut world, session(1, "front"));
        assert_eq!(world.ui.title(&world.mirror).as_deref(), after);
        focus(&mut world, true);
        let seen = after.map(|after| after.replace("2 need", "1 needs"));
        assert_eq!(world.ui.title(&world.mirror), seen, "what failed still waits, what was read does not");
    }
}

#[test]
fn where_the_window_is_counts_no_more_once_others_had_the_terminal() {
    for in_front in [true, false] {
        let mut world = away();
        focus(&mut world, in_front);
        world.wait_ms(3_600_000);
        world.ui.terminal_back();
        assert!(world.ui.wants_ticks(&world.mirror), "somebody may look");
        world.paint();
        happens(&mut world, answered(2, "docs"));
        assert_eq!(said_after(&mut world, 29), None, "somebody was here just now");
        assert_eq!(
            said_after(&mut world, 1).as_deref(),
            Some(ONE),
            "and nothing was heard of the window since"
        );
    }
}
