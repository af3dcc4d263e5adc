//! Documents against the tree: every path ARCHITECTURE.md names exists, every type GLOSSARY.md names is in the code, every
//! dependency has its reason written down, every threat to tools names a test that is there.

use std::collections::BTreeSet;

use super::Finding;
use super::edges::workspace_dependencies;
use crate::tree::{Tree, has_word};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const GLOSSARY: &str = "GLOSSARY.md";
const DEPENDENCIES: &str = "docs/dependencies.md";
/// Documents with tables of threats, and of what tries to break each defence.
const THREATS: [&str; 4] = ["SECURITY.md", "docs/tools.md", "docs/mcp.md", "docs/acp.md"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = paths(tree);
    findings.extend(words(tree));
    findings.extend(dependencies(tree));
    findings.extend(THREATS.iter().flat_map(|document| threats(tree, document)));
    findings
}

/// Threats, the rows of tables whose last column is of tests: each names one that is there, or says by a dash that nothing can
/// try it.
fn threats(tree: &Tree, document: &str) -> Vec<Finding> {
    let is_there = |word: &str| {
        let function = format!("fn {word}(");
        tree.has(word)
            || tree.has(&format!("crates/core/tests/scenarios/{word}.txt"))
            || tree.sources().any(|file| file.text.contains(&function))
    };
    let mut findings = Vec::new();
    let mut is_of_threats = false;
    for (index, line) in tree.text(document).unwrap_or_default().lines().enumerate() {
        let Some(cells) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            is_of_threats &= line.starts_with('|'); // the line beneath the head
            continue;
        };
        let tests = cells.rsplit(" | ").next().unwrap_or_default();
        if matches!(tests, "tried by" | "test") {
            is_of_threats = true;
            continue;
        }
        if !is_of_threats || tests == "–" || tests == "the same" {
            continue;
        }
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).filter(|word| word.len() > 15).collect();
        let missing =
            named.iter().filter(|word| !is_there(word)).map(|word| format!("there is no test `{word}`"));
        let none = named.is_empty().then(|| "this threat names no test".to_owned());
        findings.extend(missing.chain(none).map(|what| Finding {
            path: document.into(),
            line: index + 1,
            what,
        }));
    }
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
    fn a_threat_whose_test_is_gone_and_one_without_any_are_found() {
        let document = "docs/tools.md";
        let tree = tree(&[
            ("crates/tools/tests/it.rs", "fn nothing_leads_out_of_it() {}\n"),
            (
                document,
                "| what | at most |\n|---|---|\n| a line | 1 |\n\n| threat | defence | tried by |\n|---|---|---|\n\
                 | links (T8) | handles | `nothing_leads_out_of_it` (`soft`) |\n\
                 | keys (T12) | a list | `no_key_is_passed_on_to_it`, the table of `crates/tools/tests/it.rs` |\n\
                 | words (T3) | consent | by hand |\n| rights | none | – |\n\n| a | b |\n",
            ),
        ]);
        let found: Vec<(usize, String)> =
            threats(&tree, document).into_iter().map(|finding| (finding.line, finding.what)).collect();
        let wanted = [(8, "there is no test `no_key_is_passed_on_to_it`"), (9, "this threat names no test")];
        assert_eq!(found, wanted.map(|(line, what)| (line, what.to_owned())));
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
