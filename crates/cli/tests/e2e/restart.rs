//! A host that makes way for another one, as after an upgrade: terminals come along, what runs is told or waited for.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::json;

use crate::screen::{CTRL_D, Person as _, alt};
use crate::tools::{Workshop, call};
use crate::world::World;

#[test]
fn a_terminal_comes_along_to_the_next_host() {
    let world = World::new().with_sessions(&["one"]);
    let mut terminal = world.open_at("one");
    terminal.enter("before", "echo: before");
    terminal.type_at("one", "half a draft");
    let first = world.home.host_pid();
    world.q(&["host", "restart"]).succeeded().told("the host has restarted (version ");
    assert_ne!(world.home.host_pid(), first);
    terminal.wait_typed("one", "half a draft");
    terminal.send(" goes on\r");
    terminal.wait_text("echo: half a draft goes on");
}

#[test]
fn what_is_typed_when_the_host_is_stopped_is_given_back() {
    let world = World::new().with_sessions(&["one"]);
    let mut terminal = world.open_at("one");
    terminal.type_at("one", "half a draft");
    world.q(&["host", "stop"]).succeeded();
    terminal.wait_detached();
    // On a slow machine the draft was saved before the host went.
    if !terminal.screen_text().contains("not saved: half a draft") {
        world.open().wait_typed("one", "half a draft");
    }
}

#[test]
fn a_turn_that_cannot_go_on_is_named_and_kept() {
    let world = World::new().with_sessions(&["one", "two"]);
    world.server.on("count", Script::new().say("One, two").wait_for("never").done());
    world.q(&["send", "one", "count"]).succeeded();
    world.wait_for_streams(1);
    let said = world.q(&["host", "restart"]).succeeded().told("one was interrupted").told("`q retry one`");
    assert!(!said.err.contains("two was"), "{said:?}");
    assert_eq!(world.session("one")["activity"], "interrupted");
    world.server.on("count", Script::new().say("One, two, three").done());
    world.q(&["retry", "one"]).succeeded();
    world.q(&["wait", "one"]).succeeded();
    assert!(world.q(&["show", "one"]).succeeded().out.contains("One, two, three"));
}

#[test]
fn a_restart_may_wait_for_what_runs() {
    let world = World::new().with_sessions(&["one"]);
    world.gated("count", "One,", "rest", " two, three");
    world.q(&["send", "one", "count"]).succeeded();
    world.wait_for_streams(1);
    let first = world.home.host_pid();
    let restart = world.start(&["host", "restart", "--wait"]);
    world.server.open("rest");
    let said = restart.finish().succeeded();
    assert!(!said.err.contains("interrupted"), "{said:?}");
    assert_ne!(world.home.host_pid(), first);
    assert!(world.q(&["show", "one"]).succeeded().out.contains("One, two, three"));
    assert_eq!(world.session("one")["activity"], "idle");
}

#[test]
fn a_question_is_not_taken_away_by_a_restart() {
    let shop = Workshop::with_tools();
    let line = json!({ "argv": ["touch", "made"] });
    shop.rounds("do it", vec![call("run", &line), Script::new().say("It is made.").done()]);
    shop.begin("api", "do it");
    let (asked, first) = (shop.waiting(), shop.world.home.host_pid());
    shop.world.q(&["host", "restart"]).exited(1).told("your answer is waited for in api");
    assert_eq!((shop.waiting(), shop.world.home.host_pid()), (asked, first));
    let restart = shop.world.start(&["host", "restart", "--wait"]);
    shop.answer("approve", "api");
    let said = restart.finish().succeeded();
    assert!(!said.err.contains("interrupted"), "{said:?}");
    assert_ne!(shop.world.home.host_pid(), first);
    assert!(shop.has("made"));
    // Who says so may take it away.
    shop.rounds("again", vec![call("run", &line)]);
    shop.world.q(&["send", "api", "again"]).succeeded();
    shop.waiting();
    shop.world.q(&["host", "restart", "--now"]).succeeded().told("api was interrupted");
}

#[test]
fn where_no_host_runs_a_restart_starts_one() {
    let world = World::new();
    world.q(&["host", "restart"]).succeeded().told("the host has restarted");
    assert!(world.home.host_pid().is_some());
}

#[test]
fn a_terminal_that_stays_is_told_what_its_dead_host_cut_short() {
    let world = World::new().with_sessions(&["one", "two"]);
    let mut terminal = world.open();
    terminal.wait_text("two");
    terminal.press_to(alt('1'), "one");
    world.server.on("two", Script::new().say("Begun").wait_for("never").done());
    world.q(&["send", "two", "two"]).succeeded();
    world.wait_for_streams(1);
    assert!(kill9(world.home.host_pid().expect("a host runs")));
    terminal.wait_text("interrupted meanwhile: two; Alt+A goes there");
}

#[test]
fn what_a_dead_host_cut_short_is_listed_at_the_next_look_and_once() {
    let world = World::new().with_sessions(&["one", "two", "three"]);
    for name in ["two", "three"] {
        world.server.on(name, Script::new().say("Begun").wait_for("never").done());
        world.q(&["send", name, name]).succeeded();
    }
    world.wait_for_streams(2);
    assert!(kill9(world.home.host_pid().expect("a host runs")));
    let mut terminal = world.terminal(&["attach", "one"]);
    terminal.wait_text("interrupted meanwhile: two, three; Alt+A goes there");
    terminal.send(alt('a'));
    terminal.wait_text("interrupted here (the host died); /retry asks again");
    // What was on the screen was seen.
    for (slot, name) in [('2', "two"), ('3', "three")] {
        terminal.send(alt(slot));
        terminal.wait_prompt(name);
        terminal.wait_text("interrupted here (the host died); /retry asks again");
    }
    terminal.press_to(alt('1'), "one");
    terminal.send(CTRL_D);
    terminal.wait_exit();
    let again = world.open_at("one");
    assert!(!again.screen_text().contains("interrupted meanwhile"), "{}", again.screen_text());
}
