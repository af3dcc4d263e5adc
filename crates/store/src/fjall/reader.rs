//! Reading: one moment of the database, every row opened and verified.

use std::cell::Cell;
use std::ops::{Bound, RangeInclusive};

use ::fjall::{Guard, Keyspace, KvPair, Readable as _, Snapshot, UserValue};
use q_core::{Fork, Head, Seq, SessionId, Stamped};

use crate::blob::BlobReader;
use crate::byte_range::ByteRange;
use crate::chain::{Backward, Forward};
use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::log::Log;
use crate::result;
use crate::settle::Beside;
use crate::{key, wire};

use super::database::Database;

/// One moment of a store.
pub(super) struct SnapshotReader<'a> {
    database: &'a Database,
    snapshot: Snapshot,
    /// Whether the engine could not read something that it led to by another way.
    went_round: Cell<bool>,
}

/// Where a session's log begins and ends.
struct LogBounds {
    first: Seq,
    end: LogEnd,
    fork: Option<Fork>,
}

impl<'a> SnapshotReader<'a> {
    pub(super) fn new(database: &'a Database) -> Self {
        Self { database, snapshot: database.snapshot(), went_round: Cell::new(false) }
    }

    /// The rows of heads with their sessions, by id. An error ends them: what follows is not known.
    pub(super) fn head_rows(&self) -> impl Iterator<Item = Result<(SessionId, UserValue), StoreError>> {
        self.snapshot.iter(&self.database.heads).map(|row| {
            let (key, value) = row.into_inner().map_err(|error| self.database.failure(error))?;
            let session = key::session_of_head(&key)
                .ok_or_else(|| StoreError::Unreadable { detail: "a head without a session".into() })?;
            Ok((session, value))
        })
    }

    /// The session's log as its head knows it; the default where there is no session.
    fn bounds(&self, session: SessionId) -> Result<LogBounds, StoreError> {
        let Some((head, end)) = self.head_row(session)? else {
            return Ok(LogBounds { first: Seq(1), end: LogEnd::default(), fork: None });
        };
        Ok(LogBounds { first: first_of(&head), end, fork: head.fork })
    }

    /// The session's head and the end it names.
    pub(super) fn head_row(&self, session: SessionId) -> Result<Option<(Head, LogEnd)>, StoreError> {
        let row = self.get(&self.database.heads, &key::head(session));
        let row = row.map_err(|error| error.at(session, key::HEAD_SEQ))?;
        row.map(|value| open_head(session, &value)).transpose()
    }

    /// The session's head and the end it names, if they are as they were written.
    pub(super) fn head(&self, session: SessionId) -> Result<Option<(Head, LogEnd)>, StoreError> {
        let Some(value) = self.get(&self.database.heads, &key::head(session))? else { return Ok(None) };
        match open_head(session, &value) {
            Ok(opened) => Ok(Some(opened)),
            Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sessions that have a record at all, or a blob, each at least once. An error ends those of either kind.
    pub(super) fn sessions(&self) -> impl Iterator<Item = Result<SessionId, StoreError>> {
        self.sessions_in(&self.database.records).chain(self.sessions_in(&self.database.blobs))
    }

    fn sessions_in<'k>(
        &'k self,
        rows: &'k Keyspace,
    ) -> impl Iterator<Item = Result<SessionId, StoreError>> + 'k {
        // One seek for a session instead of one step for each of its rows.
        let mut after = None;
        std::iter::from_fn(move || {
            let from = after.map_or(Bound::Unbounded, |session| {
                Bound::Excluded(key::blob(session, Seq(u64::MAX), u64::MAX))
            });
            let row = self.snapshot.range::<[u8; key::BLOB_LEN], _>(rows, (from, Bound::Unbounded)).next()?;
            let session = row.key().map_err(|error| self.database.failure(error)).and_then(|key| {
                key::read(&key)
                    .map(key::Key::session)
                    .ok_or_else(|| StoreError::Unreadable { detail: "a row without a session".into() })
            });
            after = session.as_ref().ok().copied();
            Some(session)
        })
    }

