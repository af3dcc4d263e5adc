//! The store and its doctor: what is wrong is told, in the session it concerns, and the rest goes on.

use std::fs;
use std::path::PathBuf;

use q_sim::process::{is_alive, kill9};

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
    world.q(&["doctor"]).succeeded().said("healthy").said("lost").said("kept aside in");
    let again = world.q(&["show", "api"]).succeeded();
    assert_eq!(again.out.matches("lost").count(), shown.out.matches("lost").count(), "{again:?}");
    assert!(again.out.contains("echo: second of api\n\nthird of api"), "{again:?}");
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

#[test]
fn after_a_kill_the_store_is_tried_first_and_whole() {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["chat", "-s", "api", "first"]).succeeded();
    let host = world.home.host_pid().unwrap();
    kill9(host);
    // Its socket closes before its hold on the store does.
    eventually("the host is gone", || !is_alive(host));
    world.q(&["doctor"]).succeeded().said("its last user did not close it");
    assert!(world.q(&["show", "api"]).succeeded().out.contains("echo: first"));
    world.q(&["host", "stop"]).succeeded();
    let doctor = world.q(&["doctor"]).succeeded();
    assert!(!doctor.out.contains("did not close"), "{doctor:?}");
}

#[test]
fn what_is_left_of_a_damaged_session_is_shown_exported_and_imported() {
    // Of an answer, and of a prompt whose answer is left without it.
    for (damaged, left_out) in [("echo: first of api", ""), ("first of api", "left out: 1 of its")] {
        let world = two_told();
        flip(&world, damaged);
        let shown = world.q(&["show", "api"]).succeeded().told("older entries cannot be read");
        assert!(shown.out.contains("echo: second of api"), "{shown:?}");
        assert!(world.q(&["show", "api", "--json"]).json()["missing"].is_string());
        let exported = world.q(&["export", "api"]).succeeded().told("older entries").told(left_out);
        let file = exported.json();
        assert!(file["missing"].is_string(), "{file}");
        let texts: Vec<&str> =
            file["entries"].as_array().unwrap().iter().filter_map(|entry| entry["text"].as_str()).collect();
        assert_eq!(texts, ["second of api", "echo: second of api"]);
        for form in ["md", "html"] {
            let written = world.q(&["export", "api", "--format", form]).succeeded();
            assert!(written.out.contains("incomplete"), "{written:?}");
            assert_eq!(written.out.contains("echo: first of api"), !left_out.is_empty(), "{written:?}");
        }
        let imported = world.q_reading(&["import", "-"], exported.out).succeeded();
        assert!(!imported.err.contains("left out"), "{imported:?}");
        assert!(world.q(&["show", "api-2"]).succeeded().out.contains("echo: second of api"));
    }
}
