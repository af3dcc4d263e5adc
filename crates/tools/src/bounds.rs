//! How much a command may take with all that it started, in processes and in memory; looked at by who supervises it.
//!
//! The system has no bound for one command that needs no privileges: limits of memory are of what programs reserve, which says
//! little of what they use, limits of processes count all of a person's. So what there is, is counted, and ended where it is more.

use std::fs;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getsid, kill_process, kill_process_group, setpgid, waitpid,
};
use tokio::time::Instant;

/// How often it is looked at, and how often while it is new, grows, or has taken half of what it may: what makes more of itself as
/// fast as it can has a thousand processes in half a second.
const LOOK: Duration = Duration::from_millis(500);
const LOOK_CLOSELY: Duration = Duration::from_millis(50);
/// How many times as long as a look took nobody looks again: the exact figure of what is shared may cost as much as the command does.
const REST: u32 = 10;
/// But never longer than this: on a busy machine a look takes long, and what is to be ended does not wait for it.
const LONGEST_REST: Duration = Duration::from_secs(2);
/// The most processes that are counted where any number may be.
const MOST_COUNTED: usize = 1 << 16;

/// The most that a command and all that came of it may take at once; 0 for any amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandBounds {
    pub processes: u64,
    /// In bytes; what several processes share counts once.
    pub memory: u64,
}

impl CommandBounds {
    /// What a command may start unless somebody says otherwise: builds on many processors have a few hundred.
    pub const PROCESSES: u64 = 1024;

    /// What commands may take unless somebody says otherwise: half of what the machine, or the container, has.
    pub fn usual() -> Self {
        let total = kilobytes("/proc/meminfo", "MemTotal:");
        let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
        let group = group.and_then(|text| text.trim().parse::<u64>().ok());
        Self { processes: Self::PROCESSES, memory: total.into_iter().chain(group).min().unwrap_or(0) / 2 }
    }

    /// Waits until what came of this process takes more, and says so. Never, where any amount may be taken. What came here because
    /// its parent ended, and has ended too, is let go of meanwhile; of the command itself somebody else hears how it ended.
    pub(crate) async fn are_exceeded(self, command: Option<Pid>) -> String {
        if self == Self::default() {
            return std::future::pending().await;
        }
        let (mut pause, mut before) = (LOOK_CLOSELY, 0);
        loop {
            let began = Instant::now();
            reap_orphans(command);
            let taken = self.taken();
            if self.processes > 0 && taken.processes > self.processes {
                return format!("it had more than {} processes", self.processes);
            }
            if self.memory > 0 && taken.memory > self.memory {
                return format!("it took more than {} MB of memory", self.memory >> 20);
            }
            let is_much = |taken: u64, most: u64| most > 0 && taken > most / 2;
            let is_near = is_much(taken.processes, self.processes) || is_much(taken.memory, self.memory);
            let grows = taken.processes > before + before / 2;
            pause = if is_near || grows { LOOK_CLOSELY } else { LOOK.min(pause * 2) };
            before = taken.processes;
            tokio::time::sleep(pause.max(LONGEST_REST.min(began.elapsed() * REST))).await;
        }
    }

    /// What is taken now: counted no further than to what is too much. What has ended and waits for its parent takes nothing.
    fn taken(self) -> Taken {
        let most = usize::try_from(self.processes).unwrap_or(MOST_COUNTED).min(MOST_COUNTED);
        let most = if most == 0 { MOST_COUNTED } else { most + 1 };
        let mut found = Vec::new();
        let mut looked = 0;
        each_descendant(|pid| {
            found.extend(Running::look(pid));
            looked += 1;
            found.len() < most && looked < MOST_COUNTED
        });
        let mut memory = if self.memory == 0 { 0 } else { found.iter().map(|one| one.resident).sum() };
        if memory > self.memory {
            // What is shared was counted for each: the exact figure costs more, and is wanted only here.
            memory = found.iter().map(|one| shared_out(one.pid).unwrap_or(one.resident)).sum();
        }
        Taken { processes: found.len() as u64, memory }
    }
}

/// What a command takes.
struct Taken {
    processes: u64,
    memory: u64,
}

/// A process that has not ended.
struct Running {
    pid: Pid,
    /// What it has in memory, in bytes, with what it shares with others.
    resident: u64,
}

impl Running {
    fn look(pid: Pid) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
        let resident = size_of_line(&status, "VmRSS:");
        // Only the first thread of one that has no memory may have ended: the others go on, and it counts.
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
        let has_others =
            threads.and_then(|count| count.trim().parse().ok()).is_some_and(|count: u64| count > 1);
        (resident.is_some() || has_others).then(|| Self { pid, resident: resident.unwrap_or_default() })
    }
}

/// What a process has in memory with its part of what is shared, in bytes.
fn shared_out(pid: Pid) -> Option<u64> {
    kilobytes(&format!("/proc/{}/smaps_rollup", pid.as_raw_nonzero()), "Pss:")
}

/// A size that the system tells in a line of that name, in bytes.
fn kilobytes(path: &str, name: &str) -> Option<u64> {
    size_of_line(&fs::read_to_string(path).ok()?, name)
}

fn size_of_line(text: &str, name: &str) -> Option<u64> {
    let size = text.lines().find_map(|line| line.strip_prefix(name))?;
    size.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Ends all that came of this process, its own group at once: what makes more of itself all the time is not caught one by one.
/// Afterwards this process is of the group of who leads its session, whom it does not outlive for long.
pub(crate) fn end_all_at_once() {
    let group = getpid();
    if let Ok(session) = getsid(None)
        && session != group
        && setpgid(None, Some(session)).is_ok()
    {
        let _gone = kill_process_group(group, Signal::KILL);
    }
    each_descendant(|pid| {
        let _gone = kill_process(pid, Signal::KILL);
        true
    });
}

/// Each process that came of this one, as long as more are wanted. Elsewhere than on Linux nobody tells.
fn each_descendant(mut wants_more: impl FnMut(Pid) -> bool) {
    let mut to_ask = vec![getpid()];
    while let Some(parent) = to_ask.pop() {
        for child in children_of(parent) {
            if !wants_more(child) {
                return;
            }
            to_ask.push(child);
        }
    }
}

/// Lets go of this process's children that have ended, but for one.
fn reap_orphans(but: Option<Pid>) {
    for child in children_of(getpid()).into_iter().filter(|child| Some(*child) != but) {
        let _not_yet = waitpid(Some(child), WaitOptions::NOHANG);
    }
}

/// The processes whose parent that one is.
pub(crate) fn children_of(parent: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{}/task", parent.as_raw_nonzero()));
    let of = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).ok();
    let numbers: Vec<String> = threads.into_iter().flatten().flatten().filter_map(of).collect();
    let numbers = numbers.iter().flat_map(|line| line.split_ascii_whitespace());
    numbers.filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect()
}
