//! What the store's files take on the disk (rooms that were reserved and never written to take nothing), and how much is free
//! beside them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The unit in which the system counts, whatever the file system's own is.
pub(crate) const BLOCK: u64 = 512;

/// With less than this free a store cannot be relied on to take what is said next.
pub(crate) const LITTLE: u64 = 16 << 20;

/// Bytes on the disk below `dir`, as far as they can be counted.
pub fn disk_use(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_use(&entry.path()),
            Ok(metadata) => metadata.blocks() * BLOCK,
            Err(_) => 0,
        })
        .sum()
}

/// Bytes free for this user where `dir` is or is to be, where that is known.
pub(crate) fn free(dir: &Path) -> Option<u64> {
    let place = dir.ancestors().find(|place| place.exists())?;
    let numbers = rustix::fs::statvfs(place).ok()?;
    Some(numbers.f_bavail.saturating_mul(numbers.f_frsize))
}
