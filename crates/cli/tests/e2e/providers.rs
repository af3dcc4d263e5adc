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
fn an_answer_is_limited_by_the_name_that_its_model_wants() {
    let mut world = world(
        "[agents.newer]\nprovider = \"openai\"\nbase_url = \"SERVER\"\nmax_tokens = 50\n\
         [agents.own]\nbase_url = \"SERVER\"\nmodel = \"deployed\"\nmax_tokens = 60\n",
    );
    world.home.set("OPENAI_API_KEY", "sk-test");
    world.q(&["chat", "--agent", "newer", "hello"]).succeeded();
    let limits = |no: usize| {
        let body = &world.server.requests()[no].body;
        ["max_tokens", "max_completion_tokens"].map(|name| body[name].as_u64())
    };
    assert_eq!(limits(0), [None, Some(50)]);
    let wanted = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}"#;
    world.server.once("try", Script::new().status(400, wanted));
    assert_eq!(world.q(&["chat", "--agent", "own", "try"]).succeeded().out, "echo: try\n");
    assert_eq!((limits(1), limits(2)), ([Some(60), None], [None, Some(60)]));
    let odd = r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model.","code":"unsupported_value"}}"#;
    world.server.once("warm", Script::new().status(400, odd));
    world
        .q(&["chat", "--new", "api", "--agent", "own", "warm"])
        .exited(1)
        .told("the model does not take a setting")
        .told("q set api SETTING default")
        .told("omit = ");
}

#[test]
fn without_a_configuration_the_usual_model_of_the_provider_is_asked() {
    let mut world = World::unnamed();
    world.home.set("OPENAI_API_KEY", "sk-test");
    world.home.set("OPENAI_MODEL", "");
    let listed = world.q(&["agents"]).succeeded();
    assert!(
        listed.out.contains("https://api.openai.com/v1  gpt-5-mini  key from OPENAI_API_KEY"),
        "{listed:?}"
    );
    world.home.set("OPENAI_BASE_URL", &world.server.base_url());
    let listed = world.q(&["agents"]).succeeded();
    assert!(listed.out.contains("/v1  the server's own model  key"), "{listed:?}");
    world.home.set("OPENAI_BASE_URL", "127.0.0.1:1/v1");
    let listed = world.q(&["agents"]).succeeded();
    assert!(listed.out.contains("OPENAI_BASE_URL names no address"), "{listed:?}");
    world.home.set("OPENAI_BASE_URL", &world.server.base_url());
    world.home.set("OPENAI_API_KEY", " ");
    world.q(&["chat", "hello"]).exited(1).told("OPENAI_API_KEY holds no key: it is empty");
    assert!(world.server.requests().is_empty());
}

#[test]
fn an_agent_without_a_model_is_asked_which_there_are() {
    let world = world("[agents.own]\nprovider = \"vllm\"\nbase_url = \"SERVER\"\n");
    world.q(&["chat", "--agent", "own", "hello"]).exited(1).told("q agents models own lists what there is");
    assert_eq!(world.q(&["agents", "models", "own"]).succeeded().out, "scripted\nscripted-mini\n");
    world.q(&["agents", "check", "own", "--model", "scripted"]).succeeded().said("answer    yes");
}

#[test]
fn a_check_says_what_the_server_allows_and_whether_tools_are_offered() {
    let world = world("[agents.works]\nbase_url = \"SERVER\"\nmodel = \"m\"\ntools = true\n");
    let whole = r#"{"choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}]}"#;
    let answer = Script::new()
        .status(200, whole)
        .header("x-ratelimit-limit-requests", "60")
        .header("x-ratelimit-remaining-requests", "59");
    world.server.once("one word", answer);
    world
        .q(&["agents", "check", "works"])
        .succeeded()
        .said("tools     yes: offered, and none was called")
        .said("limits    59 of 60 requests left");
    let refused = r#"{"error":{"message":"slow down"}}"#;
    world
        .server
        .once("one word", Script::new().status(401, refused).header("x-ratelimit-limit-requests", "60"));
    let said = world
        .q(&["agents", "check", "works"])
        .exited(1)
        .said("tools     not known")
        .said("limits    60 requests");
    assert!(!said.out.contains("stream    no\n") && !said.out.contains("usage     no:"), "{said:?}");
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
