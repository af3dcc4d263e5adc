//! Circles: files of one crate of which each needs the others, so that none can be read alone.
//!
//! A file needs another when it names something of it: by `crate::`, `super::` or `self::`, or through a module of its own.
//! A name that was given on (`pub use`) is that of the file it comes from, and giving it on needs nothing. A circle is a
//! strongly connected part of more than one file. Unit tests are left out; so is what a method call needs, since a call
//! does not say where the method is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::code::Code;
use super::super::product::Product;
use super::paths::Paths;

/// A chain of names that are given on is followed so far.
const HOPS: usize = 8;

/// From a crate's `src` on.
type Module = Vec<String>;

pub(super) fn print(product: &Product<'_>) {
    let mut circles = Vec::new();
    for (package, files) in by_package(product) {
        circles.extend(circles_of(&files).into_iter().map(|members| (package, members)));
    }
    let is_shipped = |package: &str| product.shipped.iter().any(|code| code.package == package);
    let shipped = circles.iter().filter(|(package, _)| is_shipped(package)).count();
    println!("circles between files: {}, {shipped} of them in the product", circles.len());
    for (package, members) in circles {
        println!("  {package}: {}", members.join(", "));
    }
}

fn by_package<'a>(product: &'a Product<'a>) -> BTreeMap<&'a str, Vec<&'a Code<'a>>> {
    let mut packages = BTreeMap::<&str, Vec<&Code<'_>>>::new();
    for code in product.shipped.iter().chain(&product.testing) {
        packages.entry(code.package).or_default().push(code);
    }
    packages
}

/// The circles of one crate: paths below its `src`.
fn circles_of(files: &[&Code<'_>]) -> Vec<Vec<String>> {
    let package = Package::of(files);
    let needs: BTreeMap<&Module, BTreeSet<&Module>> =
        package.files.keys().map(|module| (module, package.needs(module))).collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        needs.keys().map(|module| (*module, reached(module, &needs))).collect();
    let mut circles = BTreeSet::new();
    for (module, others) in &reached {
        let circle: Vec<String> = others
            .iter()
            .filter(|other| reached[*other].contains(module))
            .map(|other| package.files[*other].inner.to_owned())
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// What can be come to from a module.
fn reached<'a>(from: &Module, needs: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = needs[from].iter().copied().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(needs[module].iter().copied());
        }
    }
    reached
}

/// A crate as modules, each a file.
struct Package<'a> {
    files: BTreeMap<Module, Known<'a>>,
}

struct Known<'a> {
    /// Its path below `src`.
    inner: &'a str,
    paths: Paths,
}

