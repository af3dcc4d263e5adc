//! `cargo xtask cargo-mutants`: the tool of that name on the core: each function emptied, each operator turned, one at a
//! time. Says how many of them the tests notice, and lists those that nobody noticed.
//!
//! Not here: what it leaves alone and why (`.cargo/mutants.toml`), and faults planted by hand (`mutants`).

use std::fs;
use std::path::Path;

use crate::command::run_expecting;
use crate::core_alone::CoreAlone;
use crate::surroundings::root;
use crate::tools::CARGO_MUTANTS;
use crate::{Fault, Outcome, Passed};

const CONFIGURATION: &str = ".cargo/mutants.toml";
/// In percent, of those that could be built.
const AT_LEAST: usize = 90;
/// One more would wait for the others' compilers.
const JOBS: &str = "2";

/// With nothing missed, something missed, something that did not end.
const ENDS: &[i32] = &[0, 2, 3];

/// Whose tests look at a fault.
struct Pass {
    tests: &'static [&'static str],
    /// Seconds for all of them, which need a tenth of it on a quiet machine: what is much slower hangs.
    limit: &'static str,
}

/// The core's own tests notice most faults within a second.
const OWN: Pass = Pass { tests: &["--test-package", "q-core"], limit: "30" };
/// The properties of crates/model look at the others.
const ALL: Pass = Pass { tests: &["--test-workspace=true"], limit: "120" };

/// How many of the faults that could be built were noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Score {
    noticed: usize,
    built: usize,
}

pub(crate) fn run(options: &[&str]) -> Outcome {
    let shard = match options {
        [] => None,
        ["--shard", shard] => Some(*shard),
        other => return Err(Fault(format!("cargo-mutants does not know {other:?}"))),
    };
    let alone = CoreAlone::lay_out("cargo-mutants")?;
    let which: Vec<String> =
        shard.map(|shard| vec!["--shard".to_owned(), shard.to_owned()]).unwrap_or_default();
    let first = look(&alone, &OWN, &which)?;
    let mut missed = first.missed;
    if !missed.is_empty() {
        let which: Vec<String> = missed.iter().flat_map(|name| ["--re".to_owned(), exactly(name)]).collect();
        // The tool tries a deleted field whatever pattern it is given.
        let again = look(&alone, &ALL, &which)?.missed;
        missed.retain(|name| again.contains(name));
    }
    for name in &missed {
        println!("nobody noticed: {name}");
    }
    judged(Score { noticed: first.built - missed.len(), built: first.built })
}

/// What a pass found.
struct Found {
    built: usize,
    missed: Vec<String>,
}

fn look(alone: &CoreAlone, pass: &Pass, which: &[String]) -> Result<Found, Fault> {
    let mut tool = alone.tool(&CARGO_MUTANTS.installed()?);
    // Not heeding .gitignore: the copy lies below `target`.
    tool.args(["mutants", "--package", "q-core", "--gitignore=false", "--cap-lints=true", "--no-times"]);
    tool.args(["--jobs", JOBS, "--timeout", pass.limit, "--output"]).arg(alone.beside(""));
    tool.arg("--config").arg(root().join(CONFIGURATION)).args(pass.tests).args(which);
    tool.args(["--", "--lib", "--tests"]);
    run_expecting(&mut tool, ENDS)?;
    let found = alone.beside("mutants.out");
    let missed = names(&found, "missed")?;
    let built = names(&found, "caught")?.len() + names(&found, "timeout")?.len() + missed.len();
    Ok(Found { built, missed })
}

/// The pattern that fits this name and no other.
fn exactly(name: &str) -> String {
    let mut pattern = String::from("^");
    for c in name.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('$');
    pattern
}

/// One list of those that the tool writes.
fn names(found: &Path, list: &str) -> Result<Vec<String>, Fault> {
    let path = found.join(list).with_extension("txt");
    let text = fs::read_to_string(&path).map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn judged(Score { noticed, built }: Score) -> Outcome {
    let line = format!("noticed {noticed}/{built}");
    if built == 0 || noticed * 100 < built * AT_LEAST {
        return Err(Fault(format!("{line}, at least {AT_LEAST} % are wanted")));
    }
    println!("{line}");
    Ok(Passed::Fully)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_by_a_pattern_of_its_own() {
        let name = "crates/core/src/a.rs:1:2: replace | with ^ in f";
        assert_eq!(exactly(name), r"^crates/core/src/a\.rs:1:2: replace \| with \^ in f$");
    }

    #[test]
    fn nine_of_ten_must_be_noticed() {
        for (noticed, built, good) in [(0, 0, false), (89, 100, false), (90, 100, true), (7, 7, true)] {
            assert_eq!(judged(Score { noticed, built }).is_ok(), good, "{noticed} of {built}");
        }
    }
}
