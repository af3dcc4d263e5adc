//! `cargo xtask tidy`: rules of this tree that no compiler knows. Also a test, so that `cargo test` says it too.

mod code;
mod docs;
mod documents;
mod double_names;
mod edges;
mod length;
mod linked;
mod names;
mod product;
mod report;
mod sources;

use std::fmt;

use crate::tree::Tree;
use crate::{Fault, Outcome, Passed, mutants};

use product::Product;

/// One rule broken in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// From the top of the tree.
    path: String,
    /// From 1; 0 when the file as a whole is meant.
    line: usize,
    /// What is wrong, and what to do.
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Counts instead of rules; see [`mod@report`].
pub(crate) fn report(options: &[&str]) -> Outcome {
    report::run(options)
}

pub(crate) fn run() -> Outcome {
    let tree = Tree::read()?;
    let findings = findings(&tree);
    if findings.is_empty() {
        println!("tidy: {} files", tree.files.len());
        return Ok(Passed::Fully);
    }
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(Fault(format!("{} findings\n{}", list.len(), list.join("\n"))))
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(edges::check(tree));
    findings.extend(linked::check(tree));
    findings.extend(names::check(tree));
    findings.extend(double_names::check(tree, &Product::of(tree)));
    findings.extend(sources::check(tree));
    findings.extend(docs::check(tree));
    findings.extend(length::check(tree));
    findings.extend(documents::check(tree));
    let unfit = |(path, what): (&str, String)| Finding { path: path.into(), line: 0, what };
    findings.extend(mutants::unfit(tree).map(unfit));
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_is_tidy() {
        if let Err(Fault(what)) = run() {
            panic!("{what}");
        }
    }
}
