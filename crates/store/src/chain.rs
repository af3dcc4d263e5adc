//! The chain: neighbouring records of one session, opened in order, each verified against the other.
//!
//! A row that is missing, out of place or from another moment breaks the chain even when its own check holds.

use q_core::{Seq, SessionId, Stamped};

use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::{key, wire};

/// Rows as they come from the store, keys in order.
pub(crate) trait StoredRow {
    fn key(&self) -> &[u8];
    fn value(&self) -> &[u8];
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> StoredRow for (K, V) {
    fn key(&self) -> &[u8] {
        self.0.as_ref()
    }

    fn value(&self) -> &[u8] {
        self.1.as_ref()
    }
}

/// Opens records from an older one to newer ones.
#[derive(Debug)]
pub(crate) struct Forward {
    session: SessionId,
    due: Seq,
    link: Option<u64>,
}

impl Forward {
    /// From `from` on; `first` is the session's first record.
    pub(crate) fn new(session: SessionId, from: Seq, first: Seq) -> Self {
        // Only the first record of all is linked to nothing. A fork's is linked to its parent's, which is not read here.
        let link = (from == first && first == Seq(1)).then_some(0);
        Self { session, due: from, link }
    }

    pub(crate) fn open<R: StoredRow>(&mut self, row: Result<R, StoreError>) -> Result<Stamped, StoreError> {
        let row = row.map_err(|error| error.at(self.session, self.due))?;
        let damaged = StoreError::Damaged { session: self.session, seq: self.due };
        if key::seq_of_record(row.key()) != Some(self.due) {
            return Err(damaged);
        }
        let opened = envelope::open(self.session, self.due, row.value())?;
        if self.link.is_some_and(|link| link != opened.prev) {
            return Err(damaged);
        }
        let stamped = wire::decode_record(self.session, self.due, opened.payload)?;
        self.due = self.due.next();
        self.link = Some(opened.check);
        Ok(stamped)
    }

    /// Verifies that the rows went up to `to`, and that the last one is the session's last where it should be.
    pub(crate) fn finish(self, to: Seq, end: LogEnd) -> Result<(), StoreError> {
        let reached = self.due == to.next();
        let linked = to != end.seq || self.link == Some(end.check);
        if reached && linked {
            Ok(())
        } else {
            let seq = if reached { to } else { self.due };
            Err(StoreError::Damaged { session: self.session, seq })
        }
    }
}

/// Opens records from a newer one back to the first.
#[derive(Debug)]
pub(crate) struct Backward<I> {
    session: SessionId,
    rows: I,
    /// The session's first record.
    first: Seq,
    /// The place of the next row; 0 when the first was met, or after an error.
    due: Seq,
    /// What the next row's check must be, once a newer one told.
    link: Option<u64>,
}

impl<R: StoredRow, I: Iterator<Item = Result<R, StoreError>>> Backward<I> {
    /// `rows` are the session's, newest first, from `from` on.
    pub(crate) fn new(session: SessionId, from: Seq, first: Seq, end: LogEnd, rows: I) -> Self {
        let link = (from == end.seq).then_some(end.check);
        let due = if from < first { Seq(0) } else { from };
        Self { session, rows, first, due, link }
    }

    fn open(&mut self) -> Result<Stamped, StoreError> {
        let (session, seq) = (self.session, self.due);
        let damaged = || StoreError::Damaged { session, seq };
        let row = self.rows.next().ok_or_else(damaged)?.map_err(|error| error.at(session, seq))?;
        if key::seq_of_record(row.key()) != Some(seq) {
            return Err(damaged());
        }
        let opened = envelope::open(session, seq, row.value())?;
        let first_links_to_something = seq == Seq(1) && opened.prev != 0;
        if first_links_to_something || self.link.is_some_and(|link| link != opened.check) {
            return Err(damaged());
        }
        self.link = Some(opened.prev);
        wire::decode_record(session, seq, opened.payload)
    }
}

impl<R: StoredRow, I: Iterator<Item = Result<R, StoreError>>> Iterator for Backward<I> {
    type Item = Result<Stamped, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.due == Seq(0) {
            return None;
        }
        let opened = self.open();
        let goes_on = opened.is_ok() && self.due > self.first;
        self.due = if goes_on { Seq(self.due.0 - 1) } else { Seq(0) };
        Some(opened)
    }
}
