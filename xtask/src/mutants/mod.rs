//! `cargo xtask mutants`: faults planted in the core on purpose, one at a time; each must be noticed by the test that says
//! it would. So the tests of the core are shown to be able to fail.
//!
//! Not here: the faults (`crates/core/mutants`), and those that a tool makes by the hundred (`cargo_mutants`).

mod client;
mod copy;
mod mutant;
mod store;
mod tools;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::command::{Ended, ended_within};
use crate::core_alone::CoreAlone;
use crate::surroundings::now;
use crate::tree::Tree;
use crate::{Fault, Outcome, Passed};

use mutant::{Catcher, Mutant};

const PLACE: &str = "crates/core/mutants/";
/// A broken core may leave a name unused.
const FLAGS: &str = "--cap-lints=allow";
/// For the test that must notice it: many more than it is tried with every day, so that none of them is luck.
const CASES: &str = "4096";
/// For one test. The slowest needs ten seconds on a quiet machine; a broken core may never end.
const LIMIT: Duration = Duration::from_secs(90);
/// For all tests of one program.
const LIMIT_FOR_ALL: Duration = Duration::from_mins(5);

/// What became of a planted fault.
enum Verdict {
    /// By the test that was meant to.
    Caught,
    /// That test did not end.
    CaughtHanging,
    /// Not by that test; by which instead.
    CaughtByAnother(String),
    Survived,
    /// The file cannot be used: why.
    Faulty(String),
}

pub(crate) fn run(options: &[&str]) -> Outcome {
    let (of_what, only) = match options {
        [of_what, "--only", only] => (*of_what, Some(*only)),
        [of_what] => (*of_what, None),
        _the_core => ("", None),
    };
    match of_what {
        "--store" => return store::run(only),
        "--client" => return client::run(only),
        "--tools" => return tools::run(only),
        _the_core => {}
    }
    let tree = Tree::read()?;
    let mut mutants = read(&tree);
    match options {
        [] => {}
        ["--list"] => return Ok(list(&mutants)),
        ["--only", only] => {
            mutants.retain(|(name, _)| name == only);
            if mutants.is_empty() {
                return Err(Fault(format!("no file {PLACE}{only}.txt")));
            }
        }
        other => return Err(Fault(format!("mutants does not know {other:?}"))),
    }
    let alone = CoreAlone::lay_out("mutants")?;
    let known = sound_tests(&alone)?;
    let mut tally = Tally::default();
    for (name, mutant) in &mutants {
        let began = now();
        let verdict = match mutant {
            Ok(mutant) => tried(mutant, &tree, &alone, &known)?,
            Err(why) => Verdict::Faulty(why.clone()),
        };
        tally.count(name, &verdict);
        println!("{:<70} {:>5.1} s", format!("{name}: {}", verdict.words()), (now() - began).as_secs_f64());
    }
    tally.outcome()
}

/// All planted faults by name; those that cannot be read with the reason.
fn read(tree: &Tree) -> Vec<(String, Result<Mutant, String>)> {
    let named = |path: &str| Some(path.strip_prefix(PLACE)?.strip_suffix(".txt")?.to_owned());
    tree.files
        .iter()
        .filter_map(|file| Some((named(&file.path)?, file)))
        .map(|(name, file)| (name, Mutant::parse(&file.text)))
        .collect()
}

/// Planted faults, of the core, the store, the client and the tools, that do not fit the tree any more: path, and why.
pub(crate) fn unfit(tree: &Tree) -> impl Iterator<Item = (&str, String)> {
    let places = [PLACE, store::PLACE, tools::PLACE].into_iter().chain(client::PLACES);
    let places: Vec<&str> = places.collect();
    let planted =
        tree.files.iter().filter(move |file| places.iter().any(|place| file.path.starts_with(place)));
    planted.filter_map(|file| {
        let mutant = Mutant::parse(&file.text);
        let fits = mutant.and_then(|mutant| mutant.planted_in(tree).map(drop));
        Some((file.path.as_str(), fits.err()?))
    })
}

fn list(mutants: &[(String, Result<Mutant, String>)]) -> Passed {
    for (name, mutant) in mutants {
        match mutant {
            Ok(mutant) => println!("{name}\n  {}\n  caught by {}", mutant.why, mutant.catcher),
            Err(why) => println!("{name}\n  {why}"),
        }
    }
    println!("{} planted faults", mutants.len());
    Passed::Fully
}

/// The tests of each program, once all of them have passed: a test that fails anyway catches nothing.
fn sound_tests(alone: &CoreAlone) -> Result<BTreeMap<String, Vec<String>>, Fault> {
    let mut known = BTreeMap::new();
    for program in alone.build_tests(FLAGS)? {
        if ended_within(LIMIT_FOR_ALL, &mut program.command(&[]))? != Ended::Well {
            return Err(Fault(format!("{} fails without any fault planted", program.id)));
        }
        known.insert(program.id.clone(), program.tests()?);
    }
    Ok(known)
}

