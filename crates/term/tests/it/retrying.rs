//! An agent that waits to ask again: the screen counts down while it is looked at, everywhere else it is said once.

use q_core::{Activity, AgentFailure, FailureKind, Mirror, Retrying, Snapshot, WallTime};
use q_term::plain::{self, Plain};
use q_term::{Options, Ui, words};

use crate::world::{But, NOW, World, id, line, session};

/// A session whose agent goes on so many milliseconds from now on, of four seconds.
fn waiting(left_ms: u64) -> Snapshot {
    let failure = AgentFailure::new(FailureKind::Overloaded, "529: busy\u{1b}[2J");
    let at = WallTime(NOW.0 + left_ms);
    session(1, "api").prompt(1, "why?").activity(Activity::Working).but(|snapshot| {
        snapshot.summary.retrying = Some(Retrying { attempt: 2, of: 6, wait_ms: 4000, at, failure });
    })
}

#[test]
fn the_screen_counts_down() {
    for (left, said) in [
        (9_000, "asks again in 4 s (2 of 6): the server is overloaded · Ctrl+C stops"),
        (3_001, "asks again in 4 s (2 of 6)"),
        (3_000, "asks again in 3 s (2 of 6)"),
        (1, "asks again in 1 s (2 of 6)"),
        (0, "asks again now (2 of 6)"),
    ] {
        let mut world = World::with(80, 10, vec![waiting(left), session(2, "docs")]);
        assert!(world.frame().contains(said), "{left}: {}", world.frame());
        assert!(world.ui.wants_ticks(&world.mirror), "it moves");
    }
    let mut world = World::with(80, 10, vec![waiting(4_000), session(2, "docs")]);
    world.keys(&["Alt+2"]);
    assert!(!world.frame().contains("asks again"), "another session is in view: {}", world.frame());
}

#[test]
fn what_does_not_move_says_it_once() {
    let mut still = World::with(80, 10, Vec::new());
    still.ui = Ui::new(Options { motion: false, ..Options::default() });
    still.mirror.load(waiting(1_000));
    still.ui.refreshed(&still.mirror);
    let frame = still.frame();
    assert!(frame.contains("asks again after 4 s (2 of 6): the server is overloaded"), "{frame}");
    assert_eq!(
        words::last_word(&waiting(1_000).summary),
        "asks again after 4 s (2 of 6): the server is overloaded"
    );
    let mut mirror = Mirror::default();
    mirror.load(session(1, "api").activity(Activity::Working));
    mirror.load(session(2, "docs").activity(Activity::Working));
    let mut plain = Plain::new(&mirror);
    plain.focus_on(mirror.get(id(1)).unwrap());
    let told = plain.update(&line(waiting(4_000)));
    assert_eq!(told, ["* asks again after 4 s (2 of 6): the server is overloaded"]);
    assert_eq!(plain.update(&line(waiting(4_000))), [""; 0], "and once");
    assert_eq!(plain.update(&line(waiting(5_000))).len(), 1, "the next one is another");
    let elsewhere = waiting(4_000).but(|snapshot| snapshot.summary.id = id(2));
    plain.update(&line(session(2, "api2").activity(Activity::Working)));
    assert_eq!(plain.update(&line(elsewhere)).iter().filter(|line| line.contains("asks")).count(), 0);
    let listed = plain::sessions(&mirror, Some(id(1)), NOW);
    assert_eq!(listed.len(), 2);
}
