//! `q-simulate`: simulated machines by the thousand, each from a seed; or one seed again, with all that happened in it.
//! Started by `cargo xtask sim`, which names the commit.

mod summary;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use q_sim::{Plan, RunOutcome, shrunk};
use summary::RunSummary;

/// Failures after which no further seed is begun.
const ENOUGH: usize = 5;

/// What the command line asks for.
struct Wanted {
    from: u64,
    seeds: u64,
    /// Shows what happens in the first of them.
    shows: bool,
    commit: String,
}

impl Wanted {
    /// Reads the command line: `[--seeds N] [--from S] | --seed S`, and `--commit HASH`.
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self { from: 0, seeds: 1_000, shows: false, commit: "unknown".into() };
        while let Some(argument) = arguments.next() {
            let value = arguments.next().unwrap_or_default();
            let number = || value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"));
            match argument.as_str() {
                "--seeds" => wanted.seeds = number()?,
                "--from" => wanted.from = number()?,
                "--seed" => (wanted.from, wanted.seeds, wanted.shows) = (number()?, 1, true),
                "--commit" => wanted.commit = value,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        Ok(wanted)
    }
}

fn main() -> ExitCode {
    let wanted = match Wanted::from_arguments(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(fault) => {
            print_line(&format!("q-simulate: {fault}"));
            return ExitCode::from(2);
        }
    };
    // A panic is a broken law like any other and is reported as one.
    panic::set_hook(Box::new(|_| ()));
    let summary = if wanted.shows { show(&wanted) } else { run(&wanted) };
    print_line(&summary.to_string());
    for (seed, _) in &summary.failures {
        explain(&wanted, *seed);
    }
    if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the seeds on all cores.
fn run(wanted: &Wanted) -> RunSummary {
    let next = AtomicU64::new(wanted.from);
    let end = wanted.from.saturating_add(wanted.seeds);
    let work = || {
        let mut summary = RunSummary::default();
        while summary.failures.len() < ENOUGH {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            summary.take(seed, Plan::new(seed).play_twice());
        }
        summary
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    })
}

/// Runs one seed and says all that happens.
fn show(wanted: &Wanted) -> RunSummary {
    let plan = Plan::new(wanted.from);
    print_line(&format!("{:?}\n{:?}\n{} clients", plan.host.limits, plan.host.bounds, plan.clients));
    let outcome = plan.play(true);
    outcome.lines.iter().for_each(|line| print_line(line));
    let mut summary = RunSummary::default();
    summary.take(wanted.from, RunOutcome { lines: Vec::new(), ..plan.play_twice() });
    summary
}

/// Says how a seed failed, in as few steps as it does.
fn explain(wanted: &Wanted, seed: u64) {
    let plan = shrunk(&Plan::new(seed));
    let outcome = plan.play(true);
    print_line(&format!("\nseed {seed} at commit {}, shrunk to {} steps:", wanted.commit, plan.steps.len()));
    print_line(&format!("{:?}\n{:?}\n{} clients", plan.host.limits, plan.host.bounds, plan.clients));
    outcome.lines.iter().for_each(|line| print_line(line));
    if let Some(broken) = &outcome.broken {
        print_line(&format!("broken: {broken}"));
    }
    if outcome.broken.is_some_and(|broken| broken.law.may_be_broken_by_the_core()) {
        print_line("what the core was told, as crates/core/tests/scenarios has it (that disk never fails):");
        outcome.script.iter().for_each(|line| print_line(line));
    }
    print_line(&format!("again: cargo xtask sim --seed {seed}"));
}

/// Says a line to the person; a closed pipe is no reason to stop.
fn print_line(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}
