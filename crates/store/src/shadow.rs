//! The shadow: a store that cannot be written is laid out a second time, where it can, and opened there to be read.
//!
//! Tables never change, so links to them do; what the engine writes to is copied, and can be written there whatever the mode
//! was. Nothing is written to the store itself: what happens in the shadow goes with it.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::anchor;
use crate::directory::{self, OURS_ONLY, OURS_ONLY_FILE};
use crate::error::StoreError;
use crate::files::look;
use crate::writable;

/// What a shadow has of its own, or needs nothing of.
const LEFT_OUT: [&str; 3] = ["damaged", "lock", directory::MARKER];
/// What was never finished, a database half built anew among it, is begun again where it is wanted. One that is whole and
/// waits to be put in place is another matter: the old files may be gone from theirs.
const UNFINISHED: &str = "tmp";

/// What a store must take to count as one that takes more.
pub(crate) const TRIAL_BYTES: usize = 64 << 10;

/// A shadow's place, cleared on drop.
#[derive(Debug)]
pub(crate) struct Shadow {
    place: PathBuf,
}

impl Shadow {
    /// Lays out the store in `dir` at `place`, where nobody else may be.
    pub(crate) fn of(dir: &Path, place: &Path) -> Result<Self, StoreError> {
        let layout = directory::readable(dir)?;
        let dir = dir.canonicalize().map_err(|error| StoreError::from_io(dir, error))?;
        directory::refuse_links(&dir)?;
        let shadow = Self { place: place.into() };
        shadow
            .clear()
            .and_then(|()| shadow.lay_out(&dir))
            .map_err(|error| StoreError::from_io(place, error))?;
        directory::mark(place, layout)?;
        if !anchor::is_readable(&dir) {
            // A later version's, which this one can compare with nothing.
            fs::remove_file(place.join(anchor::FILE)).unwrap_or_default();
        }
        Ok(shadow)
    }

    fn lay_out(&self, dir: &Path) -> io::Result<()> {
        make(&self.place)?;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let path = entry.path();
            let is_finished = path.extension().is_none_or(|extension| extension != UNFINISHED);
            if is_finished && !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                copy(&path, &self.place.join(name))?;
            }
        }
        Ok(())
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _cleared => Ok(()),
        }
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        if let Err(error) = self.clear() {
            tracing::warn!(%error, "a shadow of the store stays behind");
        }
    }
}

fn make(place: &Path) -> io::Result<()> {
    DirBuilder::new().mode(OURS_ONLY).create(place)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !fs::metadata(from)?.is_dir() {
        if look::is_table(from) {
            return symlink(from, to);
        }
        fs::copy(from, to)?;
        return fs::set_permissions(to, Permissions::from_mode(OURS_ONLY_FILE));
    }
    make(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })
}

/// Whether the store in `dir` takes a little more at this moment, and all that is written in place may be.
pub fn takes_more(dir: &Path) -> bool {
    if writable::refusal(dir).is_some() {
        return false;
    }
    let trial = dir.join("room.tmp");
    let write = || -> io::Result<()> {
        fs::write(&trial, vec![0; TRIAL_BYTES])?;
        fs::File::open(&trial)?.sync_all()
    };
    let taken = write().is_ok();
    let removed = fs::remove_file(&trial).is_ok();
    taken && removed
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::FjallStore;

    /// Every file and directory below `dir` that is no link.
    fn below(dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let own = entries.filter(|path| !path.is_symlink());
        own.flat_map(|path| if path.is_dir() { [below(&path), vec![path]].concat() } else { vec![path] })
            .collect()
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn copies_of_what_nobody_may_write_can_be_written() {
        let scratch = tempfile::tempdir().unwrap();
        let (dir, place) = (scratch.path().join("store"), scratch.path().join("shadow"));
        drop(FjallStore::open(&dir).unwrap());
        let all = below(&dir);
        for path in &all {
            set_mode(path, if path.is_dir() { 0o500 } else { 0o400 });
        }
        let shadow = Shadow::of(&dir, &place).unwrap();
        let copies = below(&place);
        assert!(copies.len() > 5, "{copies:?}");
        for path in copies {
            let expected = if path.is_dir() { OURS_ONLY } else { OURS_ONLY_FILE };
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                expected,
                "{}",
                path.display()
            );
        }
        drop(shadow);
        for path in all.iter().rev() {
            set_mode(path, OURS_ONLY);
        }
    }
}
