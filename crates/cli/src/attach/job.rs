//! Job control: whether a shell would bring this process back, and stopping it.

use std::io;

use rustix::process::{Pid, Signal, getpgid, getpid, getppid, getsid, kill_process};

/// How many parents are asked. More of them in one process group are no wrappers of `q`.
const WRAPPERS: usize = 16;

/// Whether a shell watches this process's group, so that one that stops is continued some time. Where none does, as
/// behind `ssh HOST q`, the system stops nobody at the keyboard's wish either.
pub(super) fn is_watched() -> bool {
    let (Ok(group), Ok(session)) = (getpgid(None), getsid(None)) else { return false };
    let mut parent = getppid();
    for _ in 0..WRAPPERS {
        let Some(pid) = parent else { return false };
        match (getpgid(Some(pid)), getsid(Some(pid))) {
            (Ok(_), Ok(other)) if other != session => return false,
            (Ok(other), Ok(_)) if other != group => return true,
            (Ok(_), Ok(_)) => parent = parent_of(pid), // a wrapper, which stops and goes on with this process
            (Err(_), _) | (_, Err(_)) => return false,
        }
    }
    false
}

/// The parent of another process, where the system tells.
fn parent_of(pid: Pid) -> Option<Pid> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Pid::from_raw(parent.trim().parse().ok()?)
}

/// Stops this process until it is continued. `SIGTSTP` would only be heard: it is listened to.
pub(super) fn stop() -> io::Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}
