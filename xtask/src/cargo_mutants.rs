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

/// The core's own tests see most of them within a second; the properties of crates/sim look only at the others.
const PASSES: [Pass; 2] = [
    Pass { tests: &["--test-package", "q-core"], limit: "30" },
    Pass { tests: &["--test-workspace=true", "--iterate"], limit: "120" },
];

struct Pass {
    /// Whose tests, and whether those that an earlier pass noticed are left out.
    tests: &'static [&'static str],
    /// Seconds for all of them, which need a tenth of it on a quiet machine: what is much slower hangs.
    limit: &'static str,
}

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
    let found = alone.beside("mutants.out");
    if found.exists() {
        fs::remove_dir_all(&found).map_err(|error| Fault(format!("{}: {error}", found.display())))?;
    }
    let mut built = 0;
    for pass in PASSES {
        let mut tool = alone.tool(&CARGO_MUTANTS.installed()?);
        // Not heeding .gitignore: the copy lies below `target`.
        tool.args(["mutants", "--package", "q-core", "--gitignore=false", "--cap-lints=true", "--no-times"]);
        tool.args(["--jobs", JOBS, "--timeout", pass.limit, "--output"]).arg(alone.beside(""));
        tool.arg("--config").arg(root().join(CONFIGURATION)).args(pass.tests);
        if let Some(shard) = shard {
            tool.args(["--shard", shard]);
        }
        tool.args(["--", "--lib", "--tests"]);
        run_expecting(&mut tool, ENDS)?;
        if built == 0 {
            built = ["caught", "timeout", "missed"]
                .iter()
                .try_fold(0, |all, list| names(&found, list).map(|names| all + names.len()))?;
        }
    }
    let missed = names(&found, "missed")?;
    for name in &missed {
        println!("nobody noticed: {name}");
    }
    judged(Score { noticed: built - missed.len(), built })
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
    fn nine_of_ten_must_be_noticed() {
        for (noticed, built, good) in [(0, 0, false), (89, 100, false), (90, 100, true), (7, 7, true)] {
            assert_eq!(judged(Score { noticed, built }).is_ok(), good, "{noticed} of {built}");
        }
    }
}
