//! What answers call, in each dialect, read from the replies that servers send; and turns in which tools are offered, over the
//! network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use q_agent::http::reply::{BodySettings, LONGEST, ResponseBody};
use q_agent::{Agent, AgentSpec, Conversation, Dialect, HttpSpec, RequestShape, Secret, ToolSettings};
use q_core::conversation::{Message, Part, Role};
use q_core::{AgentEvent, CallNo, Digest, EntryNo, FailureKind, Outcome, Policy, StepState, Wants};
use q_testkit::server::{Script, Server};
use serde_json::json;

use support::permitting::{Permitting, results};
use support::{ask, asked_again, spec};

/// The calls of one reply; nothing where it is not whole.
fn calls(name: &str) -> Vec<(String, String)> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replies").join(name);
    let text = fs::read(file).unwrap();
    let position =
        |bytes: &[u8], piece: &[u8]| bytes.windows(piece.len()).position(|window| window == piece).unwrap();
    let (head, response) = text.split_at(position(&text, b"\n---\n"));
    let body = &response[position(response, b"\r\n\r\n") + 4..];
    let head = String::from_utf8_lossy(head);
    let dialect = head.lines().find_map(|line| line.strip_prefix("dialect: ")).unwrap_or("chat_completions");
    let settings = BodySettings {
        dialect: Dialect::of(dialect).unwrap(),
        think_tags: false,
        secrets: Secret::new("sk-test").into(),
        longest: LONGEST,
        asked: 100,
    };
    let mut reply = ResponseBody::new(settings).taking_calls();
    reply.read(body);
    reply.end(None);
    reply.calls().into_iter().map(|call| (call.tool, call.arguments)).collect()
}

#[test]
fn calls_are_read_in_each_dialect_and_none_of_an_answer_that_is_not_whole() {
    let shown = |name: &str| {
        let calls: Vec<String> =
            calls(name).into_iter().map(|(tool, given)| format!("  {tool} {given}\n")).collect();
        format!("{name}\n{}", calls.concat())
    };
    let replies = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replies")).unwrap();
    let mut names: Vec<String> =
        replies.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    // Some bodies are in chunks, and are read by the layer above.
    let is_plain = |name: &&String| {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replies").join(name);
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).to_lowercase();
        (name.contains("tool") || name.contains("call"))
            && !text.contains("transfer-encoding")
            && text.contains("\r\n\r\n")
    };
    let shown: String = names.iter().filter(is_plain).map(|name| shown(name)).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_called_in_an_answer_that_does_not_end_well_is_not_called() {
    let called = r#"{"tool_calls":[{"index":0,"id":"x","function":{"name":"run","arguments":"{}"}}]}"#;
    for (finish, count) in [("tool_calls", 1), ("stop", 1), ("length", 0), ("content_filter", 0), ("", 0)] {
        let mut reply = taking_calls(Dialect::ChatCompletions);
        reply.read(format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{called}}}]}}\n\n").as_bytes());
        if !finish.is_empty() {
            let end =
                format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\n\n");
            reply.read(end.as_bytes());
        }
        reply.end(None);
        assert_eq!(reply.calls().len(), count, "{finish:?}");
    }
}

/// A body in this dialect of which calls are taken.
fn taking_calls(dialect: Dialect) -> ResponseBody {
    let secrets = Secret::new("sk-test").into();
    let settings = BodySettings { dialect, think_tags: false, secrets, longest: LONGEST, asked: 100 };
    ResponseBody::new(settings).taking_calls()
}

