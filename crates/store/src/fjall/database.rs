//! The database: opened by the rules that keep fjall small and safe, written in atomic commits.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ::fjall::{Keyspace, KeyspaceCreateOptions, PersistMode, Snapshot};
use q_core::Durability;
use q_lock::take_lock;

use crate::error::StoreError;
use crate::files::look;
use crate::{directory, key, wire};

use super::failure;

const CACHE_BYTES: u64 = 1 << 20;
/// What may wait in memory before it is flushed to a table.
const LARGE_MEMTABLE_BYTES: u64 = 2 << 20;
const SMALL_MEMTABLE_BYTES: u64 = 512 << 10;
/// The least that fjall takes for its journals, in bytes.
const JOURNAL_BYTES: u64 = 64 << 20;
const OPEN_FILES: usize = 64;
/// fjall deadlocks with one: it waits for itself to take a message.
const WORKERS: usize = 2;

/// Beyond this much unflushed, writes go at the disk's pace: faster ones can outrun fjall's workers for good.
const UNFLUSHED_BYTES: u64 = 32 << 20;
const UNFLUSHED_MEMTABLES: usize = 2;

/// How often is looked whether the engine is done, and how many times: a minute in all.
const LOOK_EACH: Duration = Duration::from_millis(1);
const LOOKS: u32 = 60_000;

/// So many new tables of heads are merged while records are.
const HEAD_TABLES: usize = 8;

const RECORDS: &str = "records";
const HEADS: &str = "heads";
const BLOBS: &str = "blobs";
const META: &str = "meta";
/// The row of [`META`] that holds the newest format of payloads written, and the oldest whose readers understand it where
/// that is another.
const FORMAT_KEY: &[u8] = b"format";

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What is said to it is to be kept.
    Write,
    /// What is in it is to be seen.
    Read,
}

/// One row to write, or to remove where it has no value.
pub(super) enum KeyspaceRow {
    Record([u8; 24], Option<Vec<u8>>),
    Head([u8; 16], Option<Vec<u8>>),
    /// A piece of a blob.
    Blob([u8; key::BLOB_LEN], Option<Vec<u8>>),
}

/// The open database and its keyspaces.
pub(super) struct Database {
    path: PathBuf,
    pub(super) records: Keyspace,
    pub(super) heads: Keyspace,
    pub(super) blobs: Keyspace,
    meta: Keyspace,
    engine: ::fjall::Database,
    /// A commit failed: its rows may stand in a journal and nowhere else.
    is_in_doubt: AtomicBool,
}

