//! Building the database anew, from every row that can be read in the files of one that the engine cannot be given.
//!
//! The new one is made beside the old files and put in their place in steps that can be gone on with: `rebuilt` holds it
//! whole while the old files are moved quarantine, `rebuilt.in` while its own are moved in.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use q_core::{Durability, SessionId};

use crate::anchor::Anchored;
use crate::directory::{self, OURS_ONLY};
use crate::envelope::is_own;
use crate::error::StoreError;
use crate::files::journal::RowKind;
use crate::files::{look, pieces, table};
use crate::key::{self, Key};
use crate::quarantine::Quarantine;

use super::database::{Database, KeyspaceRow, Purpose};
use super::failure::ENGINES_LOCK;

const DRAFT: &str = "rebuilt.tmp";
const DONE: &str = "rebuilt";
const MOVING_IN: &str = "rebuilt.in";
/// Rows in one commit.
const AT_ONCE: usize = 256;

/// Builds the database in `dir` anew. The old files go quarantine. `anchored` says whose rows there can be.
pub(super) fn rebuild(
    dir: &Path,
    anchored: Option<&Anchored>,
    quarantine: &Quarantine,
) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    tracing::warn!(target: "q::store", "the store's files are damaged: it is built anew from what can be read");
    let draft = dir.join(DRAFT);
    if let Err(error) = build(dir, anchored, &draft) {
        // It may be for want of room that there is none: the next attempt, and everybody else, needs what this one took.
        if let Err(error) = remove(&draft) {
            tracing::warn!(target: "q::store", %error, "a database half built anew stays behind");
        }
        return Err(error);
    }
    fs::rename(&draft, dir.join(DONE)).map_err(failed)?;
    swap(dir, quarantine).map_err(failed)
}

/// Makes the whole of it in `draft`.
fn build(dir: &Path, anchored: Option<&Anchored>, draft: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    remove(draft).map_err(failed)?;
    DirBuilder::new().mode(OURS_ONLY).create(draft).map_err(failed)?;
    Database::create(draft)?;
    fill(dir, anchored, draft)?;
    directory::make_private(draft)?;
    directory::sync(draft).map_err(failed)
}

/// Whether a database built anew waits to be put in place.
pub(super) fn is_under_way(dir: &Path) -> bool {
    dir.join(DONE).exists() || dir.join(MOVING_IN).exists()
}

/// Puts a database that was built anew in place, from wherever that was left.
pub(super) fn swap(dir: &Path, quarantine: &Quarantine) -> io::Result<()> {
    let (done, moving_in) = (dir.join(DONE), dir.join(MOVING_IN));
    if done.exists() {
        for path in engines_files(dir)? {
            quarantine.take(&path)?;
        }
        directory::sync(dir)?;
        // The old files are out of the way: from here on the name says which half of the way is left.
        fs::rename(&done, &moving_in)?;
        directory::sync(dir)?;
    }
    if moving_in.exists() {
        for path in engines_files(&moving_in)? {
            if let Some(name) = path.file_name() {
                fs::rename(&path, dir.join(name))?;
            }
        }
        directory::sync(dir)?;
        fs::remove_dir(&moving_in)?;
        directory::sync(dir)?;
    }
    Ok(())
}

fn engines_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let single = [look::VERSION_FILE, look::KEYSPACES_DIR, ENGINES_LOCK].map(|name| dir.join(name));
    let mut files: Vec<PathBuf> = single.into_iter().filter(|path| path.exists()).collect();
    files.extend(look::journals(dir)?.into_iter().map(|(_, path)| path));
    Ok(files)
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes every row of `from` that is as it was written into the empty database `to`, newer ones after older ones.
fn fill(from: &Path, anchored: Option<&Anchored>, to: &Path) -> Result<(), StoreError> {
    let sessions = anchored.map(Anchored::sessions).unwrap_or_default();
    let failed = |error| StoreError::from_io(from, error);
    let mut filling = Filling {
        // What was closed in good order has no row but those that its anchor knows of. Elsewhere some are not anchored yet.
        complete: anchored.filter(|anchored| anchored.was_closed()),
        database: Database::open(to, Purpose::Write)?,
        waiting: Vec::new(),
        heads: BTreeMap::new(),
    };
    let mut tables = Vec::new();
    for path in look::tables(from).map_err(failed)? {
        let bytes = look::read(&path).map_err(failed)?.unwrap_or_default();
        let newest = table::rows(&bytes, &sessions, is_own).map(|row| row.order).max();
        tables.push((newest, path));
    }
    tables.sort();
    for (_, path) in tables {
        let bytes = look::read(&path).map_err(failed)?.unwrap_or_default();
        // The engine keeps what somebody may read still: of rows with one key the first is the newest.
        let mut last_key = None;
        for row in table::rows(&bytes, &sessions, is_own) {
            if last_key.as_ref() != Some(&row.key) {
                filling.take(&row.key, row.value, row.kind, row.order)?;
                last_key = Some(row.key);
            }
        }
    }
    for (_, path) in look::journals(from).map_err(failed)? {
        let bytes = look::read(&path).map_err(failed)?.unwrap_or_default();
        for batch in pieces::readable(&bytes, |row| is_own(row.key, row.value)) {
            for row in batch.rows {
                filling.take(row.key, row.value, row.kind, batch.order)?;
            }
        }
    }
    filling.finish()
}

