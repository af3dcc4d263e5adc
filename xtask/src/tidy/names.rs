//! Names of third parties, each confined to the files that may know them: what is to be replaced one day stands in few.

use super::Finding;
use crate::tree::{Tree, has_word};

/// A library's name in code, where it may stand, and in how many files at most.
struct Confined {
    name: &'static str,
    places: &'static [&'static str],
    files: usize,
}

const fn confined(name: &'static str, places: &'static [&'static str], files: usize) -> Confined {
    Confined { name, places, files }
}

const CONFINED: &[Confined] = &[
    // The store's engine, and the bytes on disk and on the wire.
    confined("fjall", &["crates/store/", "crates/crash/src/engine.rs"], 6),
    confined("rmp", &["crates/msgpack/"], 1),
    confined("rmp_serde", &["crates/msgpack/"], 2),
    confined("xxhash_rust", &["crates/store/"], 2),
    // Who answers.
    confined(
        "hyper",
        &["crates/agent/src/http/", "crates/agent/tests/support/", "crates/local/src/serve/"],
        10,
    ),
    confined(
        "hyper_util",
        &["crates/agent/src/http/", "crates/agent/tests/support/", "crates/local/src/serve/"],
        6,
    ),
    confined("async_compression", &["crates/agent/src/http/body.rs", "crates/agent/tests/packed.rs"], 2),
    confined("tokio_rustls", &["crates/agent/src/http/", "crates/agent/tests/support/secure.rs"], 3),
    confined("aws_sigv4", &["crates/agent/src/http/signing.rs"], 1),
    confined("aws_credential_types", &["crates/agent/src/http/signing.rs"], 1),
    confined("candle_core", &["crates/local/src/candle.rs"], 1),
    confined("candle_nn", &["crates/local/src/candle.rs"], 1),
    confined("miniz_oxide", &["crates/local/", "crates/testkit/src/bin/q-bench/faults.rs"], 3),
    confined("aws_lc_rs", &["crates/agent/", "crates/local/"], 5),
    confined("bm25", &["crates/agent/src/"], 1),
    // What models may do.
    confined("ignore", &["crates/tools/src/search.rs"], 1),
    confined("landlock", &["crates/tools/src/sandbox.rs"], 1),
    confined("seccompiler", &["crates/tools/src/denied_calls.rs"], 1),
    confined("close_fds", &["crates/cli/src/lib.rs"], 1),
    confined("sha2", &["crates/tools/src/"], 2),
    confined("rmcp", &["crates/mcp/src/"], 6),
    // The terminal.
    confined("crossterm", &["crates/term/", "crates/cli/"], 20),
    confined("ratatui", &["crates/term/", "crates/cli/"], 56), // each part of the screen and each overlay draws itself
    confined("ratatui_textarea", &["crates/term/"], 2),
    confined("pulldown_cmark", &["crates/term/"], 2),
    // Who watches.
    confined("hdrhistogram", &["crates/telemetry/"], 2),
    confined("tracing_subscriber", &["crates/telemetry/"], 2),
    confined("tracing_appender", &["crates/telemetry/"], 2),
    // The command line.
    confined("clap", &["crates/cli/"], 8),
    confined("toml", &["crates/cli/"], 4), // tables of servers go in and out as text
    confined("etcetera", &["crates/cli/"], 2),
    // The testing world.
    confined("agent_client_protocol_schema", &["crates/cli/tests/"], 1),
    confined("portable_pty", &["crates/testkit/src/terminal.rs"], 1),
    confined("vte", &["crates/cli/tests/"], 1),
    confined("vt100", &["crates/testkit/", "crates/cli/tests/", "crates/term/"], 20),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    CONFINED.iter().flat_map(|rule| broken(tree, rule)).collect()
}

fn broken(tree: &Tree, rule: &Confined) -> Vec<Finding> {
    let Confined { name, places, files } = rule;
    let mut findings = Vec::new();
    let mut allowed = Vec::new();
    for file in tree.sources().filter(|file| !file.path.starts_with("xtask/")) {
        let Some(line) = file.code().find(|(_, line)| names(line, name)).map(|(line, _)| line) else {
            continue;
        };
        if places.iter().any(|place| file.path.starts_with(place)) {
            allowed.push((file.path.as_str(), line));
        } else {
            let what = format!("`{name}` may stand only below {}", places.join(", "));
            findings.push(Finding { path: file.path.clone(), line, what });
        }
    }
    if allowed.len() > *files {
        let places: Vec<&str> = allowed.iter().map(|(path, _)| *path).collect();
        let what =
            format!("`{name}` stands in {} files, at most {files} may: {}", allowed.len(), places.join(", "));
        findings.extend(allowed.last().map(|(path, line)| Finding {
            path: (*path).into(),
            line: *line,
            what,
        }));
    }
    findings
}

/// Whether a line of code means the library: its name before `::`, or imported as a whole.
fn names(line: &str, name: &str) -> bool {
    has_word(line, name) && (line.contains(&format!("{name}::")) || line.trim() == format!("use {name};"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree { files: vec![File { path: path.into(), text: text.into() }] }).len()
    }

    #[test]
    fn a_name_outside_its_place_is_found_and_prose_is_not() {
        for (path, text) in [
            ("crates/cli/src/main.rs", "use fjall::Keyspace;\n"),
            ("crates/host/src/lib.rs", "let t: toml::Table = x;\n"),
            ("crates/host/src/lib.rs", "use ratatui;\n"),
        ] {
            assert_eq!(found(path, text), 1, "{path}: {text}");
        }
        for (path, text) in [
            ("crates/cli/src/main.rs", "//! Not `fjall::Keyspace`.\n"),
            ("crates/store/src/disk.rs", "use fjall::Keyspace;\n"),
            ("crates/cli/src/main.rs", "let toml = \"x\";\n"),
        ] {
            assert_eq!(found(path, text), 0, "{path}: {text}");
        }
    }

    #[test]
    fn a_name_in_too_many_files_is_found() {
        let file = |path: &str| File { path: path.into(), text: "use bm25::Index;\n".into() };
        let tree = Tree { files: vec![file("crates/agent/src/one.rs"), file("crates/agent/src/other.rs")] };
        assert_eq!(check(&tree).len(), 1);
    }
}
