//! Budgets of tokens: warned of, refused with a way out, raised; what waits goes on, and a restart forgets nothing.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::json;

use crate::screen::Person as _;
use crate::world::{World, eventually};

/// The end of an answer, with a count that says that it cost 100 tokens.
const HUNDRED: &str = concat!(
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":70,"completion_tokens":30,"total_tokens":100}}"#,
    "\n\ndata: [DONE]\n\n"
);

/// A world with one session and these limits, in which every answer costs 100 tokens, as its server counts.
fn costly(limits: &str) -> World {
    let world = World::new();
    let base = world.server.base_url();
    world.home.configure(&format!(
        "agent = \"a\"\n[agents.a]\nbase_url = \"{base}\"\nmodel = \"m\"\n[limits]\n{limits}\n"
    ));
    for prompt in ["first", "second", "third"] {
        world.server.on(prompt, Script::new().say(prompt).raw(HUNDRED));
    }
    world.with_sessions(&["one"])
}

/// Nothing is sent, nothing is kept of it, and the way out that is said works.
#[test]
fn at_its_budget_a_session_begins_no_turn_until_it_is_raised() {
    let world = costly("budget_tokens = 100");
    let said = world.q(&["chat", "-s", "one", "first"]).succeeded();
    said.told("budget 100/100 is spent: no turn begins").told("budget_tokens off` lifts it");
    for verb in [&["chat", "-s", "one", "second"][..], &["send", "one", "second"]] {
        world.q(verb).exited(4).told("its budget is 100").told("nothing was sent");
    }
    let session = world.session("one");
    let budget = json!({ "scope": "session", "spent": 100, "of": 100, "near": true, "is_spent": true });
    assert_eq!((&session["budget"], &session["turns"]), (&budget, &json!(1)), "{session}");
    let usage = world.q(&["usage", "one", "--json"]).succeeded().json();
    assert_eq!(usage["sessions"][0]["budget"], budget, "{usage}");
    world.q(&["usage"]).succeeded().said("budget 100/100");
    world.q(&["set", "one", "budget_tokens", "225"]).succeeded().told("budget_tokens of one is 225");
    world.q(&["chat", "-s", "one", "second"]).succeeded().told("is nearly spent");
    world.q(&["set", "one", "budget_tokens", "off"]).succeeded();
    world.q(&["chat", "-s", "one", "third"]).succeeded();
    assert_eq!((&world.session("one")["turns"], &world.session("one")["budget"]), (&json!(3), &json!(null)));
}

#[test]
fn what_waits_is_asked_once_the_budget_is_raised() {
    let world = costly("budget_tokens = 100");
    world.server.on("first", Script::new().say("one").wait_for("rest").raw(HUNDRED));
    world.q(&["send", "one", "first"]).succeeded();
    world.wait_for_streams(1);
    let waits = world.start(&["chat", "-s", "one", "second", "--json"]);
    eventually("it waits", || world.session("one")["queued"] == json!(1));
    world.server.open("rest");
    let said = waits.finish().exited(4).json();
    assert_eq!((&said["outcome"], &said["session"]["budget"]["is_spent"]), (&json!("waiting"), &json!(true)));
    assert_eq!(world.session("one")["queued"], 1);
    world.q(&["set", "one", "budget_tokens", "1000"]).succeeded();
    world.q(&["wait", "one"]).succeeded();
    assert!(world.q(&["show", "one"]).succeeded().out.contains("second"));
    assert_eq!((&world.session("one")["turns"], &world.session("one")["queued"]), (&json!(2), &json!(0)));
}

#[test]
fn the_budget_of_a_day_outlives_the_host_and_is_that_of_all_sessions() {
    let world = costly("budget_tokens_per_day = 100").with_sessions(&["two"]);
    world.q(&["chat", "-s", "one", "first"]).succeeded().told("today's budget 100/100 is spent");
    world.q(&["chat", "-s", "two", "second"]).exited(4).told("the budget of a day is 100");
    kill9(world.home.host_pid().unwrap());
    world.q(&["chat", "-s", "two", "second"]).exited(4).told("wait until that day ends");
    assert_eq!(world.session("two")["turns"], 0);
    world.q(&["chat", "--agent", "guide", "how do I set a budget?"]).succeeded().said("budget");
    let said = world.q(&["chat", "-s", "two", "--json", "second"]).exited(4).json();
    assert_eq!((&said["outcome"], &said["prompt"]), (&json!("refused"), &json!(null)), "{said}");
    assert!(said["failure"].as_str().unwrap().contains("the budget of a day is 100"), "{said}");
}

#[test]
fn a_host_that_works_within_other_limits_is_named_until_it_is_another() {
    let world = costly("budget_tokens = 100");
    let is_named = || world.q(&["ls"]).succeeded().err.contains("the host works within other limits than");
    assert!(!is_named());
    let base = world.server.base_url();
    world.home.configure(&format!(
        "[agents.a]\nbase_url = \"{base}\"\nmodel = \"m\"\n[limits]\nbudget_tokens = 200\n"
    ));
    assert!(is_named());
    world.q(&["host", "restart"]).succeeded();
    assert!(!is_named());
}

/// What is refused is where it was typed, and the status line says why.
#[test]
fn a_prompt_that_a_budget_refuses_stays_in_the_editor() {
    let world = costly("budget_tokens = 100");
    world.q(&["chat", "-s", "one", "first"]).succeeded();
    let mut terminal = world.open_at("one");
    terminal.wait_text("budget 100/100");
    terminal.send("second\r");
    terminal.wait_text("its budget is 100");
    terminal.wait_typed("one", "second");
}
