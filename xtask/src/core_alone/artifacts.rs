//! What cargo says that it built: one JSON object a line, of which a few plain words are wanted.

use std::path::{Path, PathBuf};

use super::TestProgram;

/// The test programs among what was built.
pub(super) fn test_programs(messages: &str) -> Vec<TestProgram> {
    messages.lines().filter_map(test_program).collect()
}

fn test_program(message: &str) -> Option<TestProgram> {
    if word(message, "reason")? != "compiler-artifact" {
        return None;
    }
    let executable = PathBuf::from(word(message, "executable")?);
    let directory = Path::new(word(message, "manifest_path")?).parent()?.to_owned();
    let package = package(word(message, "package_id")?);
    let id = match list(message, "kind")? {
        "lib" => package.to_owned(),
        "test" => format!("{package}::{}", word(message, "name")?),
        _ => return None,
    };
    Some(TestProgram { id, executable, directory })
}

/// `path+file:///somewhere/crates/core#q-core@0.1.0`; without the name where it is the directory's.
fn package(id: &str) -> &str {
    let (place, rest) = id.rsplit_once('#').unwrap_or((id, ""));
    match rest.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

/// The text of the first field of that name. A text with quotes in it would be cut there; nothing wanted has any.
fn word<'a>(message: &'a str, field: &str) -> Option<&'a str> {
    between(message, &format!("\"{field}\":\""))
}

/// The first text in the list of that name.
fn list<'a>(message: &'a str, field: &str) -> Option<&'a str> {
    between(message, &format!("\"{field}\":[\""))
}

fn between<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    let start = message.find(before)? + before.len();
    message[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: &str = r#"
{"reason":"compiler-artifact","package_id":"registry+https://x#thiserror@2.0.21","manifest_path":"/r/Cargo.toml","target":{"kind":["lib"],"name":"thiserror"},"executable":null,"fresh":true}
{"reason":"compiler-artifact","package_id":"path+file:///t/crates/core#q-core@0.1.0","manifest_path":"/t/crates/core/Cargo.toml","target":{"kind":["lib"],"crate_types":["lib"],"name":"q_core"},"executable":"/b/q_core-1","fresh":false}
{"reason":"compiler-artifact","package_id":"path+file:///t/crates/core#q-core@0.1.0","manifest_path":"/t/crates/core/Cargo.toml","target":{"kind":["test"],"crate_types":["bin"],"name":"scenario"},"executable":"/b/scenario-2","fresh":false}
{"reason":"compiler-artifact","package_id":"path+file:///t/q-testkit#0.1.0","manifest_path":"/t/q-testkit/Cargo.toml","target":{"kind":["bin"],"name":"q-bench"},"executable":"/b/q-bench-3"}
{"reason":"build-finished","success":true}"#;

    #[test]
    fn test_programs_are_found_and_named_as_nextest_does() {
        let programs: Vec<_> = test_programs(BUILT)
            .into_iter()
            .map(|program| (program.id, program.executable, program.directory))
            .collect();
        assert_eq!(
            programs,
            [
                ("q-core".to_owned(), "/b/q_core-1".into(), PathBuf::from("/t/crates/core")),
                ("q-core::scenario".to_owned(), "/b/scenario-2".into(), "/t/crates/core".into()),
            ]
        );
        assert_eq!(package("path+file:///t/q-testkit#0.1.0"), "q-testkit");
    }
}
