//! The shadow: a store that cannot be written is laid out a second time, where it can, and opened there to be read.
//!
//! Tables never change, so links to them do; what the engine writes to is copied. Nothing is written to the store itself:
//! what happens in the shadow goes with it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::anchor;
use crate::directory::{self, OURS_ONLY};
use crate::error::StoreError;
use crate::files::look;

/// What a shadow has of its own, or needs nothing of.
const LEFT_OUT: [&str; 3] = ["damaged", "lock", directory::MARKER];

/// What a store must take to count as one that takes more.
const TRIAL_BYTES: usize = 64 << 10;

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
        let shadow = Self { place: place.into() };
        shadow
            .clear()
            .and_then(|()| shadow.lay_out(&dir))
            .map_err(|error| StoreError::from_io(place, error))?;
        directory::mark(place, layout)?;
        if !anchor::is_known(&dir) {
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
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                copy(&entry.path(), &self.place.join(name))?;
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
        return if look::is_table(from) { symlink(from, to) } else { fs::copy(from, to).map(drop) };
    }
    make(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })
}

/// Whether the store in `dir` takes a little more at this moment.
pub fn takes_more(dir: &Path) -> bool {
    let trial = dir.join("room.tmp");
    let write = || -> io::Result<()> {
        fs::write(&trial, vec![0; TRIAL_BYTES])?;
        fs::File::open(&trial)?.sync_all()
    };
    let taken = write().is_ok();
    let removed = fs::remove_file(&trial).is_ok();
    taken && removed
}
