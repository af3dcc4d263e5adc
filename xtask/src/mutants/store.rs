//! `cargo xtask mutants --store`: faults planted in a copy of the store; each must be noticed by the rig of
//! `cargo xtask crash`, or by the test of the store, that it names.
//!
//! Not here: the faults (`crates/store/mutants`).

use std::path::PathBuf;
use std::process::Command;

use crate::command::{cargo, output, run as run_command};
use crate::surroundings::{now, root};
use crate::tree::Tree;
use crate::{Fault, Outcome, Passed};

use super::mutant::{Catcher, Mutant};

pub(super) const PLACE: &str = "crates/store/mutants/";
/// The catcher's program that means a rig, not a test.
const RIG: &str = "rig";

pub(super) fn run() -> Outcome {
    let tree = Tree::read()?;
    let copy = Copy { place: root().join("target/store-alone") };
    copy.bring_up_to_date(&tree)?;
    // A test or a rig that fails anyway catches nothing.
    // The copy has no databases, which are no text.
    let tests = ["test", "--quiet", "--package", "q-store", "--test", "store", "--", "--skip", "golden::"];
    run_command(&mut copy.cargo(&tests))?;
    run_command(&mut copy.rig(&[]))?;
    let (mut planted, mut missed) = (0, Vec::new());
    for file in tree.files.iter().filter(|file| file.path.starts_with(PLACE)) {
        let began = now();
        let name = file.path.trim_start_matches(PLACE).trim_end_matches(".txt");
        let verdict = match Mutant::parse(&file.text) {
            Ok(mutant) => copy.noticed(&tree, &mutant)?,
            Err(why) => Err(why),
        };
        planted += 1;
        let words = match &verdict {
            Ok(catcher) => format!("caught by {catcher}"),
            Err(why) => {
                missed.push(name);
                why.clone()
            }
        };
        println!("{name}: {words}, {:.0} s", (now() - began).as_secs_f64());
    }
    let caught = planted - missed.len();
    println!("caught {caught}/{planted}");
    if planted > 0 && missed.is_empty() {
        Ok(Passed::Fully)
    } else {
        Err(Fault(format!("caught {caught}/{planted} below {PLACE}; not: {}", missed.join(", "))))
    }
}

/// A copy of the whole tree, built in a place of its own.
struct Copy {
    place: PathBuf,
}

impl Copy {
    fn bring_up_to_date(&self, tree: &Tree) -> Result<(), Fault> {
        tree.files.iter().try_for_each(|file| self.write(&file.path, &file.text))
    }

    /// Writes a file of the copy; one that has that text already stays untouched, and so is not built again.
    fn write(&self, path: &str, text: &str) -> Result<(), Fault> {
        let path = self.place.join("tree").join(path);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let io = |error| Fault(format!("{}: {error}", path.display()));
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(io)?;
        std::fs::write(&path, text).map_err(io)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = cargo(arguments);
        cargo.current_dir(self.place.join("tree")).env("CARGO_TARGET_DIR", self.place.join("target"));
        cargo.env("CARGO_INCREMENTAL", "1").env("RUSTFLAGS", "--cap-lints=allow").env("RUST_BACKTRACE", "0");
        cargo
    }

    fn rig(&self, options: &[&str]) -> Command {
        let mut rig = self.cargo(&["run", "--quiet", "--package", "q-crash"]);
        rig.args(["--bin", "q-crash", "--"]).args(options);
        rig
    }

    /// Plants a fault, looks whether its catcher notices, and takes it out again.
    fn noticed(&self, tree: &Tree, mutant: &Mutant) -> Result<Result<Catcher, String>, Fault> {
        let (original, broken) = match mutant.planted_in(tree) {
            Ok(found) => found,
            Err(why) => return Ok(Err(format!("FAULTY: {why}"))),
        };
        self.write(&mutant.file, &broken)?;
        let verdict = self.tried(&mutant.catcher);
        self.write(&mutant.file, original)?;
        Ok(verdict.map(|()| mutant.catcher.clone()))
    }

    fn tried(&self, catcher: &Catcher) -> Result<(), String> {
        let build = ["build", "--quiet", "--package", "q-crash", "--bin", "q-crash"];
        if output(&mut self.cargo(&build)).is_err() {
            return Err("FAULTY: the store with it does not build".into());
        }
        let (mut command, notices) = match catcher {
            // Its own code: another end would mean that it could not run.
            Catcher::Test { program, test } if program == RIG => (self.rig(&["--only", test]), 1),
            Catcher::Test { test, .. } => {
                let mut tests =
                    self.cargo(&["test", "--quiet", "--package", "q-store", "--test", "store", "--"]);
                tests.args(["--exact", test]);
                (tests, 101)
            }
            Catcher::Scenario(_) => return Err("FAULTY: the store has no scenarios".into()),
        };
        match command.output() {
            Ok(output) if output.status.code() == Some(notices) => Ok(()),
            Ok(output) if output.status.success() => Err("SURVIVED".into()),
            Ok(output) => Err(format!("FAULTY: {}", output.status)),
            Err(error) => Err(format!("FAULTY: {error}")),
        }
    }
}
