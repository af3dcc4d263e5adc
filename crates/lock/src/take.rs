//! Taking a lock on a file. One whose holder is dying is waited for: a process that was killed is gone for its parent a
//! moment before the system gives back what it held.
//!
//! A lock whose holder lives is told at once; who waits for one of those does so elsewhere.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::holder::{Holder, holder_of};

/// How often it is tried again.
const EACH: Duration = Duration::from_millis(5);
/// How many times while the holder is dying: two seconds and more.
const WHILE_DYING: u32 = 400;
/// How many times while nobody knows who holds it: the system does not tell, or it was given back while one looked.
const WHILE_UNKNOWN: u32 = 10;

/// Opens a lock's file, which holds nothing: the lock on it is what counts. Never through a link.
pub fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// Takes the lock on `file`, which stands at `path`.
#[expect(
    clippy::disallowed_methods,
    reason = "a file lock can only be asked for again; this waits for another process to end"
)]
pub fn take_lock(file: &File, path: &Path) -> Result<(), TryLockError> {
    retry(|| file.try_lock(), || holder_of(path), || std::thread::sleep(EACH))
}

/// The same, and waits so long for one that a living process holds: it may be about to let go.
#[expect(
    clippy::disallowed_methods,
    reason = "a file lock can only be asked for again; this waits for another process"
)]
pub fn wait_for_lock(file: &File, path: &Path, patience: Duration) -> Result<(), TryLockError> {
    let mut left = patience;
    loop {
        match take_lock(file, path) {
            Err(TryLockError::WouldBlock) if !left.is_zero() => {
                std::thread::sleep(EACH);
                left = left.saturating_sub(EACH);
            }
            taken => return taken,
        }
    }
}

fn retry(
    mut take: impl FnMut() -> Result<(), TryLockError>,
    holder: impl Fn() -> Holder,
    mut pause: impl FnMut(),
) -> Result<(), TryLockError> {
    let (mut dying, mut unknown) = (0, 0);
    loop {
        match take() {
            Err(TryLockError::WouldBlock) => {}
            taken => return taken,
        }
        let (tries, most) = match holder() {
            Holder::Living(_) => return Err(TryLockError::WouldBlock),
            Holder::Dying => (&mut dying, WHILE_DYING),
            Holder::Unknown => (&mut unknown, WHILE_UNKNOWN),
        };
        if *tries == most {
            return Err(TryLockError::WouldBlock);
        }
        *tries += 1;
        pause();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::cell::Cell;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_lock_is_waited_for_only_while_its_holder_is_dying_and_not_for_ever() {
        for (holder, given_back_after, tries, is_taken) in [
            (Holder::Dying, 0, 0, true),
            (Holder::Dying, 3, 3, true),
            (Holder::Dying, u32::MAX, WHILE_DYING, false),
            (Holder::Unknown, 3, 3, true),
            (Holder::Unknown, u32::MAX, WHILE_UNKNOWN, false),
            (Holder::Living(7), 3, 0, false),
        ] {
            let pauses = Cell::new(0);
            let take =
                || if pauses.get() >= given_back_after { Ok(()) } else { Err(TryLockError::WouldBlock) };
            let taken = retry(take, || holder, || pauses.set(pauses.get() + 1));
            assert_eq!((taken.is_ok(), pauses.get()), (is_taken, tries), "{holder:?}, {given_back_after}");
        }
    }

    /// The lock belongs to a process that has ended and was not waited for; it is still held, as by its last threads.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_of_a_killed_process_is_taken_once_the_system_gives_it_back() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let shared = File::create(&path).unwrap();
        // It locks what it has in common with us, so the lock outlives it.
        let stdin = Stdio::from(shared.try_clone().unwrap());
        let Ok(mut dead) = Command::new("flock").args(["--exclusive", "0"]).stdin(stdin).spawn() else {
            return; // no such program here
        };
        while !matches!(holder_of(&path), Holder::Dying) {
            std::thread::yield_now();
        }
        let (mut shared, ours) = (Some(shared), File::open(&path).unwrap());
        let mut waited = 0;
        let taken = retry(
            || ours.try_lock(),
            || holder_of(&path),
            || {
                waited += 1;
                shared.take();
            },
        );
        // More than once where the system is not done with that process yet.
        assert!(taken.is_ok() && waited >= 1, "{taken:?} after {waited}");
        dead.wait().unwrap();
    }
}
