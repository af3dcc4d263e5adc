//! Job control: whether a shell would bring this process back, and stopping it.

use std::io;

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::process_group::ProcessGroup;

/// How many parents are asked. More of them in one process group are no wrappers of `q`.
const WRAPPERS: usize = 16;

/// Whether a shell watches this process's group, so that one that stops is continued some time. Where none does, as
/// behind `ssh HOST q`, the system stops nobody at the keyboard's wish either.
pub(crate) fn is_watched() -> bool {
    let Some(own) = ProcessGroup::of_this_process() else { return false };
    let mut parent = own.parent;
    for _ in 0..WRAPPERS {
        let Some(other) = Pid::from_raw(parent).and_then(ProcessGroup::of) else { return false };
        if other.session != own.session {
            return false;
        }
        if other.group != own.group {
            return true;
        }
        parent = other.parent; // a wrapper, which stops and goes on with this process
    }
    false
}

/// Stops this process until it is continued. `SIGTSTP` would only be heard: it is listened to.
pub(crate) fn stop() -> io::Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}
