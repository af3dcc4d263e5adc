//! Sessions as files: written, read back, and what a hostile file can do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{World, eventually};

/// A place for files, and the path of one in it.
fn place(name: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name).to_str().unwrap().to_owned();
    (directory, path)
}

/// A session with most of what one can have: two turns, one of them interrupted, something that waits, marks.
fn rich() -> World {
    let world = World::new();
    world.q(&["new", "-d", "api", "--kind", "debug", "--tag", "work"]).succeeded();
    world.q(&["chat", "-s", "api", "one `a` <b> \u{202e}"]).succeeded();
    world.gated("two", "half of", "never", "the answer");
    world.q(&["send", "api", "two"]).succeeded();
    eventually("the answer begins", || world.q(&["show", "api"]).out.contains("half of"));
    world.q(&["send", "api", "three"]).succeeded();
    world.q(&["interrupt", "api"]).succeeded();
    world.q(&["pin", "api"]).succeeded();
    world
}

/// The text of an export without what is each session's own.
fn without_own(text: &str) -> String {
    let document: Value = serde_json::from_str(text).unwrap();
    let own = |field: &str| format!("\"{field}\":{}", document[field]);
    text.replacen(&own("id"), "", 1).replacen(&own("name"), "", 1)
}

fn lines(world: &World) -> usize {
    world.q(&["ls", "--all", "--json"]).succeeded().json().as_array().unwrap().len()
}

#[test]
fn what_is_exported_comes_back_as_it_was() {
    let world = rich();
    let asked = world.server.requests().len();
    let (_directory, file) = place("api.json");
    world.q(&["export", "api", "-o", &file]).succeeded();
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!(world.q(&["export", "api"]).succeeded().out, first);
    assert_eq!(world.q(&["import", &file]).succeeded().out, "api-2\n");
    assert_eq!(without_own(&world.q(&["export", "api-2"]).succeeded().out), without_own(&first));
    let told =
        world.q_reading(&["import", "-", "--name", "other", "--json"], first.clone()).succeeded().json();
    assert_eq!(told["name"], "other");
    let session = world.session("other");
    assert_eq!((&session["activity"], &session["queued"]), (&"idle".into(), &1.into()));
    assert_eq!(session["id"], told["id"]);
    assert_eq!(world.server.requests().len(), asked, "an import asks nobody");
    // It goes on like any other.
    world.q(&["now", "other"]).succeeded();
    world.q(&["wait", "other"]).succeeded();
    assert!(world.q(&["show", "other"]).succeeded().out.contains("echo: three"));
}

#[test]
fn a_fork_and_an_archived_session_are_exported_whole() {
    let world = rich();
    world.q(&["fork", "api", "branch"]).succeeded();
    let parent: Value = world.q(&["export", "api"]).succeeded().json();
    world.q(&["close", "branch"]).succeeded();
    let fork: Value = world.q(&["export", "branch"]).succeeded().json();
    assert_eq!(fork["entries"], parent["entries"]);
    world.q(&["delete", "branch"]).succeeded();
    let trashed: Value = world.q(&["export", "branch"]).succeeded().json();
    assert!(trashed["trashed_ms"].is_u64());
    assert_eq!(trashed["entries"], parent["entries"]);
}

#[test]
fn a_turn_that_ran_is_interrupted_where_it_is_imported() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("slow", "half of", "never", "it");
    world.q(&["send", "api", "slow"]).succeeded();
    eventually("the answer begins", || world.q(&["show", "api"]).out.contains("half of"));
    let running = world.q(&["export", "api"]).succeeded().out;
    assert_eq!(world.q_reading(&["import", "-"], running).succeeded().out, "api-2\n");
    assert_eq!(world.session("api-2")["activity"], "idle");
    let entries = world.q(&["export", "api-2"]).succeeded().json()["entries"].clone();
    assert_eq!(entries[2]["role"], "interrupted");
    // The last answer came in pieces, and is written down with all of them.
    world.server.open("never");
    world.q(&["wait", "api"]).succeeded();
    let whole = world.q(&["export", "api"]).succeeded().json();
    assert_eq!(whole["entries"][1]["text"], "half ofit");
}

