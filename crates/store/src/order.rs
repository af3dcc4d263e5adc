//! The order of appends: each session's records continue its log, and its head matches the last of them.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Batch, Head, Record, Seq, SessionId};

use crate::error::StoreError;

/// What batches leave behind.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    /// The heads of sessions that were written to.
    pub(crate) heads: BTreeMap<SessionId, &'a Head>,
    /// Sessions that are gone.
    pub(crate) erased: BTreeSet<SessionId>,
}

/// Verifies the order of batches against each session's last record, and gives what they leave behind.
pub(crate) fn verify(
    batches: &[Batch],
    mut last: impl FnMut(SessionId) -> Result<Seq, StoreError>,
) -> Result<Outcome<'_>, StoreError> {
    let mut ends: BTreeMap<SessionId, Seq> = BTreeMap::new();
    let mut heads = BTreeMap::new();
    let mut erased = BTreeSet::new();
    for batch in batches {
        for stamped in &batch.records {
            let session = stamped.session;
            let end = match ends.get(&session) {
                Some(end) => *end,
                None => last(session)?,
            };
            let due = if let (Seq(0), Record::Created { fork: Some(fork), .. }) = (end, &stamped.record) {
                fork.through.next()
            } else {
                end.next()
            };
            in_place(session, due, stamped.seq)?;
            ends.insert(session, stamped.seq);
            if matches!(stamped.record, Record::Erased) {
                erased.insert(session);
            }
        }
        heads.extend(batch.heads.iter().map(|head| (head.id, head)));
    }
    heads.retain(|session, _| !erased.contains(session));
    for (&session, &end) in ends.iter().filter(|(session, _)| !erased.contains(session)) {
        in_place(session, end, heads.get(&session).map_or(Seq(0), |head| head.seq))?;
    }
    for (&session, head) in &heads {
        if !ends.contains_key(&session) {
            in_place(session, last(session)?, head.seq)?;
        }
    }
    Ok(Outcome { heads, erased })
}

fn in_place(session: SessionId, expected: Seq, found: Seq) -> Result<(), StoreError> {
    if expected == found { Ok(()) } else { Err(StoreError::OutOfOrder { session, expected, found }) }
}
