//! The queue of a session: seen, edited, reordered, taken back, sent now.

use serde_json::json;

use crate::screen::Person as _;
use crate::world::{World, eventually};

/// `api` answers `first` and waits for the gate of that name; `second`, `third` and `fourth` wait.
fn busy() -> World {
    let world = World::new().with_sessions(&["api"]);
    world.gated("first", "One", "first", " is done.");
    for prompt in ["first", "second", "third", "fourth"] {
        world.q(&["send", "api", prompt]).succeeded();
    }
    world.wait_for_streams(1);
    world
}

fn texts(world: &World) -> Vec<String> {
    let queue = world.q(&["queue", "api", "--json"]).succeeded().json();
    queue.as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

fn asked(world: &World) -> Vec<String> {
    world.server.requests().iter().map(|seen| seen.last_user_text().to_owned()).collect()
}

#[test]
fn verbs_change_what_waits_by_its_number() {
    let world = busy();
    assert_eq!(world.q(&["queue", "api"]).succeeded().out, "  2  second\n  3  third\n  4  fourth\n");
    assert_eq!(world.q(&["queue", "api", "--json"]).json()[0], json!({ "prompt": 2, "text": "second" }));
    world.q(&["move", "api", "4", "1"]).succeeded();
    world.q(&["edit", "api", "3", "the", "third"]).succeeded();
    world.q(&["unqueue", "api", "2"]).succeeded();
    assert_eq!(texts(&world), ["fourth", "the third"]);
    for args in [&["unqueue", "api", "2"][..], &["edit", "api", "9", "x"], &["now", "api", "9"]] {
        world.q(args).exited(1).told("does not wait here").told("q queue api");
    }
    world.q(&["move", "api", "4", "0"]).exited(2).told("places begin at 1");
    world.server.open("first");
    eventually("all are asked", || world.server.requests().len() == 3);
    assert_eq!(asked(&world), ["first", "fourth", "the third"]);
    world.q(&["wait", "api"]).succeeded();
    assert_eq!(world.q(&["queue", "api"]).succeeded().told("nothing waits in api").out, "");
    world.q(&["now", "api"]).exited(1).told("q send api PROMPT");
}

#[test]
fn now_interrupts_what_runs() {
    let world = busy();
    world.q(&["now", "api", "3"]).succeeded();
    eventually("it is asked", || asked(&world).iter().any(|text| text == "third"));
    world.q(&["wait", "api"]).succeeded();
    let shown = world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("interrupted here"), "{shown}");
    assert_eq!(asked(&world)[..2], ["first", "third"]);
}

#[test]
fn an_agent_that_takes_no_words_says_what_does() {
    let world = busy();
    world.q(&["steer", "api", "not that way"]).exited(1).told("takes no words while it works");
    world.server.open("first");
    world.q(&["wait", "api"]).succeeded();
    // When nothing runs it is a prompt.
    world.q(&["steer", "api", "go on"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert!(world.q(&["show", "api"]).out.trim_end().ends_with("echo: go on"));
}

#[test]
fn slash_commands_change_what_waits_by_its_place() {
    let world = busy();
    let mut terminal = world.open_at("api");
    terminal.wait_text("queued 3: fourth");
    terminal.enter_each(&[
        ("/move 3 1", "queued 1: fourth"),
        ("/edit 2 the second", "queued 2: the second"),
        ("/queue", "1  fourth"),
    ]);
    terminal.wait_text("/move NUMBER PLACE");
    // What the box prints is typed where it stands.
    terminal.enter_away("/edit 3", "/move NUMBER PLACE");
    terminal.wait_typed("api", "third");
    terminal.wait_no_text("queued 3");
    terminal.send("\x15");
    terminal.enter_each(&[
        ("/edit 7 x", "there is no such number; 2 prompts waiting"),
        ("/steer not that way", "takes no words while it works"),
    ]);
    terminal.wait_typed("api", "not that way");
    terminal.send("\x15");
    terminal.enter("/now", "interrupted here");
    terminal.wait_text("echo: fourth");
    terminal.wait_text("echo: the second");
    assert_eq!(asked(&world), ["first", "fourth", "the second"]);
}

#[test]
fn the_queue_in_plain_mode() {
    let world = busy();
    let script = "/queue\n/move 3 1\n/edit 2 the second\n/unqueue 3\n/queue\n/edit 9 x\n/quit\n";
    let said = world.q_reading(&["attach", "api"], script).succeeded();
    for line in ["  3  fourth", "* taken back: third", "  2  the second", "there is no such number"] {
        assert!(said.out.contains(line), "{line:?}: {}", said.out);
    }
    assert_eq!(texts(&world), ["fourth", "the second"]);
}
