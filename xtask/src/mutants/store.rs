//! `cargo xtask mutants --store`: faults planted in a copy of the store; each must be noticed by the rig of
//! `cargo xtask crash`, or by the test of the store, that it names.
//!
//! Not here: the faults (`crates/store/mutants`).

use std::process::Command;
use std::time::Duration;

use super::copy::Copy;
use super::mutant::Catcher;
use crate::Outcome;
use crate::command::{output, run as run_command};
use crate::tree::Tree;

pub(super) const PLACE: &str = "crates/store/mutants/";
/// For one test or one rig; the slowest rig needs a minute or two on a busy machine.
const LIMIT: Duration = Duration::from_mins(10);
/// The catcher's program that means a rig, not a test.
const RIG: &str = "rig";

pub(super) fn run(only: Option<&str>) -> Outcome {
    let tree = Tree::read()?;
    let copy = Copy::lay_out("store-alone")?;
    // A test or a rig that fails anyway catches nothing.
    run_command(&mut copy.cargo(&["test", "--quiet", "--package", "q-store", "--test", "store"]))?;
    run_command(&mut rig(&copy, &[]))?;
    copy.try_all(&tree, &[PLACE], only, tried)
}

fn rig(copy: &Copy, options: &[&str]) -> Command {
    let mut rig = copy.cargo(&["run", "--quiet", "--package", "q-crash"]);
    rig.args(["--bin", "q-crash", "--"]).args(options);
    rig
}

fn tried(copy: &Copy, catcher: &Catcher) -> Result<(), String> {
    let build = ["build", "--quiet", "--package", "q-crash", "--bin", "q-crash"];
    if output(&mut copy.cargo(&build)).is_err() {
        return Err("FAULTY: the store with it does not build".into());
    }
    let (mut command, notices) = match catcher {
        // Its own code: another end would mean that it could not run.
        Catcher::Test { program, test } if program == RIG => (rig(copy, &["--only", test]), 1),
        Catcher::Test { test, .. } => {
            let mut tests = copy.cargo(&["test", "--quiet", "--package", "q-store", "--test", "store", "--"]);
            tests.args(["--exact", test]);
            (tests, 101)
        }
        Catcher::Scenario(_) => return Err("FAULTY: the store has no scenarios".into()),
    };
    Copy::notices(&mut command, LIMIT, |code, _| code == Some(notices))
}
