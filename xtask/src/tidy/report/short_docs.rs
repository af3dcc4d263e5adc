//! Short docs: lines of documentation that stand alone and have three words or fewer. A name said again documents nothing.
//!
//! Counted are `///` lines below `crates/*/src`, of all crates; a line stands alone when none is above or below it.

use crate::tree::{File, Tree};

/// This many words may be a sentence.
const MIN_WORDS: usize = 4;
const HELP: &str = "crates/cli/src/args.rs";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Docs {
    pub(super) lines: usize,
    pub(super) short: usize,
}

pub(super) fn print(tree: &Tree) {
    let all = tree.sources().filter(|file| is_counted(file));
    let docs = all.map(docs).fold(Docs::default(), |sum, docs| Docs {
        lines: sum.lines + docs.lines,
        short: sum.short + docs.short,
    });
    println!(
        "short docs: {} of {} doc lines stand alone with fewer than {MIN_WORDS} words",
        docs.short, docs.lines
    );
}

/// Not counted is what clap prints as help: there a few words are what a person wants to read.
pub(in crate::tidy) fn is_counted(file: &File) -> bool {
    file.path.starts_with("crates/") && file.path.contains("/src/") && file.path != HELP
}

/// Where short docs are, as lines from 0.
pub(in crate::tidy) fn lines(file: &File) -> Vec<usize> {
    read(file).1
}

fn docs(file: &File) -> Docs {
    let (lines, short) = read(file);
    Docs { lines, short: short.len() }
}

/// How many lines of documentation there are, and which are short.
fn read(file: &File) -> (usize, Vec<usize>) {
    let lines: Vec<Option<&str>> =
        file.text.lines().map(|line| line.trim_start().strip_prefix("///")).collect();
    let is_doc = |index: Option<usize>| index.and_then(|index| lines.get(index)).is_some_and(Option::is_some);
    let is_short = |(index, line): (usize, &&str)| {
        let alone = !is_doc(index.checked_sub(1)) && !is_doc(index.checked_add(1));
        alone && line.split_whitespace().count() < MIN_WORDS
    };
    let documented = || lines.iter().enumerate().filter_map(|(index, line)| Some((index, line.as_ref()?)));
    let short = documented().filter(|line| is_short(*line)).map(|(line, _)| line).collect();
    (documented().count(), short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_alone_and_with_three_words() {
        for (text, lines, short) in [
            ("/// Whether.\na: bool,\n", 1, 1),
            ("    /// Which session it.\n    a: bool,\n", 1, 1),
            ("/// Which session it is.\na: bool,\n", 1, 0),
            ("/// How it is told, and when\n/// it is.\na: bool,\n", 2, 0),
            ("//! A room.\n// Why.\na: bool, // How.\n", 0, 0),
        ] {
            let file = File { path: "crates/x/src/a.rs".into(), text: text.into() };
            assert_eq!(docs(&file), Docs { lines, short }, "{text}");
        }
    }
}
