//! The store on fjall. Nothing outside this folder names it.
//!
//! Three keyspaces for all sessions (one each would cost 45 ms to create), two workers (one deadlocks fjall under bulk
//! writes), small caches. Not here: what rows look like (`key`, `envelope`, `wire`), where the directory comes from.

mod database;
mod failure;
mod reader;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use q_core::{Batch, Durability, EntryNo, Head, Seq, SessionId, Stamped, Stored};

use crate::envelope::{self, End};
use crate::error::StoreError;
use crate::page::Page;
use crate::store::Store;
use crate::{directory, key, order, page, tail, wire};

use database::{Database, Row};
use reader::Reader;

/// The store on disk, held by one process at a time.
pub struct FjallStore {
    database: Database,
    writer: Mutex<Writer>,
}

/// What is known about the ends of logs, and whether writes may go on.
#[derive(Debug, Default)]
struct Writer {
    /// Sessions written to since the store was opened.
    ends: BTreeMap<SessionId, End>,
    /// A commit failed, so nothing in memory tells any longer what the disk holds.
    poisoned: bool,
}

impl FjallStore {
    /// Opens the store in `dir`, which is created if there is nothing yet.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        if directory::look(dir)? == directory::Found::Nothing {
            directory::create(dir, Database::create)?;
        }
        let database = Database::open(dir)?;
        directory::make_private(dir)?;
        Ok(Self { database, writer: Mutex::default() })
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.database)
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.lock().map_err(|_| StoreError::Poisoned)?;
        if writer.poisoned { Err(StoreError::Poisoned) } else { Ok(writer) }
    }
}

impl Store for FjallStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let reader = self.reader();
        let order::Outcome { heads, erased } =
            order::verify(batches, |session| writer.end(&reader, session).map(|end| end.seq))?;
        let mut ends = BTreeMap::new();
        let mut rows = Vec::new();
        for &session in &erased {
            // What this very append adds to an erased session is never written.
            rows.extend(reader.places(session)?.map(|seq| Row::NoRecord(key::record(session, seq))));
            rows.push(Row::NoHead(key::head(session)));
        }
        drop(reader);
        let kept = |stamped: &&Stamped| !erased.contains(&stamped.session);
        for stamped in batches.iter().flat_map(|batch| &batch.records).filter(kept) {
            let session = stamped.session;
            let end = ends.entry(session).or_insert_with(|| writer.known_end(session));
            let (value, check) =
                envelope::seal(session, stamped.seq, end.check, |out| wire::encode_record(stamped, out))?;
            *end = End { seq: stamped.seq, check };
            rows.push(Row::Record(key::record(session, stamped.seq), value));
        }
        for (session, head) in heads {
            let end = ends.get(&session).copied().unwrap_or_else(|| writer.known_end(session));
            let (value, _) =
                envelope::seal(session, envelope::HEAD, end.check, |out| wire::encode_head(head, out))?;
            rows.push(Row::Head(key::head(session), value));
        }
        let durability = batches.iter().map(|batch| batch.durability).max().unwrap_or(Durability::Buffered);
        self.database.commit(rows, durability).inspect_err(|_| writer.poisoned = true)?;
        writer.ends.retain(|session, _| !erased.contains(session));
        writer.ends.extend(ends);
        Ok(())
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.reader().heads().collect()
    }

    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        self.reader().head(session)
    }

    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError> {
        tail::read(&self.reader(), head, tail_bytes)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        page::read(&self.reader(), session, before, bytes)
    }

    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError> {
        self.reader().records(session, from, limit)
    }
}

impl Writer {
    /// The session's end, looked up at its first append.
    fn end(&mut self, reader: &Reader<'_>, session: SessionId) -> Result<End, StoreError> {
        if let Some(end) = self.ends.get(&session) {
            return Ok(*end);
        }
        let end = reader.verified_end(session)?;
        self.ends.insert(session, end);
        Ok(end)
    }

    fn known_end(&self, session: SessionId) -> End {
        self.ends.get(&session).copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore").finish_non_exhaustive()
    }
}
