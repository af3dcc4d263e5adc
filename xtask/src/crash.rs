//! `cargo xtask crash`: what the store loses when its process is killed, the power is cut or bits flip, by the thousand;
//! or one such case again.
//!
//! In the profile of tests, as `sim`. Not here: the rigs (crates/crash).

use crate::command::{cargo, code_of};
use crate::{Outcome, Passed};

/// The exit code of a run in which a rig could not run here; it says which and why.
const SKIPPED: i32 = 77;

pub(crate) fn run(options: &[&str]) -> Outcome {
    let program = ["--quiet", "--package", "q-crash", "--bin", "q-crash", "--locked"];
    let mut rigs = cargo(&["run"]);
    rigs.args(program).arg("--").args(options);
    if code_of(&mut rigs, &[0, SKIPPED])? == SKIPPED {
        return Ok(Passed::Skipped("strace is not there or may not trace: no kills at system calls".into()));
    }
    Ok(Passed::Fully)
}
