//! The store and its doctor: what is wrong is told, in the session it concerns, and the rest goes on.

use std::fs;
use std::path::PathBuf;

use q_testkit::process::{is_alive, kill9};
use serde_json::json;

use crate::world::{World, eventually};

/// Two sessions with a turn each; nothing runs any more.
fn two_told() -> World {
    let world = World::new().with_sessions(&["api", "docs"]);
    world.q(&["chat", "-s", "api", "first of api"]).succeeded();
    world.q(&["chat", "-s", "docs", "first of docs"]).succeeded();
    world.q(&["chat", "-s", "api", "second of api"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world
}

fn store(world: &World) -> PathBuf {
    world.home.directory("XDG_DATA_HOME").join("q/store")
}

/// Flips a bit where this was written first.
fn flip(world: &World, text: &str) {
    let journal = store(world).join("0.jnl");
    let mut bytes = fs::read(&journal).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    bytes[at] ^= 1;
    fs::write(journal, bytes).unwrap();
}

#[test]
fn a_healthy_and_a_used_store_are_told_apart() {
    let world = World::new();
    world.q(&["doctor"]).succeeded().said("there is no store yet");
    let world = world.with_sessions(&["api"]);
    world.q(&["doctor"]).succeeded().said("in use: a host has it open").said("q host stop");
    world.q(&["host", "stop"]).succeeded();
    world.q(&["doctor"]).succeeded().said("healthy: every byte is as it was written").said("1 session in");
}

#[test]
fn a_damaged_record_is_said_in_its_session_and_concerns_no_other() {
    let world = two_told();
    flip(&world, "echo: second of api");
    world.q(&["doctor"]).exited(1).said("damaged: the journal 0.jnl").said("nothing was changed");
    let shown = world.q(&["show", "api"]).succeeded();
    assert!(shown.out.contains("first of api") && shown.out.contains("lost"), "{shown:?}");
    let other = world.q(&["show", "docs"]).succeeded();
    assert!(other.out.contains("echo: first of docs") && !other.out.contains("lost"), "{other:?}");
    // It goes on, and the next start finds nothing new to say.
    world.q(&["chat", "-s", "api", "third of api"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world.q(&["doctor"]).succeeded().said("healthy").said("session api (").said("lost").said("kept aside in");
    let again = world.q(&["show", "api"]).succeeded();
    assert_eq!(again.out.matches("lost").count(), shown.out.matches("lost").count(), "{again:?}");
    world.q(&["doctor"]).succeeded().said("in use").said("session api (");
    assert_eq!(world.q(&["doctor", "--json"]).json()["losses"][0]["name"], "api");
    // The prompt whose answer is lost is not sent once more with the next one.
    assert!(again.out.contains("echo: third of api"), "{again:?}");
}

#[test]
fn a_journal_full_of_garbage_costs_what_was_in_it_and_no_more() {
    let world = two_told();
    let journal = store(&world).join("0.jnl");
    let length = fs::metadata(&journal).unwrap().len();
    fs::write(&journal, vec![0xA5; usize::try_from(length).unwrap()]).unwrap();
    world.q(&["doctor"]).exited(1).said("acknowledged records are gone from 2 sessions");
    // There is a q again, and room for new words.
    world.q(&["chat", "hello again"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world.q(&["doctor"]).succeeded().said("nothing of it is left");
}

/// A session that was talked in, and a host that was killed.
fn killed() -> World {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["chat", "-s", "api", "first"]).succeeded();
    let host = world.home.host_pid().unwrap();
    kill9(host);
    // Its socket closes before its hold on the store does.
    eventually("the host is gone", || !is_alive(host));
    world
}

#[test]
fn after_a_kill_the_store_is_tried_first_and_whole() {
    let world = killed();
    world.q(&["doctor"]).succeeded().said("its last user did not close it");
    assert!(world.q(&["show", "api"]).succeeded().out.contains("echo: first"));
    world.q(&["host", "stop"]).succeeded();
    let doctor = world.q(&["doctor"]).succeeded();
    assert!(!doctor.out.contains("did not close"), "{doctor:?}");
}

#[test]
fn the_unfinished_last_write_of_a_killed_host_is_no_damage() {
    let world = killed();
    let journal = store(&world).join("0.jnl");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1);
    bytes.extend_from_slice(&[0xA5; 300]);
    fs::write(&journal, bytes).unwrap();
    let doctor = world.q(&["doctor"]).succeeded().said("costs nothing acknowledged");
    assert!(!doctor.out.contains("damaged"), "{doctor:?}");
    assert_eq!(world.q(&["doctor", "--json"]).succeeded().json()["condition"], "healthy");
    assert!(world.q(&["show", "api"]).succeeded().out.contains("echo: first"));
    world.q(&["host", "stop"]).succeeded();
    world.q(&["doctor"]).succeeded().said("healthy: every byte is as it was written");
}

#[test]
fn what_is_left_of_a_damaged_session_is_shown_exported_and_imported() {
    const LOST: &str = "1 record of it is lost";
    // Of an answer, and of a prompt whose answer is left without it.
    for (damaged, left, left_out) in [
        ("echo: first of api", &["first of api", "second of api", "echo: second of api"][..], false),
        ("first of api", &["second of api", "echo: second of api"], true),
    ] {
        let world = two_told();
        flip(&world, damaged);
        let shown = world.q(&["show", "api"]).succeeded().said(LOST);
        assert!(left.iter().all(|text| shown.out.contains(text)), "{shown:?}");
        let place = |what: &str| shown.out.find(what).unwrap();
        assert!(place(LOST) < place("> second of api"), "{shown:?}");
        let exported = world.q(&["export", "api"]).succeeded();
        assert_eq!(exported.err.contains("1 of its entries are left out"), left_out, "{exported:?}");
        let file = exported.json();
        let entries = file["entries"].as_array().unwrap();
        let texts: Vec<&str> = entries.iter().filter_map(|entry| entry["text"].as_str()).collect();
        assert_eq!(texts, left);
        assert!(entries.iter().any(|entry| entry["fault"] == "log_cut" && entry["lost"] == 1), "{file}");
        for form in ["md", "html"] {
            let written = world.q(&["export", "api", "--format", form]).succeeded().said(LOST);
            assert_eq!(written.out.contains("echo: first of api"), left_out, "{written:?}");
        }
        let imported = world.q_reading(&["import", "-"], exported.out).succeeded();
        assert!(!imported.err.contains("left out"), "{imported:?}");
        world.q(&["show", "api-2"]).succeeded().said("echo: second of api").said(LOST);
    }
}

/// The end of a journal's large row.
#[test]
fn a_result_whose_rest_is_lost_is_exported_with_its_beginning() {
    let world = World::new();
    let result = "what was found\n".repeat(40_000);
    let entries = json!([
        { "no": 1, "role": "user", "text": "read it" },
        { "no": 2, "role": "call", "text": "log", "call": 1, "tool": "read", "wants": "nothing" },
        { "no": 3, "role": "result", "text": format!("{result}the end of it"), "of": 2, "outcome": "done" },
        { "no": 4, "role": "assistant", "text": "so much" },
    ]);
    let file =
        json!({ "format": "q-session", "version": 1, "name": "log", "agent": "guide", "entries": entries });
    world.q_reading(&["import", "-"], file.to_string()).succeeded();
    world.q(&["host", "stop"]).succeeded();
    flip(&world, "the end of it");
    world.q(&["doctor"]).exited(1);
    world.q(&["show", "log"]).succeeded().said("so much").said("1 record of it is lost");
    let exported = world.q(&["export", "log"]).succeeded().told("the rest of these results is lost");
    let texts = exported.json()["entries"].clone();
    assert!(
        texts[2]["text"].as_str().unwrap().starts_with("what was found") && texts[3]["text"] == "so much"
    );
    world.q_reading(&["import", "-"], exported.out).succeeded();
    let no = world.q(&["show", "log", "--json"]).json()["entries"][2]["no"].to_string();
    world.q(&["show", "log", "--entry", &no]).exited(1).told("is damaged at record");
}
