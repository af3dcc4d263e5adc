//! Files that are written whole: beside their place and then into it, so that a reader has the old one or the new, and that nobody
//! else may read.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many were written by this process: two sessions may do so at once.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The text of one of at most so many bytes; nothing where it is not there. What `is_fit` says no to is not read.
pub(crate) fn read(
    path: &Path,
    most: u64,
    is_fit: impl FnOnce(&Metadata) -> bool,
) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !is_fit(&file.metadata()?) {
        return Err(io::Error::other("others may read it"));
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most { Err(io::Error::other("it is too long")) } else { Ok(Some(text)) }
}

/// Writes it beside its place, and has `put` put it there.
pub(crate) fn place(
    path: &Path,
    text: &[u8],
    put: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("new-{}-{number}", std::process::id()));
    let _of_one_that_died = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(text).and_then(|()| file.sync_all()).and_then(|()| put(&new, path));
    let _renamed = fs::remove_file(&new);
    // The file counts from its new name on; that this name outlives a loss of power is more than every file system can do.
    let _where_it_can = path.parent().map(|directory| File::open(directory).and_then(|file| file.sync_all()));
    written
}
