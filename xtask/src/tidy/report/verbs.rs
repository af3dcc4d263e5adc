//! Files a verb touches: how many one has to open, outside of tests, to find all that is said of it, which is how many a new
//! one has to be written into.
//!
//! A **verb** is a variant of the core's `Command`, of the terminal's table `Action`, or of an enum that the command line is
//! parsed into; `OTHER_NAMES` says which are one. A **carrier** is an enum that passes verbs on ([`Carriers`]). A verb
//! touches a file that
//!
//! - defines it as a variant of a carrier,
//! - names it so: `Command::Pin`, under the name an import gave the carrier, or as `Self::Pin` in the carrier's own `impl`,
//! - defines the function that is called where it is matched (`Command::Pin { .. } => self.pin(…)`): in the same folder, or in
//!   the module that the call names (`rename::run(…)`).
//!
//! So what only records, stores or draws what a verb did is not counted, nor are tests, documents, and text in strings. A
//! verb that is called through a carrier without being named (`wish.asked(…)`) costs that file nothing, which is the aim.
//! Files of the testing world are counted apart.

use std::collections::{BTreeMap, BTreeSet};

use super::super::code::{Code, identifiers};
use super::super::product::Product;
use super::carriers::Carriers;

/// The paths that name a verb, by verb.
type Touched<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) fn print(product: &Product<'_>, only: Option<&str>) {
    let carriers = Carriers::of(&product.shipped, &product.testing);
    let shipped = touched(&product.shipped, &carriers);
    let testing = touched(&product.testing, &carriers);
    let none = BTreeSet::new();
    if let Some(only) = only {
        for (path, place) in [(&shipped, "product"), (&testing, "testing")] {
            let files =
                path.iter().filter(|(verb, _)| verb.eq_ignore_ascii_case(only)).flat_map(|(_, files)| files);
            files.for_each(|path| println!("{place} {path}"));
        }
        return;
    }
    println!("files a verb touches; verbs are carried by {}", carriers.places());
    println!("  {:<14} {:>7} {:>7} {:>3}", "verb", "product", "testing", "all");
    let mut rows: Vec<(&str, [usize; 2])> = carriers
        .verbs
        .iter()
        .map(|verb| (*verb, [&shipped, &testing].map(|files| files.get(verb).unwrap_or(&none).len())))
        .collect();
    rows.sort_by_key(|(verb, [shipped, testing])| (std::cmp::Reverse(shipped + testing), *verb));
    for (verb, [shipped, testing]) in &rows {
        let whose = if carriers.of_core.contains(verb) { "" } else { "  (not the core's)" };
        println!("  {verb:<14} {shipped:>7} {testing:>7} {:>3}{whose}", shipped + testing);
    }
    let core: Vec<[usize; 2]> =
        rows.iter().filter(|(verb, _)| carriers.of_core.contains(verb)).map(|(_, counts)| *counts).collect();
    let all: Vec<[usize; 2]> = rows.iter().map(|(_, counts)| *counts).collect();
    for (which, counts) in [("of the core", core), ("all", all)] {
        let product = spread(counts.iter().map(|[shipped, _]| *shipped));
        let whole = spread(counts.iter().map(|[shipped, testing]| shipped + testing));
        println!(
            "  {} verbs {which}: {product} in the product; with the testing world {whole}",
            counts.len()
        );
    }
}

/// `max 5, median 2`
fn spread(counts: impl Iterator<Item = usize>) -> String {
    let mut counts: Vec<usize> = counts.collect();
    counts.sort_unstable();
    let median = counts.get(counts.len() / 2).copied().unwrap_or_default();
    format!("max {}, median {median}", counts.last().copied().unwrap_or_default())
}

fn touched<'a>(code: &'a [Code<'a>], carriers: &Carriers<'_>) -> Touched<'a> {
    let mut touched = Touched::new();
    for file in code {
        let mut calls = Vec::new();
        for (verb, line) in mentioned(file, carriers) {
            touched.entry(verb).or_default().insert(file.file.path.as_str());
            calls.extend(called(file, line).map(|call| (verb, call)));
        }
        for (verb, call) in calls {
            let homes = code.iter().filter(|other| is_home(other, file, &call));
            touched.entry(verb).or_default().extend(homes.map(|other| other.file.path.as_str()));
        }
    }
    touched
}

