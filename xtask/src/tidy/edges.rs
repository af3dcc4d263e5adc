//! Which of our packages may depend on which: adapters never see one another, and the core sees nobody.

use super::Finding;
use crate::tree::Tree;

/// Each package's directory and name, and ours that it may name outside of tests.
const EDGES: &[(&str, &str, &[&str])] = &[
    ("crates/core", "q-core", &[]),
    ("crates/proto", "q-proto", &["q-core", "q-msgpack"]),
    ("crates/client", "q-client", &["q-core", "q-lock", "q-proto"]),
    ("crates/lock", "q-lock", &[]),
    ("crates/msgpack", "q-msgpack", &[]),
    ("crates/store", "q-store", &["q-core", "q-lock", "q-msgpack"]),
    ("crates/agent", "q-agent", &["q-acp", "q-core", "q-json", "q-mcp", "q-seat", "q-tools"]),
    // The contract with every kind of agent.
    ("crates/seat", "q-seat", &["q-core"]),
    ("crates/json", "q-json", &[]),
    // Agents that others wrote: knows seats, and nothing of networks.
    ("crates/acp", "q-acp", &["q-core", "q-json", "q-seat", "q-tools"]),
    // Knows files and processes, and nothing of sessions.
    ("crates/tools", "q-tools", &["q-core", "q-seat"]),
    // Knows servers that offer tools, of which seats have the data, and nothing of sessions either.
    ("crates/mcp", "q-mcp", &["q-lock", "q-seat", "q-tools"]),
    ("crates/term", "q-term", &["q-core"]),
    ("crates/telemetry", "q-telemetry", &[]),
    ("crates/host", "q-host", &["q-core", "q-lock", "q-proto", "q-store", "q-agent", "q-telemetry"]),
    // A process of its own, which fetches over the same network as agents.
    ("crates/local", "q-local", &["q-core", "q-lock", "q-agent"]),
    (
        "crates/cli",
        "q-cli",
        &[
            "q-core",
            "q-proto",
            "q-client",
            "q-lock",
            "q-mcp",
            "q-agent",
            "q-store",
            "q-term",
            "q-telemetry",
            "q-tools",
            "q-host",
        ],
    ),
    // The testing world, of which the product may name nothing outside of tests.
    ("crates/model", "q-model", &["q-core"]),
    ("crates/testkit", "q-testkit", &[]),
    ("crates/sim", "q-sim", &["q-core", "q-proto", "q-client", "q-store", "q-host", "q-model", "q-testkit"]),
    ("crates/crash", "q-crash", &["q-core", "q-store", "q-testkit"]),
    ("xtask", "xtask", &[]),
];

/// What the core may take from outside: nothing that does I/O.
const CORE_MAY_USE: &[&str] = &["thiserror"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = unused(tree);
    for file in tree.files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        let directory = file.path.trim_end_matches("Cargo.toml").trim_end_matches('/');
        if directory.is_empty() || directory == "fuzz" {
            continue;
        }
        let Some((_, package, allowed)) = EDGES.iter().find(|(known, ..)| *known == directory) else {
            let what = "this package has no place in the direction of dependency: give it one in xtask/src/tidy/edges.rs";
            findings.push(Finding { path: file.path.clone(), line: 0, what: what.into() });
            continue;
        };
        for (line, name) in dependencies(&file.text) {
            let is_ours = EDGES.iter().any(|(_, ours, _)| *ours == name);
            let forbidden = match *package {
                "q-core" => !CORE_MAY_USE.contains(&name),
                "xtask" => true,
                _ => is_ours && !allowed.contains(&name),
            };
            if forbidden {
                let what = format!("{package} must not depend on {name}: see ARCHITECTURE.md");
                findings.push(Finding { path: file.path.clone(), line, what });
            }
        }
    }
    findings
}

/// Dependencies of the workspace that no package takes.
fn unused(tree: &Tree) -> Vec<Finding> {
    let manifests = || tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let is_taken = |name: &str| {
        let (short, long) = (format!("{name}.workspace = true"), format!("{name} = {{ workspace = true"));
        manifests()
            .any(|file| file.text.lines().any(|line| line.starts_with(&short) || line.starts_with(&long)))
    };
    workspace_dependencies(tree)
        .into_iter()
        .filter(|(_, name)| !is_taken(name))
        .map(|(line, name)| {
            let what = format!("no package takes `{name}`: remove it here and in docs/dependencies.md");
            Finding { path: "Cargo.toml".into(), line, what }
        })
        .collect()
}

