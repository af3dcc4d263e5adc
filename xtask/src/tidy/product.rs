//! Which crates are the product: those that the binary is built of. The others are the testing world.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::edges::dependencies;
use crate::tree::Tree;

/// The package that the binary is in.
const BINARY: &str = "q-cli";

/// All code, by whether a person runs it.
pub(super) struct Product<'a> {
    pub(super) shipped: Vec<Code<'a>>,
    pub(super) testing: Vec<Code<'a>>,
}

impl<'a> Product<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        let built = built(tree);
        let (shipped, testing) = Code::of(tree).into_iter().partition(|code| built.contains(code.package));
        Self { shipped, testing }
    }
}

/// The folders below `crates` that the binary reaches through dependencies that are not only for tests.
fn built(tree: &Tree) -> BTreeSet<&str> {
    let manifests: BTreeMap<&str, (&str, &str)> = tree
        .files
        .iter()
        .filter_map(|file| {
            let folder = file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            let name = file.text.lines().find_map(|line| line.strip_prefix("name = \""))?;
            Some((name.trim_end_matches('"'), (folder, file.text.as_str())))
        })
        .collect();
    let mut built = BTreeSet::new();
    let mut next = vec![BINARY];
    while let Some(name) = next.pop() {
        if let Some((folder, manifest)) = manifests.get(name)
            && built.insert(*folder)
        {
            next.extend(dependencies(manifest).map(|(_, name)| name));
        }
    }
    built
}

#[cfg(test)]
pub(super) mod fixture {
    use crate::tidy::code::fixture;
    use crate::tree::Tree;

    /// A tree of the product's crates `cli` and `core`, the testing world's `sim`, and these files.
    pub(in crate::tidy) fn tree(files: &[(&str, &str)]) -> Tree {
        let manifests = [
            ("crates/cli/Cargo.toml", "name = \"q-cli\"\n[dependencies]\nq-core.workspace = true\n"),
            ("crates/core/Cargo.toml", "name = \"q-core\"\n[dev-dependencies]\nq-sim.workspace = true\n"),
            ("crates/sim/Cargo.toml", "name = \"q-sim\"\n[dependencies]\nq-core.workspace = true\n"),
        ];
        fixture::tree(&[&manifests, files].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::tree;
    use super::*;

    #[test]
    fn the_product_is_what_the_binary_is_built_of() {
        let tree = tree(&[
            ("crates/cli/src/main.rs", ""),
            ("crates/core/src/lib.rs", ""),
            ("crates/sim/src/lib.rs", ""),
        ]);
        let Product { shipped, testing } = Product::of(&tree);
        let packages =
            |code: &[Code<'_>]| code.iter().map(|code| code.package.to_owned()).collect::<Vec<_>>();
        assert_eq!(packages(&shipped), ["cli", "core"]);
        assert_eq!(packages(&testing), ["sim"]);
    }
}
