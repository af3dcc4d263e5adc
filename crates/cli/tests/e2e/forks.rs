//! Forks: another session's history, and a way of its own from there.

use serde_json::Value;

use crate::screen::{Person as _, leader};
use crate::world::{World, conversation, turns};

fn talked() -> World {
    let world = World::new().with_sessions(&["api"]);
    for prompt in ["one", "two"] {
        world.q(&["chat", "-s", "api", prompt]).succeeded();
    }
    world
}

fn entries(world: &World, name: &str) -> Vec<Value> {
    let shown = world.q(&["show", "--json", name]).succeeded().json();
    shown["entries"].as_array().unwrap().clone()
}

#[test]
fn a_fork_goes_its_own_way_from_there() {
    let world = talked();
    assert_eq!(world.q(&["fork", "api", "other"]).succeeded().out, "other\n");
    assert_eq!(entries(&world, "other"), entries(&world, "api"));
    assert_eq!(world.session("other")["parent"], world.session("api")["id"]);
    world.q(&["chat", "-s", "other", "three"]).succeeded();
    world.q(&["chat", "-s", "api", "four"]).succeeded();
    let begun = ["one", "echo: one", "two", "echo: two"];
    assert_eq!(conversation(&world.request("three")), turns(&[&begun[..], &["three"]].concat()));
    assert_eq!(conversation(&world.request("four")), turns(&[&begun[..], &["four"]].concat()));
    // What others read stays until they are gone.
    world.q(&["delete", "--now", "--force", "api"]).exited(1).told("forks");
    world.q(&["delete", "--now", "--force", "other"]).succeeded();
    world.q(&["delete", "--now", "--force", "api"]).succeeded();
}

#[test]
fn a_fork_may_begin_at_an_earlier_entry() {
    let world = talked();
    let numbered = world.q(&["show", "--numbers", "api"]).succeeded().out;
    let before = entries(&world, "api");
    let first_answer = before[1]["no"].as_u64().unwrap();
    assert!(numbered.contains(&format!("[{first_answer}]\necho: one")), "{numbered}");
    let name = world.q(&["fork", "api", "--at", &first_answer.to_string()]).succeeded().out;
    assert_eq!(name, "api-2\n");
    assert_eq!(entries(&world, "api-2"), before[..2]);
    world.q(&["chat", "-s", "api-2", "instead"]).succeeded();
    assert_eq!(conversation(&world.request("instead")), turns(&["one", "echo: one", "instead"]));
}

#[test]
fn forking_in_the_terminal_goes_there() {
    let world = talked();
    let mut terminal = world.open_at("api");
    terminal.press_to("/fork other\r", "other");
    terminal.wait_text("echo: two");
    terminal.enter("three", "echo: three");
    terminal.press_to(leader("f"), "other-2");
    terminal.wait_text("echo: three");
    terminal.switch("api");
    terminal.wait_no_text("echo: three");
}

#[test]
fn a_fork_survives_the_host() {
    let world = talked();
    world.q(&["fork", "api", "other"]).succeeded();
    world.q(&["chat", "-s", "other", "three"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world.q(&["chat", "-s", "other", "four"]).succeeded();
    let history = ["one", "echo: one", "two", "echo: two", "three", "echo: three", "four"];
    assert_eq!(conversation(&world.request("four")), turns(&history));
}
