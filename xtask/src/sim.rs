//! `cargo xtask sim`: simulated machines by the thousand, or one seed again with all that happened in it.
//!
//! In the profile of tests: its dependencies are built already, and the core checks its own invariants.
//!
//! Not here: the simulation (crates/sim).

use crate::command::{cargo, command, output, run as run_command};
use crate::{Outcome, Passed};

pub(crate) fn run(options: &[&str]) -> Outcome {
    let commit = output(&mut command("git", &["rev-parse", "--short", "HEAD"]))?;
    let mut simulate = cargo(&["run", "--quiet", "--package", "q-sim"]);
    simulate.args(["--bin", "q-simulate", "--locked", "--", "--commit", commit.trim()]);
    run_command(simulate.args(options))?;
    Ok(Passed::Fully)
}
