//! What a model is sent always makes a conversation, also in forks and after a crash.

use proptest::prelude::*;
use q_core::{
    Body, ClientId, Command, Entry, EntryNo, Input, ReplyTo, RequestId, SessionId, Transcript, conversation,
};
use q_model::system::SystemUnderTest;
use q_model::workload::SESSIONS;

use super::workloads::workload;
use super::{after_each, cases, played, tight};

proptest! {
    #![proptest_config(cases())]

    /// The invariants of a conversation hold in every session after every step, also of what recovery reads.
    /// Broken by: writing empty pieces, numbering entries by hand, a fork that takes half of something, erasing what a fork
    /// reads.
    #[test]
    fn transcripts_are_conversations(steps in workload(80)) {
        after_each(&steps, |system| {
            for snapshot in system.snapshots() {
                sound(&snapshot.entries)?;
            }
            for (&id, head) in system.disk().heads.iter().filter(|(_, head)| head.presence.is_open()) {
                let entries = entries(system, id);
                sound(&entries)?;
                if let Some(fork) = head.fork {
                    prop_assert!(system.disk().heads.contains_key(&fork.parent), "a fork's history is gone");
                    let mixed = entries.iter().any(|entry| entry.no > fork.last && entry.no.0 <= fork.through.0);
                    prop_assert!(!mixed, "a fork shows what came after it in its parent");
                }
            }
            Ok(())
        })?;
    }

    /// A fork begins with the entries of its parent up to the one it was made at, and no other.
    /// Broken by: taking one too many, or what the parent said later.
    #[test]
    fn a_fork_has_its_parents_entries_up_to_there(steps in workload(60), parent in 0..SESSIONS, at in 0u64..30) {
        let mut system = played(&steps, tight());
        let (parent, child) = (SessionId(parent), SessionId(SESSIONS));
        let command = Command::Fork { session: parent, id: child, at: Some(EntryNo(at)), name: None };
        let to = ReplyTo { client: ClientId(1), request: RequestId(0) };
        let _effects = system.handle(Input::Wish { to, command });
        let texts = |id, last| -> Vec<(EntryNo, String)> {
            let all = entries(&system, id);
            all.iter().filter(|entry| entry.no.0 <= last).map(|entry| (entry.no, entry.text().to_owned())).collect()
        };
        if system.disk().heads.contains_key(&child) && system.disk().heads[&parent].presence.is_open() {
            let taken = texts(child, u64::MAX);
            let told = system.core().view().summary(child).and_then(|summary| summary.inherited);
            prop_assert!(told.is_none_or(|count| count == taken.len() as u64), "{told:?} of {taken:?}");
            prop_assert_eq!(taken, texts(parent, at));
        }
    }

    /// Entries that are gone from memory are gone from the front, and no more of them than the limit says: the newest always
    /// stays. Broken by: trimming the newest, or nothing; losing the mark that older ones exist.
    #[test]
    fn tails_are_the_newest_entries(steps in workload(80), tail in 0usize..600) {
        let mut limits = tight();
        limits.tail_bytes = tail;
        let mut system = played(&steps, limits);
        let _effects = system.handle(Input::Stopping); // writes what streams
        for snapshot in system.snapshots() {
            let all: Vec<_> = entries(&system, snapshot.summary.id).iter().map(|entry| entry.no).collect();
            let kept: Vec<_> = snapshot.entries.iter().map(|entry| entry.no).collect();
            prop_assert!(all.ends_with(&kept), "{kept:?} of {all:?}");
            prop_assert_eq!(snapshot.trimmed, kept.len() < all.len());
            let weight: usize = snapshot.entries.iter().map(Entry::weight).sum();
            prop_assert!(weight <= tail || kept.len() <= 1, "{weight} bytes are kept, {tail} are allowed");
            prop_assert!(!kept.is_empty() || all.is_empty());
        }
    }
}

/// All entries of an open session, as the disk has them.
pub(super) fn entries(system: &SystemUnderTest, id: SessionId) -> Vec<Entry> {
    let mut whole = Transcript::default();
    system.disk().stored(id).unwrap().tail.iter().for_each(|stamped| whole.apply(stamped));
    whole.entries().cloned().collect()
}

pub(super) fn sound(entries: &[Entry]) -> Result<(), TestCaseError> {
    prop_assert!(entries.windows(2).all(|pair| pair[0].no < pair[1].no), "entries are in order");
    prop_assert_eq!(conversation::broken(&conversation::messages(entries)), None);
    for entry in entries {
        if let Body::Prompt(text) | Body::Answer(text) | Body::Thinking(text) = &entry.body {
            prop_assert!(!text.is_empty());
        }
    }
    let first = entries.first().map(|entry| &entry.body);
    prop_assert!(
        matches!(first, None | Some(Body::Prompt(_) | Body::Repair(_))),
        "an answer without a prompt"
    );
    Ok(())
}
