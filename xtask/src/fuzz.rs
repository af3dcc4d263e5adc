//! `cargo xtask fuzz`: grows the corpora of what reads bytes of strangers. What it finds stays in the corpus and is replayed on
//! every change, by a test of the crate that reads it, on the stable compiler.

use crate::command::{nightly, run as run_command};
use crate::surroundings::has_program;
use crate::{Fault, Outcome, Passed};

/// What clients say to a host and it to them, and the replies of servers.
const TARGETS: [&str; 2] = ["frame", "reply"];
/// Enough to see whether a change broke something obvious.
pub(crate) const DEFAULT_SECONDS: &str = "60";
/// Long inputs find nothing that short ones do not, and find it more slowly.
const MAX_INPUT: &str = "-max_len=4096";

pub(crate) fn run(seconds: &str) -> Outcome {
    let seconds: u32 =
        seconds.parse().map_err(|_| Fault(format!("--seconds wants a number, not `{seconds}`")))?;
    if !has_program("cargo-fuzz") {
        return Err(Fault(
            "cargo-fuzz is not installed: cargo install cargo-fuzz --locked --version 0.13.2".into(),
        ));
    }
    let limit = format!("-max_total_time={}", seconds / TARGETS.len() as u32);
    for target in TARGETS {
        let _passed = run_command(&mut nightly("cargo", &["fuzz", "run", target, "--", &limit, MAX_INPUT]))?;
    }
    Ok(Passed::Fully)
}
