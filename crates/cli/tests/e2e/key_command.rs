//! Keys that another program has: it is asked when a key is needed, once, by the client.

use std::fs;
use std::path::PathBuf;

use q_testkit::server::Script;
use serde_json::json;

use crate::world::{World, eventually};

/// A world whose agent `work` has its key from this script, in which `HERE` is a directory of the test's own.
fn world(script: &str) -> World {
    let world = World::unnamed();
    let script = script.replace("HERE", &here(&world).to_string_lossy());
    let script = toml_text(&script);
    world.home.configure(&format!(
        "agent = \"work\"\n[agents.work]\nbase_url = \"{}\"\nmodel = \"m\"\nkey_command = [\"sh\", \"-c\", {script}]\n",
        world.server.base_url()
    ));
    world
}

fn toml_text(text: &str) -> String {
    format!("'''{text}'''")
}

fn here(world: &World) -> PathBuf {
    world.home.directory("HOME")
}

/// How often the script was run, of those that note it.
fn runs(world: &World) -> usize {
    fs::read_to_string(here(world).join("runs")).unwrap_or_default().lines().count()
}

fn keys(world: &World) -> Vec<Option<String>> {
    world.server.requests().iter().map(|seen| seen.authorization.clone()).collect()
}

#[test]
fn a_command_is_asked_when_its_key_is_needed_and_not_before() {
    let world = world("echo run >> HERE/runs; echo sk-from-command");
    for args in [&["agents"][..], &["ls"], &["host", "status"]] {
        world.q(args).succeeded();
    }
    let listed = world.q(&["agents"]).succeeded();
    assert!(listed.out.contains("key from command sh (not run)"), "{listed:?}");
    let shape = world.q(&["agents", "--json"]).succeeded().json();
    assert_eq!((&shape[1]["has_key"], &shape[1]["key_source"]), (&json!(false), &json!("command sh")));
    assert_eq!(runs(&world), 0);

    world.q(&["chat", "--new", "api", "hello"]).succeeded();
    assert_eq!((keys(&world), runs(&world)), (vec![Some("Bearer sk-from-command".to_owned())], 1));
    // The host has it as long as it lives; the next one is brought it.
    world.q(&["chat", "-s", "api", "again"]).succeeded();
    assert_eq!(runs(&world), 1);
    world.q(&["host", "stop"]).succeeded();
    world.q(&["chat", "-s", "api", "and again"]).succeeded();
    assert_eq!((keys(&world).len(), runs(&world)), (3, 2));
    assert_eq!(keys(&world)[2].as_deref(), Some("Bearer sk-from-command"));
    world.q(&["agents", "check", "work"]).succeeded();
    assert_eq!((keys(&world).len(), runs(&world)), (4, 3));
    world.q(&["host", "stop"]).succeeded();
    for place in ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        let found = std::process::Command::new("grep")
            .args(["-r", "-l", "sk-from-command"])
            .arg(world.home.directory(place))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the key stands in a file");
    }
}

#[test]
fn a_command_that_fails_says_why_and_nothing_is_sent() {
    let world = world("test -e HERE/open || { echo the vault is locked >&2; exit 1; }; echo sk-1");
    for args in [&["chat", "hello"][..], &["new", "-d", "api"], &["agents", "check", "work"]] {
        world
            .q(args)
            .exited(1)
            .told("key_command failed: sh: the vault is locked (exit status: 1)")
            .told("[agents.work] in ")
            .told("config.toml has it");
    }
    assert_eq!(world.q(&["ls", "--all", "--json"]).succeeded().json(), json!([]));
    assert!(world.server.requests().is_empty());
    // In a session that is there, the prompt comes back, and the next try asks again.
    let open = here(&world).join("open");
    fs::write(&open, "").unwrap();
    world.q(&["new", "-d", "api"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    fs::remove_file(&open).unwrap();
    let mut terminal = world.open_at("api");
    terminal.send("hello\r");
    terminal.wait_text("the vault is locked");
    terminal.wait_text("[api] > hello");
    world.q(&["send", "api", "hello"]).exited(1).told("the vault is locked");
    fs::write(&open, "").unwrap();
    terminal.send("\r");
    terminal.wait_text("echo: hello");
    assert_eq!(keys(&world), [Some("Bearer sk-1".to_owned())]);
}

#[test]
fn keys_are_answered_while_a_command_is_asked() {
    let world = world("echo run >> HERE/runs; while ! test -e HERE/open; do sleep 0.05; done; echo sk-1");
    world.server.on("hello", Script::new().say("Hi there.").done());
    let mut terminal = world.open();
    terminal.wait_text(">");
    terminal.send("hello\r");
    eventually("the command is asked", || runs(&world) == 1);
    terminal.send("next words");
    terminal.wait_text("next words");
    assert!(world.server.requests().is_empty());
    fs::write(here(&world).join("open"), "").unwrap();
    terminal.wait_text("Hi there.");
    assert_eq!((keys(&world), runs(&world)), (vec![Some("Bearer sk-1".to_owned())], 1));
}

#[test]
fn what_is_configured_wrong_is_told() {
    let agent = |lines| format!("[agents.work]\nbase_url = \"http://127.0.0.1:1/v1\"\n{lines}\n");
    let two_places = "key_command = [\"pass\"]\nkey_env = \"X\"";
    let world = World::new();
    for (written, told) in [
        (agent("key_command = []"), "line 3: key_command names no program"),
        (
            agent("key_command = \"pass show x\""),
            "line 3: key_command is a list of texts, as no shell reads it",
        ),
        (agent(two_places), "a key_command beside another place of its key"),
    ] {
        world.home.configure(&written);
        let listed = world.q(&["agents"]).succeeded();
        assert!(listed.out.contains(told), "{listed:?}");
        world.q(&["chat", "--agent", "work", "hello"]).exited(2).told(told);
        world.q(&["ls"]).succeeded();
    }
}
