//! How a session's turns are asked: set from the shell, on the whole screen and line by line, for that session alone.

use q_testkit::process::kill9;
use q_testkit::server::{Script, Seen};
use serde_json::{Value, json};

use crate::screen::Person as _;
use crate::world::World;

/// What of a request is settings.
fn asked(seen: &Seen) -> [Value; 4] {
    ["model", "temperature", "max_tokens", "reasoning_effort"].map(|name| seen.body[name].clone())
}

/// What the next turn of that session is asked with.
fn next(world: &World, session: &str, prompt: &str) -> [Value; 4] {
    world.q(&["send", session, prompt]).succeeded();
    world.q(&["wait", session]).succeeded();
    asked(&world.request(prompt))
}

#[test]
fn what_is_set_counts_from_the_next_turn_in_that_session_and_its_forks() {
    let world = World::new().with_sessions(&["one", "two"]);
    let usual = next(&world, "one", "as usual");
    assert_eq!(usual[1..], [Value::Null, Value::Null, Value::Null]);
    world.q(&["set", "one", "temperature", "0.2"]).succeeded().told("temperature of one is 0.2");
    world.q(&["set", "one", "max_tokens", "100"]).succeeded();
    world.q(&["set", "one", "reasoning", "high"]).succeeded();
    world.q(&["set", "one", "model", "small"]).succeeded().told("model of one is small");
    let set = [json!("small"), json!(0.2), json!(100), json!("high")];
    assert_eq!(next(&world, "one", "as set"), set);
    assert_eq!(world.session("one")["model"], "small");
    assert!(kill9(world.home.host_pid().unwrap()));
    assert_eq!(next(&world, "one", "after the host died"), set);
    world.q(&["fork", "one", "copy"]).succeeded();
    assert_eq!(next(&world, "copy", "in a fork"), set);
    world.q(&["set", "copy", "model", "default"]).succeeded().told("model of copy is the agent's own again");
    assert_eq!(next(&world, "copy", "as it was made")[0], usual[0]);
    assert_eq!(next(&world, "one", "still as set"), set);
    assert_eq!(next(&world, "two", "beside it"), usual);
    for name in ["model", "temperature", "max_tokens", "reasoning"] {
        world.q(&["set", "one", name, "default"]).succeeded();
    }
    assert_eq!(next(&world, "one", "as usual again"), usual);
}

#[test]
fn what_is_set_stands_above_what_is_configured() {
    let mut world = World::new();
    let url = world.server.base_url();
    world.home.set("OPENAI_BASE_URL", "");
    world.home.configure(&format!(
        "agent = \"mine\"\n[agents.mine]\nbase_url = \"{url}\"\nmodel = \"m\"\ntemperature = 0.5\nmax_tokens = 7\n\
         [agents.mine.body]\ntemperature = 0.75\ntop_p = 0.25\n"
    ));
    world.q(&["new", "one", "-d"]).succeeded();
    let shown = world.q(&["set", "one"]).succeeded().out;
    assert_eq!(
        shown,
        "model m (agent)\ntemperature 0.5 (agent)\nmax_tokens 7 (agent)\nreasoning default (provider)\nbody {\"temperature\":0.75,\"top_p\":0.25} (agent)\nbudget_tokens default (limits)\n"
    );
    assert_eq!(next(&world, "one", "as configured")[1..3], [json!(0.75), json!(7)]);
    let said = world.q(&["set", "one", "temperature", "0.125", "--json"]).succeeded().json();
    let id = world.session("one")["id"].clone();
    assert_eq!(
        said,
        json!({
            "session": id,
            "name": "one",
            "settings": [
                { "name": "model", "value": "m", "origin": "agent" },
                { "name": "temperature", "value": "0.125", "origin": "session" },
                { "name": "max_tokens", "value": "7", "origin": "agent" },
                { "name": "reasoning", "value": null, "origin": "provider" },
                { "name": "mode", "value": null, "origin": "provider" },
                { "name": "body", "value": "{\"temperature\":0.75,\"top_p\":0.25}", "origin": "agent" },
                { "name": "omit", "value": null, "origin": "agent" },
                { "name": "first_byte", "value": null, "origin": "agent" },
                { "name": "idle_timeout", "value": null, "origin": "agent" },
                { "name": "budget_tokens", "value": null, "origin": "limits" },
            ],
            "from_next_turn": false,
        })
    );
    let seen = next(&world, "one", "as set");
    assert_eq!(seen[1..3], [json!(0.125), json!(7)]);
    assert_eq!(world.request("as set").body["top_p"], json!(0.25));
    assert_eq!(world.q(&["set", "one", "temperature"]).succeeded().out, "temperature 0.125 (set here)\n");
}

