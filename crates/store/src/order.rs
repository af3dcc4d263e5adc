//! The order of appends: each session's records continue its log, its head matches the last of them, and results bring
//! their blobs.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Batch, Head, Record, Seq, SessionId};

use crate::error::StoreError;

/// What batches leave behind.
#[derive(Debug)]
pub(crate) struct Verified<'a> {
    /// The heads of sessions that were written to.
    pub(crate) heads: BTreeMap<SessionId, &'a Head>,
    /// Sessions that are gone.
    pub(crate) erased: BTreeSet<SessionId>,
}

/// Verifies the order of batches against each session's last record, and gives what they leave behind.
pub(crate) fn verify(
    batches: &[Batch],
    mut last: impl FnMut(SessionId) -> Result<Seq, StoreError>,
) -> Result<Verified<'_>, StoreError> {
    let mut ends: BTreeMap<SessionId, Seq> = BTreeMap::new();
    let mut heads = BTreeMap::new();
    let mut erased = BTreeSet::new();
    for batch in batches {
        blobs_fit(batch)?;
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
    // Whatever else a batch says of a session that it erases, nothing of it is left behind.
    heads.retain(|session, _| !erased.contains(session));
    for (&session, &end) in ends.iter().filter(|(session, _)| !erased.contains(session)) {
        in_place(session, end, heads.get(&session).map_or(Seq(0), |head| head.seq))?;
    }
    for (&session, head) in &heads {
        if !ends.contains_key(&session) {
            in_place(session, last(session)?, head.seq)?;
        }
    }
    Ok(Verified { heads, erased })
}

/// Whether each record that has something beside it brings that, and nothing else comes.
fn blobs_fit(batch: &Batch) -> Result<(), StoreError> {
    let mut blobs = batch.blobs.iter();
    for stamped in batch.records.iter().filter(|stamped| stamped.beside() > 0) {
        let expected = (stamped.session, stamped.seq, stamped.beside());
        let found = blobs.next().map(|blob| (blob.session, blob.seq, blob.text.len() as u64));
        if found != Some(expected) {
            return Err(out_of_order(stamped.session, stamped.seq, Seq(0)));
        }
    }
    blobs.next().map_or(Ok(()), |blob| Err(out_of_order(blob.session, Seq(0), blob.seq)))
}

fn in_place(session: SessionId, expected: Seq, found: Seq) -> Result<(), StoreError> {
    if expected == found { Ok(()) } else { Err(out_of_order(session, expected, found)) }
}

const fn out_of_order(session: SessionId, expected: Seq, found: Seq) -> StoreError {
    StoreError::OutOfOrder { session, expected, found }
}
