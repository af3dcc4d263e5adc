//! The note that sessions were erased: their texts stand in files until the store is compacted. It outlives whoever has the
//! store open.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::directory::{self, OURS_ONLY_FILE};

const FILE: &str = "erased";

/// Notes it, before the first row is removed.
pub(crate) fn note(dir: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OURS_ONLY_FILE).open(dir.join(FILE)) {
        Ok(_) => directory::sync(dir),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether it is noted.
pub(crate) fn is_noted(dir: &Path) -> bool {
    dir.join(FILE).exists()
}

/// Their texts are gone.
pub(crate) fn clear(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(FILE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
