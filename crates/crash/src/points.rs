//! The first rig: a writer is killed at every system call that changes files, one after the other.
//!
//! strace counts each call of each thread for itself and kills at the first that reaches the number; so a point is a call
//! and a number, and for each call as many numbers are tried as the busiest thread has. That of two threads which come to
//! the same number is decided by who is first: another run may kill at the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::history::{as_taken, look_at_killed};
use super::image::{BrokenPromise, scratch};
use super::report::{RigReport, Tally, try_all};
use super::scenarios::{self, Prepared, Scenario};
use super::writer::DONE;

/// Calls that change what is in files, or what files there are.
const CALLS: &[&str] = &[
    "write",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "openat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "ftruncate",
    "fallocate",
    "chmod",
    "fchmod",
    "fchmodat",
    "flock",
    "copy_file_range",
    "sendfile",
];

/// Fewer points in all scenarios mean that strace does not see what the writers do.
const FULL: usize = 5_000;

/// The call by which the writer tells.
const ANNOUNCES: &str = "writev";

/// A place to kill a writer at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub scenario: String,
    pub call: String,
    /// The how manieth of it in a thread, from 1.
    pub nth: u32,
}

/// Why the rig cannot run here; nothing if it can.
pub fn why_not() -> Option<String> {
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=write:signal=SIGKILL:when=1",
        "echo",
        "alive",
    ]);
    match strace.stdin(Stdio::null()).output() {
        Err(error) => Some(format!("strace cannot be run: {error}")),
        Ok(output) if output.status.signal() == Some(Signal::KILL.as_raw()) => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            Some(format!("strace may not kill here ({}): {said}", output.status))
        }
    }
}

/// Kills at `most` points, spread over all scenarios; at every one if there is no such number.
pub fn run(program: &Path, most: Option<usize>) -> RigReport {
    let scenarios = scenarios::all();
    let prepared: BTreeMap<&str, (&Scenario, Prepared)> =
        scenarios.iter().map(|scenario| (scenario.name, (scenario, scenario.prepare()))).collect();
    let mut points: Vec<Point> = Vec::new();
    let mut failures = Vec::new();
    for (scenario, prepared) in prepared.values() {
        let trace = trace(program, scenario, prepared);
        if let Some(what) = acknowledged_too_soon(&trace) {
            let broken = BrokenPromise::Lost(format!("{}: {what}", scenario.name));
            failures.push((broken, "--only points".to_owned()));
        }
        let point = |(call, nth)| Point { scenario: scenario.name.into(), call, nth };
        points.extend(calls_in(&trace).into_iter().map(point));
    }
    let least = most.unwrap_or(FULL);
    if points.len() < least {
        let broken = BrokenPromise::Wrong(format!(
            "strace reaches {} calls, and there are {least} at least",
            points.len()
        ));
        failures.push((broken, "--only points".to_owned()));
    }
    if let Some(most) = most.filter(|most| *most < points.len()) {
        let all = points.len();
        points = (0..most).map(|number| points[number * all / most].clone()).collect();
    }
    let what = format!("kills at {} points of {} scenarios", points.len(), scenarios.len());
    let mut report = try_all(
        "points",
        &what,
        &points,
        |place, point| kill(program, place, point, &prepared[point.scenario.as_str()].1),
        |Point { scenario, call, nth }| format!("--only points --point {scenario}:{call}:{nth}"),
    );
    report.failures.extend(failures);
    report
}

/// Kills at one point.
pub fn run_one(program: &Path, point: &Point) -> Result<RigReport, String> {
    let scenario = scenarios::all().into_iter().find(|scenario| scenario.name == point.scenario);
    let prepared = scenario.ok_or_else(|| format!("there is no scenario `{}`", point.scenario))?.prepare();
    let again = |_: &Point| format!("--only points --point {}:{}:{}", point.scenario, point.call, point.nth);
    let tried = |place: &Path, point: &Point| kill(program, place, point, &prepared);
    Ok(try_all("points", "kills", std::slice::from_ref(point), tried, again))
}

/// Lets the writer live once, and gives the calls it makes.
fn trace(program: &Path, scenario: &Scenario, prepared: &Prepared) -> String {
    let place = scratch();
    let dir = place.path().join("store");
    let trace = place.path().join("trace");
    lay_out(prepared, &dir);
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-y", "-o"])
        .arg(&trace)
        .arg("-e")
        .arg(format!("trace={ANNOUNCES},{}", CALLS.join(",")));
    let output = strace.arg(program).args(["write", scenario.name]).arg(&dir).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.lines().map(|line| format!("{line}\n")).eq(prepared
            .lines
            .iter()
            .cloned()
            .chain([format!("{DONE}\n")])),
        "{}: the writer does not do the same each time: {}",
        scenario.name,
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read_to_string(&trace).unwrap()
}