/// What breaks off may have been of any call that is not whole: nobody runs what the model did not say.
#[test]
fn a_call_that_lost_a_part_is_not_called() {
    let chat = |call: &str| format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}"#);
    let begin = chat(r#"{"index":0,"id":"x","function":{"name":"read","arguments":"{\"path\":\""}}"#);
    let rest = chat(r#"{"index":0,"function":{"arguments":"a.txt\"}"}}"#);
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let words = r#"{"choices":[{"delta":{"content":"ok"}}]}"#;
    let lost = r#"{"choices":[{"del"#;
    let block = |kind: &str, rest: &str| format!(r#"{{"type":"content_block_{kind}","index":1,{rest}}}"#);
    let tool = block("start", r#""content_block":{"type":"tool_use","id":"x","name":"read","input":{}}"#);
    let input = |json: &str| block("delta", &format!(r#""delta":{{"partial_json":{json}}}"#));
    let inputs = [input(r#""{\"path\":\"""#), input(r#""a.txt\"}""#)];
    let end = block("stop", r#""x":0"#);
    let reason = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#;
    let item = |kind: &str, arguments: &str| {
        let item = format!(r#"{{"type":"function_call","id":"x","name":"read","arguments":{arguments}}}"#);
        format!(r#"{{"type":"response.output_item.{kind}","item":{item}}}"#)
    };
    let delta = r#"{"type":"response.function_call_arguments.delta","item_id":"x","delta":"{\"path\":\""}"#;
    let whole = item("done", r#""{\"path\":\"sub/a.txt\"}""#);
    let over = r#"{"type":"response.completed","response":{"status":"completed"}}"#;
    let (chat, anthropic, responses) = (Dialect::ChatCompletions, Dialect::Anthropic, Dialect::Responses);
    for (dialect, frames, called) in [
        (chat, vec![&begin, &rest, stop], r#"{"path":"a.txt"}"#),
        (chat, vec![&begin, lost, &rest, stop], ""),
        (chat, vec![&begin, &rest, lost, stop], r#"{"path":"a.txt"}"#),
        (chat, vec![words, lost, &begin, &rest, stop], r#"{"path":"a.txt"}"#),
        (chat, vec![lost, &rest, stop], ""),
        (chat, vec![words, lost, stop], ""),
        (anthropic, vec![&tool, &inputs[0], &inputs[1], &end, reason], r#"{"path":"a.txt"}"#),
        (anthropic, vec![&tool, &inputs[0], lost, &inputs[1], &end, reason], ""),
        (anthropic, vec![&tool, lost, &end, reason], ""),
        (anthropic, vec![&tool, &end, lost, reason], "{}"),
        (responses, vec![&item("added", "\"\""), delta, lost, over], ""),
        (responses, vec![&item("added", "\"\""), delta, lost, &whole, over], r#"{"path":"sub/a.txt"}"#),
    ] {
        let mut reply = taking_calls(dialect);
        for frame in &frames {
            reply.read(format!("data: {frame}\n\n").as_bytes());
        }
        reply.end(None);
        let arguments: Vec<String> = reply.calls().into_iter().map(|call| call.arguments).collect();
        assert_eq!(arguments.concat(), called, "{frames:?}");
        let events: Vec<AgentEvent> = std::iter::from_fn(|| reply.event()).collect();
        let ends_well = matches!(events.last(), Some(AgentEvent::Done));
        assert_eq!(ends_well, !called.is_empty(), "{events:?}");
    }
}

/// The request behind a call that ran may be refused as any other: it is sent again, and the tool does not run again.
#[tokio::test]
async fn what_is_asked_behind_a_call_is_asked_again_and_nothing_runs_twice() {
    let server = Server::start();
    let call = json!({ "shell": "echo ran >>runs" }).to_string();
    server.once("do it", Script::new().say("So.").done());
    for _ in 0..2 {
        server.once("do it", Script::new().status(503, "busy").retry_after(0));
    }
    server.once("do it", Script::new().call("run", &call).done());
    let permitting = Permitting::new();
    let events = permitting.turn(HttpSpec { patience: asked_again(5), ..spec(server.base_url()) }).await;
    let waits = events.iter().filter(|event| matches!(event, AgentEvent::Retrying { .. })).count();
    assert_eq!((waits, results(&events).len(), events.last()), (2, 1, Some(&AgentEvent::Done)), "{events:?}");
    assert_eq!(fs::read_to_string(permitting.directory.path().join("runs")).unwrap(), "ran\n");
}

/// Chat completions of a model that thinks in one piece, and calls a tool or says something then.
fn thinking(thought: &str, then: serde_json::Value) -> Script {
    let deltas = [json!({ "role": "assistant", "content": null, "reasoning_content": "" })]
        .into_iter()
        .chain(thought.split_inclusive(' ').map(|piece| json!({ "reasoning_content": piece })))
        .chain([then])
        .map(|delta| json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] }));
    let end = json!({ "choices": [{ "index": 0, "delta": { "content": "" }, "finish_reason": "stop" }] });
    let frames = deltas.chain([end]).map(|frame| format!("data: {frame}\n\n"));
    Script::new().raw(frames.collect::<String>()).raw("data: [DONE]\n\n")
}

fn thought_again(server: &Server) -> Vec<Vec<serde_json::Value>> {
    let thoughts = |body: &serde_json::Value| {
        let messages = body["messages"].as_array().unwrap().iter();
        let assistants = messages.filter(|message| message["role"] == "assistant");
        assistants.map(|message| message["reasoning_content"].clone()).collect()
    };
    server.requests().iter().map(|request| thoughts(&request.body)).collect()
}

/// `DeepSeek` and others refuse a call without the thought in front of it, and a thought that they did not ask for.
#[tokio::test]
async fn a_thought_in_one_piece_goes_back_with_the_calls_behind_it() {
    let server = Server::start();
    let call = json!({ "tool_calls": [{ "index": 0, "id": "x", "type": "function", "function": { "name": "list", "arguments": "{}" } }] });
    server.once("do it", thinking("so then ", json!({ "content": "So." })));
    server.once("do it", thinking("I see. And there? ", call.clone()));
    server.once("do it", thinking("I must look. ", call));
    let permitting = Permitting::new();
    let events = permitting.turn(spec(server.base_url())).await;
    assert_eq!(events.last(), Some(&AgentEvent::Done), "{events:?}");
    let [first, second] = ["I must look. ", "I see. And there? "].map(|thought| json!(thought));
    assert_eq!(thought_again(&server), [vec![], vec![first.clone()], vec![first, second]]);
    let sealed = events.iter().filter(|event| matches!(event, AgentEvent::Sealed(_))).count();
    assert_eq!(sealed, 3, "the last is kept too: its turn called something");
}

/// What another model called, or nobody knows the thought of, is sent with an empty one where the server misses it.
#[tokio::test]
async fn a_server_that_misses_a_thought_is_told_that_there_was_none() {
    let server = Server::start();
    let call = json!({}).to_string();
    let missing = r#"{"error":{"message":"Missing `reasoning_content` field in the assistant message at message index 2","type":"invalid_request_error"}}"#;
    server.once("do it", Script::new().say("So.").done());
    server.once("do it", Script::new().status(400, missing));
    server.once("do it", Script::new().call("list", &call).done());
    let events = Permitting::new().turn(spec(server.base_url())).await;
    assert_eq!(events.last(), Some(&AgentEvent::Done), "{events:?}");
    assert_eq!(thought_again(&server), [vec![], vec![json!(null)], vec![json!("")]]);
    // Said again, it is a refusal as any other.
    server.on("do it", Script::new().status(400, missing));
    server.once("do it", Script::new().call("list", &call).done());
    let events = Permitting::new().turn(spec(server.base_url())).await;
    assert!(matches!(events.last(), Some(AgentEvent::Failed(_))), "{events:?}");
    assert_eq!(server.requests().len(), 3 + 3);
}

/// Each request of the turn would else be refused first, and asked again.
#[tokio::test]
async fn a_limit_that_was_refused_by_its_older_name_has_the_newer_from_then_on() {
    let server = Server::start();
    let refusal = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#;
    server.once("do it", Script::new().say("So.").done());
    server.once("do it", Script::new().call("list", &json!({}).to_string()).done());
    server.once("do it", Script::new().status(400, refusal));
    let mut spec = spec(server.base_url());
    spec.shape.max_tokens = Some(7);
    let events = Permitting::new().turn(spec).await;
    assert_eq!(events.last(), Some(&AgentEvent::Done), "{events:?}");
    let newer = |body: &serde_json::Value| body["max_completion_tokens"] == 7;
    let asked: Vec<bool> = server.requests().iter().map(|request| newer(&request.body)).collect();
    assert_eq!(asked, [false, true, true]);
}

#[tokio::test]
async fn only_the_bytes_that_were_asked_for_run() {
    let server = Server::start();
    let call = json!({ "argv": ["touch", "made"] }).to_string();
    server.once("do it", Script::new().say("So.").done());
    server.once("do it", Script::new().call("run", &call).done());
    let permitting = Permitting { swapped: Some(Digest([7; 32])), ..Permitting::new() };
    let events = permitting.turn(spec(server.base_url())).await;
    let [(CallNo(1), Outcome::NeverRan, why)] = results(&events)[..] else { panic!("{events:?}") };
    assert!(why.contains("did not run"), "{why}");
    assert!(!permitting.directory.path().join("made").exists());
    assert_eq!(events.last(), Some(&AgentEvent::Done));
    let AgentEvent::Call(asked, _) =
        events.iter().find(|event| matches!(event, AgentEvent::Call(..))).unwrap()
    else {
        panic!("no call")
    };
    assert_eq!((asked.wants, asked.input.as_str()), (Wants::Consent, call.as_str()));
}

#[tokio::test]
async fn a_command_tells_what_it_puts_out_while_it_runs() {
    let server = Server::start();
    server.once("do it", Script::new().say("So.").done());
    server.once(
        "do it",
        Script::new().call("run", &json!({ "shell": "echo one; echo two >made" }).to_string()).done(),
    );
    let permitting = Permitting::new();
    let events = permitting.turn(spec(server.base_url())).await;
    let put_out =
        events.iter().any(|event| *event == AgentEvent::Progress { call: CallNo(1), text: "one\n".into() });
    assert!(put_out, "{events:?}");
    assert_eq!(results(&events), [(CallNo(1), Outcome::Done, "one\n")]);
    assert_eq!(fs::read_to_string(permitting.directory.path().join("made")).unwrap(), "two\n");
}

#[tokio::test]
async fn plans_are_told_in_their_order_and_what_is_none_is_told_to_the_model() {
    let server = Server::start();
    let plan = |state: &str| json!({ "steps": [{ "text": "read", "state": state }] }).to_string();
    server.once("do it", Script::new().say("So.").done());
    let calls = ["active", "done", "begun"].map(plan);
    let called = calls.iter().fold(Script::new(), |script, input| script.call("todo", input));
    server.once("do it", called.done());
    let events = Permitting { policy: Policy::Deny, ..Permitting::new() }.turn(spec(server.base_url())).await;
    let states: Vec<StepState> = events
        .iter()
        .filter_map(|event| if let AgentEvent::Plan(steps) = event { Some(steps[0].state) } else { None })
        .collect();
    assert_eq!(states, [StepState::Active, StepState::Done]);
    assert_eq!(
        results(&events),
        [
            (CallNo(1), Outcome::Done, "the person sees it: 0 of 1 done\n"),
            (CallNo(2), Outcome::Done, "the person sees it: 1 of 1 done\n"),
            (CallNo(3), Outcome::Failed, "step 1 must be open, active or done"),
        ]
    );
    let asked =
        |event: &AgentEvent| matches!(event, AgentEvent::Call(call, _) if call.wants != Wants::Nothing);
    assert!(!events.iter().any(asked), "{events:?}");
}

/// The requests' last messages are what a model was told last, by whom and with what words.
fn last_message(server: &Server, request: usize) -> (String, String) {
    let messages = server.requests()[request].body["messages"].clone();
    let last = messages.as_array().unwrap().last().unwrap().clone();
    (last["role"].as_str().unwrap().into(), last["content"].as_str().unwrap().into())
}

/// A model that has this go on in the background, as the conversation and its agent are behind that turn.
async fn going_on(
    server: &Server,
    permitting: &Permitting,
    line: &str,
) -> (Arc<dyn Agent>, Arc<dyn Conversation>, Vec<AgentEvent>) {
    server.on("do it", Script::new().say("So.").done());
    let call = json!({ "shell": line, "background": true }).to_string();
    server.once("do it", Script::new().call("run", &call).done());
    let spec = Arc::new(HttpSpec { tools: Some(ToolSettings::default()), ..spec(server.base_url()) });
    let agent = AgentSpec::Http(spec).agent();
    let conversation = agent.open(permitting.seat());
    let events = permitting.turn_of(&*conversation, ask("do it")).await;
    (agent, conversation, events)
}

#[tokio::test]
async fn what_ended_in_the_background_is_told_with_the_next_turn_and_what_is_gone_too() {
    let (server, permitting) = (Server::start(), Permitting::new());
    let line = "while [ ! -e end ]; do sleep 0.05; done";
    let (agent, conversation, first) = going_on(&server, &permitting, line).await;
    assert_eq!(results(&first), [(CallNo(1), Outcome::Done, "process 1 runs\n(it put out nothing since)\n")]);
    assert_eq!(conversation.processes().len(), 1);
    // It runs: there is nothing to tell.
    permitting.turn_of(&*conversation, ask("do it")).await;
    assert_eq!(last_message(&server, 2), ("user".into(), "do it".into()));
    fs::write(permitting.directory.path().join("end"), "").unwrap();
    while conversation.processes()[0].ended.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let told = permitting.turn_of(&*conversation, ask("do it")).await;
    let [(CallNo(1), Outcome::Done, said)] = results(&told)[..] else { panic!("{told:?}") };
    assert!(said.starts_with("process 1 has ended: exit code 0 ("), "{said}");
    assert_eq!(last_message(&server, 3), ("tool".into(), said.to_owned()));
    permitting.turn_of(&*conversation, ask("do it")).await;
    assert_eq!(last_message(&server, 4), ("user".into(), "do it".into()), "told once");
    // A conversation that goes on from the transcript alone: what another one started is gone.
    let mut again = ask("do it");
    let input = json!({ "shell": line, "background": true }).to_string();
    let parts = vec![Part::Call { entry: EntryNo(2), tool: "run".into(), input }];
    let result = Part::Result { of: EntryNo(2), outcome: Outcome::Done, text: "process 1 runs".into() };
    again.messages.push(Message { role: Role::Assistant, parts });
    again.messages.push(Message { role: Role::User, parts: vec![result, Part::Text("do it".into())] });
    let told = permitting.turn_of(&*agent.open(permitting.seat()), again).await;
    let [(CallNo(1), Outcome::Done, said)] = results(&told)[..] else { panic!("{told:?}") };
    assert!(said.starts_with("no process runs in the background of this session"), "{said}");
}

#[tokio::test]
async fn what_goes_on_in_the_background_ends_with_its_conversation() {
    let (server, permitting) = (Server::start(), Permitting::new());
    let (_agent, conversation, _) = going_on(&server, &permitting, "sleep 600").await;
    assert_eq!(conversation.processes().len(), 1);
    let released = tokio::time::timeout(std::time::Duration::from_secs(20), conversation.release()).await;
    assert!(released.is_ok() && conversation.processes().is_empty(), "it goes on");
}

#[tokio::test]
async fn one_that_calls_for_ever_is_stopped_and_a_policy_that_denies_offers_only_what_looks() {
    let server = Server::start();
    server.on("do it", Script::new().call("list", "{}").done());
    let permitting = Permitting { policy: Policy::Deny, ..Permitting::new() };
    let events = permitting.turn(spec(server.base_url())).await;
    let Some(AgentEvent::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!((failure.kind, server.requests().len()), (FailureKind::TooManyRounds, 50));
    assert_eq!(
        failure.to_string(),
        "q paused the turn: the model called tools again and again (50 times in one turn): `/continue` goes on where it stopped"
    );
    let offered = server.requests()[0].body["tools"].clone();
    let names: Vec<&str> =
        offered.as_array().unwrap().iter().filter_map(|tool| tool["function"]["name"].as_str()).collect();
    assert_eq!(names, ["read", "list", "search", "todo"]);
}

/// How much the model was asked with each time, in bytes.
fn asks(events: &[AgentEvent]) -> Vec<u64> {
    let bytes =
        |event: &AgentEvent| if let AgentEvent::Asked { bytes, .. } = event { Some(*bytes) } else { None };
    events.iter().filter_map(bytes).collect()
}

#[tokio::test]
async fn results_leave_room_in_the_window_and_a_full_one_pauses_the_turn() {
    let server = Server::start();
    server.on("do it", Script::new().call("read", r#"{"path":"a.txt"}"#).done());
    let permitting = Permitting::new();
    fs::write(permitting.directory.path().join("a.txt"), "a line of it\n".repeat(5_000)).unwrap();
    // Nobody counts: four bytes are a token.
    let shape =
        RequestShape { window: Some(8000), omit: vec!["stream_options".into()], ..RequestShape::default() };
    let events = permitting.turn(HttpSpec { shape: shape.clone(), ..spec(server.base_url()) }).await;
    let Some(AgentEvent::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.kind, FailureKind::WindowFull);
    let all = results(&events);
    let (first, last) = (all[0].2, all[all.len() - 1].2);
    assert!((10_000..15_000).contains(&first.len()) && last.len() <= 500, "{} {}", first.len(), last.len());
    for text in [first, last] {
        assert!(text.contains("bytes are left out here: the conversation has no room"), "{text}");
    }
    assert!(first.contains("\"from\"") && first.contains("     1\ta line of it\n"), "{first}");
    let asks = asks(&events);
    assert!(asks.is_sorted() && asks.iter().all(|bytes| *bytes <= 8000 * 4 * 92 / 100), "{asks:?}");
    // Tools and what is said of them are counted.
    let body = server.requests()[1].body.clone();
    let tools = body["tools"].to_string().len() as u64;
    assert!(asks[0] > tools / 2 + first.len() as u64, "{asks:?} {tools}");

    // Several at once share what is left.
    let server = Server::start();
    server.once("do it", Script::new().say("So.").done());
    let mut script = Script::new();
    for _ in 0..6 {
        script = script.call("read", r#"{"path":"a.txt"}"#);
    }
    server.once("do it", script.done());
    let events = permitting.turn(HttpSpec { shape, ..spec(server.base_url()) }).await;
    assert_eq!(events.last(), Some(&AgentEvent::Done));
    let sizes: Vec<usize> = results(&events).iter().map(|result| result.2.len()).collect();
    assert_eq!(sizes.len(), 6);
    assert!(sizes.iter().all(|size| (2_500..4_500).contains(size)), "{sizes:?}");
}

#[tokio::test]
async fn a_model_that_takes_no_tools_says_so() {
    let server = Server::start();
    server.on("do it", Script::new().status(400, r#"{"error":{"message":"m does not support tools"}}"#));
    let events = Permitting::new().turn(spec(server.base_url())).await;
    let Some(AgentEvent::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert!(failure.to_string().contains("set tools = false for its agent"), "{failure}");
}

/// Whatever a model says it calls, an answer that is cut is not acted on.
#[tokio::test]
async fn a_call_of_an_answer_that_is_cut_never_runs() {
    let server = Server::start();
    server.on("do it", Script::new().call("run", &json!({ "argv": ["touch", "made"] }).to_string()).cut());
    let permitting = Permitting::new();
    let events = permitting.turn(spec(server.base_url())).await;
    assert!(!events.iter().any(|event| matches!(event, AgentEvent::Call(..))), "{events:?}");
    assert!(
        matches!(events.last(), Some(AgentEvent::Failed(failure)) if failure.kind == FailureKind::Cut),
        "{events:?}"
    );
}

/// A stream of these events.
fn events(all: &[serde_json::Value]) -> Script {
    Script::new().raw(all.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat())
}

/// Within a turn it is demanded, exactly as it came.
#[tokio::test]
async fn what_is_sealed_goes_back_in_front_of_the_calls_of_its_turn() {
    let thought = json!({ "type": "thinking", "thinking": "hm", "signature": "S1" });
    let item = json!({ "type": "reasoning", "summary": [], "encrypted_content": "S1" });
    let details = json!([{ "type": "reasoning.text", "index": 0, "text": "hm, so", "signature": "S1" }]);
    for (dialect, called, done, place, sealed) in [
        (
            Dialect::Anthropic,
            vec![
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "" } }),
                json!({ "type": "content_block_delta", "index": 0, "delta": { "thinking": "hm" } }),
                json!({ "type": "content_block_delta", "index": 0, "delta": { "signature": "S1" } }),
                json!({ "type": "content_block_stop", "index": 0 }),
                json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "tool_use", "id": "x", "name": "list", "input": {} } }),
                json!({ "type": "content_block_stop", "index": 1 }),
                json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" } }),
                json!({ "type": "message_stop" }),
            ],
            vec![
                json!({ "type": "content_block_delta", "delta": { "text": "So." } }),
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
                json!({ "type": "message_stop" }),
            ],
            "/messages/1/content/0",
            &thought,
        ),
        (
            Dialect::Responses,
            vec![
                json!({ "type": "response.output_item.done", "item": { "id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "S1" } }),
                json!({ "type": "response.completed", "response": { "status": "completed", "output": [
                    { "id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "S1" },
                    { "type": "function_call", "call_id": "x", "name": "list", "arguments": "{}" },
                ] } }),
            ],
            vec![
                json!({ "type": "response.output_text.delta", "delta": "So." }),
                json!({ "type": "response.completed", "response": { "status": "completed" } }),
            ],
            "/input/1",
            &item,
        ),
        (
            Dialect::Gemini,
            vec![
                json!({ "candidates": [{ "content": { "parts": [{ "functionCall": { "name": "list", "args": {} }, "thoughtSignature": "S1" }] }, "finishReason": "STOP" }] }),
            ],
            vec![
                json!({ "candidates": [{ "content": { "parts": [{ "text": "So." }] }, "finishReason": "STOP" }] }),
            ],
            "/contents/1/parts/0/thoughtSignature",
            &json!("S1"),
        ),
        (
            Dialect::ChatCompletions,
            vec![
                json!({ "choices": [{ "delta": { "reasoning_details": [{ "type": "reasoning.text", "index": 0, "text": "hm, " }] } }] }),
                json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 0, "id": "x", "function": { "name": "list", "arguments": "{}" } }] } }] }),
                json!({ "choices": [{ "delta": { "reasoning_details": [{ "type": "reasoning.text", "index": 0, "text": "so", "signature": "S1" }] } }] }),
                json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }),
            ],
            vec![json!({ "choices": [{ "delta": { "content": "So." }, "finish_reason": "stop" }] })],
            "/messages/2/reasoning_details",
            &details,
        ),
    ] {
        let server = Server::start();
        server.once("", events(&done));
        server.once("", events(&called));
        let mut spec = spec(server.base_url().trim_end_matches("/v1").to_owned());
        (spec.dialect, spec.shape.reasoning) = (dialect, Some("low".into()));
        let told = Permitting::new().turn(spec).await;
        assert_eq!(told.last(), Some(&AgentEvent::Done), "{dialect:?}: {told:?}");
        let seals = told.iter().filter(|event| matches!(event, AgentEvent::Sealed(_))).count();
        assert_eq!(seals, 1, "{dialect:?}: it is told once: {told:?}");
        let second = server.requests().pop().unwrap().body;
        assert_eq!(second.pointer(place), Some(sealed), "{dialect:?}: {second}");
        let thinks = dialect != Dialect::Anthropic || second["thinking"]["type"] == "enabled";
        assert!(thinks, "it thinks on: {second}");
    }
}

/// What can never be carried out is asked of nobody, also behind a change that might make other calls right; the model is told why.
#[tokio::test]
async fn what_cannot_be_carried_out_wants_no_consent() {
    let long = "t".repeat(129);
    let changes = json!({ "path": "new", "content": "x" }).to_string();
    for (tool, given, why) in [
        ("write", "{\"path\": ", "the arguments cannot be used"),
        ("write", "[]", "the arguments cannot be used"),
        ("nothing", "{}", "there is no tool `nothing`"),
        (long.as_str(), "{}", "the tool's name has 129 bytes, and may have 128"),
    ] {
        let server = Server::start();
        server.once("do it", Script::new().say("So.").done());
        server.once("do it", Script::new().call("write", &changes).call(tool, given).done());
        let events = Permitting::new().turn(spec(server.base_url())).await;
        let wants: Vec<Wants> = events
            .iter()
            .filter_map(|event| if let AgentEvent::Call(call, _) = event { Some(call.wants) } else { None })
            .collect();
        assert_eq!(wants, [Wants::Consent, Wants::Nothing], "{tool} {given}");
        let all = results(&events);
        assert!(all[1].1 == Outcome::Failed && all[1].2.contains(why), "{tool} {given}: {all:?}");
    }
}

/// More calls than are taken at once are said to be that, whoever offers tools.
#[tokio::test]
async fn too_many_calls_at_once_are_said_to_be_too_many() {
    let server = Server::start();
    let script = (0..65).fold(Script::new(), |script, _| script.call("list", "{}"));
    server.once("do it", script.done());
    let events = Permitting::new().turn(spec(server.base_url())).await;
    let Some(AgentEvent::Failed(failure)) = events.last() else { panic!("{events:?}") };
    assert_eq!(failure.kind, FailureKind::TooLong);
    assert!(failure.detail.contains("more than 64 tools"), "{failure}");
    assert!(results(&events).is_empty(), "none of them ran");
}
