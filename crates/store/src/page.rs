//! Pages: a session's entries, some at a time, from the newest back.

use q_core::{Entry, EntryNo, Seq, SessionId, Transcript};

use crate::error::StoreError;
use crate::log::Log;
use crate::newest::{self, Place, Reach};

/// Some neighbouring entries of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Whether older ones exist; the next page is the one before the first of these.
    pub trimmed: bool,
}

/// See [`crate::Store::page`]. Also the damaged record that ended the reading, if one did.
pub(crate) fn read<L: Log>(
    log: &L,
    session: SessionId,
    before: Option<EntryNo>,
    bytes: usize,
) -> Result<(Page, Option<Place>), StoreError> {
    let last = log.last(session)?;
    // An entry has the number of its first record, so whatever is older than that is older than the entry.
    let from = before.map_or(last, |before| Seq(before.0.saturating_sub(1)).min(last));
    let newest = newest::read(log, session, from, Reach::AtMost(bytes), Seq(0))?;
    let mut transcript = Transcript::default();
    for stamped in newest.records.values() {
        transcript.apply(stamped);
    }
    let page = Page { entries: transcript.entries().cloned().collect(), trimmed: newest.trimmed };
    Ok((page, newest.damaged))
}
