//! `cargo xtask ci`: every check a change must pass, cheap first. After a failure the others still run, so that one round
//! tells all; what needs the output of a failed step does not. CI runs this and no more.
//!
//! Needs no standard input and no network beyond the package registries. On two cores and an empty target directory it
//! is meant to stay below half an hour: so cargo-deny, which takes minutes to build, runs where it is installed or with
//! `--full`; the toolchain, nextest and tmux are taken as they are found.

use std::time::Duration;

use crate::command::{cargo, run as run_command};
use crate::surroundings::{has_program, now};
use crate::{
    Fault, Outcome, Passed, bench, coverage, crash, mutants, real_agent, scenarios, sim, tidy, tour,
};

/// The version that `--full` installs and that `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";

/// Seeds of the simulation: a minute or two on two cores.
const SEEDS: &str = "10000";

struct Step {
    name: &'static str,
    /// The step whose output it works on.
    needs: Option<&'static str>,
    run: fn(Extent) -> Outcome,
}

impl Step {
    const fn new(name: &'static str, run: fn(Extent) -> Outcome) -> Self {
        Self { name, needs: None, run }
    }

    const fn behind(self, needs: &'static str) -> Self {
        Self { needs: Some(needs), ..self }
    }
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
    Step::new("fmt", |_| run_command(&mut cargo(&["fmt", "--all", "--check"]))),
    Step::new("tidy", |_| tidy::run()),
    Step::new("clippy", |_| clippy()),
    Step::new("deny", deny),
    Step::new("doc", |_| doc()),
    // With it, the committed corpus of each fuzz target: replayed by a test of the crate that reads it.
    Step::new("test", |_| test()),
    Step::new("sim", |_| sim::run(&["--seeds", SEEDS])),
    Step::new("crash", |_| crash::run(&[])),
    Step::new("doctest", |_| doctest()),
    // That the tests of the core are enough, and can fail.
    Step::new("scenarios", |_| scenarios::run()),
    Step::new("mutants", |_| mutants::run(&[])),
    Step::new("coverage", |_| coverage::run()),
    Step::new("release", |_| bench::build_release()),
    Step::new("bench", |_| bench::run(&["--quick"])).behind("release"),
    Step::new("tour", |_| tour::run(&[])).behind("release"),
    Step::new("real-agent", |_| real_agent::run(real_agent::Need::IfAvailable)),
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
    let results = run_all(&steps, extent);
    let rows: Vec<String> = results.iter().map(|(name, took, outcome)| row(name, *took, outcome)).collect();
    println!("── summary ──\n{}", rows.join("\n"));
    let (line, outcome) = verdict(&results);
    println!("{line}");
    outcome
}

/// A step's name, how long it took, and how it went.
type Ran = (&'static str, Duration, Outcome);

/// Runs each step, whatever became of the others.
fn run_all(steps: &[&Step], extent: Extent) -> Vec<Ran> {
    let mut results: Vec<Ran> = Vec::new();
    for step in steps {
        println!("── {} ──", step.name);
        let began = now();
        let has_failed =
            |name: &&str| results.iter().any(|(other, _, outcome)| other == name && outcome.is_err());
        let outcome = match step.needs.filter(has_failed) {
            Some(needed) => Err(Fault(format!("not run: it needs {needed}"))),
            None => (step.run)(extent),
        };
        if let Err(Fault(what)) = &outcome {
            println!("{} failed: {what}", step.name);
        }
        results.push((step.name, now() - began, outcome));
    }
    results
}

/// The last line, and what the whole run is worth.
fn verdict(results: &[Ran]) -> (String, Outcome) {
    let failed: Vec<&str> =
        results.iter().filter(|(_, _, outcome)| outcome.is_err()).map(|(name, _, _)| *name).collect();
    let skipped = results.iter().filter(|(_, _, outcome)| matches!(outcome, Ok(Passed::Skipped(_)))).count();
    if failed.is_empty() {
        let passed = results.len() - skipped;
        return (format!("ci: passed ({passed} steps, {skipped} skipped)"), Ok(Passed::Fully));
    }
    let (count, all, names) = (failed.len(), results.len(), failed.join(", "));
    let line = format!("ci: FAILED in {count} of {all} steps: {names}");
    (line, Err(Fault(format!("{names} failed"))))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(what: &str) -> Outcome {
        Err(Fault(what.to_owned()))
    }

    #[test]
    fn after_a_failed_step_the_others_run_and_the_end_tells_all() {
        let first = Step::new("first", |_| failing("broken"));
        let second = Step::new("second", |_| Ok(Passed::Fully));
        let third = Step::new("third", |_| Ok(Passed::Skipped("no tool".into())));
        let fourth = Step::new("fourth", |_| failing("as well"));
        let results = run_all(&[&first, &second, &third, &fourth], Extent::Usual);
        let (line, outcome) = verdict(&results);
        assert_eq!(line, "ci: FAILED in 2 of 4 steps: first, fourth");
        assert!(outcome.is_err());
        let (line, outcome) = verdict(&results[1..3]);
        assert_eq!(line, "ci: passed (1 steps, 1 skipped)");
        assert!(outcome.is_ok());
    }

    #[test]
    fn what_needs_a_failed_step_is_not_run_and_has_failed() {
        let build = Step::new("build", |_| failing("it does not build"));
        let needy = Step::new("needy", |_| panic!("it has nothing to run on")).behind("build");
        let last = Step::new("last", |_| Ok(Passed::Fully)).behind("needs nothing that failed");
        let results = run_all(&[&build, &needy, &last], Extent::Usual);
        let failed: Vec<bool> = results.iter().map(|(_, _, outcome)| outcome.is_err()).collect();
        assert_eq!(failed, [true, true, false]);
    }

    #[test]
    fn a_step_needs_one_that_comes_before_it() {
        for (place, step) in STEPS.iter().enumerate() {
            let earlier = |needed| STEPS[..place].iter().any(|other| other.name == needed);
            assert!(step.needs.is_none_or(earlier), "{}", step.name);
        }
    }
}
