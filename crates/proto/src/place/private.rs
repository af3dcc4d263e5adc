//! The one rule for directories that `q` writes to: each is a directory, never a link, and belongs to this user alone.
//!
//! Only the last component counts: what stands above it is the person's own arrangement (a home behind a link, another
//! disk). Not here: which directories there are, and what is said where one does not fit.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::PlaceError;

/// The mode of a directory of ours.
const OURS_ALONE: u32 = 0o700;
/// What others may do there.
const OTHERS: u32 = 0o077;

/// What is said of one that is a link or somebody else's.
pub(super) type Refuse = fn(PathBuf) -> PlaceError;

/// What stands there, if anything does: a directory of this user. Changes nothing.
pub(super) fn look(path: &Path, refuse: Refuse) -> Result<Option<Metadata>, PlaceError> {
    // Of a link itself: what it leads to may be anybody's.
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() && found.uid() == ours() => Ok(Some(found)),
        Ok(_) => Err(refuse(path.to_owned())),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Makes it, and what is missing above it, if nothing is there.
pub(super) fn create(path: &Path) -> Result<(), PlaceError> {
    DirBuilder::new().recursive(true).mode(OURS_ALONE).create(path).map_err(failed(path))
}

/// Makes it if it is missing, and closes it to others. Read-only file systems keep their modes: nobody else can put
/// anything there either, and what is there may at least be read.
pub(super) fn make(path: &Path, refuse: Refuse) -> Result<(), PlaceError> {
    create(path)?;
    let found = look(path, refuse)?.ok_or_else(|| failed(path)(io::ErrorKind::NotFound.into()))?;
    close(path, &found)
}

/// Closes it to others if it is there.
pub(super) fn close_if_there(path: &Path, refuse: Refuse) -> Result<(), PlaceError> {
    look(path, refuse)?.map_or(Ok(()), |found| close(path, &found))
}

/// Removes what stands in it and is no file of this user: links that others may have left while it was open to them, and
/// what would hold up whoever opens it. Nothing is followed.
pub(super) fn keep_files_only(path: &Path) -> Result<(), PlaceError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(failed(path)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed(path))?;
        let found = entry.metadata().map_err(failed(path))?; // of the link itself
        if found.is_dir() || (found.is_file() && found.uid() == ours() && found.nlink() == 1) {
            continue;
        }
        match fs::remove_file(entry.path()) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
            removed => removed.map_err(failed(&entry.path()))?,
        }
    }
    Ok(())
}

fn close(path: &Path, found: &Metadata) -> Result<(), PlaceError> {
    if !is_wide(found) {
        return Ok(());
    }
    match set_mode(path, OURS_ALONE) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(()),
        closed => closed.map_err(failed(path)),
    }
}

/// Whether others may do anything there.
pub(super) fn is_wide(found: &Metadata) -> bool {
    found.mode() & OTHERS != 0
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> PlaceError {
    move |source| PlaceError::Io { path: path.to_owned(), source }
}

/// Nothing is there; a file in the place of a directory above it is told when something is to be made there.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The user this process acts for.
pub fn ours() -> u32 {
    rustix::process::geteuid().as_raw()
}
