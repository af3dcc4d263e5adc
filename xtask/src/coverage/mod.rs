//! `cargo xtask coverage`: the lines of the core that its own tests, the scenarios and the properties run, and those that
//! they do not.
//!
//! What a line is: one on which a piece of code begins that the compiler counts (`-C instrument-coverage`), or that lies
//! within one. It is covered when the first such piece on it ran at least once. So a line with two outcomes counts as
//! covered when it was reached; types, constants, derived code and blank lines do not count; tests are no part of the core
//! and do not count either.
//!
//! The counts are read with a tool from the package registry, so that no component of LLVM must match the compiler.
//! Against `llvm-cov` of the same compiler it was on the strict side for 4 lines of 1,496, and never on the other.

mod report;

use std::fs;
use std::time::Duration;

use crate::command::{Ended, command, ended_within, output};
use crate::core_alone::CoreAlone;
use crate::tools::COVERAGE_READER;
use crate::tree::Tree;
use crate::{Fault, Outcome, Passed};

use report::Total;

const CORE: &str = "crates/core/src/";
/// In tenths of a percent.
const AT_LEAST: usize = 950;
/// For one test program; counting makes them slower.
const LIMIT: Duration = Duration::from_mins(10);

/// Counts can be lost, and never come from nowhere: once in fifteen runs of one tree those of two programs were, on a busy machine.
/// So what is too little is counted a second time, and only then believed.
pub(crate) fn run() -> Outcome {
    judged(&counted()?).or_else(|Fault(what)| {
        println!("{what}; counted once more");
        judged(&counted()?)
    })
}

fn counted() -> Result<Total, Fault> {
    let reader = COVERAGE_READER.installed()?;
    let alone = CoreAlone::lay_out("coverage")?;
    let mut show = command(&reader.to_string_lossy(), &["show"]);
    let counts = alone.beside("counts");
    fs::create_dir_all(&counts).map_err(|error| Fault(format!("{}: {error}", counts.display())))?;
    for (number, program) in alone.build_tests("-C instrument-coverage")?.iter().enumerate() {
        let counted = counts.join(format!("{number}.profraw"));
        let mut tests = program.command(&["--quiet"]);
        if ended_within(LIMIT, tests.env("LLVM_PROFILE_FILE", &counted))? != Ended::Well {
            return Err(Fault(format!("{} fails: run it by itself", program.id)));
        }
        show.arg("--instr-profile").arg(&counted).arg("--object").arg(program.executable());
    }
    let shown = output(&mut show)?;
    let top = format!("{}/", alone.top().display());
    let tree = Tree::read()?;
    let mut total = Total::default();
    for (path, lines) in report::files(&shown, &format!("{top}{CORE}")) {
        let path = path.trim_start_matches(top.as_str());
        let lines = lines.without_tests(tree.text(path).unwrap_or_default());
        println!("{}", lines.row(path));
        total.add(&lines);
    }
    Ok(total)
}

fn judged(total: &Total) -> Outcome {
    let (covered, all) = (total.covered, total.all);
    if all == 0 {
        return Err(Fault("no line of the core was counted".into()));
    }
    let line = format!("covered {:.1} % of {all} lines", covered as f64 * 100.0 / all as f64);
    if covered * 1000 < all * AT_LEAST {
        return Err(Fault(format!("{line}, at least {:.1} % are wanted", AT_LEAST as f64 / 10.0)));
    }
    println!("{line}");
    Ok(Passed::Fully)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_wanted_fails() {
        for (covered, all, good) in [(0, 0, false), (949, 1000, false), (950, 1000, true), (20, 20, true)] {
            assert_eq!(judged(&Total { covered, all }).is_ok(), good, "{covered} of {all}");
        }
    }
}
