//! Documents against the tree: every path ARCHITECTURE.md names exists, every type GLOSSARY.md names is in the code, every
//! dependency has its reason written down.

use std::collections::BTreeSet;

use super::Finding;
use super::edges::workspace_dependencies;
use crate::tree::{Tree, has_word};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const GLOSSARY: &str = "GLOSSARY.md";
const DEPENDENCIES: &str = "docs/dependencies.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = paths(tree);
    findings.extend(words(tree));
    findings.extend(dependencies(tree));
    findings
}

/// Paths: in backticks, with a `/`, made of nothing but what paths are made of.
fn paths(tree: &Tree) -> Vec<Finding> {
    let is_path = |word: &str| {
        word.contains('/')
            && !word.starts_with(['/', '~', '$', '.'])
            && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '_' | '-' | '.'))
    };
    quoted(tree, ARCHITECTURE, |word| {
        (is_path(word) && !tree.has(word)).then(|| format!("`{word}` does not exist"))
    })
}

/// Types: in backticks, beginning with a capital, a single word.
fn words(tree: &Tree) -> Vec<Finding> {
    let is_type = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_lowercase())
            && word.chars().all(char::is_alphanumeric)
    };
    let in_code = |word: &str| {
        tree.sources()
            .filter(|file| file.path.starts_with("crates/"))
            .any(|file| file.code().any(|(_, line)| has_word(line, word)))
    };
    quoted(tree, GLOSSARY, |word| {
        (is_type(word) && !in_code(word)).then(|| format!("`{word}` is not in the code"))
    })
}

/// What is in backticks in a document, outside of code blocks, put to a rule.
fn quoted(tree: &Tree, document: &str, fault: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let finding = |line, what| Finding { path: document.into(), line, what };
    let Some(text) = tree.text(document) else { return vec![finding(0, "is missing".into())] };
    let mut findings = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let faults = line.split('`').skip(1).step_by(2).filter_map(&fault);
            findings.extend(faults.map(|what| finding(index + 1, what)));
        }
    }
    findings
}

fn dependencies(tree: &Tree) -> Vec<Finding> {
    let reasons = tree.text(DEPENDENCIES).unwrap_or_default();
    // What was not taken has its reason, too, behind its own heading.
    let explained: BTreeSet<&str> = reasons
        .lines()
        .take_while(|line| *line != "## Not taken")
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .collect();
    let declared = workspace_dependencies(tree);
    let unexplained = declared.iter().filter(|(_, name)| !explained.contains(name)).map(|(line, name)| {
        let what = format!("`{name}` has no line in {DEPENDENCIES}: what for, why this one, what it costs");
        Finding { path: "Cargo.toml".into(), line: *line, what }
    });
    let is_declared = |name: &str| declared.iter().any(|(_, declared)| *declared == name);
    let stale = explained.iter().filter(|name| !is_declared(name)).map(|name| {
        let what = format!("`{name}` is not in [workspace.dependencies]");
        Finding { path: DEPENDENCIES.into(), line: 0, what }
    });
    unexplained.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Tree { files: files.iter().map(file).collect() }
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        let tree = tree(&[
            ("crates/core/src/lib.rs", ""),
            (
                ARCHITECTURE,
                "`crates/core/src` `crates/gone` `a.rs` `$HOME/x` `q new / old`\n```\n`no/path`\n```\n",
            ),
        ]);
        let found: Vec<String> = paths(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["`crates/gone` does not exist"]);
    }

    #[test]
    fn a_word_that_is_not_in_the_code_is_found() {
        let tree = tree(&[
            ("crates/core/src/lib.rs", "pub struct Session;\n// Ghost\n"),
            (GLOSSARY, "`Session`, `Ghost`, `idle`, `Alt+A`, `ENOSPC`\n"),
        ]);
        let found: Vec<String> = words(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["`Ghost` is not in the code"]);
    }

    #[test]
    fn a_dependency_without_a_reason_and_a_reason_without_a_dependency_are_found() {
        let tree = tree(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nq-core = { path = \"x\" }\n\na = \"1\"\nb = \"1\"\n# c = 1\n[x]\nd = 1\n",
            ),
            (DEPENDENCIES, "| `a` | why |\n| `e` | why |\n"),
        ]);
        let found: Vec<String> = dependencies(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