/// The limits are those of `Limits::default`: 400 KB in a result's record, 4 MB in all.
#[test]
fn a_large_result_is_kept_whole_and_read_where_it_is_asked_for() {
    let world = World::new();
    let lines: Vec<String> = (0..60_000).map(|n| format!("{n} — яблоко\n")).collect();
    let result = lines.concat();
    assert!((1 << 20..4 << 20).contains(&result.len()));
    let entries = json!([
        { "no": 1, "at_ms": 5, "role": "user", "text": "read it" },
        { "no": 2, "at_ms": 6, "role": "call", "text": "log", "call": 1, "tool": "read", "wants": "nothing" },
        { "no": 3, "at_ms": 7, "role": "result", "text": result, "of": 2, "outcome": "done", "bytes": 9_000_000 },
        { "no": 4, "at_ms": 8, "role": "assistant", "text": "apples" },
    ]);
    let file =
        json!({ "format": "q-session", "version": 1, "name": "log", "agent": "guide", "entries": entries });
    world.q_reading(&["import", "-"], file.to_string()).succeeded();

    let shown = world.q(&["show", "log", "--json"]).succeeded().json();
    let entry = &shown["entries"][2];
    let text = entry["text"].as_str().unwrap();
    assert!(result.starts_with(text) && (400 << 10) - text.len() < 4, "{} bytes are shown", text.len());
    assert_eq!(
        (entry["kept"].as_u64(), entry["bytes"].as_u64()),
        (Some(result.len() as u64), Some(9_000_000))
    );
    let no = entry["no"].to_string();
    world
        .q(&["show", "log"])
        .succeeded()
        .said("of 9000000 bytes)")
        .said(&format!("bytes more are kept: `q show SESSION --entry {no}`"));

    let whole = world.q(&["show", "log", "--entry", &no, "--json"]).succeeded().json();
    assert_eq!(whole["entries"].as_array().unwrap().len(), 1);
    assert!(whole["entries"][0]["text"] == result.as_str());
    assert!(world.q(&["show", "log", "--entry", &no]).succeeded().out.contains("    59999 — яблоко\n"));
    world.q(&["show", "log", "--entry", "1000"]).exited(1).told("no entry has the number 1000");

    // A fork has it too, and takes nothing for it; after the host's end it is where it was.
    world.q(&["fork", "log", "twig"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    let sizes = world.q(&["ls", "--verbose", "--json"]).succeeded().json();
    let bytes = |name: &str| {
        let sessions = sizes.as_array().unwrap();
        sessions.iter().find(|one| one["name"] == name).unwrap()["bytes"].as_u64().unwrap()
    };
    assert!(bytes("log") > result.len() as u64 && bytes("twig") < 1_000, "{sizes}");
    for (name, format) in [("log", "json"), ("twig", "json"), ("twig", "md"), ("log", "html")] {
        let out = world.q(&["export", name, "--format", format]).succeeded().out;
        assert!(out.contains("59999 — яблоко"), "{name} as {format}");
    }
    let exported = world.q(&["export", "log"]).succeeded().out;
    world.q_reading(&["import", "-"], exported.clone()).succeeded();
    let [first, second] = [&exported, &world.q(&["export", "log-2"]).succeeded().out]
        .map(|out| serde_json::from_str::<Value>(out).unwrap()["entries"].clone());
    assert!(first == second, "what is exported and imported is exported again");

    // What is longer than is kept is refused, with the limit.
    let long = file
        .to_string()
        .replacen("\"read it\"", "\"read all\"", 1)
        .replace("59999 — яблоко", &"x".repeat(4 << 20));
    world.q_reading(&["import", "-"], long).exited(1).told("it is too long").told("the limit is 4194304");
}

#[test]
fn a_long_session_is_imported_in_parts() {
    let world = World::new();
    let entries: Vec<String> = (0..2000)
        .map(|turn| {
            let (no, text) = (2 * turn + 1, "x".repeat(500));
            format!(
                "{{\"no\":{no},\"role\":\"user\",\"text\":\"{turn}\"}},\n{{\"no\":{},\"role\":\"assistant\",\"text\":\"{text}\"}}",
                no + 1
            )
        })
        .collect();
    let file = format!(
        "{{\"format\":\"q-session\",\"version\":1,\"name\":\"long\",\"agent\":\"guide\",\"entries\":[{}]}}",
        entries.join(",\n")
    );
    world.q_reading(&["import", "-"], file).succeeded();
    let out = world.q(&["export", "long"]).succeeded().json();
    let numbers: Vec<u64> =
        out["entries"].as_array().unwrap().iter().map(|entry| entry["no"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=4000).collect::<Vec<u64>>());
    assert_eq!(out["entries"][3998]["text"], "1999");
}

#[test]
fn a_file_with_a_fault_makes_nothing() {
    let world = World::new().with_sessions(&["api"]);
    let before = lines(&world);
    let head = r#"{"format":"q-session","version":1,"name":"a","#;
    for (text, told) in [
        ("no json".to_owned(), "line 1"),
        (r#"{"format":"q-session","version":7}"#.to_owned(), "a newer q may read it"),
        (format!("{head}\"entries\":[\n{{\"no\":1,\"role\":\"assistant\",\"text\":\"so\"}}]}}"), "line 2"),
        (format!("{head}\"entries\":[{{\"no\":1,\"role\":\"user\",\"text\":\"so\"}},]}}"), "column"),
        (format!("{head}\"policy\":\"all\",\"entries\":[]}}"), "policy `all` is not ask or deny"),
        (format!("{head}\"directory\":\"\\u001b\",\"entries\":[]}}"), "its directory has control characters"),
        (format!("{head}\"queue\":[\" \"],\"entries\":[]}}"), "an empty prompt"),
        (format!("{head}\"tags\":[\"no tag\"],\"entries\":[]}}"), "cannot be a tag"),
        (r#"{"format":"q-session","version":1,"name":"../x","entries":[]}"#.to_owned(), "cannot be a name"),
    ] {
        let outcome = world.q_reading(&["import", "-"], text.clone());
        assert_ne!(outcome.code, Some(0), "{text}");
        assert!(outcome.err.contains(told), "{text}\n{}", outcome.err);
        assert_eq!(lines(&world), before, "{text}");
    }
    let more = format!("{head}\"later\":[1],\"entries\":[]}}");
    world.q_reading(&["import", "-"], more).succeeded().told("which is left out: later");
}

#[test]
fn people_read_markdown_and_html() {
    let world = rich();
    let (_directory, file) = place("api.md");
    world.q(&["export", "api", "-o", &file]).succeeded();
    let markdown = fs::read_to_string(&file).unwrap();
    for part in
        ["# api\n", "- kind: `debug`", "## You (", "<U+202E>", "echo: one", "interrupted here", "## Waiting"]
    {
        assert!(markdown.contains(part), "{part}\n{markdown}");
    }
    world.q(&["export", "api", "-o", &file]).exited(1).told("--force");
    world.q(&["export", "api", "-o", &file, "--force", "--format", "html"]).succeeded();
    let html = fs::read_to_string(&file).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("&lt;b&gt;") && !html.contains("<b>"));
    assert_eq!(fs::read_dir(Path::new(&file).parent().unwrap()).unwrap().count(), 1);
}
