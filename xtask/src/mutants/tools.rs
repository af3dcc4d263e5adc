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

pub(super) fn run(only: Option<&str>) -> Outcome {
    let tree = Tree::read()?;
    let copy = Copy::lay_out("tools-alone")?;
    // A test that fails anyway catches nothing.
    run_command(&mut copy.cargo(&["test", "--quiet", "--package", "q-tools", "--test", "toolbox"]))?;
    run_command(&mut copy.cargo(&["test", "--quiet", "--package", "q-agent", "--test", "calls"]))?;
    copy.try_all(&tree, &[PLACE], only, tried)
}

/// The catcher's program is a package and a test of it (`q-tools::toolbox`), or a package alone: the tests beside its sources.
fn tried(copy: &Copy, catcher: &Catcher) -> Result<(), String> {
    let Catcher::Test { program, test } = catcher else {
        return Err("FAULTY: tools have no scenarios".into());
    };
    let tests = tests_of(program);
    if output(copy.cargo(&["test", "--quiet", "--no-run"]).args(&tests)).is_err() {
        return Err("FAULTY: the tools with it do not build".into());
    }
    let exactly = |options: &[&str]| {
        let mut named = copy.cargo(&["test", "--quiet"]);
        named.args(&tests).args(["--", "--exact", test]).args(options);
        named
    };
    // Of a test that there is not, none fails.
    if !output(&mut exactly(&["--list"])).is_ok_and(|listed| listed.contains(&format!("{test}: test"))) {
        return Err(format!("FAULTY: {program} has no test {test}"));
    }
    Copy::notices(&mut exactly(&[]), LIMIT, |code, _| code == Some(NOTICED))
}

/// How cargo is told of a program as nextest names it.
fn tests_of(program: &str) -> Vec<&str> {
    match program.split_once("::") {
        Some((package, file)) => vec!["--package", package, "--test", file],
        None => vec!["--package", program, "--lib"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_a_file_of_tests_or_what_stands_beside_the_sources() {
        for (program, told) in [
            ("q-tools::toolbox", "--package q-tools --test toolbox"),
            ("q-agent", "--package q-agent --lib"),
            ("q-cli", "--package q-cli --lib"),
        ] {
            assert_eq!(tests_of(program).join(" "), told);
        }
    }
}
