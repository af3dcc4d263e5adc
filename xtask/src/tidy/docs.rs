//! Documentation is sentences. A line that stands alone with fewer than four words says a name again, and is refused
//! wherever it is; what every public item at a file's left margin must have is a sentence of its own. Inside an item
//! (fields, variants, methods) nothing is asked for: what is written there says what the name cannot.
//!
//! The compiler's `missing_docs` asks for a line everywhere, and got lines like "Whether." for it.

use super::Finding;
use super::code::Code;
use super::report::short_docs;
use crate::tree::{File, Tree};

const ITEMS: &[&str] = &["struct ", "enum ", "union ", "trait ", "fn ", "async fn ", "const fn ", "type "];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.sources().filter(|file| short_docs::is_counted(file));
    let short = sources.flat_map(|file| {
        short_docs::lines(file).into_iter().map(|line| Finding {
            path: file.path.clone(),
            line: line + 1,
            what: "a doc of fewer than four words: say what the name does not (units, limits, failure, why), or nothing"
                .into(),
        })
    });
    let bare = Code::of(tree).into_iter().flat_map(|code| {
        undocumented(code.file, &code.lines).into_iter().map(move |line| Finding {
            path: code.file.path.clone(),
            line: line + 1,
            what: "a public item without documentation: one sentence that says what it is for".into(),
        })
    });
    short.chain(bare).collect()
}

/// Public items at the left margin that no documentation stands above, as lines from 0.
fn undocumented(file: &File, code: &[String]) -> Vec<usize> {
    let text: Vec<&str> = file.text.lines().collect();
    let is_item = |line: &str| {
        line.strip_prefix("pub ").is_some_and(|rest| ITEMS.iter().any(|item| rest.starts_with(item)))
    };
    let is_documented = |line: usize| {
        // Attributes stand between the two; one of several lines ends in a bracket.
        let above = text[..line].iter().rev().find(|line| {
            !(line.starts_with('#')
                || line.starts_with(' ')
                || line.starts_with(')')
                || line.starts_with(']'))
        });
        above.is_some_and(|line| line.starts_with("///"))
    };
    let items = code.iter().enumerate().filter(|(_, line)| is_item(line));
    items.map(|(line, _)| line).filter(|line| !is_documented(*line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_item_has_documentation_and_what_is_inside_needs_none() {
        for (text, expected) in [
            ("/// A row of the table.\n#[derive(Debug)]\npub struct A {\n    pub a: u8,\n}\n", vec![]),
            ("#[derive(Debug)]\npub struct A;\n", vec![1]),
            ("/// It runs until then.\n#[expect(\n    dead_code,\n)]\npub fn a() {}\n", vec![]),
            ("/// A word.\nstruct A;\n\npub fn a() {}\n", vec![3]),
            ("pub(crate) fn a() {}\nfn b() {}\npub use c::D;\n", vec![]),
        ] {
            let file = File { path: "crates/x/src/a.rs".into(), text: text.into() };
            let code: Vec<String> = text.lines().map(str::to_owned).collect();
            assert_eq!(undocumented(&file, &code), expected, "{text}");
        }
    }
}
