//! Reading: one moment of the database, every row opened and verified.

use ::fjall::{Guard, KvPair, Readable as _, Snapshot};
use q_core::{Fork, Head, Seq, SessionId, Stamped};

use crate::chain::{Backward, Forward};
use crate::envelope::{self, End};
use crate::error::StoreError;
use crate::fjall::database::Database;
use crate::log::Log;
use crate::{key, wire};

/// One moment of a store.
pub(super) struct Reader<'a> {
    database: &'a Database,
    snapshot: Snapshot,
}

/// Where a session's log begins and ends.
struct Bounds {
    first: Seq,
    end: End,
    fork: Option<Fork>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(database: &'a Database) -> Self {
        Self { database, snapshot: database.snapshot() }
    }

    /// Every session's head, by id.
    pub(super) fn heads(&self) -> impl Iterator<Item = Result<Head, StoreError>> {
        self.snapshot.iter(&self.database.heads).map(|row| {
            let (key, value) = row.into_inner().map_err(|error| self.database.failure(error))?;
            let session = key::session_of_head(&key)
                .ok_or_else(|| StoreError::Unreadable { detail: "a head without a session".into() })?;
            let opened = envelope::open(session, envelope::HEAD, &value)?;
            wire::decode_head(session, opened.payload)
        })
    }

    /// The session's log as its head knows it; the default where there is no session.
    fn bounds(&self, session: SessionId) -> Result<Bounds, StoreError> {
        let Some((head, check)) = self.head_row(session)? else {
            return Ok(Bounds { first: Seq(1), end: End::default(), fork: None });
        };
        let first = head.fork.map_or(Seq(1), |fork| fork.through.next());
        Ok(Bounds { first, end: End { seq: head.seq, check }, fork: head.fork })
    }

    /// See [`crate::Store::head`].
    pub(super) fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        Ok(self.head_row(session)?.map(|(head, _)| head))
    }

    /// The session's head, and the check of its last record.
    fn head_row(&self, session: SessionId) -> Result<Option<(Head, u64)>, StoreError> {
        let row = self.snapshot.get(&self.database.heads, key::head(session));
        let Some(value) = row.map_err(|error| self.database.failure(error).at(session, envelope::HEAD))?
        else {
            return Ok(None);
        };
        let opened = envelope::open(session, envelope::HEAD, &value)?;
        Ok(Some((wire::decode_head(session, opened.payload)?, opened.prev)))
    }

    /// The places of all records of a session.
    pub(super) fn places(&self, session: SessionId) -> Result<impl Iterator<Item = Seq> + use<>, StoreError> {
        let Bounds { first, end, .. } = self.bounds(session)?;
        Ok((first.0..=end.seq.0).map(Seq))
    }

    /// As [`Self::bounds`] knows it, and the record that stands there is that one.
    pub(super) fn verified_end(&self, session: SessionId) -> Result<End, StoreError> {
        let end = self.bounds(session)?.end;
        if end != End::default() {
            let value = self.value(session, end.seq)?;
            if envelope::open(session, end.seq, &value)?.check != end.check {
                return Err(StoreError::Damaged { session, seq: end.seq });
            }
        }
        Ok(end)
    }

    /// See [`crate::Store::records`].
    pub(super) fn records(
        &self,
        session: SessionId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Stamped>, StoreError> {
        let Bounds { first, end, .. } = self.bounds(session)?;
        let from = from.max(first);
        let to = Seq(from.0.saturating_add(limit as u64).saturating_sub(1)).min(end.seq);
        if limit == 0 || from > to {
            return Ok(Vec::new());
        }
        let mut chain = Forward::new(session, from, first);
        let mut records = Vec::new();
        for row in self.rows(session, from, to) {
            records.push(chain.open(row)?);
        }
        chain.finish(to, end)?;
        Ok(records)
    }

    fn value(&self, session: SessionId, seq: Seq) -> Result<::fjall::UserValue, StoreError> {
        let row = self.snapshot.get(&self.database.records, key::record(session, seq));
        row.map_err(|error| self.database.failure(error).at(session, seq))?
            .ok_or(StoreError::Damaged { session, seq })
    }

    fn rows(
        &self,
        session: SessionId,
        from: Seq,
        to: Seq,
    ) -> impl DoubleEndedIterator<Item = Result<KvPair, StoreError>> {
        let range = key::record(session, from)..=key::record(session, to);
        let open = |row: Guard| row.into_inner().map_err(|error| self.database.failure(error));
        self.snapshot.range(&self.database.records, range).map(open)
    }
}

impl Log for Reader<'_> {
    fn last(&self, session: SessionId) -> Result<Seq, StoreError> {
        self.bounds(session).map(|bounds| bounds.end.seq)
    }

    fn fork(&self, session: SessionId) -> Result<Option<Fork>, StoreError> {
        self.bounds(session).map(|bounds| bounds.fork)
    }

    fn newest_first(
        &self,
        session: SessionId,
        from: Seq,
    ) -> Result<impl Iterator<Item = Result<Stamped, StoreError>>, StoreError> {
        let Bounds { first, end, .. } = self.bounds(session)?;
        Ok(Backward::new(session, from, first, end, self.rows(session, Seq(1), from).rev()))
    }

    fn record(&self, session: SessionId, seq: Seq) -> Result<Stamped, StoreError> {
        let value = self.value(session, seq)?;
        let opened = envelope::open(session, seq, &value)?;
        wire::decode_record(session, seq, opened.payload)
    }
}
