//! What every file owes: a first line that says its room, nothing left over from work, nothing of one's own machine.

use super::Finding;
use crate::surroundings::root;
use crate::tree::{File, Tree, has_word};

/// Words that mean "not finished", with what to do instead. In two parts, so that this file does not hold them.
const LEFT_OVER: &[(&str, &str)] = &[
    (concat!("FIX", "ME"), "fix it, or file an issue"),
    (concat!("TO", "DO"), "do it, or file an issue"),
    (concat!("XX", "X"), "say what is meant"),
    (concat!("db", "g!"), "use tracing"),
    (concat!("to", "do!"), "implement it, or refuse it as data"),
    (concat!("unimpl", "emented!"), "implement it, or refuse it as data"),
];

/// Places on one machine, and hosts of package registries: neither means anything to the next reader. With them goes the
/// place of this very tree.
const MACHINE: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/tmp/he", "lp/"),
    concat!("static.crates", ".io"),
    concat!("index.crates", ".io"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("npm", "js.org"),
    concat!("deb.debian", ".org"),
];

/// Extensions of files that hold text people wrote; not those of tools, such as `lock`.
const WRITTEN: &[&str] = &["rs", "toml", "md", "py", "yml", "yaml", "json", "txt", "sh", "snap"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let written =
        tree.files.iter().filter(|file| WRITTEN.contains(&file.extension()) || file.path.starts_with(".ci/"));
    written.flat_map(faults).collect()
}

fn faults(file: &File) -> Vec<Finding> {
    let finding = |line, what: String| Finding { path: file.path.clone(), line, what };
    let mut findings = Vec::new();
    if file.extension() == "rs" && !file.text.starts_with("//! ") {
        findings.push(finding(1, "the first line says what lives here: `//! …`".into()));
    }
    for (number, line) in file.lines() {
        for (word, instead) in LEFT_OVER.iter().filter(|(word, _)| has_word(line, word)) {
            findings.push(finding(number, format!("`{word}`: {instead}")));
        }
        let places = MACHINE.iter().copied().chain(root().to_str());
        for place in places.filter(|place| names_place(line, place)) {
            findings.push(finding(number, format!("`{place}` is a place on one machine or network")));
        }
        if line.contains('\r') || line.ends_with([' ', '\t']) && file.extension() != "snap" {
            findings.push(finding(number, "blanks or a carriage return at the end of the line".into()));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(finding(file.lines().count(), "the last line has no end".into()));
    }
    findings
}

/// Whether a line holds a place that is not the tail of a longer path, as `src/work/` would be.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '~' | '}' | '.' | '*' | '-' | '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        faults(&File { path: path.into(), text: text.into() }).len()
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let left_over =
            LEFT_OVER.iter().map(|(word, _)| ("src/a.rs", format!("//! A.\n// {word} later\n"), 1));
        let machine = MACHINE.iter().map(|place| ("docs/a.md", format!("see {place}x\n"), 1));
        let others = [
            ("src/a.rs", "//! A.\n".to_owned(), 0),
            ("src/a.rs", "fn a() {}\n".to_owned(), 1),
            ("src/a.rs", "//! A.\nfn a() {} \n".to_owned(), 1),
            ("src/a.rs", "//! A.".to_owned(), 1),
            ("docs/a.md", concat!("crates/ro", "ot/x and x.ro", "ot/y\n").to_owned(), 0),
        ];
        for (path, text, count) in left_over.chain(machine).chain(others) {
            assert_eq!(found(path, &text), count, "{path}: {text:?}");
        }
    }
}