/// The verbs a file defines or names, each with its line from 0.
fn mentioned<'a>(code: &'a Code<'a>, carriers: &Carriers<'_>) -> Vec<(&'a str, usize)> {
    let mut said = Vec::new();
    let here = carriers.enums.iter().filter(|found| found.path == code.file.path);
    for found in here {
        for (line, variant, _) in &found.variants {
            let start = code.lines[*line].find(*variant).unwrap_or_default();
            let variant = &code.lines[*line][start..start + variant.len()];
            said.extend(carriers.verb(found.name, variant).map(|verb| (verb, *line)));
        }
    }
    let renamed = renamed(code, carriers);
    let mut own = "";
    for (index, line) in code.lines.iter().enumerate() {
        own = owner(line).unwrap_or(own);
        for (at, _) in line.match_indices("::") {
            let enum_name = line[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let carrier = match enum_name {
                "Self" => own,
                name => renamed.get(name).copied().unwrap_or(name),
            };
            let variant =
                identifiers(&line[at + 2..]).next().filter(|word| line[at + 2..].starts_with(*word));
            if carriers.is_carrier(carrier) {
                said.extend(variant.and_then(|name| carriers.verb(carrier, name)).map(|verb| (verb, index)));
            }
        }
    }
    said
}

/// Names a file gives to carriers: `use wire::Wish as OnWire`.
fn renamed<'a>(code: &'a Code<'a>, carriers: &Carriers<'_>) -> BTreeMap<&'a str, &'a str> {
    let mut renamed = BTreeMap::new();
    for line in &code.lines {
        let words: Vec<&str> = identifiers(line).collect();
        for three in words.windows(3) {
            if three[1] == "as" && carriers.is_carrier(three[0]) {
                renamed.insert(three[2], three[0]);
            }
        }
    }
    renamed
}

/// The type that a block at the left edge belongs to.
fn owner(line: &str) -> Option<&str> {
    if !line.starts_with("impl") {
        return line.starts_with('}').then_some("");
    }
    let (_, of) = line.split_once(" for ").or_else(|| line.split_once(' '))?;
    of.split(|c: char| !c.is_alphanumeric() && c != ':').next()?.rsplit("::").next()
}

/// A function as it is called: in which module, when the call says so.
#[derive(Debug, PartialEq, Eq)]
struct Call<'a> {
    module: Option<&'a str>,
    function: &'a str,
}

/// What is called first where the arm on this line matched.
fn called<'a>(code: &'a Code<'a>, line: usize) -> Option<Call<'a>> {
    let (_, arm) = code.lines[line].rsplit_once("=>")?;
    let arm = match arm.trim() {
        "" | "{" => code.lines.get(line + 1)?.trim(),
        arm => arm,
    };
    let (path, _) = arm.split_once('(')?;
    if !path.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.')) {
        return None;
    }
    let (before, function) = path.rsplit_once(['.', ':']).unwrap_or(("", path));
    let module = before.strip_suffix(':').and_then(|before| before.rsplit("::").next());
    let is_ours =
        matches!(before, "" | "self") || module.is_some_and(|name| name.starts_with(char::is_lowercase));
    (is_ours && function.starts_with(char::is_lowercase)).then_some(Call { module, function })
}

/// Whether a file defines what another one calls.
fn is_home(home: &Code<'_>, caller: &Code<'_>, call: &Call<'_>) -> bool {
    let folder = |code: &Code<'_>| code.file.path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let is_near = match call.module {
        Some(module) => home.package == caller.package && home.room().ends_with(&format!("/{module}/")),
        None => folder(home) == folder(caller),
    };
    let defines = |line: &String| {
        let mut words = identifiers(line).skip_while(|word| *word != "fn");
        words.nth(1) == Some(call.function)
    };
    is_near && home.lines.iter().any(defines)
}

#[cfg(test)]
mod tests {
    use super::super::super::product::fixture::tree;
    use super::*;

    const CORE: &str =
        "pub enum Command {\n    Pin {\n        pinned: bool,\n    },\n    Wake,\n    Create,\n}\n";
    const LINE: &str = "#[derive(Debug, Subcommand)]\nenum Verb {\n    Ls,\n    Mark(MarkVerb),\n}\n\
                        #[derive(Debug, Subcommand)]\nenum MarkVerb {\n    Pin,\n}\n";

