//! Processes by their id: whether they live, how they end, what they cost. Never by name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, test_kill_process};

/// Sends SIGKILL; says whether there was a process to send it to.
pub fn kill9(pid: u32) -> bool {
    id(pid).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

/// Lets a process make files of at most so many bytes, and what it starts from then on; `None` lifts that. A process at its
/// limit meets what one meets on a full disk.
///
/// # Panics
/// When there is no such process, or its limit cannot be changed.
pub fn limit_file_size(pid: u32, bytes: Option<u64>) {
    // Only the superuser may go beyond the maximum, which is inherited.
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    let changed = id(pid).map(|pid| prlimit(Some(pid), Resource::Fsize, limit));
    assert!(matches!(changed, Some(Ok(_))), "the limit of process {pid}: {changed:?}");
}

/// Whether a process has this id; one that ended and was not waited for yet counts as gone.
pub fn is_alive(pid: u32) -> bool {
    let exists = id(pid).is_some_and(|pid| test_kill_process(pid).is_ok());
    exists && !is_zombie(pid)
}

/// Runs a command to its end, its output captured; kills it and gives nothing when `patience` runs out first.
pub fn output_within(command: &mut Command, patience: Duration) -> Option<Output> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let pid = child.id();
    let (ended, end) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let output = Child::wait_with_output(child).ok();
        // The receiver is gone only after the patience ran out.
        ended.send(output).ok();
    });
    let output = end.recv_timeout(patience);
    if output.is_err() {
        kill9(pid);
        return None;
    }
    waiter.join().ok()?;
    output.ok().flatten()
}

/// Memory that is this process's share, in bytes (Linux: PSS of `smaps_rollup`).
pub fn proportional_set_size(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    number(&rollup, "Pss:").map(|kilobytes| kilobytes * 1024)
}

/// The processes that a process started, and those that they started, which live (Linux).
pub fn descendants(pid: u32) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = numbers.filter_map(|child| Some((child, parent(child)?))).collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(of) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

/// Who started a process, or has taken it over.
fn parent(pid: u32) -> Option<u32> {
    fields(pid)?.get(1)?.parse().ok()
}

/// What the system says of a process behind its name, which may hold blanks and parentheses.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    Some(after_name.split_whitespace().map(str::to_owned).collect())
}

/// The most memory a process had resident so far, in bytes (Linux: `VmHWM`).
pub fn peak_resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    number(&status, "VmHWM:").map(|kilobytes| kilobytes * 1024)
}

/// How often each thread of a process was given a processor so far (Linux).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextSwitches(BTreeMap<OsString, u64>);

impl ContextSwitches {
    /// Reads them for a living process.
    pub fn of(pid: u32) -> Option<Self> {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        let mut counts = BTreeMap::new();
        for thread in threads.flatten() {
            // A thread may end between being listed and being read.
            let Ok(status) = fs::read_to_string(thread.path().join("status")) else { continue };
            let voluntary = number(&status, "voluntary_ctxt_switches:")?;
            counts.insert(thread.file_name(), voluntary + number(&status, "nonvoluntary_ctxt_switches:")?);
        }
        Some(Self(counts))
    }

    /// How many came since an earlier reading. A thread that ended meanwhile woke at least once to do so.
    pub fn since(&self, earlier: &Self) -> u64 {
        let came = self
            .0
            .iter()
            .map(|(thread, count)| count.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default()));
        let ended = earlier.0.keys().filter(|thread| !self.0.contains_key(*thread)).count();
        came.sum::<u64>() + ended as u64
    }
}

/// Processor time used so far, in clock ticks of 10 ms (Linux).
pub fn cpu_ticks(pid: u32) -> Option<u64> {
    let fields = fields(pid)?;
    let user: u64 = fields.get(11)?.parse().ok()?;
    let system: u64 = fields.get(12)?.parse().ok()?;
    Some(user + system)
}

/// The number after `key` at the beginning of a line.
fn number(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn is_zombie(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(')').is_some_and(|(_, after_name)| after_name.trim_start().starts_with('Z'))
}

fn id(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_never_ends_is_ended() {
        let output = output_within(Command::new("sleep").arg("600"), Duration::from_millis(50));
        assert!(output.is_none());
    }

    #[test]
    fn a_command_that_ends_is_heard() {
        let output = output_within(Command::new("echo").arg("hello"), Duration::from_secs(30));
        assert_eq!(output.map(|output| output.stdout), Some(b"hello\n".to_vec()));
    }

    #[test]
    fn this_process_lives_and_weighs_something() {
        let pid = std::process::id();
        assert!(is_alive(pid));
        assert!(!is_alive(u32::MAX));
        if cfg!(target_os = "linux") {
            assert!(proportional_set_size(pid).is_some_and(|bytes| bytes > 100_000));
            assert!(ContextSwitches::of(pid).is_some_and(|switches| !switches.0.is_empty()));
            assert!(cpu_ticks(pid).is_some());
        }
    }

    #[test]
    fn what_a_process_starts_is_found_with_what_that_starts() {
        let Ok(mut shell) = Command::new("sh").args(["-c", "sleep 600 & wait"]).stdin(Stdio::null()).spawn()
        else {
            panic!("no shell");
        };
        while cfg!(target_os = "linux") && descendants(shell.id()).is_empty() {}
        let children = descendants(shell.id());
        assert!(descendants(std::process::id()).contains(&shell.id()) || !cfg!(target_os = "linux"));
        shell.kill().ok();
        shell.wait().ok();
        assert!(children.into_iter().all(kill9));
    }

    #[test]
    fn switches_are_counted_by_thread() {
        let reading = |counts: &[(&str, u64)]| {
            ContextSwitches(counts.iter().map(|(thread, count)| (OsString::from(*thread), *count)).collect())
        };
        let before = reading(&[("1", 10), ("2", 500)]);
        for (after, came) in [
            (reading(&[("1", 10), ("2", 500)]), 0),
            (reading(&[("1", 13), ("2", 500)]), 3),
            // Thread 2 ended, thread 3 is new.
            (reading(&[("1", 10), ("3", 4)]), 5),
        ] {
            assert_eq!(after.since(&before), came, "{after:?}");
        }
    }
}