/// What `[workspace.dependencies]` lists, with its lines; not our own packages, which have a path.
pub(super) fn workspace_dependencies(tree: &Tree) -> Vec<(usize, &str)> {
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    let lines =
        manifest.lines().enumerate().skip_while(|(_, line)| *line != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|(_, line)| !line.starts_with('['))
        .filter(|(_, line)| !line.contains("path =") && !line.starts_with('#'))
        .filter_map(|(index, line)| line.split_once(" =").map(|(name, _)| (index + 1, name)))
        .collect()
}

/// The names under `[dependencies]`, also under those of one platform, with their lines. Tests may use what they like.
pub(super) fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    manifest.lines().enumerate().filter_map(move |(index, line)| {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end().trim_end_matches(']');
            inside = section == "dependencies"
                || section.ends_with(".dependencies") && section.starts_with("target.")
                || section == "build-dependencies";
            return section.strip_prefix("dependencies.").map(|name| (index + 1, name));
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        (inside && !name.is_empty() && !name.starts_with('#')).then_some((index + 1, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    const MANIFEST: &str = "\
[package]
name = \"q-store\"
[dependencies]
q-core.workspace = true
# q-cli in words
serde = { version = \"1\" }
[target.'cfg(unix)'.dependencies]
rustix = \"1\"
[dev-dependencies]
q-term.workspace = true
[dependencies.fjall]
version = \"3\"
";

    #[test]
    fn dependencies_of_tests_are_their_own_business() {
        let names: Vec<&str> = dependencies(MANIFEST).map(|(_, name)| name).collect();
        assert_eq!(names, ["q-core", "serde", "rustix", "fjall"]);
    }

    #[test]
    fn a_dependency_nobody_takes_is_found() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let tree = Tree {
            files: vec![
                file(
                    "Cargo.toml",
                    "[workspace.dependencies]\nq-core = { path = \"x\" }\na = \"1\"\nb = \"1\"\nc = \"1\"\n",
                ),
                file(
                    "crates/store/Cargo.toml",
                    "[dev-dependencies]\na.workspace = true\nb = { workspace = true }\n",
                ),
            ],
        };
        assert_eq!(workspace_dependencies(&tree), [(3, "a"), (4, "b"), (5, "c")]);
        assert_eq!(unused(&tree).into_iter().map(|finding| finding.line).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn an_edge_between_adapters_is_found() {
        for (path, text, found) in [
            ("crates/store/Cargo.toml", "[dependencies]\nq-term.workspace = true\n", true),
            ("crates/store/Cargo.toml", "[dependencies]\nq-core.workspace = true\n", false),
            ("crates/core/Cargo.toml", "[dependencies]\ntokio = \"1\"\n", true),
            ("crates/host/Cargo.toml", "[dependencies]\nq-term.workspace = true\n", true),
            ("crates/host/Cargo.toml", "[dependencies]\nq-client.workspace = true\n", true),
            ("crates/proto/Cargo.toml", "[dependencies]\nq-client.workspace = true\n", true),
            ("crates/client/Cargo.toml", "[dependencies]\nq-store.workspace = true\n", true),
            ("crates/client/Cargo.toml", "[dependencies]\nq-proto.workspace = true\n", false),
            ("crates/cli/Cargo.toml", "[dependencies]\nq-testkit.workspace = true\n", true),
            ("crates/cli/Cargo.toml", "[dev-dependencies]\nq-testkit.workspace = true\n", false),
            ("crates/core/Cargo.toml", "[dependencies]\nq-model.workspace = true\n", true),
            ("crates/model/Cargo.toml", "[dependencies]\nq-core.workspace = true\n", false),
            ("crates/model/Cargo.toml", "[dependencies]\nq-testkit.workspace = true\n", true),
            ("crates/testkit/Cargo.toml", "[dependencies]\nq-core.workspace = true\n", true),
            ("crates/sim/Cargo.toml", "[dependencies]\nq-testkit.workspace = true\n", false),
            ("crates/crash/Cargo.toml", "[dependencies]\nq-store.workspace = true\n", false),
            ("crates/store/Cargo.toml", "[dependencies]\nq-crash.workspace = true\n", true),
            ("crates/sim/Cargo.toml", "[dependencies]\nq-crash.workspace = true\n", true),
            ("crates/new/Cargo.toml", "[dependencies]\n", true),
            ("xtask/Cargo.toml", "[dependencies]\nserde = \"1\"\n", true),
        ] {
            let tree = Tree { files: vec![File { path: path.into(), text: text.into() }] };
            assert_eq!(!check(&tree).is_empty(), found, "{path}\n{text}");
        }
    }
}
