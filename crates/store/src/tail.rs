//! Tails: what recovery reads of one session.

use std::collections::btree_map;

use q_core::{Head, Seq, Stored};

use crate::error::StoreError;
use crate::log::Log;
use crate::newest::{self, Newest, RecordPlace, TailReach};

/// See [`crate::Store::stored`]. Also the damaged record that ended the reading, if one did.
pub(crate) fn read<L: Log>(
    log: &L,
    head: Head,
    tail_bytes: usize,
) -> Result<(Stored, Option<RecordPlace>), StoreError> {
    if !head.presence.is_open() {
        let trimmed = head.entries > 0;
        return Ok((Stored { trimmed, head, tail: Vec::new(), fault: None }, None));
    }
    let session = head.id;
    if log.last(session)? < head.seq {
        return Err(StoreError::Damaged { session, seq: head.seq });
    }
    let mut newest = if head.entries == 0 && head.fork.is_none() {
        Newest::default()
    } else {
        match newest::read(log, session, head.seq, TailReach::AtLeast(tail_bytes), head.draft) {
            // What a fork took over is lost with its parent; what it has of its own is not.
            Err(StoreError::Damaged { session: whose, seq }) if whose != session => {
                Newest { trimmed: true, damaged: Some((whose, seq)), ..Newest::default() }
            }
            read => read?,
        }
    };
    for seq in referred_to(&head) {
        if let btree_map::Entry::Vacant(place) = newest.records.entry(seq) {
            place.insert(log.record(session, seq)?);
        }
    }
    let tail = newest.records.into_values().collect();
    Ok((Stored { head, tail, trimmed: newest.trimmed, fault: None }, newest.damaged))
}

fn referred_to(head: &Head) -> impl Iterator<Item = Seq> {
    let prompts = head.queue.iter().chain(&head.last_prompt).map(|waiting| waiting.queued);
    let draft = (head.draft != Seq(0)).then_some(head.draft);
    prompts.chain(draft)
}
