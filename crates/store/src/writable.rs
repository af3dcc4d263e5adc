//! Whether a store could be written, asked without writing.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::error::StoreError;
use crate::files::look;
use crate::{anchor, quarantine};

/// What is written in place; all else is replaced, which is its directory's matter.
fn is_written_in_place(path: &Path) -> bool {
    path.ends_with(anchor::FILE) || look::is_journal(path)
}

/// Why this user cannot write the store in `dir`, where that is so: its files, or the file system.
pub(crate) fn refusal(dir: &Path) -> Option<StoreError> {
    below(dir).err().map(|error| StoreError::from_io(dir, error))
}

fn below(dir: &Path) -> io::Result<()> {
    access(dir, Access::WRITE_OK | Access::EXEC_OK)?;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with(quarantine::DIRECTORY) {
                below(&path)?;
            }
        } else if is_written_in_place(&path) {
            access(&path, Access::WRITE_OK)?;
        }
    }
    Ok(())
}
