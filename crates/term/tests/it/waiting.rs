//! What waits for the person: calls in the transcript and above the prompt, the inbox, answers bound to what was shown.

use q_core::{
    Activity, Answer, Body, CallNo, Called, Command, Digest, EntryNo, Outcome, PendingCall, Resulted,
    Snapshot, TurnNo, Update, WallTime, Wants,
};
use q_term::Intent;

use crate::world::{But, NOW, World, entry, id, session};

pub(crate) fn pending(call: u64, wants: Wants, input: &str, digest: u64) -> PendingCall {
    PendingCall {
        turn: TurnNo(2),
        call: CallNo(call),
        tool: "shell".into(),
        input: input.into(),
        digest: Digest::numbered(digest),
        wants,
        since: WallTime(NOW.0 - 120_000 + call * 1000),
    }
}

pub(crate) fn consent(call: u64, input: &str, digest: u64) -> PendingCall {
    pending(call, Wants::Consent, input, digest)
}

pub(crate) fn waiting(slot: u32, name: &str, calls: Vec<PendingCall>) -> Snapshot {
    let mut snapshot = session(slot, name).prompt(1, "tidy up").activity(Activity::NeedsApproval);
    for call in &calls {
        let body = Body::Call(Called {
            no: call.call,
            tool: call.tool.clone(),
            input: call.input.clone(),
            wants: call.wants,
        });
        snapshot = snapshot.but(|snapshot| snapshot.entries.push(entry(1 + call.call.0, body)));
    }
    snapshot.but(|snapshot| {
        snapshot.summary.pending = calls.len() as u32;
        snapshot.pending = calls;
    })
}

pub(crate) fn answer(slot: u32, call: u64, digest: u64, answer: Answer) -> Intent {
    let (session, turn, call, digest) = (id(slot), TurnNo(2), CallNo(call), Digest::numbered(digest));
    Intent::Tell(Command::Answer { session, turn, call, digest, answer })
}

#[test]
fn a_call_is_shown_whole_and_asks_above_the_prompt() {
    let calls = vec![consent(1, "rm -r target\n&& cargo build \u{1b}[2J", 7)];
    let mut world = World::with(80, 16, vec![waiting(1, "api", calls), session(2, "docs")]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn thoughts_calls_results_and_repairs_are_told_apart() {
    let result = |outcome, text: &str, kept, whole| {
        Body::Result(Resulted { of: EntryNo(3), outcome, text: text.into(), kept, whole })
    };
    let called =
        Called { no: CallNo(1), tool: "read".into(), input: "src/lib.rs".into(), wants: Wants::Nothing };
    let snapshot = session(1, "api").prompt(1, "what is in it?").but(|snapshot| {
        snapshot.entries.extend([
            entry(2, Body::Thinking("The *file* first.\n\nThen the tests.".into())),
            entry(3, Body::Call(called)),
            entry(4, result(Outcome::Done, "//! A library.\n\tpub mod a;\n\u{1b}]0;owned\u{7}", 37, 400_000)),
            entry(5, result(Outcome::Done, "//! Another.", 90_000, 400_000)),
            entry(6, Body::Answer("A library.".into())),
            entry(7, Body::Repair(q_core::Fault::LogCut { lost: Some(3) })),
        ]);
    });
    insta::assert_snapshot!(World::with(80, 24, vec![snapshot]).frame());
}

#[test]
fn an_answer_is_for_exactly_what_was_shown() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    assert_eq!(world.say("/approve"), [answer(1, 1, 7, Answer::Once)]);
    assert_eq!(world.say("/always 1"), [answer(1, 1, 7, Answer::Always)]);
    assert_eq!(world.say("/deny"), [answer(1, 1, 7, Answer::Deny)]);
    assert_eq!(world.say("/deny 1 use exa"), [answer(1, 1, 7, Answer::Words("use exa".into()))]);
}

#[test]
fn what_was_not_on_the_screen_cannot_be_answered() {
    let mut world = World::with(80, 24, vec![session(1, "api").activity(Activity::Working)]);
    world.update(Update::Pending { session: id(1), pending: vec![consent(1, "ls", 7)] });
    // The call is there, but no frame has shown it yet.
    assert_eq!(world.say("/approve"), []);
    assert!(world.frame().contains("nothing in this session waits for that"));
    world.frame();
    assert_eq!(world.say("/approve"), [answer(1, 1, 7, Answer::Once)]);
}

#[test]
fn a_number_is_never_given_to_something_else() {
    let mut world = World::with(80, 24, vec![waiting(1, "api", vec![consent(1, "ls", 7)])]);
    world.frame();
    world.update(Update::Pending { session: id(1), pending: vec![consent(2, "rm -rf /", 8)] });
    assert!(world.frame().contains(" ? 2 /approve"));
    assert_eq!(world.say("/approve 1"), []);
    assert!(world.frame().contains("nothing waits with the number 1"));
    assert_eq!(world.say("/approve 2"), [answer(1, 2, 8, Answer::Once)]);
}

#[test]
fn several_that_wait_must_be_told_apart() {
    let calls = vec![consent(1, "ls", 7), consent(2, "pwd", 8)];
    let mut world = World::with(80, 24, vec![waiting(1, "api", calls)]);
    world.frame();
    assert_eq!(world.say("/approve"), []);
    assert!(world.frame().contains("several wait here: 1, 2"));
}
