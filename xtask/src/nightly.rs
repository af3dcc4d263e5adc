//! `cargo xtask nightly`: what is too dear for each change.

use crate::command::{cargo, run as run_command};
use crate::{Outcome, Passed, bench, ci, fuzz, real_agent};

/// Cases for each property; a change runs the usual 256.
const PROPERTY_CASES: &str = "20000";
const FUZZ_SECONDS: &str = "1800";

pub(crate) fn run() -> Outcome {
    ci::run(&["--full"])?;
    let mut properties = cargo(&["test", "--workspace", "--release", "--locked", "--no-fail-fast"]);
    run_command(properties.env("PROPTEST_CASES", PROPERTY_CASES))?;
    fuzz::run(FUZZ_SECONDS)?;
    bench::run(&[])?;
    real_agent::run(real_agent::Need::Must)?;
    Ok(Passed::Fully)
}
