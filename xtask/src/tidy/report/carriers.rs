//! The enums that carry verbs from a key or a typed word to where it is done, found by what they are made of, so that a
//! renamed or a new one counts as well.

use std::collections::{BTreeMap, BTreeSet};

use super::super::code::Code;

/// Enums of which every variant is a verb; so is every one that the command line is parsed into.
const SAY_VERBS_ONLY: &[&str] = &["Command", "Action"];
/// An enum with fewer verbs among its variants, or with less than half of them verbs, has a word in common by chance.
const MIN_VERBS: usize = 3;

/// One verb under several names, as `VARIANT` or `ENUM::VARIANT`.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("New", "Create"),
    ("Delete", "Trash"),
    ("Unread", "MarkUnread"),
    ("Read", "MarkRead"),
    ("Now", "SendNow"),
    ("EditQueued", "Edit"),
    ("TakeBack", "Unqueue"),
    ("Send", "Submit"),
    ("Ls", "List"),
    // And one name for two: to change what is being typed, to tell what a terminal has on its screen.
    ("Action::Edit", "Type"),
    ("Intent::Show", "Look"),
];

/// An enum as it is written down.
pub(super) struct Enum<'a> {
    pub(super) path: &'a str,
    pub(super) name: &'a str,
    /// With its line, from 0, and what follows on it.
    pub(super) variants: Vec<(usize, &'a str, &'a str)>,
    is_command_line: bool,
}

pub(super) struct Carriers<'a> {
    pub(super) enums: Vec<Enum<'a>>,
    pub(super) verbs: BTreeSet<&'a str>,
    /// Those that the core is told.
    pub(super) of_core: BTreeSet<&'a str>,
}

impl<'a> Carriers<'a> {
    /// Those of the product, and those of the testing world that carry the product's verbs.
    pub(super) fn of(shipped: &'a [Code<'a>], testing: &'a [Code<'a>]) -> Self {
        let products = shipped;
        let shipped: Vec<Enum<'_>> = products.iter().flat_map(enums).collect();
        let mut parsed: BTreeSet<&str> =
            shipped.iter().filter(|found| found.is_command_line).map(|found| found.name).collect();
        parsed.extend(products.iter().flat_map(|code| &code.lines).filter_map(|line| parsed_by_hand(line)));
        let (mut verbs, mut of_core) = (BTreeSet::new(), BTreeSet::new());
        for found in &shipped {
            if !found.is_command_line && !SAY_VERBS_ONLY.contains(&found.name) {
                continue;
            }
            // A variant that holds another such enum is a heading.
            let is_heading = |behind: &str| found.is_command_line && names_any(behind, &parsed);
            let own = found.variants.iter().filter(|(_, _, behind)| !is_heading(behind));
            let own: Vec<&str> = own.map(|(_, variant, _)| verb(found.name, variant)).collect();
            if found.path.starts_with("crates/core/") {
                of_core.extend(own.iter().copied());
            }
            verbs.extend(own);
        }
        let carries = |found: &Enum<'_>| {
            let is_verb = |(_, variant, _): &&(usize, &str, &str)| verbs.contains(verb(found.name, variant));
            let count = found.variants.iter().filter(is_verb).count();
            found.is_command_line || count >= MIN_VERBS && count * 2 >= found.variants.len()
        };
        let enums = shipped.into_iter().chain(testing.iter().flat_map(enums)).filter(carries).collect();
        Self { enums, verbs, of_core }
    }

    pub(super) fn is_carrier(&self, name: &str) -> bool {
        self.enums.iter().any(|found| found.name == name)
    }

    /// The verb that `ENUM::VARIANT` means.
    pub(super) fn verb<'b>(&self, carrier: &str, variant: &'b str) -> Option<&'b str> {
        Some(verb(carrier, variant)).filter(|verb| self.verbs.contains(verb))
    }

    /// `Command in crates/core/src/input.rs, …`
    pub(super) fn places(&self) -> String {
        let mut places = BTreeMap::<&str, Vec<&str>>::new();
        for found in &self.enums {
            places.entry(found.path).or_default().push(found.name);
        }
        let place = |(path, names): (&str, Vec<&str>)| format!("{} in {path}", names.join(", "));
        places.into_iter().map(place).collect::<Vec<_>>().join("; ")
    }
}

/// The one name of a verb.
fn verb<'a>(carrier: &str, variant: &'a str) -> &'a str {
    let whole = format!("{carrier}::{variant}");
    let other = |name: &str| OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, verb)| *verb);
    other(&whole).or_else(|| other(variant)).unwrap_or(variant)
}

/// A type that the command line is parsed into without being derived from an enum: its verbs are made of a table.
fn parsed_by_hand(line: &str) -> Option<&str> {
    line.strip_prefix("impl Subcommand for ")?.split(|c: char| !c.is_alphanumeric()).next()
}

fn names_any(text: &str, names: &BTreeSet<&str>) -> bool {
    super::super::code::identifiers(text).any(|word| names.contains(word))
}

/// The enums of a file. Formatted code has a variant a line, four blanks deeper than the enum.
fn enums<'a>(code: &'a Code<'a>) -> Vec<Enum<'a>> {
    let mut found = Vec::<Enum<'_>>::new();
    let mut open: Option<usize> = None;
    let mut is_command_line = false;
    for (index, line) in code.lines.iter().enumerate() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if let Some(name) = name_of_enum(bare) {
            found.push(Enum { path: &code.file.path, name, variants: Vec::new(), is_command_line });
            open = Some(indent).filter(|_| line.ends_with('{'));
        } else if open.is_some_and(|depth| indent == depth + 4)
            && bare.starts_with(|c: char| c.is_ascii_uppercase())
            && let Some(found) = found.last_mut()
        {
            let end = bare.find(|c: char| !c.is_alphanumeric()).unwrap_or(bare.len());
            found.variants.push((index, &bare[..end], &bare[end..]));
        } else if open == Some(indent) && bare.starts_with('}') {
            open = None;
        }
        if bare.starts_with("#[derive(") {
            is_command_line = super::super::code::identifiers(bare).any(|word| word == "Subcommand");
        } else if !bare.is_empty() && !bare.starts_with("#[") {
            is_command_line = false;
        }
    }
    found
}

fn name_of_enum(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix("pub") {
        Some(rest) => rest.split_once(' ')?.1,
        None => line,
    };
    rest.strip_prefix("enum ")?.split(|c: char| !c.is_alphanumeric()).next()
}
