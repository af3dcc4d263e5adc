//! `cargo xtask mutants --client`: faults planted in a copy of the client's half of at-most-once, and of what the core makes of what
//! agents say; each must be noticed by the simulation, as the law it names.
//!
//! Not here: the faults (`crates/client/mutants`, `crates/sim/mutants`).

use std::process::Command;
use std::time::Duration;

use super::copy::Copy;
use super::mutant::Catcher;
use crate::Outcome;
use crate::command::{output, run as run_command};
use crate::tree::Tree;

/// Of the client, and of whatever else the simulation must see.
pub(super) const PLACES: [&str; 2] = ["crates/client/mutants/", "crates/sim/mutants/"];
/// The catcher's program that means a law of the simulation.
const LAW: &str = "law";
/// Seeds within which a fault must be noticed.
const SEEDS: &str = "1000";
/// For all of those seeds; on a quiet machine they need half a minute.
const LIMIT: Duration = Duration::from_mins(10);

pub(super) fn run(only: Option<&str>) -> Outcome {
    let tree = Tree::read()?;
    let copy = Copy::lay_out("client-alone")?;
    // A law that is broken anyway catches nothing.
    run_command(&mut simulation(&copy))?;
    copy.try_all(&tree, &PLACES, only, tried)
}

fn simulation(copy: &Copy) -> Command {
    copy.cargo(&["run", "--quiet", "--package", "q-sim", "--bin", "q-simulate", "--", "--seeds", SEEDS])
}

fn tried(copy: &Copy, catcher: &Catcher) -> Result<(), String> {
    let build = ["build", "--quiet", "--package", "q-sim", "--bin", "q-simulate"];
    if output(&mut copy.cargo(&build)).is_err() {
        return Err("FAULTY: what it is in does not build".into());
    }
    let Catcher::Test { program, test: law } = catcher else {
        return Err("FAULTY: the simulation has no scenarios".into());
    };
    if program != LAW {
        return Err(format!("FAULTY: `{program}` is no law of the simulation"));
    }
    Copy::notices(&mut simulation(copy), LIMIT, |_, said| is_broken(law, said))
}

/// Whether the simulation says that this law was broken: a line for each seed that breaks one.
fn is_broken(law: &str, said: &str) -> bool {
    said.lines()
        .filter_map(|line| line.trim_start().strip_prefix("seed "))
        .any(|line| line.split_once(": ").is_some_and(|(_, broken)| broken == law))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_is_broken_where_a_seed_says_so() {
        let said = "failures 2\n  seed 7: PromptOnce\n  seed 9: MirrorTrue\n\nseed 7 at commit x, shrunk to 3 steps:\n";
        for (law, broken) in
            [("PromptOnce", true), ("MirrorTrue", true), ("Mirror", false), ("OneReply", false)]
        {
            assert_eq!(is_broken(law, said), broken, "{law}");
        }
    }
}
