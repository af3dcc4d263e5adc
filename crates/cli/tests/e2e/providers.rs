//! Providers by name: each is asked in its own protocol, with its own key, and what it says ends as its protocol has it.

use q_testkit::server::Script;
use serde_json::json;

use crate::world::World;

/// A world whose only agents are those of this configuration, which names the server `SERVER`.
fn world(config: &str) -> World {
    let world = World::unnamed();
    let server = world.server.base_url().trim_end_matches("/v1").to_owned();
    world.home.configure(&config.replace("SERVER", &server));
    world
}

#[test]
fn each_provider_is_asked_in_its_own_protocol() {
    let mut world = world(
        "agent = \"claude\"\n\
         [agents.claude]\nprovider = \"anthropic\"\nbase_url = \"SERVER\"\n\
         [agents.answers]\nprovider = \"openai\"\nbase_url = \"SERVER\"\ndialect = \"responses\"\n\
         [agents.google]\nprovider = \"gemini\"\nbase_url = \"SERVER\"\n\
         [agents.llama]\nprovider = \"ollama\"\nbase_url = \"SERVER/v1\"\nmodel = \"llama3.2\"\n",
    );
    for variable in ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"] {
        world.home.set(variable, "sk-test");
    }
    let anthropic = "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello!\"}}\n\n\
                     data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"REASON\"},\"usage\":{\"output_tokens\":2}}\n\n\
                     data: {\"type\":\"message_stop\"}\n\n";
    let responses = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hello!\"}\n\n\
                     data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n";
    let gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello!\"}]},\"finishReason\":\"STOP\"}]}\n\n";
    let ollama = "{\"message\":{\"content\":\"Hello!\"},\"done\":true,\"done_reason\":\"stop\"}\n";
    for (agent, answer, path, key) in [
        ("claude", anthropic.replace("REASON", "end_turn"), "/v1/messages", Some(("x-api-key", "sk-test"))),
        ("answers", responses.into(), "/v1/responses", Some(("authorization", "Bearer sk-test"))),
        (
            "google",
            gemini.into(),
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            Some(("x-goog-api-key", "sk-test")),
        ),
        ("llama", ollama.into(), "/api/chat", None),
    ] {
        world.server.once("greet me", Script::new().raw(answer));
        assert_eq!(world.q(&["chat", "--agent", agent, "greet me"]).succeeded().out, "Hello!\n", "{agent}");
        let seen = world.server.requests().pop().unwrap();
        assert_eq!(seen.path, path);
        let sent =
            |name: &str| seen.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        match key {
            Some((name, value)) => assert_eq!(sent(name), Some(value), "{agent}"),
            None => assert_eq!(sent("authorization"), None),
        }
    }
    world.server.once("go far", Script::new().raw(anthropic.replace("REASON", "max_tokens")));
    world.q(&["chat", "go far"]).exited(1).said("Hello!").told("length limit");
    world.server.once("pause", Script::new().raw(anthropic.replace("REASON", "pause_turn")));
    world.q(&["chat", "pause"]).exited(1).told("paused");
}

#[test]
fn requests_are_shaped_as_the_configuration_says() {
    let world = world(
        "[agents.shaped]\nbase_url = \"SERVER\"\nmodel = \"m\"\ntemperature = 0.25\nmax_tokens = 50\n\
         stream_options = false\nthink_tags = true\n[agents.shaped.headers]\nx-team = \"blue\"\n\
         [agents.shaped.body]\ntop_p = 0.5\n",
    );
    world.server.on("think", Script::new().say("<think>hm</think>").say("so").done());
    assert_eq!(world.q(&["chat", "think"]).succeeded().out, "so\n");
    let seen = world.server.requests().pop().unwrap();
    let body = json!({
        "model": "m", "stream": true, "messages": [{ "role": "user", "content": "think" }],
        "temperature": 0.25, "max_tokens": 50, "top_p": 0.5,
    });
    assert_eq!(seen.body, body);
    assert!(seen.headers.contains(&("x-team".into(), "blue".into())), "{:?}", seen.headers);
}

#[test]
fn an_agent_is_tried_before_anybody_relies_on_it() {
    let world = world(
        "[agents.works]\nbase_url = \"SERVER/v1\"\nmodel = \"m\"\n\
         [agents.lost]\nbase_url = \"SERVER/nowhere/v1\"\nmodel = \"m\"\n[agents.mute]\nprovider = \"vllm\"\n",
    );
    let said = world.q(&["agents", "check", "works"]).succeeded();
    said.said("SERVER".replace("SERVER", &world.server.base_url()).as_str())
        .said("answer    yes")
        .said("stream ")
        .said("tokens read");
    let checked = world.q(&["agents", "check", "works", "--json"]).succeeded().json();
    assert_eq!((&checked["failure"], &checked["model"]), (&json!(null), &json!("m")), "{checked}");
    assert!(checked["tokens_in"].as_u64() > Some(0) && checked["pieces"].as_u64() > Some(0), "{checked}");
    let said = world
        .q(&["agents", "check", "lost"])
        .exited(1)
        .told("no agent at this address")
        .told("check base_url");
    assert!(!said.err.contains("retry"), "{}", said.err);
    assert_eq!(world.q(&["agents", "check", "lost", "--json"]).exited(1).json()["failure"], "wrong_path");
    world.q(&["agents", "check", "mute"]).exited(1).told("names no model");
    world.q(&["agents", "check", "wroks"]).exited(2).told("did you mean `works`?");
    let kept = world.q(&["ls", "--all", "--json"]).succeeded().json();
    assert_eq!(kept, json!([]), "nothing of it is kept");
}