impl Database {
    /// Fills an empty directory, syncs it, and closes it again.
    pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
        let failed = |error| failure::of_files(dir, error);
        let engine = open_engine(dir)?;
        for name in [RECORDS, HEADS, META, BLOBS] {
            engine.keyspace(name, || options(name)).map_err(failed)?;
        }
        let meta = engine.keyspace(META, || options(META)).map_err(failed)?;
        meta.insert(FORMAT_KEY, [wire::FORMAT]).map_err(failed)?;
        engine.persist(PersistMode::SyncAll).map_err(failed)
    }

    /// Opens what [`Self::create`] made; to be read only, also what a later version made if that says that it can be.
    ///
    /// What a store of an older layout has not yet, it has when this returns, and on the disk.
    pub(super) fn open(dir: &Path, to: Purpose) -> Result<Self, StoreError> {
        // Without its version fjall takes a directory for an empty one and begins anew.
        if !dir.join(look::VERSION_FILE).exists() {
            return Err(missing(look::VERSION_FILE));
        }
        let engine = open_engine(dir)?;
        let keyspace = |name: &str| {
            if engine.keyspace_exists(name) {
                engine.keyspace(name, || options(name)).map_err(|error| failure::of_files(dir, error))
            } else {
                Err(missing(name))
            }
        };
        let (records, heads, meta) = (keyspace(RECORDS)?, keyspace(HEADS)?, keyspace(META)?);
        let failed = |error| failure::of_files(dir, error);
        let has_blobs = directory::layout(dir).is_none_or(|layout| layout >= directory::LAYOUT_WITH_BLOBS);
        let blobs = if has_blobs || engine.keyspace_exists(BLOBS) {
            keyspace(BLOBS)?
        } else {
            let blobs = engine.keyspace(BLOBS, || options(BLOBS)).map_err(failed)?;
            engine.persist(PersistMode::SyncAll).map_err(failed)?;
            blobs
        };
        match meta.get(FORMAT_KEY).map_err(failed)?.as_deref() {
            Some([wire::FORMAT]) => {}
            Some([_, reads]) if to == Purpose::Read && *reads <= wire::FORMAT => {}
            Some([format] | [format, _]) => {
                return Err(StoreError::FutureVersion { found: format!("format {format}") });
            }
            // The row was lost with a damaged file. A newer record would still say that it is newer.
            Some(_) | None => meta.insert(FORMAT_KEY, [wire::FORMAT]).map_err(failed)?,
        }
        let is_in_doubt = AtomicBool::new(false);
        Ok(Self { path: dir.into(), records, heads, blobs, meta, engine, is_in_doubt })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// One moment of everything.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    /// Writes all rows or none. An error means unknown.
    pub(super) fn commit(&self, rows: Vec<KeyspaceRow>, durability: Durability) -> Result<(), StoreError> {
        let mode = match durability {
            Durability::Buffered if self.falls_behind() => PersistMode::SyncData,
            Durability::Buffered => PersistMode::Buffer,
            Durability::Synced => PersistMode::SyncData,
        };
        let mut batch = self.engine.batch().durability(Some(mode));
        for row in rows {
            match row {
                KeyspaceRow::Record(key, Some(value)) => batch.insert(&self.records, key, value),
                KeyspaceRow::Record(key, None) => batch.remove(&self.records, key),
                KeyspaceRow::Head(key, Some(value)) => batch.insert(&self.heads, key, value),
                KeyspaceRow::Head(key, None) => batch.remove(&self.heads, key),
                KeyspaceRow::Blob(key, Some(value)) => batch.insert(&self.blobs, key, value),
                KeyspaceRow::Blob(key, None) => batch.remove(&self.blobs, key),
            }
        }
        batch.commit().map_err(|error| {
            self.is_in_doubt.store(true, Ordering::SeqCst);
            self.failure(error)
        })
    }

    /// Brings everything that was written to the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.engine.persist(PersistMode::SyncAll).map_err(|error| self.failure(error))
    }

    /// Has everything written to tables from here on stand there without what it replaced, as far as nobody reads that now.
    /// What is in memory is on its way to tables when this returns; not after a commit that failed: its journal is evidence.
    pub(super) fn forget_replaced(&self) -> Result<(), StoreError> {
        if self.is_in_doubt.load(Ordering::SeqCst) {
            return Err(StoreError::Poisoned);
        }
        // The row as it stands: the engine looks what is read no longer when it moves something, and there is something.
        self.meta.insert(FORMAT_KEY, [wire::FORMAT]).map_err(|error| self.failure(error))?;
        self.seal_memtables()
    }

    /// Has everything that is in memory on its way to tables when this returns.
    pub(super) fn seal_memtables(&self) -> Result<(), StoreError> {
        self.keyspaces()
            .into_iter()
            .try_for_each(|keyspace| keyspace.rotate_memtable().map(drop))
            .map_err(|error| self.failure(error))
    }

    const fn keyspaces(&self) -> [&Keyspace; 4] {
        [&self.meta, &self.records, &self.blobs, &self.heads]
    }

    /// Waits until what was on its way to tables is in them, and synced.
    pub(super) fn wait_for_tables(&self) -> Result<(), StoreError> {
        if self.waited_until(LOOKS, Self::is_in_tables)? {
            Ok(())
        } else {
            Err(StoreError::Io(ErrorKind::TimedOut.into()))
        }
    }

    /// Waits until something is so, at most as many times [`LOOK_EACH`] as is said. Gives whether it is.
    pub(super) fn waited_until(&self, looks: u32, is_so: impl Fn(&Self) -> bool) -> Result<bool, StoreError> {
        for _ in 0..looks {
            if is_so(self) {
                return Ok(true);
            }
            // An engine that gave up comes to no end, and only says so to who asks for something.
            self.engine.persist(PersistMode::Buffer).map_err(|error| self.failure(error))?;
            // It tells nobody when it is done.
            thread::park_timeout(LOOK_EACH);
        }
        Ok(is_so(self))
    }

    /// Whether all that was on its way to tables is in them, and synced.
    pub(super) fn is_in_tables(&self) -> bool {
        self.keyspaces().into_iter().all(|keyspace| keyspace.sealed_memtable_count() == 0)
    }

    /// Whether only the journal that is written to is left: the engine removes an older one once its rows are in tables.
    pub(super) fn has_one_journal(&self) -> bool {
        self.engine.journal_count() == 1
    }

    /// What stands in memory and in no table yet, in bytes.
    pub(super) fn unflushed(&self) -> u64 {
        self.engine.write_buffer_size()
    }

    /// Writes all tables anew, without what was removed or replaced.
    pub(super) fn merge_tables(&self) -> Result<(), StoreError> {
        let is_merged = AtomicBool::new(false);
        let merged = thread::scope(|scope| {
            let beside = scope.spawn(|| self.keep_heads_few(&is_merged));
            let records = [&self.records, &self.blobs].into_iter().try_for_each(Keyspace::major_compact);
            is_merged.store(true, Ordering::SeqCst);
            let beside = beside.join().map_err(|_| ::fjall::Error::Poisoned);
            records.and(beside.and_then(|heads| heads))
        });
        let small = || [&self.heads, &self.meta].into_iter().try_for_each(Keyspace::major_compact);
        merged.and_then(|()| small()).map_err(|error| self.failure(error))
    }

    /// While records are merged the engine's workers wait for that, and merge no heads; above 30 tables of those it would
    /// let commits wait, too.
    fn keep_heads_few(&self, is_over: &AtomicBool) -> Result<(), ::fjall::Error> {
        while !is_over.load(Ordering::SeqCst) {
            if self.heads.l0_table_count() >= HEAD_TABLES {
                self.heads.major_compact()?;
            }
            thread::park_timeout(LOOK_EACH);
        }
        Ok(())
    }

    fn falls_behind(&self) -> bool {
        self.unflushed() > UNFLUSHED_BYTES || self.engine.outstanding_flushes() > UNFLUSHED_MEMTABLES
    }

    /// What a failure of the engine means.
    pub(super) fn failure(&self, error: ::fjall::Error) -> StoreError {
        failure::of_files(&self.path, error)
    }
}

