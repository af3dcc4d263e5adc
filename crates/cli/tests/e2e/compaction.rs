//! A summary in place of a long conversation: asked for, taken back, by itself, and never half.

use q_testkit::process::{is_alive, kill9};
use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::world::{World, conversation, eventually, turns};

/// How the agent is asked for a summary.
const ASKED: &str = "Summarise the conversation above";
const SUMMARY: &str = "Alpha was answered at length.";

/// A session with one long answer.
fn talked() -> (World, String) {
    let world = World::new();
    let long = "lorem ipsum ".repeat(60).trim_end().to_owned();
    world.server.on("alpha", Script::new().say(&long).done());
    world.server.on("beta", Script::new().say("echo: beta").done());
    world.server.on(ASKED, Script::new().say(SUMMARY).done());
    world.q(&["chat", "--new", "api", "alpha"]).succeeded();
    (world, long)
}

fn compact(world: &World) {
    world.q(&["compact", "api"]).succeeded();
    // It says as well that a turn of before failed.
    world.q(&["wait", "api"]);
}

/// The role of each entry, as `q show --json` has it.
fn roles(world: &World, name: &str) -> Vec<Value> {
    let shown = world.q(&["show", name, "--json"]).succeeded().json();
    shown["entries"].as_array().unwrap().iter().map(|entry| entry["role"].clone()).collect()
}

/// What was sent when that was asked.
fn sent(world: &World, prompt: &str) -> Vec<(String, String)> {
    conversation(&world.request(prompt))
}

#[test]
fn a_summary_is_sent_in_place_of_what_it_stands_for_until_it_is_undone() {
    let (world, long) = talked();
    compact(&world);
    let asked = sent(&world, ASKED);
    assert_eq!((asked.len(), asked[1].1.as_str()), (3, long.as_str()), "all of it is summarised");
    world.q(&["chat", "-s", "api", "beta"]).succeeded();
    let now = sent(&world, "beta");
    assert_eq!(now.len(), 1, "{now:?}");
    assert!(
        now[0].1.contains(SUMMARY) && now[0].1.ends_with("beta") && !now[0].1.contains("lorem"),
        "{now:?}"
    );
    // What it stands for is there to be read.
    let shown = world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("lorem ipsum") && shown.contains(SUMMARY), "{shown}");
    assert_eq!(roles(&world, "api"), ["user", "assistant", "summary", "user", "assistant"]);
    // A fork from before it does not have it, a whole one and a file have.
    let entries = world.q(&["show", "api", "--json"]).succeeded().json();
    let answer = entries["entries"][1]["no"].to_string();
    world.q(&["fork", "api", "before", "--at", &answer]).succeeded();
    world.q(&["fork", "api", "whole"]).succeeded();
    let written = world.q(&["export", "api"]).succeeded().out;
    world.q_reading(&["import", "-", "--name", "copy"], written).succeeded();
    for (name, count) in [("before", 3), ("whole", 3), ("copy", 3)] {
        let asked = format!("gamma of {name}");
        world.q(&["chat", "-s", name, &asked]).succeeded();
        let now = sent(&world, &asked);
        let has_summary = now[0].1.contains(SUMMARY);
        assert_eq!((now.len(), has_summary), (count, name != "before"), "{name}: {now:?}");
    }
    world.q(&["compact", "api", "undo"]).succeeded();
    world.q(&["chat", "-s", "api", "delta"]).succeeded();
    assert_eq!(sent(&world, "delta"), turns(&["alpha", &long, "beta", "echo: beta", "delta"]));
    world.q(&["compact", "api", "undo"]).exited(1);
    let usage = world.q(&["usage", "api", "--json"]).succeeded().json();
    assert_eq!(usage["sessions"][0]["name"], json!("api"));
    world.q(&["usage"]).succeeded().said("tokens read");
}

#[test]
fn a_host_that_dies_while_a_summary_comes_loses_nothing() {
    let (world, long) = talked();
    world.gated(ASKED, "half of", "never", " it");
    world.q(&["compact", "api"]).succeeded();
    world.wait_for_streams(1);
    let host = world.home.host_pid().unwrap();
    kill9(host);
    eventually("the host is gone", || !is_alive(host));
    world.q(&["show", "api"]).succeeded().said("not compacted: the host died");
    assert_eq!(roles(&world, "api"), ["user", "assistant", "not_compacted"]);
    world.q(&["chat", "-s", "api", "beta"]).succeeded();
    assert_eq!(sent(&world, "beta"), turns(&["alpha", &long, "beta"]));
}

#[test]
fn what_is_too_long_is_compacted_with_as_much_as_the_model_takes_and_asked_again() {
    let (world, _) = talked();
    let too_long = r#"{"error":{"code":"context_length_exceeded","message":"too many tokens"}}"#;
    world.server.on("beta", Script::new().status(400, too_long));
    let failed = world.q(&["chat", "-s", "api", "beta"]).exited(1);
    assert!(failed.err.contains("compact"), "{failed:?}");
    // The first attempt at a summary is too long too; half as much is not, in which each text is, shortened.
    world.server.once(ASKED, Script::new().status(400, too_long));
    compact(&world);
    let asked = world.server.requests().into_iter().rev().find(|seen| seen.last_user_text().contains(ASKED));
    let halved = conversation(&asked.unwrap());
    let (prompt, answer) = (&halved[0].1, &halved[1].1);
    assert!(prompt == "alpha" && answer.len() < 400, "{halved:?}");
    assert!(answer.starts_with("lorem") && answer.contains("bytes are left out here"), "{halved:?}");
    let shown = world.q(&["show", "api"]).succeeded().said(SUMMARY);
    assert!(!shown.out.contains("did not fit"), "{shown:?}");
    world.server.on("beta", Script::new().say("now it fits").done());
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    let last = world.server.requests().into_iter().next_back().unwrap();
    let now = conversation(&last);
    assert!(now.len() == 1 && now[0].1.contains(SUMMARY) && now[0].1.ends_with("beta"), "{now:?}");
}

#[test]
fn a_full_window_is_compacted_before_the_next_prompt_by_the_model_that_was_chosen() {
    let (world, _) = talked();
    let base = world.server.base_url();
    world.home.configure(&format!(
        "agent = \"a\"\n[agents.a]\nbase_url = \"{base}\"\nmodel = \"big\"\ncontext_window = 100\ncompact_model = \"small\"\n"
    ));
    world.q(&["chat", "--new", "full", "alpha again"]).succeeded();
    let session = world.session("full");
    assert_eq!(session["window"]["of"], json!(100), "{session}");
    let answered = world.q(&["chat", "-s", "full", "beta"]).succeeded().said("echo:");
    assert!(
        answered.err.contains("summary of all above") && answered.err.contains("q compact full undo"),
        "{answered:?}"
    );
    let summarised = world.request(ASKED);
    assert_eq!(summarised.body["model"], json!("small"));
    let asked = world.request("beta");
    assert_eq!(asked.body["model"], json!("big"));
    assert!(conversation(&asked)[0].1.contains(SUMMARY), "{asked:?}");
    assert_eq!(roles(&world, "full"), ["user", "assistant", "summary", "user", "assistant"]);
}

#[test]
fn whoever_waits_for_a_summary_learns_that_none_came_about() {
    let (world, _) = talked();
    world.q(&["compact", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    world.q(&["chat", "-s", "api", "beta"]).succeeded();
    world.server.on(ASKED, Script::new().done());
    world.q(&["compact", "api"]).succeeded();
    world.q(&["wait", "api"]).exited(1);
    // The session itself is as it was.
    world.q(&["chat", "-s", "api", "beta"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
}
