//! `cargo xtask bench`: builds what ships and what measures it, and measures. What measures is built as tests are: what it does
//! between two readings of the clock is to wait.
//!
//! Not here: the measuring (`q-bench` in crates/testkit).

use crate::command::{cargo, run as run_command};
use crate::surroundings::root;
use crate::{Outcome, Passed};

/// Where the release binary is, from the top of the tree.
pub(crate) const RELEASE_BINARY: &str = "target/release/q";

/// Builds the binary that ships, alone: together with others its dependencies would get their features too.
pub(crate) fn build_release() -> Outcome {
    run_command(&mut cargo(&["build", "--release", "--package", "q-cli", "--bin", "q", "--locked"]))
}

pub(crate) fn run(options: &[&str]) -> Outcome {
    build_release()?;
    let binary = root().join(RELEASE_BINARY);
    let mut command =
        cargo(&["run", "--quiet", "--package", "q-testkit", "--bin", "q-bench", "--locked", "--", "--q"]);
    run_command(command.arg(binary).args(options))?;
    Ok(Passed::Fully)
}
