//! Which files prove the core: all of crates/core, and of crates/sim what needs nothing but the core.
//!
//! A module or a test of crates/sim that names another of its dependencies is left out, and so is whatever names such a
//! module. Nothing has to be listed by hand, and a property that begins to need a disk or a terminal drops out.

use std::collections::BTreeSet;

use crate::tree::{File, Tree, has_word};

const CORE: &str = "crates/core/";
const SIM: &str = "crates/sim/";
/// The package in it: for its own tests it may be among its dependencies.
const OWN: &str = "q-sim";
/// What the core is built with, and what its tests compare with it.
const BESIDE: &[&str] = &["Cargo.lock", "rust-toolchain.toml", "docs/states.md"];
/// What the properties may use beside the standard library.
const TAKEN: &[&str] = &["q-core", "proptest"];

/// The files of the copy.
pub(super) fn files(tree: &Tree) -> Vec<File> {
    let copy = |file: &File| File { path: file.path.clone(), text: file.text.clone() };
    let mut files: Vec<File> = tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(CORE) || BESIDE.contains(&file.path.as_str()))
        .map(copy)
        .collect();
    let own = |path: &str, text: String| File { path: path.into(), text };
    files.push(own("Cargo.toml", workspace(tree.text("Cargo.toml").unwrap_or_default())));
    files.extend(sim(tree));
    files
}

/// The workspace's manifest with two members.
fn workspace(manifest: &str) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with("members =") {
            text.push_str("members = [\"crates/core\", \"crates/sim\"]\n");
        } else if !line.starts_with("default-members =") && !line.starts_with("exclude =") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn sim(tree: &Tree) -> Vec<File> {
    let manifest = tree.text("crates/sim/Cargo.toml").unwrap_or_default();
    let library = tree.text("crates/sim/src/lib.rs").unwrap_or_default();
    let foreign = foreign(manifest);
    let left_out = left_out(tree, library, &foreign);
    let foreign_tests: BTreeSet<&str> = tree
        .files
        .iter()
        .filter(|file| names_any(&file.text, &foreign) || names_module(&file.text, "q_sim", &left_out))
        .filter_map(|file| test(file.path.strip_prefix(SIM)?))
        .collect();
    let stays = |file: &&File| {
        let Some(path) = file.path.strip_prefix(SIM) else { return false };
        match path.strip_prefix("src/") {
            Some(source) => module(source).is_some_and(|module| !left_out.contains(module)),
            None => test(path).is_some_and(|test| !foreign_tests.contains(test)),
        }
    };
    let mut files: Vec<File> = tree
        .files
        .iter()
        .filter(stays)
        .map(|file| File { path: file.path.clone(), text: file.text.clone() })
        .collect();
    files.push(File { path: "crates/sim/Cargo.toml".into(), text: package(manifest) });
    files.push(File { path: "crates/sim/src/lib.rs".into(), text: without_modules(library, &left_out) });
    files
}

/// What the properties cannot have, as code names it: every dependency but a few.
fn foreign(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut foreign = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') && name != OWN && !TAKEN.contains(&name) {
                foreign.insert(name.replace('-', "_"));
            }
        }
    }
    foreign
}

/// The modules of the library that need what is not there, themselves or through another.
fn left_out<'a>(tree: &'a Tree, library: &str, foreign: &BTreeSet<String>) -> BTreeSet<&'a str> {
    let is_declared = |name: &str| has_word(library, name);
    let sources: Vec<(&str, &File)> = tree
        .files
        .iter()
        .filter_map(|file| Some((module(file.path.strip_prefix("crates/sim/src/")?)?, file)))
        .filter(|(module, _)| is_declared(module))
        .collect();
    let mut left_out: BTreeSet<&str> = BTreeSet::new();
    loop {
        let next: BTreeSet<&str> = sources
            .iter()
            .filter(|(_, file)| {
                names_any(&file.text, foreign) || names_module(&file.text, "crate", &left_out)
            })
            .map(|(module, _)| *module)
            .collect();
        if next.len() == left_out.len() {
            return next;
        }
        left_out = next;
    }
}

/// The library's module that a file belongs to, from its path below `src`.
fn module(path: &str) -> Option<&str> {
    match path.split_once('/') {
        Some(("bin", _)) => None,
        Some((module, _)) => Some(module),
        None => path.strip_suffix(".rs").filter(|name| *name != "lib"),
    }
}

/// The test program that a file belongs to: a file of `tests`, or a directory there.
fn test(path: &str) -> Option<&str> {
    let path = path.strip_prefix("tests/")?.strip_suffix(".rs")?;
    path.split('/').next()
}

