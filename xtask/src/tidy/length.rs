//! No function above 80 lines, no file above 600. Older longer ones stand in `xtask/long.txt` with their length and may
//! only shrink: who shortens one below its line there shortens the line, too.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::tree::{File, Tree};

const MAX_FUNCTION: usize = 80;
const MAX_FILE: usize = 600;
/// Lines of `PATH LINES` and `PATH::FUNCTION LINES`.
const RATCHET: &str = "xtask/long.txt";

/// Something with a length.
struct Long {
    /// A path, or a path and a function.
    name: String,
    path: String,
    line: usize,
    lines: usize,
    max: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let allowed = ratchet(tree.text(RATCHET).unwrap_or_default());
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for long in tree.sources().flat_map(lengths).filter(|long| long.lines > long.max) {
        let limit = allowed.get(long.name.as_str()).copied();
        let what = match limit {
            Some(limit) if long.lines == limit => None,
            Some(limit) if long.lines < limit => Some(format!("shrank: write {} in {RATCHET}", long.lines)),
            Some(limit) => Some(format!("grew to {} lines; {RATCHET} allows {limit}", long.lines)),
            None => Some(format!("{} lines, at most {}: split it by what it does", long.lines, long.max)),
        };
        findings.extend(what.map(|what| Finding { path: long.path.clone(), line: long.line, what }));
        used.insert(long.name);
    }
    for name in allowed.keys().filter(|name| !used.contains(**name)) {
        let what = format!("{name} is no longer too long: remove its line");
        findings.push(Finding { path: RATCHET.into(), line: 0, what });
    }
    findings
}

fn ratchet(text: &str) -> BTreeMap<&str, usize> {
    text.lines()
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, lines)| Some((name, lines.parse().ok()?)))
        .collect()
}

/// The file itself and each function of it. Formatted code ends a function at the brace below its `fn`.
fn lengths(file: &File) -> Vec<Long> {
    let lines: Vec<&str> = file.text.lines().collect();
    let long = |name, line, lines, max| Long { name, path: file.path.clone(), line, lines, max };
    let mut lengths = vec![long(file.path.clone(), 0, lines.len(), MAX_FILE)];
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let closes = |line: &&str| {
            line.len() - line.trim_start().len() == indent && line.trim_start().starts_with('}')
        };
        let end = if line.ends_with('}') { Some(0) } else { lines.iter().skip(index).position(closes) };
        if let Some(length) = end {
            lengths.push(long(format!("{}::{name}", file.path), index + 1, length + 1, MAX_FUNCTION));
        }
    }
    lengths
}

/// The name of the function that begins on this line.
fn function(line: &str) -> Option<&str> {
    const BEFORE: &[&str] =
        &["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern", "\"C\""];
    let mut words = line.split_whitespace().skip_while(|word| BEFORE.contains(word));
    if words.next() != Some("fn") || line.trim_end().ends_with(';') {
        return None;
    }
    words.next().and_then(|name| name.split(['(', '<']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(body: usize) -> String {
        format!(
            "impl A {{\n    pub(super) async fn long<T>(\n        a: T,\n    ) {{\n{}    }}\n}}\n",
            "        b();\n".repeat(body)
        )
    }

    fn found(text: String, ratchet: &str) -> Vec<String> {
        let file = |path: &str, text| File { path: path.into(), text };
        let tree = Tree { files: vec![file("a.rs", text), file(RATCHET, ratchet.into())] };
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_function_may_have_80_lines() {
        assert!(found(file(76), "").is_empty());
        assert_eq!(found(file(77), "").len(), 1);
    }

    #[test]
    fn an_older_one_may_shrink_and_not_grow() {
        for (body, ratchet, word) in [
            (86, "a.rs::long 90\n", None),
            (87, "a.rs::long 90\n", Some("grew to 91")),
            (80, "a.rs::long 90\n", Some("shrank")),
            (1, "a.rs::long 90\n", Some("no longer")),
        ] {
            let found = found(file(body), ratchet);
            assert_eq!(found.len(), usize::from(word.is_some()), "{body}: {found:?}");
            assert!(
                word.is_none_or(|word| found.iter().any(|what| what.contains(word))),
                "{body}: {found:?}"
            );
        }
    }

    #[test]
    fn a_file_may_have_600_lines() {
        assert!(found("//\n".repeat(600), "").is_empty());
        assert_eq!(found("//\n".repeat(601), "").len(), 1);
    }
}
