//! What always holds, checked after every call in debug builds, tests and simulation.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::effect::Effects;
use crate::id::CallNo;
use crate::multiplexer::state::MultiplexerState;
use crate::presence::Presence;
use crate::session::Session;
use crate::session::live::RunState;

/// Panics in debug builds when an invariant is broken; costs nothing in release.
pub(super) fn check(state: &MultiplexerState, effects: &Effects) {
    if cfg!(debug_assertions) {
        names_and_slots_are_unique(state);
        only_live_sessions_have_memory(state);
        unwritten_text_has_a_deadline(state);
        calls_belong_to_turns(state);
        asks_belong_to_turns(state);
        memory_is_bounded(state);
        no_deadline_is_missed(state);
        batches_are_not_empty(effects);
    }
}

fn names_and_slots_are_unique(state: &MultiplexerState) {
    let mut names = BTreeSet::new();
    let mut slots = BTreeSet::new();
    for session in state.sessions.iter().filter(|session| session.head().presence.is_open()) {
        assert!(names.insert(session.head().name.folded()), "two open sessions share a name");
        assert!(slots.insert(session.head().slot), "two open sessions share a slot");
        assert!(session.head().slot != 0, "an open session has no slot");
    }
}

fn only_live_sessions_have_memory(state: &MultiplexerState) {
    let limit = state.limits.live_sessions;
    assert!(state.sessions.live_count() <= limit, "more sessions are live than may be");
    for session in state.sessions.iter() {
        assert_eq!(session.live().is_some(), session.head().presence == Presence::Live);
    }
}

fn unwritten_text_has_a_deadline(state: &MultiplexerState) {
    for live in state.sessions.live().filter_map(Session::live) {
        let stream = live.stream();
        assert_eq!(stream.text.is_empty(), stream.since.is_none(), "unwritten text must have a deadline");
    }
}

fn calls_belong_to_turns(state: &MultiplexerState) {
    for session in state.sessions.live() {
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

fn asks_belong_to_turns(state: &MultiplexerState) {
    for session in state.sessions.live() {
        let asks = session.live().is_some_and(|live| live.run != RunState::None);
        assert!(!asks || session.head().turn.is_some(), "an agent is asked for nothing");
    }
}

fn memory_is_bounded(state: &MultiplexerState) {
    let limits = &state.limits;
    for session in state.sessions.iter() {
        let head = session.head();
        assert!(head.queue.len() <= limits.queued_prompts, "too many prompts wait");
        assert!(head.rules.len() <= limits.allowed_tools, "too many rules");
        assert!(head.turn.iter().all(|flight| flight.calls.len() <= limits.open_calls + 1), "too many calls");
    }
}

/// What is due was done by this very call.
fn no_deadline_is_missed(state: &MultiplexerState) {
    let due = state.next_deadline();
    assert!(due.is_none_or(|due| due.at > state.last.mono), "{due:?} was due and is not done");
}

fn batches_are_not_empty(effects: &Effects) {
    if let Some(batch) = &effects.batch {
        assert!(!batch.records.is_empty());
    }
}
