//! The order of appends: each session's records continue its log, and its head matches the last of them.

use std::collections::BTreeMap;

use q_core::{Batch, Head, Seq, SessionId};

use crate::error::StoreError;

/// Verifies the order of batches against each session's last record, and gives the heads they leave behind.
pub(crate) fn verify(
    batches: &[Batch],
    mut last: impl FnMut(SessionId) -> Result<Seq, StoreError>,
) -> Result<BTreeMap<SessionId, &Head>, StoreError> {
    let mut ends: BTreeMap<SessionId, Seq> = BTreeMap::new();
    let mut heads = BTreeMap::new();
    for batch in batches {
        for stamped in &batch.records {
            let session = stamped.session;
            let end = match ends.get(&session) {
                Some(end) => *end,
                None => last(session)?,
            };
            in_place(session, end.next(), stamped.seq)?;
            ends.insert(session, stamped.seq);
        }
        heads.extend(batch.heads.iter().map(|head| (head.id, head)));
    }
    for (&session, &end) in &ends {
        in_place(session, end, heads.get(&session).map_or(Seq(0), |head| head.seq))?;
    }
    for (&session, head) in &heads {
        if !ends.contains_key(&session) {
            in_place(session, last(session)?, head.seq)?;
        }
    }
    Ok(heads)
}

fn in_place(session: SessionId, expected: Seq, found: Seq) -> Result<(), StoreError> {
    if expected == found { Ok(()) } else { Err(StoreError::OutOfOrder { session, expected, found }) }
}