    /// The session's rows from `from` on that can be read, in order. `reach` is how far beyond an unreadable range is
    /// looked.
    pub(super) fn readable(&self, session: SessionId, from: Seq, reach: Seq) -> Readable<'_> {
        Readable { reader: self, session, next: from, reach, range: None, was_blind: false }
    }

    /// Whether the session's log goes on from one record to another, both as named; `None`: from before the first one.
    pub(super) fn continues(
        &self,
        session: SessionId,
        from: Option<LogEnd>,
        to: (&Head, LogEnd),
    ) -> Result<bool, StoreError> {
        let (head, to) = to;
        let first = from.map_or_else(|| first_of(head), |end| end.seq);
        let mut reached = LogEnd { seq: Seq(first.0.saturating_sub(1)), check: 0 };
        for row in self.rows(session, reached.seq.next(), to.seq) {
            let (key, value) = row?;
            let seq = reached.seq.next();
            let opened = match envelope::open(session, seq, &value) {
                Ok(opened) if key::seq_of_record(&key) == Some(seq) => opened,
                Ok(_) | Err(StoreError::Damaged { .. }) => return Ok(false),
                Err(error) => return Err(error),
            };
            let is_linked = match from {
                Some(from) if from.seq == seq => opened.check == from.check,
                None if first == seq && first != Seq(1) => true, // linked to its parent's
                Some(_) | None => opened.prev == reached.check,
            };
            if !is_linked {
                return Ok(false);
            }
            reached = LogEnd { seq, check: opened.check };
        }
        Ok(reached == to)
    }

    /// The places of all records of a session.
    pub(super) fn places(&self, session: SessionId) -> Result<impl Iterator<Item = Seq> + use<>, StoreError> {
        let LogBounds { first, end, .. } = self.bounds(session)?;
        Ok((first.0..=end.seq.0).map(Seq))
    }

    /// The keys of all pieces of a session's blobs, from those beside the record at `from` on.
    pub(super) fn blob_keys(
        &self,
        session: SessionId,
        from: Seq,
    ) -> impl Iterator<Item = Result<[u8; key::BLOB_LEN], StoreError>> {
        self.snapshot.range(&self.database.blobs, from_on(session, from)).map(|row| {
            let key = row.key().map_err(|error| self.database.failure(error))?;
            let foreign = || StoreError::Unreadable { detail: "a piece of no blob".into() };
            key.as_ref().try_into().map_err(|_| foreign())
        })
    }

    pub(super) fn blob_rows(
        &self,
        session: SessionId,
        from: Seq,
    ) -> impl Iterator<Item = Result<KvPair, StoreError>> {
        self.opened(&self.database.blobs, from_on(session, from))
    }

    /// Verifies that the blob beside a record is there, and as it was written.
    pub(super) fn verify_blob(&self, session: SessionId, blob: &Beside) -> Result<(), StoreError> {
        let mut pieces = BlobReader::new(session, blob.seq, blob.check, Some(blob.from));
        for row in self.pieces(session, blob.seq, blob.from) {
            let (key, value) = row?;
            pieces.open(&key, &value)?;
        }
        pieces.finish(blob.end)
    }

    /// The rows of a blob, from one that begins there on.
    fn pieces(
        &self,
        session: SessionId,
        seq: Seq,
        from: u64,
    ) -> impl Iterator<Item = Result<KvPair, StoreError>> {
        let range = key::blob(session, seq, from)..=key::blob(session, seq, u64::MAX);
        self.opened(&self.database.blobs, range)
    }

    /// Where the piece begins that has this byte of a result.
    fn piece_at(&self, session: SessionId, seq: Seq, at: u64) -> Result<u64, StoreError> {
        let range = key::blob(session, seq, 0)..=key::blob(session, seq, at);
        let row = self.snapshot.range(&self.database.blobs, range).next_back();
        let key = row.ok_or(StoreError::Damaged { session, seq })?.key();
        let key = key.map_err(|error| self.database.failure(error))?;
        key::place_in_result(&key).ok_or(StoreError::Damaged { session, seq })
    }

    /// As [`Self::bounds`] knows it, and the record that stands there is that one.
    pub(super) fn verified_end(&self, session: SessionId) -> Result<LogEnd, StoreError> {
        let end = self.bounds(session)?.end;
        if end != LogEnd::default() {
            let value = self.value(session, end.seq)?;
            if envelope::open(session, end.seq, &value)?.check != end.check {
                return Err(StoreError::Damaged { session, seq: end.seq });
            }
        }
        Ok(end)
    }

    pub(super) fn records(
        &self,
        session: SessionId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Stamped>, StoreError> {
        let LogBounds { first, end, .. } = self.bounds(session)?;
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

    /// The check of the record that stands there: the session's own, or one that it took over.
    pub(super) fn check_of(&self, session: SessionId, seq: Seq) -> Result<u64, StoreError> {
        let owner = self.owner(session, seq)?;
        Ok(envelope::open(owner, seq, &self.value(owner, seq)?)?.check)
    }

    /// Whose record stands there: the session's own, or one that it took over.
    fn owner(&self, mut session: SessionId, seq: Seq) -> Result<SessionId, StoreError> {
        while let Some(fork) = self.bounds(session)?.fork.filter(|fork| seq <= fork.through) {
            session = fork.parent;
        }
        Ok(session)
    }

    fn value(&self, session: SessionId, seq: Seq) -> Result<::fjall::UserValue, StoreError> {
        let row = self.get(&self.database.records, &key::record(session, seq));
        row.map_err(|error| error.at(session, seq))?.ok_or(StoreError::Damaged { session, seq })
    }

    /// The value of a key. What says quickly whether a table has a key may be damaged while the table is not; then the
    /// engine finds the row by its neighbours.
    fn get(&self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<UserValue>, StoreError> {
        match self.snapshot.get(keyspace, key).map_err(|error| self.database.failure(error)) {
            Err(StoreError::Unreadable { .. }) => {
                self.went_round.set(true);
                let row = self.snapshot.range(keyspace, key..=key).next();
                let row = row.map(|row| row.into_inner().map_err(|error| self.database.failure(error)));
                Ok(row.transpose()?.map(|(_, value)| value))
            }
            found => found,
        }
    }

    /// Whether something is damaged that did no harm yet.
    pub(super) fn went_round(&self) -> bool {
        self.went_round.get()
    }

    fn rows(
        &self,
        session: SessionId,
        from: Seq,
        to: Seq,
    ) -> impl DoubleEndedIterator<Item = Result<KvPair, StoreError>> {
        self.opened(&self.database.records, key::record(session, from)..=key::record(session, to))
    }

    /// The rows with these keys, read.
    fn opened<const N: usize>(
        &self,
        keyspace: &Keyspace,
        keys: RangeInclusive<[u8; N]>,
    ) -> impl DoubleEndedIterator<Item = Result<KvPair, StoreError>> + use<'_, 'a, N> {
        let open = |row: Guard| row.into_inner().map_err(|error| self.database.failure(error));
        self.snapshot.range(keyspace, keys).map(open)
    }
}

/// The keys of the session's blobs, from those beside the record at `from` on.
fn from_on(session: SessionId, from: Seq) -> RangeInclusive<[u8; key::BLOB_LEN]> {
    key::blob(session, from, 0)..=key::blob(session, Seq(u64::MAX), u64::MAX)
}

/// The session's first record: a fork's are numbered on from its parent's.
pub(super) fn first_of(head: &Head) -> Seq {
    head.fork.map_or(Seq(1), |fork| fork.through.next())
}

/// A head's row, verified.
pub(super) fn open_head(session: SessionId, value: &[u8]) -> Result<(Head, LogEnd), StoreError> {
    let opened = envelope::open(session, key::HEAD_SEQ, value)?;
    let head = wire::decode_head(session, opened.payload)?;
    let end = LogEnd { seq: head.seq, check: opened.prev };
    Ok((head, end))
}

/// A session's rows, passing by what the engine cannot read.
pub(super) struct Readable<'a> {
    reader: &'a SnapshotReader<'a>,
    session: SessionId,
    next: Seq,
    reach: Seq,
    range: Option<Box<dyn Iterator<Item = Result<KvPair, StoreError>> + 'a>>,
    /// Whether there was a range that the engine cannot read.
    pub(super) was_blind: bool,
}

impl Iterator for Readable<'_> {
    type Item = Result<(Seq, UserValue), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (reader, session, next) = (self.reader, self.session, self.next);
        let range = self.range.get_or_insert_with(|| Box::new(reader.rows(session, next, Seq(u64::MAX))));
        match range.next()? {
            Ok((key, value)) => {
                let seq = key::seq_of_record(&key).unwrap_or(next);
                self.next = seq.next();
                Some(Ok((seq, value)))
            }
            Err(StoreError::Unreadable { .. }) => {
                (self.was_blind, self.range) = (true, None);
                self.feel_the_way()
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Readable<'_> {
    /// The next row that can be read alone.
    fn feel_the_way(&mut self) -> Option<Result<(Seq, UserValue), StoreError>> {
        while self.next <= self.reach {
            let seq = self.next;
            self.next = seq.next();
            match self.reader.value(self.session, seq) {
                Ok(value) => return Some(Ok((seq, value))),
                Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}

impl Log for SnapshotReader<'_> {
    fn last(&self, session: SessionId) -> Result<Seq, StoreError> {
        self.bounds(session).map(|bounds| bounds.end.seq)
    }

    fn fork(&self, session: SessionId) -> Result<Option<Fork>, StoreError> {
        self.bounds(session).map(|bounds| bounds.fork)
    }

    fn verify_root(&self, session: SessionId, fork: Fork) -> Result<(), StoreError> {
        let (first, through) = (fork.through.next(), fork.through);
        let made_from = envelope::open(session, first, &self.value(session, first)?)?.prev;
        if self.check_of(fork.parent, through)? == made_from {
            return Ok(());
        }
        Err(StoreError::Damaged { session: self.owner(fork.parent, through)?, seq: through })
    }

    fn newest_first(
        &self,
        session: SessionId,
        from: Seq,
    ) -> Result<impl Iterator<Item = Result<Stamped, StoreError>>, StoreError> {
        let LogBounds { first, end, .. } = self.bounds(session)?;
        Ok(Backward::new(session, from, first, end, self.rows(session, Seq(1), from).rev()))
    }

    fn record(&self, session: SessionId, seq: Seq) -> Result<Stamped, StoreError> {
        let value = self.value(session, seq)?;
        let opened = envelope::open(session, seq, &value)?;
        wire::decode_record(session, seq, opened.payload)
    }

    fn rest(&self, record: &Stamped, ByteRange { from, bytes, .. }: ByteRange) -> Result<String, StoreError> {
        let (session, seq) = (record.session, record.seq);
        let located = |error: StoreError| error.at(session, seq);
        let check = envelope::open(session, seq, &self.value(session, seq)?)?.check;
        let begins = self.piece_at(session, seq, from).map_err(located)?;
        let mut pieces = BlobReader::new(session, seq, check, Some(begins));
        let mut rest = String::new();
        for row in self.pieces(session, seq, begins) {
            let (key, value) = row.map_err(located)?;
            let (at, text) = pieces.open(&key, &value)?;
            let skipped = text.floor_char_boundary(from.saturating_sub(at) as usize);
            let (_, wanted) = text.split_at(skipped);
            let room = wanted.floor_char_boundary(bytes - rest.len());
            rest.push_str(wanted.get(..room).unwrap_or_default());
            if room < wanted.len() || rest.len() == bytes {
                return Ok(rest);
            }
        }
        pieces.finish(result::end(record))?;
        Ok(rest)
    }
}
