//! Results read on: a byte range of what is kept of one, from its record and, further on, from the blob beside that.

use q_core::{EntryNo, Seq, SessionId, Stamped};

use crate::byte_range::ByteRange;
use crate::error::StoreError;
use crate::log::Log;

/// No character is longer.
const LONGEST_CHARACTER: usize = 4;

/// Does the work of [`crate::Store::result`].
pub(crate) fn read<L: Log>(log: &L, session: SessionId, range: ByteRange) -> Result<String, StoreError> {
    let ByteRange { entry, from, bytes } = range;
    let Some((owner, seq)) = owner(log, session, entry)? else { return Ok(String::new()) };
    let record = log.record(owner, seq)?;
    let bytes = bytes.max(LONGEST_CHARACTER);
    let text = record.text();
    if let Some(at) = usize::try_from(from).ok().filter(|at| *at < text.len()) {
        let (_, rest) = text.split_at(text.floor_char_boundary(at));
        let (wanted, _) = rest.split_at(rest.floor_char_boundary(bytes));
        return Ok(wanted.to_owned());
    }
    if from < end(&record) { log.rest(&record, ByteRange { bytes, ..range }) } else { Ok(String::new()) }
}

/// Where what is kept of the record's result ends.
pub(crate) fn end(record: &Stamped) -> u64 {
    record.text().len() as u64 + record.beside()
}

/// Whose record the entry is, and which; nothing where the session has no such record.
fn owner<L: Log>(
    log: &L,
    mut session: SessionId,
    entry: EntryNo,
) -> Result<Option<(SessionId, Seq)>, StoreError> {
    let seq = Seq(entry.0);
    while let Some(fork) = log.fork(session)?.filter(|fork| seq <= fork.through) {
        if entry > fork.last {
            return Ok(None);
        }
        session = fork.parent;
    }
    let is_there = seq > Seq(0) && seq <= log.last(session)?;
    Ok(is_there.then_some((session, seq)))
}