    /// The files that `verb` touches beside those two that define it, without `crates/` and `.rs`.
    fn files(verb: &str, others: &[(&str, &str)]) -> Vec<String> {
        let (core, line) = (("crates/core/src/input.rs", CORE), ("crates/cli/src/args.rs", LINE));
        let tree = tree(&[&[core, line], others].concat());
        let product = Product::of(&tree);
        let carriers = Carriers::of(&product.shipped, &product.testing);
        let touched = touched(&product.shipped, &carriers);
        let paths = touched.get(verb).into_iter().flatten();
        paths.filter(|path| **path != core.0 && **path != line.0).map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn verbs_are_those_of_the_core_and_of_the_command_line() {
        let tree = tree(&[("crates/core/src/input.rs", CORE), ("crates/cli/src/args.rs", LINE)]);
        let product = Product::of(&tree);
        let carriers = Carriers::of(&product.shipped, &product.testing);
        assert_eq!(carriers.verbs, BTreeSet::from(["Create", "List", "Pin", "Wake"]));
        assert_eq!(carriers.of_core, BTreeSet::from(["Create", "Pin", "Wake"]));
        let touched = touched(&product.shipped, &carriers);
        assert_eq!(touched["Pin"].len(), 2);
        assert_eq!(touched["Wake"].len(), 1);
    }

    #[test]
    fn a_file_that_names_a_verb_is_touched() {
        for (text, found) in [
            ("let a = Command::Pin { pinned };\n", true),
            ("let a = q_core::Command::Pin { pinned };\n", true),
            ("use q_core::Command as Wish;\nlet a = Wish::Pin { pinned };\n", true),
            ("impl Command {\n    let a = Self::Pin;\n}\n", true),
            ("impl Other {\n    let a = Self::Pin;\n}\n", false),
            ("let a = Other::Pin;\n", false),
            ("let a: std::pin::Pin<A> = b;\n", false),
            ("// Command::Pin\nlet a = \"Command::Pin\";\n", false),
            ("#[cfg(test)]\nmod tests {\n    a(Command::Pin);\n}\n", false),
            ("let a = Command::Wake;\n", false),
        ] {
            assert_eq!(!files("Pin", &[("crates/cli/src/a.rs", text)]).is_empty(), found, "{text}");
        }
    }

    #[test]
    fn another_name_of_a_verb_is_that_verb() {
        let row = "pub enum Action {\n    New,\n    Pin,\n    List,\n}\n";
        assert_eq!(files("Create", &[("crates/cli/src/a.rs", row)]), ["crates/cli/src/a.rs"]);
    }

    #[test]
    fn an_enum_carries_verbs_when_three_and_half_of_it_are_some() {
        for (variants, found) in [
            ("    Pin,\n    Wake,\n    Create,\n", true),
            ("    Pin,\n    Wake,\n    Create,\n    A,\n    B,\n    C,\n", true),
            ("    Pin,\n    Wake,\n    Create,\n    A,\n    B,\n    C,\n    D,\n", false),
            ("    Pin,\n    Wake,\n", false),
        ] {
            let text = format!("enum Wish {{\n{variants}}}\n");
            assert_eq!(!files("Pin", &[("crates/cli/src/a.rs", &text)]).is_empty(), found, "{text}");
        }
    }

    #[test]
    fn the_function_an_arm_calls_is_touched_where_it_is_defined() {
        let here = ("crates/core/src/a/marks.rs", "impl A {\n    pub(crate) fn pin(&mut self) {\n}\n");
        let elsewhere = ("crates/core/src/b.rs", "fn pin() {\n}\n");
        let module = ("crates/core/src/c/pin.rs", "fn run() {\n}\n");
        for (arm, home) in [
            ("Command::Pin { pinned } => self.pin(pinned),\n", Some(here.0)),
            ("Command::Pin { pinned } => {\n    self.pin(pinned)\n}\n", Some(here.0)),
            ("Command::Pin { pinned } => pin::run(pinned),\n", Some(module.0)),
            ("Command::Pin { pinned } => Some(pinned),\n", None),
            ("Command::Wake => self.pin(true),\n", None),
        ] {
            let arms = ("crates/core/src/a/mod.rs", arm);
            let mut found = files("Pin", &[arms, here, elsewhere, module]);
            found.retain(|path| path != arms.0);
            assert_eq!(found.first().map(String::as_str), home, "{arm}");
            assert_eq!(found.len(), usize::from(home.is_some()), "{arm}");
        }
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(spread([9, 1, 2].into_iter()), "max 9, median 2");
        assert_eq!(spread([].into_iter()), "max 0, median 0");
    }
}
