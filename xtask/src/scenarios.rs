//! `cargo xtask scenarios`: how many scenarios of the core there are, about what, and which wishes they tell it.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, Tree};
use crate::{Fault, Outcome, Passed};

const PLACE: &str = "crates/core/tests/scenarios/";
/// As many as make every behaviour that a person can notice a file of its own.
const MINIMUM: usize = 150;
/// Words a sentence may begin with before it says what it is about.
const LEADING: &[&str] = &[
    "a", "after", "all", "an", "each", "every", "in", "it", "late", "no", "nobody", "nothing", "of", "only",
    "q", "same", "the", "two", "what", "when", "while", "who",
];

pub(crate) fn run() -> Outcome {
    let tree = Tree::read()?;
    let scenarios: Vec<(&str, &File)> = tree.files.iter().filter_map(scenario).collect();
    let mut areas = BTreeMap::<&str, usize>::new();
    let mut told = BTreeMap::<&str, usize>::new();
    for (name, file) in &scenarios {
        *areas.entry(area(name)).or_default() += 1;
        for word in commands(&file.text) {
            *told.entry(word).or_default() += 1;
        }
    }
    println!("by area: {}", by_count(&areas));
    println!("by what the core is told: {}", by_count(&told));
    judged(scenarios.len())
}

fn judged(count: usize) -> Outcome {
    if count < MINIMUM {
        return Err(Fault(format!("{count} scenarios, at least {MINIMUM} are wanted")));
    }
    println!("{count} scenarios");
    Ok(Passed::Fully)
}

/// A scenario's name below its place.
fn scenario(file: &File) -> Option<(&str, &File)> {
    Some((file.path.strip_prefix(PLACE)?.strip_suffix(".txt")?, file))
}

/// The directory it is in, or the first word of its name that says something.
fn area(name: &str) -> &str {
    match name.split_once('/') {
        Some((directory, _)) => directory,
        None => name.split('-').find(|word| !LEADING.contains(word)).unwrap_or(name),
    }
}

/// The first words of the lines that tell the core something, each once.
fn commands(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.strip_prefix("> ")?.split(' ').next()).collect()
}

/// `submit 20, create 11, …`: the most frequent first.
fn by_count(counts: &BTreeMap<&str, usize>) -> String {
    let mut rows: Vec<(&&str, &usize)> = counts.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    rows.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_about_its_first_telling_word() {
        let named = ["a-draft-survives-and-is-cleared-by-sending", "what-is-watched-is-read"];
        assert_eq!(named.map(area), ["draft", "is"]);
        assert_eq!(["queue/the-queue-has-a-limit", "the"].map(area), ["queue", "the"]);
    }

    #[test]
    fn each_thing_told_counts_once_a_scenario() {
        let text = "Words.\n\n> create s1\n  after reply\n> submit s1 \"> no\"\n> submit s1 \"b\"\n> crash\n";
        assert_eq!(commands(text), BTreeSet::from(["crash", "create", "submit"]));
        assert_eq!(by_count(&BTreeMap::from([("a", 1), ("b", 3), ("c", 1)])), "b 3, a 1, c 1");
    }

    #[test]
    fn too_few_fail() {
        assert!(judged(MINIMUM - 1).is_err());
        assert!(judged(MINIMUM).is_ok());
    }
}
