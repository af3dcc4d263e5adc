//! Compacting: tables written anew without what was removed, and journals emptied, so that erased texts stand nowhere.
//!
//! The engine keeps a journal until it has grown to 64 MB, whatever became of its rows, and offers no way to begin another
//! one. So once all rows stand in tables the engine is closed for a moment, and gets its journals back empty.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use q_core::SessionId;

use crate::directory;
use crate::erased;
use crate::error::StoreError;
use crate::files::look;

use super::FjallStore;
use super::database::{Database, Purpose};

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

    fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::SeqCst)
    }
}

/// Does it, beside whoever reads and writes.
pub(super) fn compact(store: &FjallStore) -> Result<(), StoreError> {
    let _alone = store.compacting.alone.lock().unwrap_or_else(PoisonError::into_inner);
    let erasures = begin(store)?;
    let merged = store.with(|database| {
        database.wait_for_tables()?;
        database.merge_tables()?;
        // Removes the old tables, and leaves little for the moment in which everybody waits.
        database.forget_replaced()?;
        database.wait_for_tables()
    });
    if let Err(StoreError::Unreadable { .. }) = merged {
        store.suspect();
    }
    merged?;
    let renewed = renew(store, erasures);
    if renewed.is_err() {
        // What is not open takes nothing; opening it tells what is wrong.
        store.writer()?.poisoned = true;
    }
    renewed
}

/// While nobody reads or writes: from here on nothing that is gone is kept for anybody. Gives the erasures there were.
fn begin(store: &FjallStore) -> Result<u64, StoreError> {
    let database = store.database.write().map_err(|_| StoreError::Poisoned)?;
    still_there(store)?;
    let erasures = store.compacting.erasures();
    database.as_ref().ok_or(StoreError::Poisoned)?.forget_replaced()?;
    Ok(erasures)
}

/// While nobody reads or writes: what was written meanwhile goes into tables, too, and the journals are emptied.
fn renew(store: &FjallStore, erasures: u64) -> Result<(), StoreError> {
    let mut place = store.database.write().map_err(|_| StoreError::Poisoned)?;
    still_there(store)?;
    let database = place.as_ref().ok_or(StoreError::Poisoned)?;
    database.forget_replaced()?;
    database.wait_for_tables()?;
    drop(place.take());
    let failed = |error| StoreError::from_io(&store.path, error);
    empty_journals(&store.path).map_err(failed)?;
    *place = Some(Database::open(&store.path, Purpose::Write)?);
    if erasures == store.compacting.erasures() {
        erased::clear(&store.path).map_err(failed)?;
    }
    Ok(())
}

/// Files are named by the store's place: what stands there instead is another's.
fn still_there(store: &FjallStore) -> Result<(), StoreError> {
    if directory::is_still(&store.path, &store.held) {
        Ok(())
    } else {
        Err(StoreError::Vanished { path: store.path.clone() })
    }
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
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(0)?;
        file.sync_all()?;
    }
    Ok(())
}
