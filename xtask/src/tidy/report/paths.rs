//! The paths that a file names: those it imports, and those that stand in its code.

use std::collections::BTreeSet;

use super::super::code::{Code, identifiers};

/// What a file names of other modules.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    pub(super) imports: Vec<Import>,
    /// `a::b::c`, in parts, outside of imports.
    pub(super) inline: Vec<Vec<String>>,
    /// Every word outside of imports that is no part of a path behind its first.
    pub(super) words: BTreeSet<String>,
}

/// One name that a `use` brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The name it has here; `*` for all there are.
    pub(super) name: String,
    pub(super) path: Vec<String>,
    /// Whether it is given on to other modules.
    pub(super) public: bool,
}

impl Paths {
    pub(super) fn of(code: &Code<'_>) -> Self {
        let mut paths = Self::default();
        let mut lines = code.lines.iter();
        let mut body = String::new();
        while let Some(line) = lines.next() {
            let Some((public, tree)) = import(line) else {
                // `mod a;` says where a file is and needs nothing of it.
                if line.ends_with(';') && identifiers(line).any(|word| word == "mod") {
                    continue;
                }
                // Nor does `pub(in super::super)`, which says who may come.
                body.push_str(
                    line.split_once("pub(in ").map_or(line, |(_, rest)| rest.trim_start_matches(is_path)),
                );
                body.push('\n');
                continue;
            };
            let mut statement = tree.to_owned();
            while !statement.contains(';') {
                let Some(next) = lines.next() else { break };
                statement.push_str(next);
            }
            let tree = statement.split(';').next().unwrap_or_default();
            paths.imports.extend(leaves(tree).into_iter().map(|(name, path)| Import { name, path, public }));
        }
        paths.read(&body);
        paths
    }

    fn read(&mut self, body: &str) {
        for chain in body.split(|c: char| !is_path(c)) {
            // `a:` is a field or a type's beginning, `::a` the end of a generic path.
            let parts: Vec<&str> = chain.trim_end_matches(':').split("::").collect();
            let named: Vec<&str> = parts.iter().flat_map(|part| part.split(':')).collect();
            if let Some(first) = named.first().filter(|first| !first.is_empty()) {
                self.words.insert((*first).to_owned());
            }
            if parts.len() > 1 && !parts[0].is_empty() && named.len() == parts.len() {
                self.inline.push(parts.iter().map(|part| (*part).to_owned()).collect());
            }
        }
    }
}

fn is_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':')
}

/// The tree of the `use` that begins on this line, and whether it is public.
fn import(line: &str) -> Option<(bool, &str)> {
    let line = line.trim_start();
    let (public, rest) = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => (true, rest.split_once(") ")?.1),
        Some(rest) => (true, rest.strip_prefix(' ')?),
        None => (false, line),
    };
    Some((public, rest.strip_prefix("use ")?))
}

/// What a tree of imports brings: `a::{b, c as d}` is `b` of `a::b` and `d` of `a::c`.
fn leaves(tree: &str) -> Vec<(String, Vec<String>)> {
    let tree = tree.trim();
    if tree.is_empty() {
        return Vec::new();
    }
    if let Some((before, group)) = tree.split_once('{') {
        let prefix = parts(before.trim_end_matches("::"));
        let group = group.trim_end().strip_suffix('}').unwrap_or(group);
        let under = |(name, path): (String, Vec<String>)| {
            let whole = [prefix.as_slice(), path.as_slice()].concat();
            // `a::{self}` is `a`.
            match whole.split_last() {
                Some((last, rest)) if last == "self" && !rest.is_empty() => {
                    let name = if name == "self" { rest.last().cloned().unwrap_or_default() } else { name };
                    (name, rest.to_vec())
                }
                _ => (name, whole),
            }
        };
        return split(group).into_iter().flat_map(leaves).map(under).collect();
    }
    let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
    let path = parts(path);
    let name = name.map(|name| name.trim().to_owned()).or_else(|| path.last().cloned()).unwrap_or_default();
    vec![(name, path)]
}

fn parts(path: &str) -> Vec<String> {
    path.trim().split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Splits at the commas that stand in no inner group.
fn split(group: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    group
        .split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::code::fixture::tree;
    use super::*;

    #[test]
    fn imports_are_read_through_groups_and_renames() {
        for (text, expected) in [
            ("use a::b;\n", "b=a::b"),
            ("pub use a::b as c;\n", "pub c=a::b"),
            ("pub(crate) use a::*;\n", "pub *=a::*"),
            ("use a::{\n    self, b::{c, d as e},\n    f,\n};\n", "a=a c=a::b::c e=a::b::d f=a::f"),
            ("useless::a();\n", ""),
        ] {
            let tree = tree(&[("crates/x/src/a.rs", text)]);
            let show = |import: Import| {
                let public = if import.public { "pub " } else { "" };
                format!("{public}{}={}", import.name, import.path.join("::"))
            };
            let imports: Vec<String> = Paths::of(&Code::of(&tree)[0]).imports.into_iter().map(show).collect();
            assert_eq!(imports.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn paths_in_code_are_read_in_parts() {
        let text = "mod l;\npub(in super::m) fn a(b: &crate::c::D) -> E { super::f(g::<H>(), I { j: k }) }\n";
        let tree = tree(&[("crates/x/src/a.rs", text)]);
        let paths = Paths::of(&Code::of(&tree)[0]);
        let inline: Vec<String> = paths.inline.iter().map(|path| path.join("::")).collect();
        assert_eq!(inline, ["crate::c::D", "super::f"]);
        let words: Vec<&str> = paths.words.iter().map(String::as_str).collect();
        assert_eq!(words, ["E", "H", "I", "a", "b", "crate", "fn", "g", "j", "k", "super"]);
    }
}
