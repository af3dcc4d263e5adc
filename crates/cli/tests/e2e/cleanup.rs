//! What might go: shown, asked about, undone, gone for good. The quota, which only ever proposes.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::world::{World, eventually};

/// Closed: `old` and `kept`, which is pinned. Open: `api`.
fn world() -> World {
    let world = World::new().with_sessions(&["old", "kept", "api"]);
    world.q(&["chat", "-s", "old", "a word to be found nowhere"]).succeeded();
    world.q(&["pin", "kept"]).succeeded();
    for name in ["old", "kept"] {
        world.q(&["close", name]).succeeded();
    }
    world
}

fn presence(world: &World, name: &str) -> String {
    world.session(name)["presence"].as_str().unwrap().to_owned()
}

#[test]
fn what_would_go_is_shown_and_stays() {
    let world = world();
    let shown = world.q(&["cleanup", "--closed", "--dry-run"]).succeeded();
    let lines: Vec<&str> = shown.out.lines().collect();
    assert!(lines[0].starts_with("old ") && lines[0].ends_with(" B"), "{shown:?}");
    assert!(lines[1].starts_with("1 session, "), "{shown:?}");
    assert_eq!(lines.len(), 2, "{shown:?}");
    // Nobody can be asked, and none of them is old.
    world.q(&["cleanup", "--closed"]).exited(2).told("with --yes it is done");
    world.q(&["cleanup"]).succeeded().told("no closed session is to be thrown away");
    world.q(&["cleanup", "--older-than", "30d", "--yes"]).succeeded().told("no closed session");
    world.q(&["cleanup", "--older-than", "a month"]).exited(2).told("90m, 12h, 30d, 2w");
    world.q(&["cleanup", "--trash", "--closed"]).exited(2);
    assert_eq!(["old", "kept"].map(|name| presence(&world, name)), ["closed", "closed"]);
}

#[test]
fn it_asks_and_can_be_undone() {
    let world = world();
    for (answer, code, then) in [("n\r", 1, "closed"), ("y\r", 0, "trashed")] {
        let mut terminal = world.terminal(&["cleanup", "--closed", "--older-than", "0m"]);
        terminal.wait_text("Throw these 1 session (");
        terminal.send(answer);
        assert_eq!(terminal.wait_exit().exit_code(), code, "{}", terminal.screen_text());
        assert_eq!(presence(&world, "old"), then);
    }
    world.q(&["restore", "old"]).succeeded();
    let said = world.q(&["cleanup", "--closed", "--yes"]).succeeded();
    assert!(
        said.err.contains("1 session in the trash, for 30 days; q restore old takes one out"),
        "{said:?}"
    );
    world.q(&["restore", "old"]).succeeded();
    world.q(&["reopen", "old"]).succeeded();
    assert!(world.q(&["show", "old"]).succeeded().out.contains("found nowhere"));
    assert_eq!(presence(&world, "kept"), "closed", "pinned");
}

fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().flatten().any(|entry| {
        if entry.path().is_dir() {
            holds(&entry.path(), text)
        } else {
            let bytes = fs::read(entry.path()).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        }
    })
}

#[test]
fn an_emptied_trash_leaves_no_text_in_any_file() {
    let world = world();
    let found = || holds(world.home.path(), "a word to be found nowhere");
    world.q(&["delete", "old"]).succeeded();
    world.q(&["cleanup", "--trash"]).exited(2).told("with --yes it is done");
    assert!(found());
    let shown = world.q(&["cleanup", "--trash", "--yes"]).succeeded();
    assert!(shown.out.starts_with("old "), "{shown:?}");
    assert!(shown.err.contains("1 session erased"), "{shown:?}");
    world.q(&["show", "old"]).exited(3);
    eventually("the text is gone", || !found());
    // Who uses the store meanwhile notices nothing.
    world.q(&["chat", "-s", "api", "and so on"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    let doctor = world.q(&["doctor", "--json"]).json();
    assert_eq!((&doctor["condition"], &doctor["closed"]), (&json!("healthy"), &json!(true)));
    assert!(world.q(&["show", "api"]).succeeded().out.contains("echo: and so on"));
}

#[test]
fn a_history_that_others_read_stays() {
    let world = world();
    world.q(&["fork", "old", "young"]).succeeded();
    world.q(&["cleanup", "--closed", "--yes"]).succeeded().told("no closed session");
    world.q(&["delete", "old"]).succeeded();
    world
        .q(&["cleanup", "--trash", "--yes"])
        .succeeded()
        .told("old stays: sessions that were forked from it");
    world.q(&["delete", "young"]).succeeded();
    let gone = world.q(&["cleanup", "--trash", "--yes", "--json"]).succeeded().json();
    let names: Vec<&str> =
        gone["proposed"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["young", "old"]);
    assert!(gone["proposed"].as_array().unwrap().iter().all(|one| one["thrown_away"] == true), "{gone}");
}

#[test]
fn above_the_quota_it_is_said_and_nothing_is_taken() {
    let world = World::new();
    world.home.configure("[limits]\nstore_bytes = 100\n");
    let world = world.with_sessions(&["old", "older"]);
    for name in ["older", "old"] {
        world.q(&["chat", "-s", name, "a question of some length, so that there is something"]).succeeded();
        world.q(&["close", name]).succeeded();
    }
    let over = "over the limit of 100 B; `q cleanup` proposes older, old (";
    world.q(&["ls"]).succeeded().told(over);
    let stats = world.q(&["stats"]).succeeded();
    assert!(stats.out.contains("stored      2 sessions, ") && stats.out.contains(" of 100 B; "), "{stats:?}");
    assert!(stats.err.contains(over), "{stats:?}");
    let mut terminal = world.open();
    terminal.wait_text("over the limit of 100 B; `q cleanup` in a shell proposes");
    terminal.send_line("/quit");
    terminal.wait_exit();
    let said = world.q_reading(&["--plain"], "/quit\n").succeeded();
    let inside = over.replace("` proposes", "` in a shell proposes");
    assert!(said.err.contains(&inside), "{said:?}");
    let json = world.q(&["cleanup", "--dry-run", "--json"]).json();
    assert_eq!(json["store_bytes"], 100);
    assert_eq!(json["proposed_bytes"], json["stored_bytes"]);
    assert_eq!(presence(&world, "old"), "closed");
    let done = world.q(&["cleanup", "--yes", "--json"]).json();
    assert!(done["restorable_until_ms"].is_u64(), "{done}");
    assert_eq!(presence(&world, "older"), "trashed");
    world.q(&["ls"]).succeeded().told("`q cleanup --trash` erases what is in the trash");
}

#[test]
fn sizes_are_listed() {
    let world = world();
    let bytes = |name: &str| world.session(name)["bytes"].as_u64().unwrap();
    assert!(bytes("old") > bytes("api") && bytes("api") > 90, "{} {}", bytes("old"), bytes("api"));
    let size = q_term::words::size(bytes("old"));
    let listed = world.q(&["ls", "--all", "--verbose"]).succeeded();
    assert!(listed.out.lines().any(|line| line.contains(" old ") && line.contains(&size)), "{listed:?}");
    let stats = world.q(&["stats", "--json"]).json();
    assert_eq!(stats["stored"], 3);
    assert_eq!(stats["stored_bytes"], bytes("old") + bytes("kept") + bytes("api"));
    assert_eq!(stats["store_bytes"], 10_000_000_000_u64);
    assert!(stats["disk_bytes"].as_u64() > Some(10_000), "{stats}");
}
