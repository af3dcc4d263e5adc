//! Who holds a lock on a file, where the system tells: for messages, and for nothing else.
//!
//! Linux lists its locks in `/proc/locks`. Elsewhere, in another PID namespace, and on file systems whose devices are
//! numbered otherwise there, nobody is found.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The process that holds a lock on what stands at `path`. Takes no lock itself.
pub fn holder(path: &Path) -> Option<u32> {
    let found = fs::metadata(path).ok()?;
    let (major, minor) = (rustix::fs::major(found.dev()), rustix::fs::minor(found.dev()));
    among(&fs::read_to_string("/proc/locks").ok()?, &format!("{major:02x}:{minor:02x}:{}", found.ino()))
}

/// The holder of the lock on `file` (device and inode, as they are written there).
fn among(locks: &str, file: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        // One that waits for it has an arrow here.
        let is_held = words.next() == Some("FLOCK");
        let mut words = words.skip(2);
        let holder = words.next()?;
        (is_held && words.next() == Some(file)).then(|| holder.parse().ok())?
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_among_others_and_those_who_wait() {
        let locks = "1: POSIX  ADVISORY  READ 41 fe:00:7 128 128\n\
                     2: FLOCK  ADVISORY  WRITE 42 fe:00:71 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 43 fe:00:7 0 EOF\n\
                     3: -> FLOCK  ADVISORY  WRITE 44 fe:00:7 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE -1 fe:00:8 0 EOF\n\
                     5:\n";
        for (file, holder) in
            [("fe:00:7", Some(43)), ("fe:00:71", Some(42)), ("fe:00:8", None), ("00:1c:7", None)]
        {
            assert_eq!(among(locks, file), holder, "{file}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_of_ours_is_ours_until_it_is_given_back() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(holder(place.path()), None);
        let held = crate::directory::hold(place.path()).unwrap();
        assert_eq!(holder(place.path()), Some(std::process::id()));
        drop(held);
        assert_eq!(holder(place.path()), None);
        assert_eq!(holder(&place.path().join("nowhere")), None);
    }
}
