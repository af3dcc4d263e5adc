//! What needs the person: the same sessions in the bar, the inbox and for the key; and what lists say of what failed.

use q_core::{Activity, AgentFailure, FailureKind, Interrupter};
use q_term::plain;

use crate::world::{But, NOW, World, id, session};

fn failure() -> AgentFailure {
    AgentFailure { kind: FailureKind::Rejected, detail: "not\u{1b} this".into() }
}

/// One in front that does nothing, one that failed and was seen, one that was cut off, one that the person stopped, one that
/// is to be read, and one that works.
fn world() -> World {
    let interrupted = |slot, name, by| {
        session(slot, name).activity(Activity::Interrupted).but(|shot| shot.summary.interrupter = Some(by))
    };
    let sessions = vec![
        session(1, "front").prompt(1, "why?").answer(2, "so"),
        session(2, "failed")
            .failed(failure())
            .but(|shot| (shot.summary.failures, shot.summary.preview) = (3, "older answer".into())),
        interrupted(3, "cut", Interrupter::Crash),
        interrupted(4, "stopped", Interrupter::User),
        session(5, "read").answer(2, "news").unread(1, 0, 0),
        session(6, "works").activity(Activity::Working),
    ];
    World::with(100, 24, sessions)
}

#[test]
fn the_bar_the_inbox_and_the_key_know_the_same_sessions() {
    let mut world = world();
    assert!(world.frame().lines().next().unwrap().ends_with("3 need you"), "{}", world.frame());
    let mut gone_to = Vec::new();
    for _ in 0..3 {
        world.keys(&["Alt+A"]);
        gone_to.extend(world.ui.focus());
    }
    gone_to.sort();
    assert_eq!(gone_to, [id(2), id(3), id(5)]);
    world.say("/inbox");
    let inbox = world.frame();
    let rows = inbox.lines().skip_while(|row| !row.contains("inbox · 1 of 3")).skip(1);
    let rows: Vec<String> = rows
        .take_while(|row| !row.contains('─'))
        .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let listed = [
        "│ failed failed 3 times: the server rejects the request (not<U+001B> th… 5m │",
        "│ cut was interrupted 5m │",
        "│ read 1 unread 5m │",
    ];
    assert_eq!(rows, listed, "{inbox}");
}

#[test]
fn where_nothing_needs_the_person_the_key_says_so_and_does_nothing_else() {
    for (sessions, said) in [
        (vec![session(1, "front"), session(2, "other")], "nothing needs you"),
        (vec![session(1, "front").failed(failure()), session(2, "other")], "nothing else needs you"),
    ] {
        let mut world = World::with(80, 12, sessions);
        world.type_text("half a prompt");
        let intents = world.keys(&["Alt+A"]);
        assert!(intents.is_empty(), "{intents:?}");
        assert_eq!(world.ui.focus(), Some(id(1)));
        let frame = world.frame();
        assert!(frame.contains(said) && frame.contains("half a prompt"), "{frame}");
    }
}

#[test]
fn what_failed_is_never_said_to_have_answered_last() {
    let mut world = world();
    world.keys(&["Alt+S"]);
    let list = world.frame();
    assert!(list.contains("3 times: the server rejects the request"), "{list}");
    assert!(!list.contains("older answer"), "{list}");
    let said = plain::sessions(&world.mirror, None, NOW);
    assert!(said[1].contains("(failed 3 times: the server rejects the request (not"), "{said:?}");
    assert!(!said.join("\n").contains('\u{1b}'));
}

#[test]
fn what_turns_in_the_status_line_is_the_work_of_the_session_in_view() {
    let mut world = world();
    let status =
        |world: &mut World| world.frame().lines().find(|line| line.contains("~/api")).unwrap().to_owned();
    let bar = |world: &mut World| world.frame().lines().next().unwrap().to_owned();
    let idle = status(&mut world);
    assert!(idle.ends_with("~/api"), "others work: {idle}");
    let turns = bar(&mut world).split("works ").nth(1).and_then(|rest| rest.chars().next());
    world.keys(&["Alt+6"]);
    let works = status(&mut world);
    assert_eq!(works.chars().last(), turns, "{works}");
    assert_ne!(works.chars().last(), idle.chars().last());
}
