//! The store's directory: recognised by its marker, created whole or not at all, closed to others.
//!
//! A directory is made beside its place under another name and renamed once everything in it is on the disk: a crash or
//! a full disk in between leaves nothing that looks like a store. Not here: what is in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The file that makes a directory a store. It names the version of the layout.
const MARKER: &str = "q-store";
/// The layout made here, and the newest one read: the keyspaces, their keys, the envelope.
const LAYOUT: u32 = 1;

const OURS_ONLY: u32 = 0o700;
const OURS_ONLY_FILE: u32 = 0o600;

/// What stands at a store's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A store of a layout known here.
    Store,
    /// Nothing, or an empty directory.
    Nothing,
}

/// Looks what stands there.
pub(crate) fn look(dir: &Path) -> Result<Found, StoreError> {
    match fs::read_to_string(dir.join(MARKER)) {
        Ok(marker) => known_layout(&marker).map(|()| Found::Store),
        Err(error) if error.kind() == ErrorKind::NotFound => match is_empty(dir) {
            Ok(true) => Ok(Found::Nothing),
            Ok(false) => Err(StoreError::NotAStore { path: dir.into() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(StoreError::from_io(dir, error)),
        },
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(StoreError::NotAStore { path: dir.into() })
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(damaged_marker()),
        Err(error) => Err(StoreError::from_io(dir, error)),
    }
}

fn is_empty(dir: &Path) -> std::io::Result<bool> {
    Ok(fs::read_dir(dir)?.next().is_none())
}

fn known_layout(marker: &str) -> Result<(), StoreError> {
    match marker.trim_end().parse() {
        Ok(LAYOUT) => Ok(()),
        Ok(newer) if newer > LAYOUT => {
            Err(StoreError::FutureVersion { found: format!("layout {newer}, known here up to {LAYOUT}") })
        }
        Ok(_) | Err(_) => Err(damaged_marker()),
    }
}

fn damaged_marker() -> StoreError {
    StoreError::Unreadable { detail: format!("the file {MARKER} names no version") }
}

/// Makes a store there: `fill` writes and closes what belongs into the directory it is given.
///
/// If somebody else makes one meanwhile, theirs stays.
pub(crate) fn create(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    // A link to an empty directory elsewhere is followed, so that the rename stays within one file system.
    let dir = &dir.canonicalize().unwrap_or_else(|_| dir.into());
    let (parent, name) = split(dir)?;
    DirBuilder::new().recursive(true).mode(OURS_ONLY).create(parent).map_err(failed)?;
    let parent_handle = File::open(parent).map_err(failed)?;
    // Held until the end. Where the file system has no locks, only the clearing of leftovers is given up: the rename
    // decides who makes the store either way.
    let alone = parent_handle.lock().is_ok();
    if look(dir)? == Found::Store {
        return Ok(());
    }
    if alone {
        remove_leftovers(parent, name);
    }
    let draft = draft_directory(parent, name).map_err(failed)?;
    let made = fill(&draft).and_then(|()| {
        write_marker(&draft).map_err(failed)?;
        make_private(&draft)?;
        sync_directory(&draft).map_err(failed)?;
        fs::rename(&draft, dir).map_err(failed)
    });
    if let Err(error) = made {
        discard(&draft);
        return if matches!(look(dir), Ok(Found::Store)) { Ok(()) } else { Err(error) };
    }
    parent_handle.sync_all().map_err(failed)
}

fn split(dir: &Path) -> Result<(&Path, &OsStr), StoreError> {
    let name = dir.file_name().ok_or_else(|| StoreError::NotAStore { path: dir.into() })?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent, name))
}

fn draft_prefix(name: &OsStr) -> OsString {
    let mut prefix = name.to_os_string();
    prefix.push(".tmp-");
    prefix
}

fn draft_directory(parent: &Path, name: &OsStr) -> std::io::Result<PathBuf> {
    let mut attempt: u32 = 0;
    loop {
        let mut draft = draft_prefix(name);
        draft.push(format!("{}-{attempt}", std::process::id()));
        let draft = parent.join(draft);
        match DirBuilder::new().mode(OURS_ONLY).create(&draft) {
            Ok(()) => return Ok(draft),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Clears what dead creations left. The caller holds the lock that every creation holds.
fn remove_leftovers(parent: &Path, name: &OsStr) {
    let prefix = draft_prefix(name);
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_draft = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if is_draft && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            discard(&entry.path());
        }
    }
}

fn discard(draft: &Path) {
    if let Err(error) = fs::remove_dir_all(draft) {
        tracing::warn!(%error, "an unfinished store stays behind");
    }
}

fn write_marker(dir: &Path) -> std::io::Result<()> {
    let mut marker =
        OpenOptions::new().write(true).create_new(true).mode(OURS_ONLY_FILE).open(dir.join(MARKER))?;
    writeln!(marker, "{LAYOUT}")?;
    marker.sync_all()
}

fn sync_directory(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Closes the directory and everything in it to others, whatever the umask was.
pub(crate) fn make_private(dir: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    set_mode(dir, OURS_ONLY).map_err(failed)?;
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            make_private(&entry.path())?;
        } else if kind.is_file() {
            match set_mode(&entry.path(), OURS_ONLY_FILE) {
                // A worker of the open database may have replaced it meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => done.map_err(failed)?,
            }
        }
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    const MODE_BITS: u32 = 0o7777;
    if fs::metadata(path)?.permissions().mode() & MODE_BITS == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}