#[test]
fn a_request_is_shaped_in_one_session_and_as_before_again() {
    let world = World::new().with_sessions(&["one"]);
    let body = |prompt: &str| {
        let _settings = next(&world, "one", prompt);
        let mut body = world.request(prompt).body;
        body["messages"].take();
        body
    };
    let usual = body("as usual");
    assert!(usual["stream_options"].is_object());
    world.q(&["set", "one", "body", "{\n \"top_p\": 0.25,\n \"user\": \"u\"}"]).succeeded();
    world.q(&["set", "one", "omit", "stream_options, user"]).succeeded();
    world.q(&["set", "one", "first_byte", "300"]).succeeded();
    let shown = world.q(&["set", "one"]).succeeded().out;
    assert!(
        shown.contains("body {  \"top_p\": 0.25,  \"user\": \"u\"} (set here)\nomit stream_options,user"),
        "{shown}"
    );
    assert_eq!(world.session("one")["settings"]["first_byte"], 300);
    assert!(kill9(world.home.host_pid().unwrap()));
    let mut shaped = usual.clone();
    shaped["top_p"] = json!(0.25);
    shaped.as_object_mut().unwrap().remove("stream_options");
    assert_eq!(body("as shaped"), shaped);
    // A server that says nothing is given up when the session says so.
    world.server.on("say nothing", Script::new().silence());
    world.q(&["set", "one", "first_byte", "default"]).succeeded();
    world.q(&["set", "one", "idle_timeout", "1"]).succeeded();
    world.q(&["send", "one", "say nothing"]).succeeded();
    world.q(&["wait", "one"]).exited(1);
    for name in ["body", "omit", "idle_timeout"] {
        world.q(&["set", "one", name, "default"]).succeeded();
    }
    assert_eq!(body("as usual again"), usual);
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    let world = World::new().with_sessions(&["one"]);
    for (words, said) in [
        (&["temperature", "9"][..], "a number from 0 to 2"),
        (&["temperature", "-1"], "`q set SESSION temperature default` leaves it to the agent"),
        (&["max_tokens", "0"], "a whole number from 1 to"),
        (&["model", "two words"], "without blanks"),
        (&["reasoning", "very much"], "low, medium or high"),
        (&["body", "[1]"], "one JSON object of at most 4096 bytes"),
        (&["body", "{top_p: 1}"], "`q set SESSION body default` leaves it to the agent"),
        (&["omit", "a.b"], "names of fields between commas"),
        (&["idle_timeout", "0"], "a whole number of seconds from 1 to 86400"),
        (&["headers", "x-key: 1"], "[agents.NAME.headers]"),
        (&["top_p", "1"], "idle_timeout and budget_tokens"),
    ] {
        world.q(&[&["set", "one"], words].concat()).exited(1).told(said);
    }
    world.q(&["set", "one", "top_p"]).exited(2).told("there is no setting `top_p`");
    world.q(&["set", "nobody", "temperature", "1"]).exited(3).told("there is no session `nobody`");
}

#[test]
fn on_the_screen_the_model_is_seen_at_once_and_names_are_completed() {
    let world = World::new().with_sessions(&["one"]);
    let mut terminal = world.open_at("one");
    terminal.enter("/model other", "model of one is other");
    terminal.wait_text("openai·other");
    terminal.enter("/set temperature 0.2", "temperature of one is 0.2");
    terminal.enter("/set", "model other (set here) · temperature 0.2 (set here) · max_tokens default");
    terminal.wait_text("reasoning default (provider)");
    terminal.enter("/set temperature 9", "`9` cannot be a temperature");
    terminal.send("/set te\t");
    terminal.wait_typed("one", "/set temperature");
    terminal.send("\u{15}/model s\t");
    terminal.wait_typed("one", "/model scripted");
    terminal.wait_text("\nscripted-mini");
    terminal.send("-\t");
    terminal.wait_typed("one", "/model scripted-mini");
    terminal.send("\r");
    terminal.wait_text("openai·scripted-mini");
    terminal.enter("/model", "* scripted-mini");
    terminal.wait_text("openai lists 2 models, /model NAME changes");
    terminal.send("\u{1b}");
    // What follows an Esc at once is a chord with Alt.
    terminal.wait_text("[one] > ask something");
    world.gated("count", "One,", "rest", " two");
    terminal.enter("count", "One,");
    terminal.enter("/model default", "it counts from the next turn on");
    world.server.open("rest");
    terminal.wait_text("One, two");
    assert_eq!(world.request("count").body["model"], "scripted-mini");
    terminal.enter("/model unheard-of", "openai does not list it, /model shows what it lists");
}

#[test]
fn line_by_line_it_is_the_same() {
    let world = World::new().with_sessions(&["one"]);
    world.server.on("hello", Script::new().say("Hello.").done());
    let lines = "/switch one\n/model\n/model scripted-mini\n/set temperature 0.2\n/set\n/set temperature 9\nhello\n/quit\n";
    let said = world.q_reading(&[], lines);
    for line in [
        "* scripted is asked here; openai lists 2 models, /model NAME changes it\n* scripted\n  scripted-mini\n",
        "* model of one is scripted-mini",
        "* temperature of one is 0.2",
        "* model scripted-mini (set here) · temperature 0.2 (set here)",
    ] {
        assert!(said.out.contains(line), "{line}: {said:?}");
    }
    assert!(said.out.contains("cannot be a temperature"), "{said:?}");
    world.wait_for_requests(1);
    assert_eq!(asked(&world.request("hello"))[..2], [json!("scripted-mini"), json!(0.2)]);
}

#[test]
fn the_models_of_an_agent_are_listed_where_there_is_a_list() {
    let world = World::new();
    assert_eq!(world.q(&["agents", "models", "openai"]).succeeded().out, "scripted\nscripted-mini\n");
    let said = world.q(&["agents", "models", "openai", "--json"]).succeeded().json();
    assert_eq!((&said["agent"], &said["models"]), (&json!("openai"), &json!(["scripted", "scripted-mini"])));
    world.q(&["agents", "models", "guide"]).exited(1).told("the guide has no models");
    world.q(&["agents", "models", "nobody"]).exited(2).told("there is no agent `nobody`");
    let server = world.server.base_url().replace("/v1", "/v9");
    world.home.configure(&format!("[agents.a]\nbase_url = \"{server}\"\nmodel = \"m\"\n"));
    world.q(&["agents", "models", "a"]).exited(1).told("the server has no list of models");
}