/// Plants a fault, looks who notices, and takes it out again.
fn tried(
    mutant: &Mutant,
    tree: &Tree,
    alone: &CoreAlone,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<Verdict, Fault> {
    let planted =
        mutant.planted_in(tree).and_then(|found| exists(&mutant.catcher, tree, known).map(|()| found));
    let (original, broken) = match planted {
        Ok(found) => found,
        Err(why) => return Ok(Verdict::Faulty(why)),
    };
    alone.write(&mutant.file, &broken)?;
    let verdict = noticed(&mutant.catcher, alone);
    alone.write(&mutant.file, original)?;
    verdict
}

fn exists(catcher: &Catcher, tree: &Tree, known: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    let exists = match catcher {
        Catcher::Test { program, test } => known.get(program).is_some_and(|tests| tests.contains(test)),
        Catcher::Scenario(name) => tree.has(&format!("crates/core/tests/scenarios/{name}.txt")),
    };
    if exists { Ok(()) } else { Err(format!("there is no test `{catcher}`")) }
}

/// Looks at the named test first, so that most of the time no more than its program is built.
fn noticed(catcher: &Catcher, alone: &CoreAlone) -> Result<Verdict, Fault> {
    let Ok(named) = alone.build_test(catcher.program(), FLAGS) else {
        return Ok(Verdict::Faulty("the core with it does not build".into()));
    };
    for program in named {
        let mut command = program.command(&catcher.arguments());
        match ended_within(LIMIT, command.env("PROPTEST_CASES", CASES))? {
            Ended::Late => return Ok(Verdict::CaughtHanging),
            Ended::Badly(_, said) if catcher.is_blamed(&said) => return Ok(Verdict::Caught),
            Ended::Badly(..) | Ended::Well => {}
        }
    }
    for program in alone.build_tests(FLAGS)? {
        match ended_within(LIMIT_FOR_ALL, &mut program.command(&[]))? {
            Ended::Late => return Ok(Verdict::CaughtByAnother(format!("{}, which did not end", program.id))),
            Ended::Badly(_, said) => {
                return Ok(Verdict::CaughtByAnother(format!("{} {}", program.id, failed(&said))));
            }
            Ended::Well => {}
        }
    }
    Ok(Verdict::Survived)
}

/// The tests that failed, from what their program said; of the scenarios, which.
fn failed(said: &str) -> String {
    let test = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    let scenario = |line: &str| Some(line.split_once("/scenarios/")?.1.split_once(".txt")?.0.to_owned());
    said.lines().filter_map(|line| test(line).or_else(|| scenario(line))).collect::<Vec<_>>().join(", ")
}

impl Verdict {
    fn words(&self) -> String {
        match self {
            Self::Caught => "caught".into(),
            Self::CaughtHanging => "caught, since the test did not end".into(),
            Self::CaughtByAnother(which) => format!("caught by another: {which}"),
            Self::Survived => "SURVIVED".into(),
            Self::Faulty(why) => format!("FAULTY: {why}"),
        }
    }
}

/// Names by what became of them.
#[derive(Default)]
struct Tally<'a> {
    caught: usize,
    by_another: Vec<&'a str>,
    survived: Vec<&'a str>,
    faulty: Vec<&'a str>,
}

impl<'a> Tally<'a> {
    fn count(&mut self, name: &'a str, verdict: &Verdict) {
        match verdict {
            Verdict::Caught | Verdict::CaughtHanging => self.caught += 1,
            Verdict::CaughtByAnother(_) => self.by_another.push(name),
            Verdict::Survived => self.survived.push(name),
            Verdict::Faulty(_) => self.faulty.push(name),
        }
    }

    fn outcome(&self) -> Outcome {
        let caught = self.caught + self.by_another.len();
        let all = caught + self.survived.len() + self.faulty.len();
        let mut line = format!("caught {caught}/{all}");
        for (what, names) in [
            ("by another test than named", &self.by_another),
            ("survived", &self.survived),
            ("faulty files", &self.faulty),
        ] {
            if !names.is_empty() {
                line = format!("{line}; {what}: {}", names.join(", "));
            }
        }
        if all == 0 {
            Err(Fault(format!("no planted faults below {PLACE}")))
        } else if caught == all {
            println!("{line}");
            Ok(Passed::Fully)
        } else {
            Err(Fault(line))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_survives_or_cannot_be_used_fails() {
        let another = || Verdict::CaughtByAnother("x".into());
        for (verdicts, line) in [
            (vec![Verdict::Caught, Verdict::CaughtHanging, another()], None),
            (vec![Verdict::Caught, Verdict::Survived], Some("caught 1/2; survived: name")),
            (vec![Verdict::Faulty("why".into())], Some("caught 0/1; faulty files: name")),
            (vec![], Some("no planted faults below crates/core/mutants/")),
        ] {
            let mut tally = Tally::default();
            for verdict in &verdicts {
                tally.count("name", verdict);
            }
            assert_eq!(tally.outcome().err().map(|Fault(line)| line).as_deref(), line);
        }
    }

    #[test]
    fn failed_tests_are_read_from_what_was_said() {
        let said = "test a::b ... ok\ntest a::c ... FAILED\n/x/tests/scenarios/d.txt\n--- happened ---\n";
        assert_eq!(failed(said), "a::c, d");
    }
}
