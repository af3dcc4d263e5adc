//! A planted fault as a file: what to change, who must notice, why it matters.
//!
//! ```text
//! file: crates/core/src/roster.rs
//! caught by: q-model::properties a_session_is_a_function_of_its_own_inputs
//! why: closing one session would move the keys of all others
//! find:
//! the lines as they stand, once in the file
//! replace:
//! the lines to put there; none to remove them
//! ```
//!
//! Who must notice is a test as nextest names it, or `scenario NAME`.

use std::fmt;

use crate::tree::Tree;

/// A planted fault and the test that must find it.
pub(super) struct Mutant {
    /// The file it changes, from the top of the tree.
    pub(super) file: String,
    pub(super) catcher: Catcher,
    pub(super) why: String,
    find: String,
    replace: String,
}

/// Who must notice it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Catcher {
    /// One test of one test program.
    Test {
        /// As nextest names it: `q-core`, `q-model::properties`.
        program: String,
        /// Its whole path in that program.
        test: String,
    },
    /// One file of the scenarios, without `.txt`.
    Scenario(String),
}

/// The test program that plays all scenarios.
const SCENARIOS: &str = "q-core::scenario";

impl Mutant {
    /// Reads one; says what is wrong with it otherwise.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let (header, change) = written.split_once("find:\n").ok_or("has no line `find:`")?;
        let (find, replace) = change.split_once("replace:\n").ok_or("has no line `replace:`")?;
        if find.trim().is_empty() {
            return Err("finds nothing".into());
        }
        if find == replace {
            return Err("changes nothing".into());
        }
        let mut fields = header.lines();
        let mut field = |name: &str| {
            let line = fields.next().unwrap_or_default();
            let value = line.strip_prefix(name).and_then(|line| line.strip_prefix(": "));
            value.map(str::to_owned).ok_or_else(|| format!("wants `{name}: …` where it has `{line}`"))
        };
        let (file, catcher, why) = (field("file")?, field("caught by")?, field("why")?);
        let catcher = match catcher.split_once(' ') {
            Some(("scenario", scenario)) => Catcher::Scenario(scenario.to_owned()),
            Some((program, test)) => Catcher::Test { program: program.to_owned(), test: test.to_owned() },
            None => return Err(format!("`{catcher}` is neither `PROGRAM TEST` nor `scenario NAME`")),
        };
        let (find, replace) = (find.to_owned(), replace.to_owned());
        Ok(Self { file, catcher, why, find, replace })
    }

    /// The file's text without the fault and with it.
    pub(super) fn planted_in<'a>(&self, tree: &'a Tree) -> Result<(&'a str, String), String> {
        let text = tree.text(&self.file).ok_or_else(|| format!("there is no {}", self.file))?;
        Ok((text, self.planted(text)?))
    }

    /// The text with the fault in it.
    fn planted(&self, text: &str) -> Result<String, String> {
        let places: Vec<usize> = text
            .match_indices(self.find.as_str())
            .map(|(at, _)| at)
            .filter(|at| *at == 0 || text[..*at].ends_with('\n'))
            .collect();
        let [at] = places.as_slice() else {
            return Err(format!("its lines stand {} times in {}, not once", places.len(), self.file));
        };
        Ok(format!("{}{}{}", &text[..*at], self.replace, &text[at + self.find.len()..]))
    }
}

impl Catcher {
    /// The program to run.
    pub(super) fn program(&self) -> &str {
        match self {
            Self::Test { program, .. } => program,
            Self::Scenario(_) => SCENARIOS,
        }
    }

    /// What to tell the program, so that it runs no more than needed.
    pub(super) fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Test { test, .. } => vec!["--exact", test],
            Self::Scenario(_) => Vec::new(),
        }
    }

    /// Whether it was this one that failed, from what the failed program said. Where no scenario is named, a panic ended
    /// them all.
    pub(super) fn is_blamed(&self, said: &str) -> bool {
        match self {
            Self::Test { .. } => true,
            Self::Scenario(name) => {
                said.contains(&format!("/{name}.txt")) || !said.contains("--- happened ---")
            }
        }
    }
}

impl fmt::Display for Catcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test { program, test } => write!(f, "{program} {test}"),
            Self::Scenario(name) => write!(f, "scenario {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "file: a.rs\ncaught by: q-core tests::a\nwhy: it matters\nfind:\n    b();\nreplace:\n";

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (from, to, fault) in [
            ("", "", None),
            ("find:\n", "", Some("no line `find:`")),
            ("replace:\n", "", Some("no line `replace:`")),
            ("    b();\n", "", Some("finds nothing")),
            ("replace:\n", "replace:\n    b();\n", Some("changes nothing")),
            ("file:", "File:", Some("wants `file: …`")),
            ("why: it matters\n", "", Some("wants `why: …`")),
            ("q-core tests::a", "somebody", Some("neither")),
        ] {
            let read = Mutant::parse(&GOOD.replacen(from, to, 1));
            assert_eq!(read.as_ref().err().is_some(), fault.is_some(), "{from} → {to}");
            assert!(read.err().is_none_or(|said| said.contains(fault.unwrap_or_default())), "{from} → {to}");
        }
    }

    #[test]
    fn a_fault_is_planted_where_its_lines_stand_once() {
        let mutant = Mutant::parse(GOOD).unwrap();
        for (text, planted) in [("a();\n    b();\nc();\n", "a();\nc();\n"), ("    b();\nc();\n", "c();\n")] {
            assert_eq!(mutant.planted(text).ok().as_deref(), Some(planted), "{text}");
        }
        for text in ["a();\n", "    b();\n    b();\n", "        b();\n"] {
            assert!(mutant.planted(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_scenario_is_blamed_by_its_file() {
        let catcher = Catcher::Scenario("a".into());
        for said in [
            "/scenarios/a.txt\n--- happened ---\n",
            "/scenarios/a.txt makes the core panic",
            "panicked: two open sessions share a slot",
        ] {
            assert!(catcher.is_blamed(said), "{said}");
        }
        assert!(!catcher.is_blamed("/scenarios/ba.txt\n--- happened ---\n"));
    }
}
