//! `cargo xtask mutants --tools`: faults planted in a copy of the tools of models, and of the turns that use them; each must be
//! noticed by the test it names.
//!
//! Not here: the faults (`crates/tools/mutants`).

use std::time::Duration;

use super::copy::Copy;
use super::mutant::Catcher;
use crate::Outcome;
use crate::command::{output, run as run_command};
use crate::tree::Tree;

pub(super) const PLACE: &str = "crates/tools/mutants/";
/// What a failed test ends with; another code would mean that it could not run.
const NOTICED: i32 = 101;
/// For one test. The slowest needs three seconds on a quiet machine; what a broken tool has started may never end.
const LIMIT: Duration = Duration::from_mins(2);

pub(super) fn run() -> Outcome {
    let tree = Tree::read()?;
    let copy = Copy::lay_out("tools-alone")?;
    // A test that fails anyway catches nothing.
    run_command(&mut copy.cargo(&["test", "--quiet", "--package", "q-tools", "--test", "toolbox"]))?;
    run_command(&mut copy.cargo(&["test", "--quiet", "--package", "q-agent", "--test", "calls"]))?;
    copy.try_all(&tree, PLACE, tried)
}

/// The catcher's program is one of these packages and a test of it: `q-tools::toolbox`.
fn tried(copy: &Copy, catcher: &Catcher) -> Result<(), String> {
    let Catcher::Test { program, test } = catcher else {
        return Err("FAULTY: tools have no scenarios".into());
    };
    let Some((package, file)) = program.split_once("::") else {
        return Err(format!("FAULTY: `{program}` is no test program"));
    };
    let built = ["test", "--quiet", "--no-run", "--package", package, "--test", file];
    if output(&mut copy.cargo(&built)).is_err() {
        return Err("FAULTY: the tools with it do not build".into());
    }
    let test = ["test", "--quiet", "--package", package, "--test", file, "--", "--exact", test];
    Copy::notices(&mut copy.cargo(&test), LIMIT, |code, _| code == Some(NOTICED))
}
