//! `cargo xtask ci`: every check a change must pass, cheap first, the first failure ends it. CI runs this and no more.
//!
//! Needs no standard input and no network beyond the package registries. On two cores and an empty target directory it
//! is meant to stay below half an hour: so cargo-deny, which takes minutes to build, runs where it is installed or with
//! `--full`; the toolchain, nextest and tmux are taken as they are found.

use std::time::Duration;

use crate::command::{cargo, run as run_command};
use crate::surroundings::{has_program, now};
use crate::{Fault, Outcome, Passed, bench, coverage, crash, mutants, real_agent, scenarios, sim, tidy};

/// The version that `--full` installs and that `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";

/// Seeds of the simulation: a minute or two on two cores.
const SEEDS: &str = "10000";

struct Step {
    name: &'static str,
    run: fn(Extent) -> Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// With the tools that are here.
    Usual,
    /// With all tools, installed when missing.
    Full,
}

/// Cheap first; what builds the same thing, next to each other.
const STEPS: &[Step] = &[
    Step { name: "fmt", run: |_| run_command(&mut cargo(&["fmt", "--all", "--check"])) },
    Step { name: "tidy", run: |_| tidy::run() },
    Step { name: "clippy", run: |_| clippy() },
    Step { name: "deny", run: deny },
    Step { name: "doc", run: |_| doc() },
    // With it, the committed corpus of each fuzz target: replayed by a test of the crate whose door it is.
    Step { name: "test", run: |_| test() },
    Step { name: "sim", run: |_| sim::run(&["--seeds", SEEDS]) },
    Step { name: "crash", run: |_| crash::run(&[]) },
    Step { name: "doctest", run: |_| doctest() },
    // That the tests of the core are enough, and can fail.
    Step { name: "scenarios", run: |_| scenarios::run() },
    Step { name: "mutants", run: |_| mutants::run(&[]) },
    Step { name: "coverage", run: |_| coverage::run() },
    Step { name: "release", run: |_| bench::build_release() },
    Step { name: "bench", run: |_| bench::run(&["--quick"]) },
    Step { name: "real-agent", run: |_| real_agent::run(real_agent::Need::IfAvailable) },
];

pub(crate) fn run(options: &[&str]) -> Outcome {
    let (extent, only) = match options {
        [] => (Extent::Usual, None),
        ["--full"] => (Extent::Full, None),
        ["--only", step] => (Extent::Usual, Some(*step)),
        ["--full", "--only", step] => (Extent::Full, Some(*step)),
        other => return Err(Fault(format!("ci does not know {other:?}"))),
    };
    let steps: Vec<&Step> = STEPS.iter().filter(|step| only.is_none_or(|only| only == step.name)).collect();
    if steps.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(Fault(format!("ci has no such step; it has {}", names.join(", "))));
    }
    let mut summary = Vec::new();
    let mut failure = None;
    for step in steps {
        println!("── {} ──", step.name);
        let began = now();
        let outcome = (step.run)(extent);
        let took = now() - began;
        summary.push(row(step.name, took, &outcome));
        if let Err(fault) = outcome {
            failure = Some(fault);
            break;
        }
    }
    println!("── summary ──\n{}", summary.join("\n"));
    failure.map_or(Ok(Passed::Fully), Err)
}

fn row(name: &str, took: Duration, outcome: &Outcome) -> String {
    let (word, why) = match outcome {
        Ok(Passed::Fully) => ("ok", ""),
        Ok(Passed::Skipped(why)) => ("skipped", why.as_str()),
        Err(Fault(what)) => ("FAILED", what.as_str()),
    };
    format!("{name:<12} {:>8.1} s  {word:<8} {why}", took.as_secs_f64()).trim_end().to_owned()
}

fn clippy() -> Outcome {
    run_command(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

fn deny(extent: Extent) -> Outcome {
    if !has_program("cargo-deny") {
        if extent == Extent::Usual {
            return Ok(Passed::Skipped(format!(
                "cargo-deny is not installed: cargo install cargo-deny --locked --version {CARGO_DENY}, or ci --full"
            )));
        }
        run_command(&mut cargo(&["install", "cargo-deny", "--locked", "--version", CARGO_DENY]))?;
    }
    // Not `advisories`: its database comes by git, which is no package registry.
    run_command(&mut cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]))
}

fn doc() -> Outcome {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    run_command(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn test() -> Outcome {
    if has_program("cargo-nextest") {
        run_command(&mut cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]))
    } else {
        run_command(&mut cargo(&["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"]))
    }
}

/// Apart, because nextest runs none.
fn doctest() -> Outcome {
    run_command(&mut cargo(&["test", "--workspace", "--doc", "--locked"]))
}
