//! The page of all that needs the person, as it is seen and answered from.

use q_core::{Activity, Answer, Wants};

use crate::waiting::{answer, consent, pending, waiting};
use crate::world::{But, World, session};

#[test]
fn the_inbox_lists_what_waits_everywhere_and_numbers_it() {
    let question = pending(1, Wants::Words, "Which database?", 9);
    let sessions = vec![
        session(1, "here"),
        waiting(2, "plan", vec![question]).activity(Activity::NeedsInput),
        waiting(3, "api", vec![consent(0, "cargo test", 7)]),
    ];
    let mut world = World::with(80, 20, sessions);
    world.keys(&["Ctrl+X", "i"]);
    insta::assert_snapshot!(world.frame());
    world.keys(&["Esc"]);
    assert_eq!(world.say("/approve 1"), [answer(3, 0, 7, Answer::Once)]);
    // A question is answered in words, where it is.
    assert_eq!(world.say("/approve 2"), []);
    assert!(world.frame().contains("2 is a question"));
    world.keys(&["Alt+2"]);
    world.frame();
    assert_eq!(world.say("/answer Postgres"), [answer(2, 1, 9, Answer::Words("Postgres".into()))]);
}

#[test]
fn an_empty_inbox_says_so() {
    let mut world = World::with(80, 24, vec![session(1, "api")]);
    assert_eq!(world.say("/inbox"), []);
    assert!(world.frame().contains("nothing needs you"));
}

#[test]
fn what_the_inbox_did_not_show_yet_cannot_be_answered_by_its_number() {
    let mut world =
        World::with(80, 20, vec![session(1, "here"), waiting(2, "api", vec![consent(0, "ls", 7)])]);
    world.keys(&["Ctrl+X", "i"]);
    assert_eq!(world.say("/approve 1"), []);
    world.frame();
    assert_eq!(world.say("/approve 1"), [answer(2, 0, 7, Answer::Once)]);
}
