//! To which process group, session and parent a process belongs.
//!
//! The system calls are not asked on Linux: of a leader outside this process's namespace they say 0, which rustix takes
//! for impossible. That is everyday life in a container that was entered from outside.

use rustix::process::Pid;

/// What job control knows of a process. A number is 0 where its leader is out of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessGroup {
    /// Who started it, or took it over when that one ended.
    pub parent: i32,
    pub group: i32,
    pub session: i32,
}

impl ProcessGroup {
    pub(crate) fn of_this_process() -> Option<Self> {
        Self::of(rustix::process::getpid())
    }

    /// None where there is no such process, or where the system does not say.
    pub(crate) fn of(pid: Pid) -> Option<Self> {
        read(pid)
    }
}

/// A process and all that it started and that still runs, as far as the system tells: elsewhere than on Linux it alone.
pub(crate) fn with_descendants(pid: Pid) -> Vec<Pid> {
    /// More processes than this are not looked at.
    const MOST: usize = 65_536;
    let numbers = std::fs::read_dir("/proc").into_iter().flatten().take(MOST);
    let pid_of = |name: std::ffi::OsString| Pid::from_raw(name.to_str()?.parse().ok()?);
    let running = numbers.filter_map(|entry| pid_of(entry.ok()?.file_name()));
    let mut others: Vec<(Pid, i32)> =
        running.filter_map(|other| Some((other, ProcessGroup::of(other)?.parent))).collect();
    let mut found = vec![pid];
    loop {
        let is_started =
            |(_, parent): &mut (Pid, i32)| found.iter().any(|known| known.as_raw_pid() == *parent);
        let started: Vec<(Pid, i32)> = others.extract_if(.., is_started).collect();
        if started.is_empty() {
            return found;
        }
        found.extend(started.into_iter().map(|(pid, _)| pid));
    }
}

#[cfg(target_os = "linux")]
fn read(pid: Pid) -> Option<ProcessGroup> {
    // A process may put anything in its name, which stands in brackets before what is read here.
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(&stat)
}

#[cfg(any(target_os = "linux", test))]
fn parse(stat: &[u8]) -> Option<ProcessGroup> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = std::str::from_utf8(&stat[name_end + 1..]).ok()?.split_ascii_whitespace().skip(1);
    let mut number = || fields.next()?.parse().ok();
    Some(ProcessGroup { parent: number()?, group: number()?, session: number()? })
}

/// Parents of other processes are told by no portable call: there the search for a shell ends with the first one.
#[cfg(not(target_os = "linux"))]
fn read(pid: Pid) -> Option<ProcessGroup> {
    use rustix::process::{getpgid, getpid, getppid, getsid};
    let parent = if pid == getpid() { Pid::as_raw(getppid()) } else { 0 };
    Some(ProcessGroup {
        parent,
        group: getpgid(Some(pid)).ok()?.as_raw_pid(),
        session: getsid(Some(pid)).ok()?.as_raw_pid(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_where_it_belongs() {
        let here = ProcessGroup::of_this_process().expect("this process is there");
        assert_eq!(here.parent, Pid::as_raw(rustix::process::getppid()));
        assert_eq!(here.group, rustix::process::getpgrp().as_raw_pid());
    }

    #[test]
    fn leaders_out_of_sight_are_zero_and_names_may_hold_anything() {
        let known = |parent, group, session| Some(ProcessGroup { parent, group, session });
        for (stat, expected) in [
            (&b"7 (q) S 3 7 2 0 -1 4194304"[..], known(3, 7, 2)),
            (b"1 (bash) S 0 0 0 0 -1", known(0, 0, 0)),
            (b"7 (a) S 9 9 9) \xff) R 3 7 2 34816", known(3, 7, 2)),
            (b"7 (q) S 3 7", None),
            (b"7 (q", None),
            (b"", None),
        ] {
            assert_eq!(parse(stat), expected, "{}", String::from_utf8_lossy(stat));
        }
    }
}