/// A database being filled.
struct Filling<'a> {
    /// The anchor, where a row that it does not know of is one that was removed: in a damaged block nothing tells the marks
    /// that rows are gone from text, and what they removed would come back from an older table.
    complete: Option<&'a Anchored>,
    database: Database,
    waiting: Vec<KeyspaceRow>,
    /// The newest head of each session. Most are written often, and only the last one counts.
    heads: BTreeMap<SessionId, (u64, Option<Vec<u8>>)>,
}

impl Filling<'_> {
    fn take(&mut self, key: &[u8], value: &[u8], kind: RowKind, order: u64) -> Result<(), StoreError> {
        let value = match kind {
            RowKind::Value if is_own(key, value) => Some(value.to_vec()),
            RowKind::Gone => None,
            RowKind::Value | RowKind::Foreign => return Ok(()),
        };
        let key = key::read(key).filter(|key| self.complete.is_none_or(|anchored| anchored.knows_of(*key)));
        match key {
            Some(Key::Head(session)) => {
                let newest = self.heads.entry(session).or_insert_with(|| (order, None));
                if newest.0 <= order {
                    *newest = (order, value);
                }
            }
            Some(Key::Record(session, seq)) => {
                self.waiting.push(KeyspaceRow::Record(key::record(session, seq), value));
            }
            Some(Key::Blob(session, seq, at)) => {
                self.waiting.push(KeyspaceRow::Blob(key::blob(session, seq, at), value));
            }
            None => {}
        }
        if self.waiting.len() >= AT_ONCE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.database.commit(std::mem::take(&mut self.waiting), Durability::Buffered)
    }

    fn finish(mut self) -> Result<(), StoreError> {
        let heads = std::mem::take(&mut self.heads);
        let rows =
            heads.into_iter().map(|(session, (_, value))| KeyspaceRow::Head(key::head(session), value));
        self.waiting.extend(rows);
        self.write()?;
        self.database.sync()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::collections::BTreeSet;

    use q_core::Seq;

    use super::*;
    use crate::{FjallStore, envelope};

    #[test]
    fn one_that_fails_takes_no_room() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("store");
        drop(FjallStore::open(&dir).unwrap());
        // It cannot be read, as on a disk that answers with errors.
        let unreadable = dir.join("1.jnl");
        fs::create_dir(&unreadable).unwrap();
        assert!(matches!(rebuild(&dir, None, &Quarantine::new(&dir)), Err(StoreError::Io(_))));
        assert!(!dir.join(DRAFT).exists() && !is_under_way(&dir));
        fs::remove_dir(&unreadable).unwrap();
        rebuild(&dir, None, &Quarantine::new(&dir)).unwrap();
        drop(FjallStore::open(&dir).unwrap());
    }

    #[test]
    fn of_several_rows_with_one_key_in_a_table_the_newest_counts() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("store");
        drop(FjallStore::open(&dir).unwrap());
        let (session, seq) = (SessionId(1), Seq(1));
        let value = |text: &str| {
            let write = |value: &mut Vec<u8>| {
                value.extend_from_slice(text.as_bytes());
                Ok::<_, StoreError>(())
            };
            envelope::seal(session, seq, 0, write).unwrap().0
        };
        let database = Database::open(&dir, Purpose::Write).unwrap();
        // Somebody reads as long as this is held: the engine keeps what they may read.
        let mut read = Vec::new();
        for row in [Some(value("older")), None, Some(value("newest"))] {
            read.push(database.snapshot());
            database
                .commit(vec![KeyspaceRow::Record(key::record(session, seq), row)], Durability::Synced)
                .unwrap();
        }
        database.records.rotate_memtable_and_wait().unwrap();
        drop(read);
        drop(database);
        for (_, journal) in look::journals(&dir).unwrap() {
            fs::File::options().write(true).open(journal).unwrap().set_len(0).unwrap();
        }
        let of_one_key = |path: PathBuf| {
            let bytes = fs::read(path).unwrap();
            table::rows(&bytes, &BTreeSet::new(), is_own)
                .filter(|row| row.key == key::record(session, seq))
                .count()
        };
        let versions: usize = look::tables(&dir).unwrap().into_iter().map(of_one_key).sum();
        assert_eq!(versions, 3, "else this shows nothing");
        rebuild(&dir, None, &Quarantine::new(&dir)).unwrap();
        let database = Database::open(&dir, Purpose::Read).unwrap();
        let found = database.records.get(key::record(session, seq)).unwrap();
        assert_eq!(found.as_deref(), Some(&value("newest")[..]));
    }
}