fn open_engine(dir: &Path) -> Result<::fjall::Database, StoreError> {
    // The engine asks for its lock once: that of a user who is dying is waited for here. What else is wrong with it the
    // engine says itself.
    let lock = dir.join(failure::ENGINES_LOCK);
    drop(File::open(&lock).map(|file| take_lock(&file, &lock)));
    ::fjall::Database::builder(dir)
        .cache_size(CACHE_BYTES)
        .worker_threads(WORKERS)
        .max_journaling_size(JOURNAL_BYTES)
        .max_cached_files(Some(OPEN_FILES))
        .open()
        .map_err(|error| failure::of_files(dir, error))
}

/// Kept by fjall from a keyspace's creation on: changing these changes nothing for stores that exist.
///
/// Heads are rewritten with every batch, and each version weighs in memory until it is flushed: theirs is kept small.
fn options(keyspace: &str) -> KeyspaceCreateOptions {
    let is_large = keyspace == RECORDS || keyspace == BLOBS;
    let memtable = if is_large { LARGE_MEMTABLE_BYTES } else { SMALL_MEMTABLE_BYTES };
    KeyspaceCreateOptions::default().max_memtable_size(memtable)
}

fn missing(what: &str) -> StoreError {
    StoreError::Unreadable { detail: format!("`{what}` is missing") }
}
