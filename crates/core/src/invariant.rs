//! What always holds, checked after every call in debug builds, tests and simulation.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::effect::Effects;
use crate::id::CallNo;
use crate::multiplexer::Multiplexer;
use crate::presence::Presence;
use crate::session::Session;
use crate::session::live::RunState;

/// Panics in debug builds when an invariant is broken; costs nothing in release.
pub(crate) fn check(multiplexer: &Multiplexer, effects: &Effects) {
    if cfg!(debug_assertions) {
        names_and_slots_are_unique(multiplexer);
        only_live_sessions_have_memory(multiplexer);
        unwritten_text_has_a_deadline(multiplexer);
        calls_belong_to_turns(multiplexer);
        asks_belong_to_turns(multiplexer);
        memory_is_bounded(multiplexer);
        no_deadline_is_missed(multiplexer);
        batches_are_not_empty(effects);
    }
}

fn names_and_slots_are_unique(multiplexer: &Multiplexer) {
    let mut names = BTreeSet::new();
    let mut slots = BTreeSet::new();
    for session in multiplexer.sessions().iter().filter(|session| session.head().presence.is_open()) {
        assert!(names.insert(session.head().name.folded()), "two open sessions share a name");
        assert!(slots.insert(session.head().slot), "two open sessions share a slot");
        assert!(session.head().slot != 0, "an open session has no slot");
    }
}

fn only_live_sessions_have_memory(multiplexer: &Multiplexer) {
    let limit = multiplexer.limits().live_sessions;
    assert!(multiplexer.sessions().live_count() <= limit, "more sessions are live than may be");
    for session in multiplexer.sessions().iter() {
        assert_eq!(session.live().is_some(), session.head().presence == Presence::Live);
    }
}

fn unwritten_text_has_a_deadline(multiplexer: &Multiplexer) {
    for live in multiplexer.sessions().live().filter_map(Session::live) {
        let stream = live.stream();
        assert_eq!(stream.text.is_empty(), stream.since.is_none(), "unwritten text must have a deadline");
    }
}

fn calls_belong_to_turns(multiplexer: &Multiplexer) {
    for session in multiplexer.sessions().live() {
        let waiting: Vec<CallNo> = session
            .head()
            .turn
            .iter()
            .flat_map(|flight| &flight.calls)
            .filter(|call| call.waits)
            .map(|call| call.no)
            .collect();
        let pending: Vec<CallNo> =
            session.live().into_iter().flat_map(|live| live.pending().keys().copied()).collect();
        assert_eq!(waiting, pending, "the inbox is what waits");
    }
}

fn asks_belong_to_turns(multiplexer: &Multiplexer) {
    for session in multiplexer.sessions().live() {
        let asks = session.live().is_some_and(|live| live.run != RunState::None);
        assert!(!asks || session.head().turn.is_some(), "an agent is asked for nothing");
    }
}

fn memory_is_bounded(multiplexer: &Multiplexer) {
    let limits = multiplexer.limits();
    for session in multiplexer.sessions().iter() {
        let head = session.head();
        assert!(head.queue.len() <= limits.queued_prompts, "too many prompts wait");
        assert!(head.allowed.len() <= limits.allowed_tools, "too many tools are allowed");
        assert!(head.turn.iter().all(|flight| flight.calls.len() <= limits.open_calls + 1), "too many calls");
    }
}

/// What is due was done by this very call.
fn no_deadline_is_missed(multiplexer: &Multiplexer) {
    let due = multiplexer.next_deadline();
    assert!(due.is_none_or(|due| due.at > multiplexer.last().mono), "{due:?} was due and is not done");
}

fn batches_are_not_empty(effects: &Effects) {
    if let Some(batch) = &effects.batch {
        assert!(!batch.records.is_empty());
    }
}
