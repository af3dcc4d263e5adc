//! What always holds, checked after every call in debug builds, tests and simulation.

use alloc::collections::BTreeSet;

use crate::effect::Effects;
use crate::multiplexer::Multiplexer;
use crate::session::head::Presence;

/// Panics in debug builds when an invariant is broken; costs nothing in release.
pub(crate) fn check(multiplexer: &Multiplexer, effects: &Effects) {
    if cfg!(debug_assertions) {
        names_and_slots_are_unique(multiplexer);
        only_live_sessions_have_memory(multiplexer);
        unwritten_text_has_a_deadline(multiplexer);
        batches_are_not_empty(effects);
    }
}

fn names_and_slots_are_unique(multiplexer: &Multiplexer) {
    let mut names = BTreeSet::new();
    let mut slots = BTreeSet::new();
    for session in multiplexer.sessions().filter(|session| session.head().presence == Presence::Live) {
        assert!(names.insert(session.head().name.folded()), "two open sessions share a name");
        assert!(slots.insert(session.head().slot), "two open sessions share a slot");
        assert!(session.head().slot != 0, "an open session has no slot");
    }
}

fn only_live_sessions_have_memory(multiplexer: &Multiplexer) {
    for session in multiplexer.sessions() {
        assert_eq!(session.live().is_some(), session.head().presence == Presence::Live);
    }
}

fn unwritten_text_has_a_deadline(multiplexer: &Multiplexer) {
    for stream in
        multiplexer.sessions().filter_map(|session| session.live()).map(super::session::Live::stream)
    {
        assert_eq!(stream.text.is_empty(), stream.since.is_none(), "unwritten text must have a deadline");
    }
}

fn batches_are_not_empty(effects: &Effects) {
    if let Some(batch) = &effects.batch {
        assert!(!batch.records.is_empty() && !batch.heads.is_empty());
    }
}
