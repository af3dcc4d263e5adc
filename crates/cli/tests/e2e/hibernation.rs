//! Hibernation: room for one more, told to the person, and everything back whole.

use q_testkit::process::kill9;

use crate::screen::{Person as _, alt};
use crate::world::{World, conversation, turns};

/// Three may be live; `one`, `two` and `three` are, each with a talk of its own.
fn full() -> World {
    let world = World::new();
    world.home.configure("[limits]\nlive_sessions = 3\n");
    let world = world.with_sessions(&["one", "two", "three"]);
    for name in ["one", "two", "three"] {
        world.q(&["chat", "-s", name, &format!("tell {name}")]).succeeded();
    }
    world
}

#[test]
fn the_oldest_idle_one_makes_room_and_comes_back_whole() {
    let world = full();
    let mut terminal = world.attach("three");
    terminal.wait_bar("3 of 3");
    terminal.make("four");
    terminal.wait_text("one hibernates now to make room");
    terminal.wait_bar("1 one zz");
    assert_eq!(world.session("one")["presence"], "hibernated");

    terminal.press_to(alt('1'), "one");
    terminal.wait_text("echo: tell one");
    terminal.wait_bar("[1 one]");
    terminal.wait_bar("3 of 3");
    terminal.enter("go on", "echo: go on");
    let history = turns(&["tell one", "echo: tell one", "go on"]);
    assert_eq!(conversation(&world.request("go on")), history);
}

#[test]
fn it_comes_back_whole_also_after_the_host_was_killed() {
    let world = full();
    world.q(&["new", "-d", "four"]).succeeded().told("one hibernates now to make room");
    kill9(world.home.host_pid().expect("a host"));
    let mut terminal = world.attach("four");
    terminal.wait_bar("1 one zz");
    terminal.switch("one");
    terminal.wait_text("echo: tell one");
    world.q(&["chat", "-s", "two", "go on"]).succeeded();
    let history = turns(&["tell two", "echo: tell two", "go on"]);
    assert_eq!(conversation(&world.request("go on")), history);
}

#[test]
fn a_draft_survives_its_session_s_sleep() {
    let world = full();
    let mut terminal = world.attach("one");
    terminal.type_at("one", "half a thought");
    terminal.press_to(alt('2'), "two");
    terminal.press_to(alt('3'), "three");
    for name in ["four", "five"] {
        terminal.send_line(&format!("/new {name}"));
        terminal.wait_prompt(name);
    }
    terminal.wait_bar("1 one zz");
    terminal.send_line("/detach");
    terminal.wait_detached();
    let terminal = world.terminal(&["attach", "one"]);
    terminal.wait_typed("one", "half a thought");
}

#[test]
fn what_cannot_be_woken_says_why() {
    let world = full();
    world.q(&["new", "-d", "four"]).succeeded();
    let mut terminal = world.attach("four");
    for name in ["two", "three", "four"] {
        world.q(&["pin", name]).succeeded();
    }
    terminal.press_to(alt('1'), "one");
    terminal.wait_text("could not be woken");
    terminal.wait_text("limits.live_sessions");
    world.q(&["unpin", "two"]).succeeded();
    terminal.press_to(alt('4'), "four");
    terminal.send(alt('1'));
    terminal.wait_text("echo: tell one");
}

#[test]
fn scripts_wake_what_they_use() {
    let world = full();
    world.q(&["new", "-d", "four"]).succeeded();
    let status = world.q(&["host", "status", "--json"]).succeeded().json();
    assert_eq!((status["live"].as_u64(), status["hibernated"].as_u64()), (Some(3), Some(1)));
    assert!(world.q(&["host", "status"]).succeeded().out.contains("1 hibernated"));
    assert!(world.q(&["show", "one"]).succeeded().out.contains("echo: tell one"));
    assert_eq!(world.session("one")["presence"], "hibernated", "reading wakes nothing");
    let said = world.q(&["chat", "-s", "one", "go on"]).succeeded();
    assert_eq!(said.out, "echo: go on\n");
    assert_eq!(world.session("one")["presence"], "live");
    let figures = world.q(&["stats", "--json"]).succeeded().json();
    assert_eq!(figures["hibernations"], 2);
    assert!(world.q(&["stats"]).succeeded().out.contains("2 times"));
    // Line by line, too.
    let said = world.q_reading(&["attach", "two"], "what now?\n").succeeded();
    assert!(said.out.contains("[two] echo: what now?"), "{said:?}");
}
