//! What came of a command and is still there when that has ended, found by a variable that all of it got.
//!
//! Who supervises a command ends all that came of it. A command without a sandbox can end who supervises it, or take its limits
//! away; then what is found here is ended. Who gives its variables up is not found: this is no boundary.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::process::Command;

use memchr::memmem;
use rustix::process::{Pid, Signal, getpgid, getpid, kill_process};

/// The variable, in all processes of a command.
const VARIABLE: &str = "Q_COMMAND";
/// How much of the variables of a process is looked at, in bytes.
const MAX_VARIABLES: u64 = 1 << 20;
/// How often it is looked again: what is there may make more of itself meanwhile.
const SWEEPS: usize = 20;

/// What the processes of one command are told by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandMark(u64);

impl CommandMark {
    /// Has what is started by this command carry one of its own.
    pub(crate) fn put_on(command: &mut Command) -> io::Result<Self> {
        let mark = Self(getrandom::u64().map_err(io::Error::other)?);
        command.env(VARIABLE, mark.value());
        Ok(mark)
    }

    fn value(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Kills all that carries it, and says how many of those were not of that group, which is killed by itself. Where nobody tells
    /// what processes there are, none.
    pub(crate) fn end_all(self, group: Option<Pid>) -> usize {
        let mut ended = BTreeSet::new();
        for _ in 0..SWEEPS {
            let there = self.carriers();
            if there.is_empty() {
                break;
            }
            for pid in there {
                let is_of_group = group.is_some() && getpgid(Some(pid)).ok() == group;
                if kill_process(pid, Signal::KILL).is_ok() && !is_of_group {
                    ended.insert(pid.as_raw_nonzero());
                }
            }
        }
        ended.len()
    }

    /// The processes that carry it. One that has ended and is not reaped has no variables any more.
    fn carriers(self) -> Vec<Pid> {
        let wanted = format!("{VARIABLE}={}", self.value());
        let carries = |pid: &Pid| {
            let mut variables = Vec::new();
            let file = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero()));
            let read = file.and_then(|file| file.take(MAX_VARIABLES).read_to_end(&mut variables));
            read.is_ok() && memmem::find(&variables, wanted.as_bytes()).is_some()
        };
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let all = all.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
        all.filter(|pid| *pid != getpid()).filter(carries).collect()
    }
}