fn names_any(text: &str, crates: &BTreeSet<String>) -> bool {
    code(text).any(|line| crates.iter().any(|name| line.contains("::") && has_word(line, name)))
}

/// Whether code names one of these modules of `library`: by path, or in a `use` that may go over several lines.
fn names_module(text: &str, library: &str, modules: &BTreeSet<&str>) -> bool {
    let path = format!("{library}::");
    let mut in_use = false;
    code(text).any(|line| {
        let names = in_use || line.contains(&path);
        in_use = (in_use || line.contains(&format!("use {path}"))) && !line.contains(';');
        names && modules.iter().any(|module| has_word(line, module))
    })
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The package's manifest without programs and benchmarks, and with the dependencies that stay.
fn package(manifest: &str) -> String {
    let mut stays = false;
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            stays = ["[package]", "[lints]"].contains(&line);
        }
        if stays {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.push_str("[dependencies]\n");
    for name in TAKEN {
        text.push_str(name);
        text.push_str(".workspace = true\n");
    }
    text
}

/// The library without these modules, and without the attributes above them.
fn without_modules(library: &str, left_out: &BTreeSet<&str>) -> String {
    let is_left_out = |line: &str| {
        line.trim_end()
            .strip_suffix(';')
            .and_then(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod "))
            .is_some_and(|module| left_out.contains(module))
    };
    let mut kept: Vec<&str> = Vec::new();
    for line in library.lines() {
        if is_left_out(line) {
            while kept.last().is_some_and(|above| above.starts_with("#[")) {
                kept.pop();
            }
        } else {
            kept.push(line);
        }
    }
    kept.into_iter().fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"fuzz\"]\n[profile.dev]\n"),
            ("Cargo.lock", ""),
            ("crates/core/src/lib.rs", ""),
            ("crates/host/src/lib.rs", ""),
            (
                "crates/sim/Cargo.toml",
                "[package]\n[dependencies]\nq-core.workspace = true\nportable-pty = \"1\"\n[dev-dependencies]\nq-sim = { workspace = true }\nq-host.workspace = true\nproptest = \"1\"\n",
            ),
            (
                "crates/sim/src/lib.rs",
                "//! Sim.\npub mod home;\n#[cfg(feature = \"shell\")]\npub mod shell;\npub mod terminal;\npub mod world;\n",
            ),
            ("crates/sim/src/home.rs", "use std::fs;\n"),
            ("crates/sim/src/shell/mod.rs", "mod line;\n"),
            ("crates/sim/src/shell/line.rs", "use crate::{\n    terminal::Screen,\n};\n"),
            ("crates/sim/src/terminal.rs", "use portable_pty::Pty;\n"),
            ("crates/sim/src/world.rs", "//! No portable_pty::Pty.\nuse q_core::Head;\n"),
            ("crates/sim/src/bin/bench.rs", ""),
            (
                "crates/sim/tests/properties.rs",
                "use q_sim::{\n    home, world::World,\n};\nlet terminal = 1;\n",
            ),
            ("crates/sim/tests/screens.rs", "use q_sim::{\n    home,\n    terminal,\n};\n"),
            ("crates/sim/tests/hosts/main.rs", "mod one;\n"),
            ("crates/sim/tests/hosts/one.rs", "use q_host::Host;\n"),
            ("crates/sim/tests/turns/main.rs", "mod one;\n"),
            ("crates/sim/tests/turns/one.rs", ""),
        ];
        Tree { files: files.iter().map(file).collect() }
    }

    #[test]
    fn what_needs_only_the_core_stays() {
        let files = files(&tree());
        let mut paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        let expected = [
            "Cargo.lock",
            "Cargo.toml",
            "crates/core/src/lib.rs",
            "crates/sim/Cargo.toml",
            "crates/sim/src/home.rs",
            "crates/sim/src/lib.rs",
            "crates/sim/src/world.rs",
            "crates/sim/tests/properties.rs",
            "crates/sim/tests/turns/main.rs",
            "crates/sim/tests/turns/one.rs",
        ];
        assert_eq!(paths, expected);
        let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
        assert_eq!(text("crates/sim/src/lib.rs"), Some("//! Sim.\npub mod home;\npub mod world;\n"));
        assert_eq!(
            text("Cargo.toml"),
            Some("[workspace]\nmembers = [\"crates/core\", \"crates/sim\"]\n[profile.dev]\n")
        );
        assert_eq!(
            text("crates/sim/Cargo.toml"),
            Some("[package]\n[dependencies]\nq-core.workspace = true\nproptest.workspace = true\n")
        );
    }
}