impl<'a> Package<'a> {
    fn of(files: &[&Code<'a>]) -> Self {
        let mut known = BTreeMap::new();
        for code in files {
            let file = Known { inner: code.inner(), paths: Paths::of(code) };
            // Nobody can name what is in `main.rs` where there is a `lib.rs`.
            if code.inner() != "main.rs" || files.iter().all(|other| other.inner() != "lib.rs") {
                known.insert(module(code.inner()), file);
            }
        }
        Self { files: known }
    }

    fn needs(&self, module: &Module) -> BTreeSet<&Module> {
        let paths = &self.files[module].paths;
        let imports =
            paths.imports.iter().filter(|import| !import.public || paths.words.contains(&import.name));
        let named = imports.map(|import| &import.path).chain(&paths.inline);
        let found = named.filter_map(|path| self.resolved(module, path, HOPS));
        found.filter(|found| *found != module).collect()
    }

    /// The module of which a path, as it stands in another, names something; none where it is of another crate.
    fn resolved(&self, from: &Module, path: &[String], hops: usize) -> Option<&Module> {
        let mut parts = path.iter();
        let first = parts.next()?;
        let mut at = match first.as_str() {
            "crate" => root(from).to_vec(),
            "self" => from.clone(),
            "super" => parent(from)?,
            _ => self.child(from, first)?,
        };
        let mut rest = parts.as_slice();
        while let Some((next, behind)) = rest.split_first() {
            at = match next.as_str() {
                "super" => parent(&at)?,
                _ => match self.child(&at, next) {
                    Some(child) => child,
                    None => break,
                },
            };
            rest = behind;
        }
        let (found, known) = self.files.get_key_value(&at)?;
        let Some(name) = rest.first() else { return Some(found) };
        let given_on = known.paths.imports.iter().find(|import| import.name == *name);
        match given_on {
            Some(import) if hops > 0 && at != *from => self.resolved(&at, &import.path, hops - 1),
            _ => Some(found),
        }
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let child = [module.as_slice(), &[name.to_owned()]].concat();
        self.files.contains_key(&child).then_some(child)
    }
}

/// The module of a file below `src`.
fn module(inner: &str) -> Module {
    let mut parts: Vec<String> = inner.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_top = parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
    if is_top {
        parts.pop();
    }
    parts
}

/// Where the crate of a module begins: each program below `bin` is one of its own.
fn root(module: &Module) -> &[String] {
    if module.first().is_some_and(|first| first == "bin") { &module[..module.len().min(2)] } else { &[] }
}

fn parent(module: &Module) -> Option<Module> {
    module.split_last().map(|(_, parent)| parent.to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::super::code::fixture::tree;
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<(String, &str)> =
            files.iter().map(|(path, text)| (format!("crates/x/src/{path}"), *text)).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let tree = tree(&files);
        let code = Code::of(&tree);
        circles_of(&code.iter().collect::<Vec<_>>()).iter().map(|circle| circle.join(" ")).collect()
    }

    #[test]
    fn files_that_need_each_other_are_a_circle() {
        let a = ("a.rs", "use crate::b::B;\n");
        for (b, found) in [
            ("use crate::a::A;\n", true),
            ("use super::a::A;\n", true),
            ("fn b() -> crate::a::A {}\n", true),
            ("use crate::c::C;\n", true),
            ("use std::a::A;\n", false),
            ("// use crate::a::A;\n", false),
            ("#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n", false),
            ("use crate::d::D;\n", false),
        ] {
            let c = ("c.rs", "use crate::a::A;\n");
            let d = ("d.rs", "");
            let found_here = circles(&[("lib.rs", "mod a;\nmod b;\n"), a, ("b.rs", b), c, d]);
            assert_eq!(found_here.len(), usize::from(found), "{b}: {found_here:?}");
        }
    }

    #[test]
    fn a_room_and_its_parts_are_a_circle_where_each_uses_the_other() {
        let part = ("a/b.rs", "use super::A;\n");
        let found = |room| ["a/mod.rs", "a.rs"].map(|path| circles(&[(path, room), part]).len());
        for room in ["use b::B;\n", "fn a() { b::run() }\n", "pub use b::B;\nstruct A(B);\n"] {
            assert_eq!(found(room), [1, 1], "{room}");
        }
        for room in ["pub use b::B;\n", "mod b;\n", "pub mod b;\npub use b::b;\n"] {
            assert_eq!(found(room), [0, 0], "{room}");
        }
    }

    #[test]
    fn a_name_given_on_is_of_the_file_it_comes_from() {
        let top = ("lib.rs", "pub use a::A;\npub use b::B;\n");
        let one_way = circles(&[top, ("a.rs", "use crate::B;\n"), ("b.rs", "")]);
        assert!(one_way.is_empty(), "{one_way:?}");
        assert_eq!(circles(&[top, ("a.rs", "use crate::B;\n"), ("b.rs", "use crate::A;\n")]), ["a.rs b.rs"]);
    }

    #[test]
    fn a_program_of_its_own_is_a_crate_of_its_own() {
        let files = [("lib.rs", ""), ("bin/p/main.rs", "use a::A;\n"), ("bin/p/a.rs", "use crate::B;\n")];
        assert_eq!(circles(&files), ["bin/p/main.rs bin/p/a.rs"]);
    }
}