/// The first acknowledgement that was told while bytes of a journal were not synced. A killed process keeps those, so that
/// only its calls show it.
fn acknowledged_too_soon(trace: &str) -> Option<String> {
    let mut dirty: BTreeSet<&str> = BTreeSet::new();
    for line in trace.lines() {
        let Some((_, rest)) = line.split_once(' ') else { continue };
        let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
        let path = arguments.split_once('<').and_then(|(_, path)| path.split_once('>')).map(|(path, _)| path);
        let journal = path.filter(|path| Path::new(path).extension().is_some_and(|kind| kind == "jnl"));
        match (call, journal) {
            ("write" | "pwrite64", Some(journal)) => drop(dirty.insert(journal)),
            ("fsync" | "fdatasync", Some(journal)) => drop(dirty.remove(journal)),
            (ANNOUNCES, _) if arguments.contains(" synced ") && !dirty.is_empty() => {
                return Some(format!("acknowledged before {dirty:?} was synced: {rest}"));
            }
            _ => {}
        }
    }
    None
}

/// The calls in a trace that change something: their names, and how manieth of that name in its thread each is.
fn calls_in(trace: &str) -> BTreeSet<(String, u32)> {
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut calls = BTreeSet::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
        if !CALLS.contains(&call) {
            continue;
        }
        let count = counts.entry((thread, call)).or_default();
        *count += 1;
        let only_reads = call == "openat"
            && !["O_CREAT", "O_WRONLY", "O_RDWR"].iter().any(|flag| arguments.contains(flag));
        if !only_reads {
            calls.insert((call.to_owned(), *count));
        }
    }
    calls
}

fn lay_out(prepared: &Prepared, dir: &Path) {
    match &prepared.image {
        Some(image) => image.write(dir),
        None => drop(fs::remove_dir_all(dir)),
    }
}

fn kill(program: &Path, place: &Path, point: &Point, prepared: &Prepared) -> Result<Tally, BrokenPromise> {
    let Point { scenario, call, nth } = point;
    let dir = place.join("store");
    lay_out(prepared, &dir);
    let mut strace = Command::new("strace");
    // Nothing else is traced: each traced call stops the writer, and thousands of points have to be tried.
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")]);
    strace.arg(program).args(["write", scenario]).arg(&dir).stdin(Stdio::null());
    let output = strace.output().map_err(|error| BrokenPromise::Wrong(format!("strace: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let said = said.strip_suffix(&format!("{DONE}\n")).unwrap_or(&said);
    let was_killed = output.status.signal() == Some(Signal::KILL.as_raw());
    let taken = said.lines().count();
    if said != prepared.lines[..taken].concat() {
        return Err(BrokenPromise::Wrong("the writer does not do the same each time".into()));
    }
    if !was_killed && !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(BrokenPromise::Wrong(format!("the writer ended by itself: {said}")));
    }
    let (last, states) = (prepared.states.len() - 1, &prepared.states);
    look_at_killed(&dir, &prepared.damage, |found| {
        as_taken(&states[taken], &states[(taken + 1).min(last)], found)
    })?;
    Ok(Tally { number: u64::from(was_killed), acknowledged: states[taken].records(), changing: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_before_it_is_synced_is_found() {
        let write = "7 write(5</s/0.jnl>, \"q\"..., 1) = 1\n";
        let sync = "7 fdatasync(5</s/0.jnl>) = 0\n";
        let told =
            |word| format!("7 writev(1<pipe:[1]>, [{{iov_base=\"1 {word} 00\"..., iov_len=9}}], 1) = 9\n");
        let (synced, written) = (told("synced"), told("written"));
        for (lines, is_found) in [
            ([write, sync, &synced], false),
            ([write, &synced, sync], true),
            ([sync, write, &synced], true),
            ([write, &written, sync], false),
        ] {
            assert_eq!(acknowledged_too_soon(&lines.concat()).is_some(), is_found, "{lines:?}");
        }
    }

    #[test]
    fn calls_are_counted_by_thread_and_reading_is_none() {
        let trace = "\
7 openat(AT_FDCWD, \"/lib/x\", O_RDONLY|O_CLOEXEC) = 3
7 openat(AT_FDCWD, \"/s/a\", O_WRONLY|O_CREAT, 0600) = 3
7 write(3, \"q\"..., 1 <unfinished ...>
8 write(4, \"r\"..., 1) = 1
7 <... write resumed>) = 1
8 write(4, \"r\"..., 1) = 1
8 +++ killed by SIGKILL +++
";
        let calls = calls_in(trace);
        let expected = [("openat", 2), ("write", 1), ("write", 2)];
        assert_eq!(calls, expected.map(|(call, nth)| (call.to_owned(), nth)).into());
    }
}
