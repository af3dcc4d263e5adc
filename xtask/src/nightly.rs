//! `cargo xtask nightly`: what is too dear for each change.

use crate::command::{cargo, run as run_command};
use crate::{Outcome, agents, bench, cargo_mutants, ci, crash, fuzz, miri, mutants, real_agent, sim};

/// Cases for each property; a change runs the usual 256.
const PROPERTY_CASES: &str = "20000";
const FUZZ_SECONDS: &str = "1800";
/// Seeds of the simulation; a change runs the first 10,000 of them.
const SEEDS: &str = "1000000";

pub(crate) fn run() -> Outcome {
    ci::run(&["--full"])?;
    let mut properties =
        cargo(&["test", "--workspace", "--profile", "nightly", "--locked", "--no-fail-fast"]);
    properties.args(["--", "--include-ignored"]);
    run_command(properties.env("PROPTEST_CASES", PROPERTY_CASES))?;
    sim::run(&["--seeds", SEEDS])?;
    crash::run(&["--full"])?;
    mutants::run(&["--store"])?;
    mutants::run(&["--client"])?;
    mutants::run(&["--tools"])?;
    fuzz::run(FUZZ_SECONDS)?;
    bench::run(&[])?;
    agents::run()?;
    real_agent::run(real_agent::Need::Must)?;
    local_engine()?;
    cargo_mutants::run(&[])?;
    miri::run(miri::Extent::Scenarios)
}

/// The model on this machine with what computes, which no change builds: candle takes five minutes of processor time.
fn local_engine() -> Outcome {
    run_command(&mut cargo(&["build", "--locked", "--package", "q-cli"]))?;
    let engine = ["--package", "q-local", "--features", "engine", "--locked"];
    run_command(cargo(&["clippy", "--all-targets"]).args(engine).args(["--", "-D", "warnings"]))?;
    run_command(cargo(&["test", "--no-fail-fast"]).args(engine))
}
