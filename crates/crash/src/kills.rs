//! The second rig: a process in which four sessions write at once is killed at a random moment. Its store goes on with the
//! next such process, for a few lives, and what earlier ones wrote stays as it is.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use q_core::Batch;
use q_store::MemoryStore;
use q_testkit::chance::{Chance, scrambled};
use rustix::process::Signal;

use super::driver::steps_of;
use super::history::{Life, StoreContents, as_taken, commits, line, look_at_killed};
use super::image::BrokenPromise;
use super::report::{RigReport, Tally, try_all};
use super::writer::DONE;

/// Who writes at once.
const WRITERS: u64 = 4;
/// Kills that one store lives through.
const KILLS: u64 = 6;
const STEPS: usize = 150;
/// Opening a store takes some milliseconds; writing a commit some microseconds.
const WHILE_OPENING: u64 = 8_000;
const WHILE_WRITING: u64 = 400;

/// Kills at least `number` times, from one seed on.
pub fn run(program: &Path, from: u64, number: u64) -> RigReport {
    let seeds: Vec<u64> = (0..number.div_ceil(KILLS)).map(|n| from + n).collect();
    try_all(
        "kills",
        &format!("kills at random moments from seed {from} on, {WRITERS} sessions writing"),
        &seeds,
        |place, seed| live(program, &place.join("store"), *seed),
        |seed| format!("--only kills --seed {seed}"),
    )
}

/// What the writers of one process do.
pub fn lives(seed: u64, round: u64) -> Vec<Life> {
    let life = |writer| {
        let run = 1 + round * WRITERS + writer;
        let steps = steps_of(scrambled(seed << 16 | run), STEPS);
        Life { run, before: 0, group: 1 + writer as usize % 3, steps }
    };
    (0..WRITERS).map(life).collect()
}

fn live(program: &Path, dir: &Path, seed: u64) -> Result<Tally, BrokenPromise> {
    fs::remove_dir_all(dir).ok();
    let mut tally = Tally::default();
    let mut before = StoreContents::default();
    for round in 0..KILLS {
        let lives = lives(seed, round);
        let due: Vec<Vec<Vec<Batch>>> = lives.iter().map(|life| commits(&MemoryStore::new(), life)).collect();
        let mut chance = Chance::new(scrambled(seed << 16 | round));
        let said = kill(program, dir, seed, round, &due, &mut chance)?;
        let first = 1 + round * WRITERS;
        let mut taken = Vec::new();
        for (life, commits) in lives.iter().zip(&due) {
            let own = format!("{} ", life.run);
            let own_lines: Vec<&String> = said.iter().filter(|line| line.starts_with(&own)).collect();
            let expected: Vec<String> = commits.iter().map(|batches| line(life.run, batches)).collect();
            if own_lines.iter().zip(&expected).any(|(line, expected)| **line != expected.trim_end()) {
                return Err(BrokenPromise::Wrong(format!("run {} does not do the same each time", life.run)));
            }
            let count = own_lines.len();
            let on_its_way = StoreContents::after(&commits[..(count + 1).min(commits.len())]);
            taken.push((life.run, StoreContents::after(&commits[..count]), on_its_way));
        }
        let after = look_at_killed(dir, &[], |found| {
            as_taken(&before, &before, &found.before_run(first))?;
            taken.iter().try_for_each(|(run, taken, coming)| as_taken(taken, coming, &found.of_run(*run)))
        })
        .map_err(|broken| broken.in_context(&format!("kill {round}")))?;
        tally.number += 1;
        tally.acknowledged +=
            before.records() + taken.iter().map(|(_, taken, _)| taken.records()).sum::<u64>();
        before = after;
    }
    Ok(tally)
}

/// Starts the writers and kills them some commits later, or while they still open the store. Gives what they said.
fn kill(
    program: &Path,
    dir: &Path,
    seed: u64,
    round: u64,
    due: &[Vec<Vec<Batch>>],
    chance: &mut Chance,
) -> Result<Vec<String>, BrokenPromise> {
    let failed = |error: std::io::Error| BrokenPromise::Wrong(format!("the writer: {error}"));
    let mut writer = Command::new(program);
    writer.args(["write-together", &seed.to_string(), &round.to_string()]).arg(dir);
    let mut writer = writer.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let all = due.iter().map(Vec::len).sum();
    let (wanted, micros) =
        if chance.one_in(6) { (0, WHILE_OPENING) } else { (chance.below(all), WHILE_WRITING) };
    let moment = Duration::from_micros(chance.between(0, micros));
    let mut said = Vec::new();
    if let Some(out) = writer.stdout.take() {
        let mut lines = BufReader::new(out).lines();
        while said.len() < wanted
            && let Some(line) = lines.next()
        {
            said.push(line.map_err(failed)?);
        }
        // Nobody ever sends: this is the random moment.
        let (_sender, never) = mpsc::channel::<()>();
        let _passed = never.recv_timeout(moment);
        // What it said before it died stands in the pipe, and is read below.
        writer.kill().map_err(failed)?;
        for line in lines {
            said.push(line.map_err(failed)?);
        }
    }
    let status = writer.wait().map_err(failed)?;
    let is_done = said.last().is_some_and(|line| line == DONE);
    if is_done || status.signal() == Some(Signal::KILL.as_raw()) {
        Ok(said)
    } else {
        Err(BrokenPromise::Wrong(format!("the writer ended by itself: {status}")))
    }
}
