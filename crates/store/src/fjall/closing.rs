//! Closing: what a large journal holds is brought into tables, so that the next opening need not read it.
//!
//! The engine replays its journal at every opening, rows that are in tables included, and it is read before that to see
//! whether it is whole: about three milliseconds for a megabyte, and there may be 64. Everything is synced before this
//! begins, and a journal is emptied only once all of its rows are in synced tables: a process that is killed anywhere in
//! between leaves every row in one of the two.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::directory;
use crate::disk;
use crate::error::StoreError;
use crate::files::look;

use super::database::Database;

/// Below this a journal is left as it is: to replay it takes less than to write tables, and each stop would add four.
const LARGE_JOURNAL_BYTES: u64 = 1 << 20;

/// How many milliseconds it may take, about. Who stops a host gives its store a quarter of a second in all, and a journal
/// that is left as it is costs time at the next start and nothing else.
const LOOKS: u32 = 100;

/// Empties the journal, where there is much in it, room for that in tables, and a disk that is fast enough. The caller has
/// synced everything, and nobody reads or writes any more. `held` is the store's directory.
pub(super) fn empty_large_journal(database: &Database, held: &File) -> Result<(), StoreError> {
    let dir = database.path();
    let failed = |error| StoreError::from_io(dir, error);
    // Files are named by their place: where the directory was moved away, another's would be emptied.
    if !directory::is_still(dir, held)
        || journal_bytes(dir).map_err(failed)? < LARGE_JOURNAL_BYTES
        || !has_room(database)
    {
        return Ok(());
    }
    database.seal_memtables()?;
    let is_done = |database: &Database| database.is_in_tables() && database.has_one_journal();
    if !database.waited_until(LOOKS, is_done)? {
        tracing::info!(target: "q::store", "the journal stays as it is: the disk is slow");
        return Ok(());
    }
    // The engine has it open still. It writes nothing into it any more, so it need not be closed first, which would wait for
    // tables that it may be merging.
    if let [(_, journal)] = &look::journals(dir).map_err(failed)?[..]
        && directory::is_still(dir, held)
    {
        empty_file(journal).map_err(failed)?;
    }
    Ok(())
}

/// Bytes of the journals on the disk. Their length says little: the engine reserves 64 MB at once.
fn journal_bytes(dir: &Path) -> io::Result<u64> {
    look::journals(dir)?.iter().map(|(_, path)| Ok(path.metadata()?.blocks() * disk::BLOCK)).sum()
}

/// Whether there is room for what is in memory once more. A table that was half written on a full disk would be an error
/// where there was none.
fn has_room(database: &Database) -> bool {
    let room = database.unflushed().saturating_add(disk::LITTLE);
    disk::free(database.path()).is_none_or(|free| free >= room)
}

/// Empties a file in place, and waits until that is on the disk.
pub(super) fn empty_file(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(0)?;
    file.sync_all()
}
