//! Who holds a lock on a file, where the system tells: for messages, and for how long a lock is worth waiting for.
//!
//! Linux lists its locks in `/proc/locks`. Elsewhere, in another PID namespace, and on file systems whose devices are
//! numbered otherwise there, nobody is found.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Living(u32),
    /// One that was killed or has ended: the system is about to give its locks back.
    Dying,
    /// Nobody, or the system does not tell.
    Unknown,
}

/// The process that holds a lock on what stands at `path`, and is not about to end. Takes no lock itself.
pub fn holder(path: &Path) -> Option<u32> {
    match holder_of(path) {
        Holder::Living(pid) => Some(pid),
        Holder::Dying | Holder::Unknown => None,
    }
}

/// Who holds the lock on what stands at `path`.
pub(crate) fn holder_of(path: &Path) -> Holder {
    match listed(path) {
        Some(pid) if is_dying(pid) => Holder::Dying,
        Some(pid) => Holder::Living(pid),
        None => Holder::Unknown,
    }
}

fn listed(path: &Path) -> Option<u32> {
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

/// Whether a process is gone, a zombie, or on its way to become one.
fn is_dying(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) if says_dying(&stat) => true,
        Ok(_) => fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| is_killed(&status)),
        Err(error) => error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_PROCESS),
    }
}

/// What reading a file of a process gives that ended meanwhile.
const NO_SUCH_PROCESS: i32 = rustix::io::Errno::SRCH.raw_os_error();

/// By the process's `stat`: its state, or the kernel's flag for tasks that are being ended.
fn says_dying(stat: &str) -> bool {
    const EXITING: u64 = 0x4;
    // The second field is the program's name, which may hold blanks and parentheses.
    let Some((_, after_name)) = stat.rsplit_once(')') else { return false };
    let mut fields = after_name.split_whitespace();
    let is_dead = fields.next().is_some_and(|state| matches!(state, "Z" | "X"));
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u64>().ok());
    is_dead || flags.is_some_and(|flags| flags & EXITING != 0)
}

/// By the process's `status`: whether the signal is on its way that nobody survives.
fn is_killed(status: &str) -> bool {
    let kill = 1_u64 << (rustix::process::Signal::KILL.as_raw() - 1);
    let pending = status.lines().filter_map(|line| {
        let mask = line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    pending.fold(0, |all, some| all | some) & kill != 0
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
    fn the_dying_are_told_from_the_living() {
        for (stat, is_dying) in [
            ("7 (q) S 1 7 7 0 -1 4194560 900 0", false),
            ("7 (q) Z 1 7 7 0 -1 4227084 900 0", true),
            ("7 (q) X 1 7 7 0 -1 0 900 0", true),
            ("7 (q) R 1 7 7 0 -1 4194564 900 0", true),
            ("7 (q) Z (q) S 1 7 7 0 -1 4194560 900 0", false),
            ("7 (q) S", false),
            ("", false),
        ] {
            assert_eq!(says_dying(stat), is_dying, "{stat}");
        }
        for (status, is_being_killed) in [
            (
                "Name:\tq\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000100\n",
                false,
            ),
            ("Name:\tq\nSigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n", true),
            ("Name:\tq\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n", true),
            ("Name:\tq\nSigPnd:\t0000000000004000\n", false),
            ("", false),
        ] {
            assert_eq!(is_killed(status), is_being_killed, "{status}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_is_dying_until_it_is_waited_for_and_afterwards() {
        assert!(!is_dying(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        while !is_dying(child.id()) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_dying(child.id()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_of_ours_is_ours_until_it_is_given_back() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(holder(place.path()), None);
        let held = fs::File::open(place.path()).unwrap();
        held.try_lock().unwrap();
        assert_eq!(holder(place.path()), Some(std::process::id()));
        drop(held);
        assert_eq!(holder(place.path()), None);
        assert_eq!(holder(&place.path().join("nowhere")), None);
    }
}
