//! `cargo xtask tidy --report`: what of the tree can be counted and has no rule, or a rule that may only get stricter. Counts
//! of before and after a change say whether it did what it was for.

mod carriers;
mod circles;
mod paths;
pub(super) mod short_docs;
mod verbs;
mod why_comments;

use super::double_names;
use super::product::Product;
use crate::tree::Tree;
use crate::{Fault, Outcome, Passed};

pub(super) fn run(options: &[&str]) -> Outcome {
    let tree = Tree::read()?;
    let product = Product::of(&tree);
    match options {
        [] => all(&tree, &product),
        ["--verb", verb] => verbs::print(&product, Some(verb)),
        other => return Err(Fault(format!("tidy --report does not know {other:?}"))),
    }
    Ok(Passed::Fully)
}

fn all(tree: &Tree, product: &Product<'_>) {
    verbs::print(product, None);
    println!();
    double_names::print(product);
    println!();
    short_docs::print(tree);
    println!();
    circles::print(product);
    println!();
    why_comments::print(product);
}
