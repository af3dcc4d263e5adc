//! What a package links, all the way down: whoever only speaks to a host links neither its store nor an HTTP client.
//!
//! Ours are followed through the dependencies of their manifests, those of tests left out, and all others through
//! `Cargo.lock`. That says more than is linked where a feature is off, and never less.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::edges::dependencies;
use crate::tree::Tree;

/// A package, and what may be nowhere beneath it.
const FREE_OF: &[(&str, &[&str])] = &[
    ("q-proto", &["fjall", "hyper", "rustls", "q-store", "q-agent"]),
    // Numbers are crunched in a process of its own.
    ("q-cli", &["candle-core", "q-local"]),
    ("q-acp", &["fjall", "hyper", "rustls", "q-store", "q-agent"]),
    ("q-client", &["fjall", "hyper", "rustls", "q-store", "q-agent", "q-host"]),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let links = links(tree);
    let mut findings = Vec::new();
    for (package, never) in FREE_OF {
        let Some((manifest, _)) = ours(tree).find(|(_, name)| name == package) else { continue };
        let linked = linked(package, &links);
        for name in never.iter().filter(|name| linked.contains_key(*name)) {
            let what = format!("{package} must not link {name}: {}", way(name, &linked));
            findings.push(Finding { path: manifest.into(), line: 0, what });
        }
    }
    findings
}

/// The manifests of our packages, with their names.
fn ours(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    let manifests = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    manifests.filter_map(|file| {
        let name = file.text.lines().find_map(|line| line.strip_prefix("name = \""))?;
        Some((file.path.as_str(), name.trim_end_matches('"')))
    })
}

/// By package, what it takes directly.
fn links(tree: &Tree) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut links = BTreeMap::<&str, BTreeSet<&str>>::new();
    // Versions are not told apart: what any of them takes counts.
    let lock = tree.text("Cargo.lock").unwrap_or_default();
    for package in lock.split("[[package]]").skip(1) {
        let mut rows = package.lines();
        let Some(name) = rows.find_map(|line| line.strip_prefix("name = \"")) else { continue };
        let taken = rows.filter_map(|line| line.strip_prefix(" \"")?.split(['"', ' ']).next());
        links.entry(name.trim_end_matches('"')).or_default().extend(taken);
    }
    // The lock file does not tell what only tests take.
    for (manifest, name) in ours(tree) {
        let text = tree.text(manifest).unwrap_or_default();
        links.insert(name, dependencies(text).map(|(_, name)| name).collect());
    }
    links
}

/// Everything beneath a package, each with who takes it.
fn linked<'a>(package: &'a str, links: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeMap<&'a str, &'a str> {
    let mut linked = BTreeMap::new();
    let mut next = vec![package];
    while let Some(by) = next.pop() {
        for name in links.get(by).into_iter().flatten() {
            if *name != package && !linked.contains_key(name) {
                linked.insert(*name, by);
                next.push(name);
            }
        }
    }
    linked
}

/// How it comes to be linked, from the package down to it.
fn way(name: &str, linked: &BTreeMap<&str, &str>) -> String {
    let mut way = vec![name];
    while let Some(by) = linked.get(way[way.len() - 1]) {
        way.push(by);
    }
    way.reverse();
    way.join(" > ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    const LOCK: &str = "\
version = 4

[[package]]
name = \"fjall\"
version = \"3.1.13\"

[[package]]
name = \"q-client\"
dependencies = [
 \"q-proto\",
 \"q-testkit\",
]

[[package]]
name = \"tokio\"
version = \"1.0.0\"
dependencies = [
 \"mio 1.0.0\",
]

[[package]]
name = \"mio\"
version = \"1.0.0\"
dependencies = [
 \"hyper\",
]
";

    fn found(client: &str, proto: &str) -> Vec<String> {
        let file = |path: &str, text: String| File { path: path.into(), text };
        let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
        let tree = Tree {
            files: vec![
                file("Cargo.lock", LOCK.into()),
                file("crates/client/Cargo.toml", manifest("q-client", client)),
                file("crates/proto/Cargo.toml", manifest("q-proto", proto)),
                file(
                    "crates/testkit/Cargo.toml",
                    manifest("q-testkit", "[dependencies]\nfjall.workspace = true\n"),
                ),
            ],
        };
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn what_is_linked_through_others_is_found_with_its_way_and_what_tests_take_is_not() {
        let tests = "[dev-dependencies]\nq-testkit.workspace = true\n";
        let proto = "[dependencies]\nq-proto.workspace = true\n";
        for (client, takes, expected) in [
            ("", "", vec![]),
            (tests, "", vec![]),
            (proto, "[dependencies]\nserde.workspace = true\n", vec![]),
            (
                proto,
                "[dependencies]\ntokio.workspace = true\n",
                vec![
                    "q-proto must not link hyper: q-proto > tokio > mio > hyper",
                    "q-client must not link hyper: q-client > q-proto > tokio > mio > hyper",
                ],
            ),
            (
                "[dependencies]\nq-testkit.workspace = true\n",
                "",
                vec!["q-client must not link fjall: q-client > q-testkit > fjall"],
            ),
        ] {
            assert_eq!(found(client, takes), expected, "{client}{takes}");
        }
    }
}
