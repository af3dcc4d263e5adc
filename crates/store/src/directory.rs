//! The store's directory: recognised by its marker, created whole or not at all, closed to others.
//!
//! A directory is made beside its place under another name and renamed once everything in it is on the disk: a crash or
//! a full disk in between leaves nothing that looks like a store. Not here: what is in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use q_lock::{holder, take_lock};

use crate::digest;
use crate::error::StoreError;

/// The file that makes a directory a store. It names the version of the layout, the oldest one whose readers understand it
/// where that is another (`reads 1`), and a check over both.
pub(crate) const MARKER: &str = "q-store";
const MARKER_DRAFT: &str = "q-store.tmp";
/// The layout made here, and the newest one read: the files, the keyspaces, their keys, the envelope. An older one is
/// brought to it by whoever opens it to write.
pub(crate) const LAYOUT: u32 = LAYOUT_WITH_BLOBS;
/// From this one on there are blobs. Readers of the first one understand it: of large results they see the beginning.
pub(crate) const LAYOUT_WITH_BLOBS: u32 = 2;
const FIRST_LAYOUT: u32 = 1;

/// Directories within directories that are looked into: the engine's own are three deep.
const DEEPEST: u32 = 8;

pub(crate) const OURS_ONLY: u32 = 0o700;
pub(crate) const OURS_ONLY_FILE: u32 = 0o600;

/// What stands at a store's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A store of a layout known here.
    Store,
    /// A store whose marker is not as it was written.
    Unmarked,
    /// Nothing, or an empty directory.
    Nothing,
}

/// Looks what stands there.
pub(crate) fn look(dir: &Path) -> Result<Found, StoreError> {
    match fs::read(dir.join(MARKER)) {
        Ok(marker) => match Marker::parse(&marker) {
            Some(Marker { layout, .. }) if layout > LAYOUT => Err(future(layout)),
            Some(Marker { layout, .. }) if layout >= FIRST_LAYOUT => Ok(Found::Store),
            Some(_) | None => Ok(Found::Unmarked),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => match is_empty(dir) {
            Ok(true) => Ok(Found::Nothing),
            Ok(false) => Err(StoreError::NotAStore { path: dir.into() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(StoreError::from_io(dir, error)),
        },
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(StoreError::NotAStore { path: dir.into() })
        }
        Err(error) => Err(StoreError::from_io(dir, error)),
    }
}

fn is_empty(dir: &Path) -> std::io::Result<bool> {
    Ok(fs::read_dir(dir)?.next().is_none())
}

fn future(layout: u32) -> StoreError {
    StoreError::FutureVersion { found: format!("layout {layout}, known here up to {LAYOUT}") }
}

/// The layout that the marker names, if it is whole.
pub(crate) fn layout(dir: &Path) -> Option<u32> {
    fs::read(dir.join(MARKER)).ok().and_then(|marker| Marker::parse(&marker)).map(|marker| marker.layout)
}

/// Whether what stands there can at least be read, and as which layout: a newer one says from which one on it can.
pub(crate) fn readable(dir: &Path) -> Result<u32, StoreError> {
    let marker = fs::read(dir.join(MARKER)).map_err(|error| StoreError::from_io(dir, error))?;
    match Marker::parse(&marker) {
        Some(Marker { layout, reads }) if reads > LAYOUT => Err(future(layout)),
        Some(Marker { layout, .. }) => Ok(layout.min(LAYOUT)),
        None => Err(damaged_marker()),
    }
}

/// What the marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marker {
    layout: u32,
    /// The oldest layout whose readers understand this one.
    reads: u32,
}

impl Marker {
    /// Of a layout known here.
    const fn of(layout: u32) -> Self {
        Self { layout, reads: FIRST_LAYOUT }
    }

    fn text(self) -> String {
        let Self { layout, reads } = self;
        let reads = if reads == layout { String::new() } else { format!(" reads {reads}") };
        let name = format!("q-store {layout}{reads}");
        format!("{name} {:016x}\n", digest::of(&[name.as_bytes()]))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ').skip(1);
        let layout = words.next()?.parse().ok()?;
        let reads = match words.next()? {
            "reads" => words.next()?.parse().ok()?,
            _check => layout,
        };
        let marker = Self { layout, reads };
        (text == marker.text()).then_some(marker)
    }
}

/// The marker is damaged, and nothing else says what the directory is.
pub(crate) fn damaged_marker() -> StoreError {
    StoreError::Unreadable { detail: format!("the file {MARKER} names no version") }
}

/// Writes the marker anew, at once. The caller knows the layout from elsewhere.
pub(crate) fn mark(dir: &Path, layout: u32) -> Result<(), StoreError> {
    let write = || {
        let draft = dir.join(MARKER_DRAFT);
        write_marker(&draft, layout)?;
        fs::rename(&draft, dir.join(MARKER))?;
        sync(dir)
    };
    write().map_err(|error| StoreError::from_io(dir, error))
}

/// Holds the directory for one user until the handle is dropped. The system gives it back when the process dies.
pub(crate) fn hold(dir: &Path) -> Result<File, StoreError> {
    let handle = File::open(dir).map_err(|error| StoreError::from_io(dir, error))?;
    match take_lock(&handle, dir) {
        Ok(()) => Ok(handle),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.into(), holder: holder(dir) }),
        Err(TryLockError::Error(error)) => Err(StoreError::from_io(dir, error)),
    }
}

