//! A copy of the whole tree in which faults are planted, built in a place of its own, so that your tree is left alone.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::mutant::{Catcher, Mutant};
use crate::command::{Ended, cargo, ended_within};
use crate::surroundings::{now, root};
use crate::tree::{Tree, paths};
use crate::{Fault, Outcome, Passed};

/// The copy, where it lies below `target`.
pub(super) struct Copy {
    place: PathBuf,
}

impl Copy {
    /// The one of that name below `target`, brought up to date; with what is no text, of which tests read some.
    pub(super) fn lay_out(name: &str) -> Result<Self, Fault> {
        let copy = Self { place: root().join("target").join(name) };
        for path in paths()? {
            // A removed one is listed until the removal is committed.
            if let Ok(bytes) = std::fs::read(root().join(&path)) {
                copy.write(&path, &bytes)?;
            }
        }
        Ok(copy)
    }

    /// Writes a file of the copy; one that has those bytes already stays untouched, and so is not built again.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.place.join("tree").join(path);
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        let io = |error| Fault(format!("{}: {error}", path.display()));
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(io)?;
        std::fs::write(&path, bytes).map_err(io)
    }

    /// Cargo in the copy.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = cargo(arguments);
        cargo.current_dir(self.place.join("tree")).env("CARGO_TARGET_DIR", self.place.join("target"));
        cargo.env("CARGO_INCREMENTAL", "1").env("RUSTFLAGS", "--cap-lints=allow").env("RUST_BACKTRACE", "0");
        cargo
    }

    /// Whether a run notices the fault that is planted: by an end that counts as such, by its code and by what it said, or by
    /// none in time.
    pub(super) fn notices(
        command: &mut Command,
        limit: Duration,
        counts: impl Fn(Option<i32>, &str) -> bool,
    ) -> Result<(), String> {
        match ended_within(limit, command) {
            Ok(Ended::Late) => Ok(()),
            Ok(Ended::Badly(code, said)) if counts(code, &said) => Ok(()),
            Ok(Ended::Badly(code, _)) => Err(format!("FAULTY: it ended otherwise ({code:?})")),
            Ok(Ended::Well) => Err("SURVIVED".into()),
            Err(Fault(why)) => Err(format!("FAULTY: {why}")),
        }
    }

    /// Plants every fault in these places (or the one that is named), one at a time, looks by `tried` whether its catcher notices,
    /// and takes it out again.
    pub(super) fn try_all(
        &self,
        tree: &Tree,
        places: &[&str],
        only: Option<&str>,
        tried: impl Fn(&Self, &Catcher) -> Result<(), String>,
    ) -> Outcome {
        let (mut planted, mut missed) = (0, Vec::new());
        for file in &tree.files {
            let Some(name) = places.iter().find_map(|place| file.path.strip_prefix(place)) else { continue };
            let name = name.trim_end_matches(".txt");
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let began = now();
            let verdict = match Mutant::parse(&file.text) {
                Ok(mutant) => self.noticed(tree, &mutant, &tried)?,
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
            let places = places.join(", ");
            Err(Fault(format!("caught {caught}/{planted} below {places}; not: {}", missed.join(", "))))
        }
    }

    fn noticed(
        &self,
        tree: &Tree,
        mutant: &Mutant,
        tried: impl Fn(&Self, &Catcher) -> Result<(), String>,
    ) -> Result<Result<Catcher, String>, Fault> {
        let (original, broken) = match mutant.planted_in(tree) {
            Ok(found) => found,
            Err(why) => return Ok(Err(format!("FAULTY: {why}"))),
        };
        self.write(&mutant.file, broken.as_bytes())?;
        let verdict = tried(self, &mutant.catcher);
        self.write(&mutant.file, original.as_bytes())?;
        Ok(verdict.map(|()| mutant.catcher.clone()))
    }
}
