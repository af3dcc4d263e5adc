//! Tails: what recovery reads of one session.

use std::collections::btree_map;

use q_core::{Head, Presence, Seq, Stored};

use crate::error::StoreError;
use crate::log::Log;
use crate::newest::{self, Newest, Reach};

/// See [`crate::Store::stored`]. Also where damage ended the reading, if it did.
pub(crate) fn read<L: Log>(
    log: &L,
    head: Head,
    tail_bytes: usize,
) -> Result<(Stored, Option<Seq>), StoreError> {
    match head.presence {
        Presence::Closed => {
            return Ok((Stored { trimmed: head.entries > 0, head, tail: Vec::new() }, None));
        }
        Presence::Live => {}
    }
    let session = head.id;
    if log.last(session)? < head.seq {
        return Err(StoreError::Damaged { session, seq: head.seq });
    }
    let mut newest = if head.entries == 0 {
        Newest::default()
    } else {
        newest::read(log, session, head.seq, Reach::AtLeast(tail_bytes), head.draft)?
    };
    for seq in referred_to(&head) {
        if let btree_map::Entry::Vacant(place) = newest.records.entry(seq) {
            place.insert(log.record(session, seq)?);
        }
    }
    let tail = newest.records.into_values().collect();
    Ok((Stored { head, tail, trimmed: newest.trimmed }, newest.damaged))
}

fn referred_to(head: &Head) -> impl Iterator<Item = Seq> {
    let prompts = head.queue.iter().chain(&head.last_prompt).map(|waiting| waiting.queued);
    let draft = (head.draft != Seq(0)).then_some(head.draft);
    prompts.chain(draft)
}
