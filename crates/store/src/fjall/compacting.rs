//! Compacting: tables written anew without what was removed, and journals emptied, so that erased texts stand nowhere.
//!
//! The engine keeps a journal until it has grown to 64 MB, whatever became of its rows, and offers no way to begin another
//! one. So once all rows stand in tables the engine is closed for a moment, and gets its journals back empty.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use q_core::SessionId;

use crate::directory;
use crate::disk;
use crate::erased;
use crate::error::StoreError;
use crate::files::look;

use super::closing::empty_file;
use super::database::{Database, Purpose};
use super::shared::SharedDatabase;

/// What is known about compacting.
#[derive(Debug, Default)]
pub(super) struct Compacting {
    /// Held by who does it.
    alone: Mutex<()>,
    /// Commits that erased something, counted while the database is held: whoever holds it alone knows of each whether
    /// it is written, and noted.
    erasures: AtomicU64,
}

impl Compacting {
    /// A commit erased these.
    pub(super) fn count(&self, erased: &BTreeSet<SessionId>) {
        self.erasures.fetch_add(u64::from(!erased.is_empty()), Ordering::SeqCst);
    }

    /// Waits until nobody else does it, and lets nobody until the guard goes.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::SeqCst)
    }
}

/// Merges all tables into new ones, beside whoever reads and writes, if as much is free as that takes. Gives the erasures
/// there were before.
pub(super) fn merge(
    shared: &SharedDatabase,
    compacting: &Compacting,
    free: Option<u64>,
) -> Result<u64, StoreError> {
    let room = shared.with(|database| Ok(room_for(shared.path(), database)))?;
    if free.is_some_and(|free| free < room) {
        return Err(StoreError::NoSpace { path: shared.path().into() });
    }
    let erasures = begin(shared, compacting)?;
    let merged = shared.with(|database| {
        database.wait_for_tables()?;
        database.merge_tables()?;
        // Removes the old tables, and leaves little for the moment in which everybody waits.
        database.forget_replaced()?;
        database.wait_for_tables()
    });
    if let Err(StoreError::Unreadable { .. }) = merged {
        shared.suspect();
    }
    merged.map(|()| erasures)
}

/// What must be free: everything that is stored once more, with something left for what is said meanwhile. Tables that were
/// half written when a disk was full would be in everybody's way until the store is opened again.
fn room_for(dir: &Path, database: &Database) -> u64 {
    let tables = disk::disk_use(&dir.join(look::KEYSPACES_DIR));
    tables.saturating_add(database.unflushed()).saturating_add(disk::LITTLE)
}

/// While nobody reads or writes: from here on nothing that is gone is kept for anybody. Gives the erasures there were.
fn begin(shared: &SharedDatabase, compacting: &Compacting) -> Result<u64, StoreError> {
    let database = shared.alone()?;
    let erasures = compacting.erasures();
    database.as_ref().ok_or(StoreError::Poisoned)?.forget_replaced()?;
    Ok(erasures)
}

/// While nobody reads or writes: what was written meanwhile goes into tables, too, and the journals are emptied. If it
/// fails, the database may be open no more.
pub(super) fn renew(
    shared: &SharedDatabase,
    compacting: &Compacting,
    erasures: u64,
) -> Result<(), StoreError> {
    let mut place = shared.alone()?;
    let database = place.as_ref().ok_or(StoreError::Poisoned)?;
    database.forget_replaced()?;
    database.wait_for_tables()?;
    // The engine would write on behind the end that its journal had.
    drop(place.take());
    let failed = |error| StoreError::from_io(shared.path(), error);
    empty_journals(shared.path()).map_err(failed)?;
    *place = Some(Database::open(shared.path(), Purpose::Write)?);
    // Whoever erased something since the tables were merged wants this done once more.
    if erasures == compacting.erasures() {
        erased::clear(shared.path()).map_err(failed)?;
    }
    Ok(())
}

/// The oldest first: a row must not outlive its removal.
fn empty_journals(dir: &Path) -> io::Result<()> {
    let mut journals = look::journals(dir)?;
    let newest = journals.pop();
    for (_, path) in journals {
        fs::remove_file(path)?;
        directory::sync(dir)?;
    }
    if let Some((_, path)) = newest {
        // There always is one: without any the engine would not look for the number of its last write.
        empty_file(&path)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use q_core::{Durability, Seq};

    use super::super::database::KeyspaceRow;
    use super::*;
    use crate::{FjallStore, key};

    const TEXT_BYTES: usize = 1 << 20;
    const AMPLE: u64 = 1 << 30;

    fn table_files(dir: &Path) -> Vec<std::path::PathBuf> {
        let mut tables = look::tables(dir).unwrap();
        tables.sort();
        tables
    }

    #[test]
    fn without_room_for_a_second_copy_nothing_is_begun() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("store");
        let store = FjallStore::open(&dir).unwrap();
        let write = |session| {
            let row = KeyspaceRow::Record(key::record(SessionId(session), Seq(1)), Some(vec![7; TEXT_BYTES]));
            store.database.with(|database| database.commit(vec![row], Durability::Synced))
        };
        for in_tables in [false, true] {
            write(u128::from(in_tables)).unwrap();
            if in_tables {
                store
                    .database
                    .with(|database| database.forget_replaced().and_then(|()| database.wait_for_tables()))
                    .unwrap();
            }
            erased::note(&dir).unwrap();
            let before = table_files(&dir);
            for free in [0, disk::LITTLE, disk::LITTLE + TEXT_BYTES as u64] {
                let refused = store.compact_within(Some(free));
                assert!(matches!(refused, Err(StoreError::NoSpace { .. })), "{free}: {refused:?}");
                assert!(erased::is_noted(&dir), "it is tried again");
                assert_eq!(table_files(&dir), before);
            }
            write(7).unwrap();
            store.compact_within(Some(AMPLE)).unwrap();
            assert!(!erased::is_noted(&dir));
        }
    }
}
