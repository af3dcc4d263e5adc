//! What providers seal of their models' thoughts: kept with the session, sent back to the model that made it, and to no other.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::world::World;

/// A world with a model of Anthropic's that thinks.
fn world() -> World {
    let mut world = World::new();
    world.home.set("OPENAI_BASE_URL", "");
    world.home.set("ANTHROPIC_API_KEY", "sk-test");
    let server = world.server.base_url().trim_end_matches("/v1").to_owned();
    world.home.configure(&format!(
        "agent = \"claude\"\n[agents.claude]\nprovider = \"anthropic\"\nbase_url = \"{server}\"\nreasoning = \"low\"\n"
    ));
    world
}

/// A thought with this signature, then a text, then the end, if it comes to that.
fn answer(signature: &str, ends: bool) -> Script {
    let events = [
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "thinking": "hm " } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "thinking": "hm" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "signature": signature } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "text", "text": "so" } }),
        json!({ "type": "content_block_stop", "index": 1 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
        json!({ "type": "message_stop" }),
    ];
    let said = events.iter().take(if ends { events.len() } else { 6 });
    Script::new().raw(said.map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat())
}

/// The signatures that the request with this prompt carries, in order.
fn sent_back(world: &World, prompt: &str) -> Vec<String> {
    let request = world.request(prompt).body;
    let blocks = request["messages"].as_array().unwrap().iter().filter_map(|one| one["content"].as_array());
    let sealed = blocks.flatten().filter(|block| block["type"] == "thinking");
    sealed
        .map(|block| {
            assert_eq!(block["thinking"], "hm hm", "{block}");
            block["signature"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_is_sealed_goes_back_to_the_model_that_made_it_and_to_no_other() {
    let world = world();
    for (prompt, signature) in [("first", "seal-1"), ("second", "seal-2"), ("third", "seal-3")] {
        world.server.on(prompt, answer(signature, true));
    }
    world.server.on("in vain", answer("seal-torn", false));
    world.q(&["new", "one", "-d"]).succeeded();
    let ask = |session: &str, prompt: &str| {
        world.q(&["send", session, prompt]).succeeded();
        world.q(&["wait", session]);
        sent_back(&world, prompt)
    };
    assert_eq!(ask("one", "first"), [""; 0]);
    assert_eq!(ask("one", "second"), ["seal-1"]);
    assert!(kill9(world.home.host_pid().unwrap()));
    assert_eq!(ask("one", "third"), ["seal-1", "seal-2"], "after the host died");
    world.q(&["set", "one", "model", "other"]).succeeded();
    assert_eq!(ask("one", "of another"), [""; 0]);
    world.q(&["set", "one", "model", "default"]).succeeded();
    assert_eq!(ask("one", "in vain"), ["seal-1", "seal-2", "seal-3"]);
    assert_eq!(ask("one", "behind a cut"), ["seal-1", "seal-2", "seal-3"], "what was cut is not sent back");
    world.q(&["fork", "one", "copy"]).succeeded();
    assert_eq!(ask("copy", "in a fork"), ["seal-1", "seal-2", "seal-3"]);
    world.q(&["set", "copy", "reasoning", "none"]).succeeded();
    assert_eq!(ask("copy", "without thinking"), [""; 0], "refused where nothing is to be thought");
    for shown in [
        vec!["show", "one"],
        vec!["show", "one", "--json"],
        vec!["export", "one", "--format", "md"],
        vec!["export", "one", "--format", "json"],
        vec!["export", "one", "--format", "html"],
    ] {
        let said = world.q(&shown).succeeded();
        assert!(!said.out.contains("seal-") && !said.err.contains("seal-"), "{shown:?}: {}", said.out);
    }
}

/// A signature that its server cannot read any more costs one request, and no answer; also where the server was busy before.
#[test]
fn what_the_server_cannot_read_is_left_out() {
    let world = world();
    world.server.on("first", answer("seal-1", true));
    world.q(&["new", "one", "-d"]).succeeded();
    world.q(&["send", "one", "first"]).succeeded();
    world.q(&["wait", "one"]).succeeded();
    let refusal = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages.1.content.0: Invalid `signature` in `thinking` block\"}}";
    world.server.on("second", answer("seal-2", true));
    world.server.once("second", Script::new().status(400, refusal));
    world.server.once("second", Script::new().status(503, "{}").retry_after(0));
    world.q(&["send", "one", "second"]).succeeded();
    world.q(&["wait", "one"]).succeeded();
    let asked: Vec<Value> = world.server.requests().into_iter().map(|seen| seen.body).collect();
    let has_seal = |body: &Value| body.to_string().contains("seal-1");
    let carried: Vec<bool> = asked.iter().map(has_seal).collect();
    assert_eq!(carried, [false, true, true, false], "{asked:?}");
    // Nor is it tried again; what that turn sealed is another thing.
    world.server.on("third", answer("seal-3", true));
    world.q(&["send", "one", "third"]).succeeded();
    world.q(&["wait", "one"]).succeeded();
    let asked = world.server.requests().pop().unwrap().body;
    assert!(!has_seal(&asked) && asked.to_string().contains("seal-2"), "{asked}");
}