/// Refuses a store in which anything is a link: the rule for every path of `q` that is written to. The store makes none
/// itself; only a shadow has some, and is never written back.
pub(crate) fn refuse_links(dir: &Path) -> Result<(), StoreError> {
    refuse_links_within(dir, DEEPEST)
}

fn refuse_links_within(dir: &Path, depth: u32) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(dir, error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            return Err(StoreError::Link { path: entry.path() });
        }
        if let Some(depth) = depth.checked_sub(1).filter(|_| kind.is_dir()) {
            refuse_links_within(&entry.path(), depth)?;
        }
    }
    Ok(())
}

/// Whether the directory held is the one that stands at its place.
pub(crate) fn is_still(dir: &Path, held: &File) -> bool {
    let here = |found: fs::Metadata| (found.dev(), found.ino());
    let (at_place, ours) = (fs::metadata(dir).map(here), held.metadata().map(here));
    at_place.is_ok_and(|at_place| ours.is_ok_and(|ours| at_place == ours))
}

/// Whether a store stands there, whole or not.
pub fn is_there(dir: &Path) -> Result<bool, StoreError> {
    Ok(look(dir)? != Found::Nothing)
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
    if look(dir)? != Found::Nothing {
        return Ok(());
    }
    if alone {
        remove_leftovers(parent, name);
    }
    let draft = draft_directory(parent, name).map_err(failed)?;
    let made = fill(&draft).and_then(|()| {
        write_marker(&draft.join(MARKER), LAYOUT).map_err(failed)?;
        make_private(&draft)?;
        sync(&draft).map_err(failed)?;
        fs::rename(&draft, dir).map_err(failed)
    });
    if let Err(error) = made {
        discard(&draft);
        return if matches!(look(dir), Ok(Found::Store | Found::Unmarked)) { Ok(()) } else { Err(error) };
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

fn write_marker(path: &Path, layout: u32) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OURS_ONLY_FILE).open(path)?;
    file.write_all(Marker::of(layout).text().as_bytes())?;
    file.sync_all()
}

/// Brings a directory's entries to the disk.
pub(crate) fn sync(dir: &Path) -> std::io::Result<()> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_a_link_in_a_store_is_refused() {
        use crate::FjallStore;
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("store");
        drop(FjallStore::open(&dir).unwrap());
        let below = |dir: &Path| -> Vec<PathBuf> {
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
        };
        let mut next = vec![dir.clone()];
        let mut tried = 0;
        while let Some(path) = next.pop() {
            if path != dir {
                let away = scratch.path().join("away");
                fs::rename(&path, &away).unwrap();
                std::os::unix::fs::symlink(&away, &path).unwrap();
                assert!(
                    matches!(FjallStore::open(&dir), Err(StoreError::Link { path: met }) if met == path),
                    "{}",
                    path.display()
                );
                fs::remove_file(&path).unwrap();
                fs::rename(&away, &path).unwrap();
                tried += 1;
            }
            if path.is_dir() {
                next.extend(below(&path));
            }
        }
        assert!(tried > 8, "{tried}");
        FjallStore::open(&dir).unwrap();
    }

    #[test]
    fn a_newer_layout_is_the_future_and_anything_else_is_no_layout() {
        let place = tempfile::tempdir().unwrap();
        let found = |content: &str| {
            fs::write(place.path().join(MARKER), content).unwrap();
            look(place.path())
        };
        let ours = Marker::of(LAYOUT).text();
        for known in FIRST_LAYOUT..=LAYOUT {
            assert_eq!(found(&Marker::of(known).text()).unwrap(), Found::Store);
            assert_eq!(layout(place.path()), Some(known));
        }
        for (reads, is_readable) in [(LAYOUT, true), (LAYOUT + 1, false)] {
            let newer = Marker { layout: LAYOUT + 1, reads };
            assert!(matches!(found(&newer.text()), Err(StoreError::FutureVersion { .. })), "{newer:?}");
            assert_eq!(readable(place.path()).is_ok(), is_readable, "{newer:?}");
            assert_eq!(Marker::parse(newer.text().as_bytes()), Some(newer));
        }
        for at in 0..ours.len() {
            let flipped: Vec<u8> =
                ours.bytes().enumerate().map(|(n, byte)| if n == at { byte ^ 2 } else { byte }).collect();
            fs::write(place.path().join(MARKER), flipped).unwrap();
            assert_eq!(look(place.path()).unwrap(), Found::Unmarked, "{at}");
        }
    }
}
