//! Which files prove the core: all of crates/core, and crates/model without its benchmark.
//!
//! That crates/model needs nothing but the core is a rule of its own (`tidy`), so nothing has to be picked out of it.

use crate::tree::{File, Tree};

const CORE: &str = "crates/core/";
const MODEL: &str = "crates/model/";
/// What the core is built with, and what its tests compare with it.
const BESIDE: &[&str] = &["Cargo.lock", "rust-toolchain.toml", "docs/states.md"];
/// Sections of a manifest that say nothing about what proves the core: benchmarks, and what only they take.
const LEFT_OUT: &[&str] = &["[dev-dependencies]", "[[bench]]"];

/// The files of the copy.
pub(super) fn files(tree: &Tree) -> Vec<File> {
    let stays = |path: &str| {
        let of_model = path.strip_prefix(MODEL);
        path.starts_with(CORE)
            || BESIDE.contains(&path)
            || of_model.is_some_and(|path| path.starts_with("src/") || path.starts_with("tests/"))
    };
    let mut files: Vec<File> = tree
        .files
        .iter()
        .filter(|file| stays(&file.path))
        .map(|file| File { path: file.path.clone(), text: file.text.clone() })
        .collect();
    let own = |path: &str, change: fn(&str) -> String| File {
        path: path.into(),
        text: change(tree.text(path).unwrap_or_default()),
    };
    files.push(own("Cargo.toml", workspace));
    files.push(own("crates/model/Cargo.toml", package));
    files
}

/// The workspace's manifest with two members.
fn workspace(manifest: &str) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with("members =") {
            text.push_str("members = [\"crates/core\", \"crates/model\"]\n");
        } else if !line.starts_with("default-members =") && !line.starts_with("exclude =") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The package's manifest without its benchmark.
fn package(manifest: &str) -> String {
    let mut stays = true;
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            stays = !LEFT_OUT.contains(&line);
        }
        if stays {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"fuzz\"]\n[profile.dev]\n"),
            ("Cargo.lock", ""),
            ("README.md", ""),
            ("crates/core/src/lib.rs", ""),
            ("crates/host/src/lib.rs", ""),
            (
                "crates/model/Cargo.toml",
                "[package]\n[dependencies]\nproptest = \"1\"\n[dev-dependencies]\ncriterion = \"0\"\n[[bench]]\nname = \"core\"\n[lints]\n",
            ),
            ("crates/model/benches/core.rs", "use criterion::Criterion;\n"),
            ("crates/model/src/lib.rs", "pub mod world;\n"),
            ("crates/model/src/world.rs", "use q_core::Head;\n"),
            ("crates/model/tests/properties/main.rs", "mod turns;\n"),
            ("crates/model/tests/properties/turns.rs", ""),
            ("crates/sim/src/lib.rs", ""),
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
            "crates/model/Cargo.toml",
            "crates/model/src/lib.rs",
            "crates/model/src/world.rs",
            "crates/model/tests/properties/main.rs",
            "crates/model/tests/properties/turns.rs",
        ];
        assert_eq!(paths, expected);
        let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
        assert_eq!(
            text("Cargo.toml"),
            Some("[workspace]\nmembers = [\"crates/core\", \"crates/model\"]\n[profile.dev]\n")
        );
        assert_eq!(
            text("crates/model/Cargo.toml"),
            Some("[package]\n[dependencies]\nproptest = \"1\"\n[lints]\n")
        );
    }
}
