//! One public type name has one meaning in the product. The names that had several when the rule came stand in a list that
//! may only shrink.
//!
//! Counted is every `struct`, `enum`, `union`, `trait` or `type` that is `pub` or `pub(crate)`, outside of unit tests; what
//! a macro makes is not seen. Names of the testing world have no rule: its naive model means to say what the core says.

use std::collections::BTreeMap;

use super::Finding;
use super::code::Code;
use super::product::Product;
use crate::tree::Tree;

/// A name a line; lines that begin with `#` are not read.
const RATCHET: &str = "xtask/src/tidy/known_double_names.txt";
const KINDS: &[&str] = &["struct", "enum", "union", "trait", "type"];

/// Where a name is defined: a path and a line from 1.
type Place<'a> = (&'a str, usize);

pub(super) fn check(tree: &Tree, product: &Product<'_>) -> Vec<Finding> {
    let list = tree.text(RATCHET).unwrap_or_default();
    let known = || list.lines().enumerate().filter(|(_, name)| !name.is_empty() && !name.starts_with('#'));
    let doubles = doubles(&product.shipped);
    let mut findings = Vec::new();
    for (name, places) in doubles.iter().filter(|(name, _)| known().all(|(_, known)| known != **name)) {
        let others: Vec<String> = places[1..].iter().map(|(path, line)| format!("{path}:{line}")).collect();
        let what = format!(
            "`{name}` is also the name of another public type, at {}: give the newer one a name that says what sets it \
             apart, or make it private to its file; only if both are older than this rule, as after a merge, add the \
             name to {RATCHET}",
            others.join(", ")
        );
        findings.push(Finding { path: places[0].0.into(), line: places[0].1, what });
    }
    for (line, name) in known().filter(|(_, name)| !doubles.contains_key(name)) {
        let what = format!("`{name}` has one meaning now: remove its line, so that it keeps it");
        findings.push(Finding { path: RATCHET.into(), line: line + 1, what });
    }
    findings
}

/// What `--report` says of them: those of the product, then what the testing world adds to them, then how it would be if
/// types that are not public counted as well.
pub(super) fn print(product: &Product<'_>) {
    let everything = || product.shipped.iter().chain(&product.testing);
    let shipped = doubles(&product.shipped);
    let mut testing = doubles(everything());
    testing.retain(|name, places| shipped.get(name).map(Vec::len) != Some(places.len()));
    print_table("public type names with more than one meaning in the product", &shipped);
    print_table("those that have more with the testing world", &testing);
    let mut private = named(everything(), any);
    private.retain(|_, places| places.len() > 2);
    print_table("type names with three meanings or more, public or not, with the testing world", &private);
}

fn print_table(title: &str, doubles: &BTreeMap<&str, Vec<Place<'_>>>) {
    println!("{title}: {}", doubles.len());
    let mut rows: Vec<(&&str, &Vec<Place<'_>>)> = doubles.iter().collect();
    rows.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
    for (name, places) in rows {
        let places: Vec<String> = places.iter().map(|(path, line)| format!("{path}:{line}")).collect();
        println!("  {name:<14} {}   {}", places.len(), places.join(" "));
    }
}

/// The public names that are defined more than once, with every place.
fn doubles<'a>(code: impl IntoIterator<Item = &'a Code<'a>>) -> BTreeMap<&'a str, Vec<Place<'a>>> {
    let mut doubles = named(code, public);
    doubles.retain(|_, places| places.len() > 1);
    doubles
}

/// Every place of every name that `defined` finds in a line.
fn named<'a>(
    code: impl IntoIterator<Item = &'a Code<'a>>,
    defined: fn(&str) -> Option<&str>,
) -> BTreeMap<&'a str, Vec<Place<'a>>> {
    let mut places = BTreeMap::<&str, Vec<Place<'_>>>::new();
    for code in code {
        for (index, line) in code.lines.iter().enumerate() {
            if let Some(name) = defined(line) {
                places.entry(name).or_default().push((code.file.path.as_str(), index + 1));
            }
        }
    }
    places
}

/// The public type that a line defines.
fn public(line: &str) -> Option<&str> {
    any(line).filter(|_| matches!(line.split_whitespace().next(), Some("pub" | "pub(crate)")))
}

/// The type that a line defines.
fn any(line: &str) -> Option<&str> {
    // An `impl` says its associated types deeper in; they are nobody's new name.
    if line.trim_start().starts_with("type ") && line.starts_with(' ') {
        return None;
    }
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub") || *word == "unsafe");
    if !KINDS.contains(&words.next()?) {
        return None;
    }
    let name = words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::product::fixture::tree;
    use super::*;

    #[test]
    fn a_public_type_is_seen_whatever_its_form() {
        for line in [
            "pub struct Wish;",
            "    pub(crate) enum Wish<'a, T> {",
            "pub trait Wish: Send {",
            "pub type Wish<T> = Result<T, Fault>;",
            "pub unsafe trait Wish {",
        ] {
            assert_eq!(public(line), Some("Wish"), "{line}");
        }
        for line in [
            "struct Wish;",
            "pub(super) struct Wish;",
            "pub fn type_of() {}",
            "pub struct $name;",
            "pub use wire::Wish;",
        ] {
            assert_eq!(public(line), None, "{line}");
        }
        assert_eq!(any("    type Err = Fault;"), None);
        assert_eq!(any("pub(super) struct Wish;"), Some("Wish"));
    }

    #[test]
    fn a_second_meaning_is_found_unless_it_is_known_and_a_known_one_must_be_there() {
        let one = ("crates/core/src/a.rs", "pub struct Wish;\n");
        for (other, list, word) in [
            (("crates/cli/src/b.rs", "pub(crate) enum Wish {}\n"), "", Some("crates/core/src/a.rs:1")),
            (("crates/cli/src/b.rs", "pub(crate) enum Wish {}\n"), "# Words.\nWish\n", None),
            (("crates/cli/src/b.rs", "enum Wish {}\n"), "", None),
            (("crates/cli/src/b.rs", "enum Wish {}\n"), "# Words.\nWish\n", Some("remove its line")),
            (("crates/cli/src/b.rs", "#[cfg(test)]\nmod tests {\n    pub enum Wish {}\n}\n"), "", None),
            (("crates/sim/src/b.rs", "pub enum Wish {}\n"), "", None),
        ] {
            let tree = tree(&[other, one, (RATCHET, list)]);
            let found: Vec<String> =
                check(&tree, &Product::of(&tree)).iter().map(|finding| finding.what.clone()).collect();
            assert_eq!(found.len(), usize::from(word.is_some()), "{other:?} {list}: {found:?}");
            assert!(word.is_none_or(|word| found[0].contains(word)), "{other:?} {list}: {found:?}");
        }
    }
}
