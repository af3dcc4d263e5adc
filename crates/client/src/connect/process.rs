//! The process that is a host, known by the lock it holds; and signals that reach it and nobody else.
//!
//! An id is another process's once the one that had it is gone. So nothing is sent to an id: a handle is opened first, then
//! its process is looked at (whose it is, which program it runs, whether it holds the lock), and the signal goes to the
//! handle. Were it to end in between, and its id be taken over, what was looked at was another one, and the signal reaches
//! nobody.

use std::path::Path;
use std::time::Duration;

use super::ConnectError;
#[cfg(target_os = "linux")]
use super::system;

/// A process of this user that runs `q` and holds a host's lock.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct HostProcess {
    handle: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl HostProcess {
    /// The process that holds the lock on `path`; `None` where nobody does.
    pub(super) fn holding(path: &Path) -> Result<Option<Self>, ConnectError> {
        use rustix::process::{Pid, PidfdFlags, pidfd_open};

        let Some(id) = q_lock::holder(path) else {
            return if is_held(path) {
                Err(not_a_host("what it is cannot be seen from here", path))
            } else {
                Ok(None)
            };
        };
        let refused = |why: &str| not_a_host(&format!("process {id} {why}"), path);
        let pid =
            id.try_into().ok().and_then(Pid::from_raw).ok_or_else(|| refused("has no id of a process"))?;
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) if is_held(path) => {
                return Err(refused("is gone, and left it to another"));
            }
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(_) => return Err(refused("cannot be held on to")),
        };
        if !is_of_this_user(id) {
            return Err(refused("is not a process of yours"));
        }
        if !runs_q(id) {
            return Err(refused("is not known to be q"));
        }
        if q_lock::holder(path) != Some(id) {
            return Err(refused("holds it no more"));
        }
        Ok(Some(Self { handle }))
    }

    /// Asks it to end in good order.
    pub(super) fn terminate(&self) -> Result<(), ConnectError> {
        self.signal(rustix::process::Signal::TERM)
    }

    /// Ends it at once. What it acknowledged is on the disk.
    pub(super) fn kill(&self) -> Result<(), ConnectError> {
        self.signal(rustix::process::Signal::KILL)
    }

    fn signal(&self, signal: rustix::process::Signal) -> Result<(), ConnectError> {
        match rustix::process::pidfd_send_signal(&self.handle, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()), // gone by itself meanwhile
            Err(error) => Err(system("the host cannot be signalled")(error.into())),
        }
    }

    /// Waits for its end, so long; whether it came.
    pub(super) fn ends_within(&self, within: Duration) -> Result<bool, ConnectError> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let within = Timespec::try_from(within).ok();
        // Readable once it has ended.
        let mut end = [PollFd::new(&self.handle, PollFlags::IN)];
        let ended = rustix::io::retry_on_intr(|| poll(&mut end, within.as_ref()));
        ended
            .map(|ready| ready > 0)
            .map_err(|error| system("the host's end cannot be waited for")(error.into()))
    }
}

/// Other systems name neither the holder of a lock nor give a handle on a process: nothing is signalled there.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) enum HostProcess {}

#[cfg(not(target_os = "linux"))]
impl HostProcess {
    pub(super) fn holding(path: &Path) -> Result<Option<Self>, ConnectError> {
        if is_held(path) { Err(not_a_host("this system does not tell who holds it", path)) } else { Ok(None) }
    }

    pub(super) fn terminate(&self) -> Result<(), ConnectError> {
        match *self {}
    }

    pub(super) fn kill(&self) -> Result<(), ConnectError> {
        match *self {}
    }

    pub(super) fn ends_within(&self, _within: Duration) -> Result<bool, ConnectError> {
        match *self {}
    }
}

fn not_a_host(why: &str, path: &Path) -> ConnectError {
    ConnectError::NotAHost {
        who: format!("something holds {}, and {why}", path.display()),
        path: path.to_owned(),
    }
}

/// Whether anybody has a lock on it.
fn is_held(path: &Path) -> bool {
    let tried = std::fs::File::open(path).map(|file| file.try_lock());
    matches!(tried, Ok(Err(std::fs::TryLockError::WouldBlock)))
}

/// Whether it acts for this user, and was started by them.
#[cfg(target_os = "linux")]
fn is_of_this_user(id: u32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) else { return false };
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    let mut ids = ids.split_whitespace().take(2).map(str::parse::<u32>);
    let ours = Ok(q_proto::place::ours());
    ids.next() == Some(ours.clone()) && ids.next() == Some(ours)
}

/// Whether it runs this very program, or one of its name: another version of it, which may be replaced on the disk by now.
#[cfg(target_os = "linux")]
fn runs_q(id: u32) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::MetadataExt as _;

    /// What the system writes behind the path of a program that was removed or replaced.
    const DELETED: &[u8] = b" (deleted)";
    let link = |process: &str| format!("/proc/{process}/exe");
    let file = |process: &str| {
        let found = std::fs::metadata(link(process)).ok()?;
        Some((found.dev(), found.ino()))
    };
    let name = |process: &str| {
        let program = std::fs::read_link(link(process)).ok()?;
        let name = program.file_name()?.as_bytes();
        Some(name.strip_suffix(DELETED).unwrap_or(name).to_owned())
    };
    let id = id.to_string();
    let is_same = |ours: Option<_>, theirs: Option<_>| ours.is_some() && ours == theirs;
    is_same(file("self"), file(&id))
        || name(&id).is_some_and(|theirs| theirs == b"q" || Some(theirs) == name("self"))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs::File;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn whoever_holds_no_lock_or_is_no_q_is_not_signalled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(matches!(HostProcess::holding(&path), Ok(None)), "there is no lock");
        let ours = File::create(&path).unwrap();
        assert!(matches!(HostProcess::holding(&path), Ok(None)), "nobody holds it");
        ours.lock().unwrap();
        assert!(matches!(HostProcess::holding(&path), Ok(Some(_))), "this program holds it");
        drop(ours);

        // A stranger: it holds the lock, and runs another program.
        let mut stranger = Command::new("flock");
        let stranger = stranger
            .arg("--no-fork")
            .arg(&path)
            .args(["sh", "-c", "echo held; exec sleep 600"])
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut stranger) = stranger else { return }; // no such program here
        let mut said = [0; 5];
        std::io::Read::read_exact(stranger.stdout.as_mut().unwrap(), &mut said).unwrap();
        let refused = HostProcess::holding(&path).map(drop).unwrap_err().to_string();
        assert!(refused.contains("is not known to be q, so it was sent no signal"), "{refused}");
        assert!(refused.contains("lsof") && !refused.contains("kill"), "{refused}");
        assert!(stranger.try_wait().unwrap().is_none(), "it lives");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        assert!(matches!(HostProcess::holding(&path), Ok(None)), "it is gone, and its lock with it");
    }
}
