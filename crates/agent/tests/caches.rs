//! Providers' caches hold what a request and the next one have in common: sessions of several turns over the network, with the core
//! between, in each dialect.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use q_agent::{AgentControl, AgentSpec, Conversation, Dialect, HttpSpec, Seat, ToolSettings, Turn};
use q_core::conversation::sealed_messages;
use q_core::seal::SEAL_BYTES;
use q_core::trace::{Directive, Player, parse};
use q_core::{Body, Effect, Effects, Fault, Input, Limits, Seals, SessionId, TurnNo};
use q_testkit::server::{Script, Server};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use support::spec;

/// What a model answers: what it seals first, its words, and what it calls.
struct Said {
    sealed: String,
    words: &'static str,
    calls: &'static [(&'static str, &'static str)],
}

/// It as a server of this dialect sends it.
fn reply(dialect: Dialect, Said { sealed, words, calls }: &Said) -> Script {
    let numbered = calls.iter().enumerate();
    let calls: Vec<(usize, &str, &str)> =
        numbered.map(|(no, (name, given))| (no + 2, *name, *given)).collect();
    let parsed = |given: &str| serde_json::from_str::<Value>(given).unwrap();
    let frames: Vec<Value> = match dialect {
        Dialect::Anthropic => {
            let thought = json!({ "type": "thinking", "thinking": "hm", "signature": sealed });
            let text = json!({ "type": "text", "text": words });
            let calls = calls.iter().map(|(no, name, given)| {
                json!({ "type": "tool_use", "id": no.to_string(), "name": name, "input": parsed(given) })
            });
            let content: Vec<Value> = [thought, text].into_iter().chain(calls).collect();
            vec![json!({ "type": "message", "content": content, "stop_reason": "end_turn" })]
        }
        Dialect::Bedrock => {
            let thought =
                json!({ "reasoningContent": { "reasoningText": { "text": "hm", "signature": sealed } } });
            let calls = calls.iter().map(|(no, name, given)| {
                json!({ "toolUse": { "toolUseId": no.to_string(), "name": name, "input": parsed(given) } })
            });
            let content: Vec<Value> = [thought, json!({ "text": words })].into_iter().chain(calls).collect();
            let answer = json!({ "output": { "message": { "content": content } }, "stopReason": "end_turn" });
            return Script::new().raw(answer.to_string());
        }
        Dialect::Responses => {
            let thought = json!({ "type": "reasoning", "summary": [], "encrypted_content": sealed });
            let text = json!({ "type": "message", "content": [{ "type": "output_text", "text": words }] });
            let calls = calls.iter().map(|(no, name, given)| {
                json!({ "type": "function_call", "call_id": no.to_string(), "name": name, "arguments": given })
            });
            let output: Vec<Value> = [thought, text].into_iter().chain(calls).collect();
            vec![
                json!({ "type": "response.completed", "response": { "status": "completed", "output": output } }),
            ]
        }
        Dialect::Gemini => {
            let calls = calls.iter().map(|(no, name, given)| {
                let called = json!({ "functionCall": { "name": name, "args": parsed(given) } });
                let signed = json!({ "functionCall": called["functionCall"], "thoughtSignature": sealed });
                if *no == 2 { signed } else { called }
            });
            let parts: Vec<Value> = [json!({ "text": words })].into_iter().chain(calls).collect();
            vec![json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }] })]
        }
        Dialect::ChatCompletions => {
            let calls: Vec<Value> = calls
                .iter()
                .map(|(no, name, given)| {
                    json!({ "index": no, "id": no.to_string(), "function": { "name": name, "arguments": given } })
                })
                .collect();
            [
                json!({ "reasoning_content": sealed }),
                json!({ "content": words }),
                json!({ "tool_calls": calls }),
            ]
            .into_iter()
            .map(|delta| json!({ "choices": [{ "delta": delta, "finish_reason": null }] }))
            .chain([json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] })])
            .collect()
        }
        Dialect::Ollama => {
            let calls: Vec<Value> = calls
                .iter()
                .map(|(_, name, given)| json!({ "function": { "name": name, "arguments": parsed(given) } }))
                .collect();
            let message = json!({ "role": "assistant", "content": words, "tool_calls": calls });
            let answer = json!({ "model": "m", "message": message, "done": true, "done_reason": "stop" });
            return Script::new().raw(format!("{answer}\n"));
        }
    };
    Script::new().raw(frames.iter().map(|frame| format!("data: {frame}\n\n")).collect::<Vec<_>>().concat())
}

const ID: SessionId = SessionId(1);

/// A session of the core's and its conversation with an agent.
struct Playing {
    player: Player,
    conversation: Arc<dyn Conversation>,
    turns: u64,
}

impl Playing {
    fn new(spec: HttpSpec, directory: &std::path::Path) -> Self {
        let spec = HttpSpec { tools: Some(ToolSettings::default()), ..spec };
        let seat = Seat { directory: directory.to_owned(), ..Seat::of(ID) };
        // All of it stays in memory, a long thought as well.
        let mut player = Player::new(Limits { tail_bytes: 8 << 20, ..Limits::default() });
        player.play("create s1 name a policy deny").unwrap();
        Self { player, conversation: AgentSpec::Http(Arc::new(spec)).agent().open(seat), turns: 0 }
    }

    fn effects(&mut self, line: &str) -> Effects {
        let directive: Directive = parse(line, 1000 + self.turns).unwrap().directive;
        self.player.carry_out(directive).unwrap().unwrap()
    }

    /// One turn, as a host runs it.
    async fn turn(&mut self, prompt: &str) {
        self.turns += 1;
        let (turn, number) = (TurnNo(self.turns), self.turns);
        let _begun = self.effects(&format!("submit s1 {prompt:?} token {number}"));
        let mut seals = Seals::default();
        self.player.disk.log.iter().cloned().for_each(|stamped| seals.take(stamped));
        let entries = self.player.core.view().snapshot(ID, usize::MAX).unwrap().entries;
        let messages = sealed_messages(&entries, seals.into_whole());
        let (control, told) = mpsc::unbounded_channel();
        let told = stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) });
        let mut events = self.conversation.turn(Turn { messages, ..Turn::default() }, told.boxed());
        while let Some(event) = events.next().await {
            let effects = self.player.handle(Input::Agent { session: ID, turn, event });
            for effect in effects.after {
                if let Effect::Permit { call, entry, digest, by_rule, .. } = effect {
                    control.send(AgentControl::Permit { call, entry, digest, by_rule }).unwrap();
                } else if let Effect::Settle { call, entry, outcome, text, .. } = effect {
                    control.send(AgentControl::Settle { call, entry, outcome, text }).unwrap();
                }
            }
        }
        assert!(self.player.core.view().snapshot(ID, 0).unwrap().pending.is_empty());
    }
}

/// The messages of a request, without the marks that say where its server's cache begins: they are no part of what is cached.
fn messages(body: &Value) -> Vec<String> {
    let list = ["messages", "input", "contents"].iter().find_map(|name| body[*name].as_array());
    let unmarked =
        |message: &Value| message.to_string().replace(r#","cache_control":{"type":"ephemeral"}"#, "");
    list.unwrap().iter().map(unmarked).collect()
}

fn said(sealed: &str, words: &'static str, calls: &'static [(&'static str, &'static str)]) -> Said {
    Said { sealed: sealed.into(), words, calls }
}

/// A session of three turns: calls that are carried out, fail and are denied, one turn that only speaks, and another call.
fn session() -> Vec<(&'static str, Vec<Said>)> {
    let looks: &[_] = &[("list", "{}"), ("read", r#"{"path":"not there"}"#)];
    let changes: &[_] = &[("write", r#"{"path":"new","content":"x"}"#), ("list", "{}")];
    vec![
        ("one", vec![said("S1", "I look.", looks), said("S2", "I change.", changes), said("S3", "So.", &[])]),
        ("two", vec![said("S4", "Because.", &[])]),
        ("three", vec![said("S5", "Again.", &[("list", "{}")]), said("S6", "So it is.", &[])]),
    ]
}

/// Plays it, and gives the requests.
async fn requests(dialect: Dialect, session: Vec<(&'static str, Vec<Said>)>) -> (Vec<Value>, Playing) {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let mut spec = spec(server.base_url().trim_end_matches("/v1").to_owned());
    (spec.dialect, spec.shape.reasoning) = (dialect, Some("low".into()));
    if dialect == Dialect::Bedrock {
        spec.model = "anthropic.m".into();
    }
    let mut playing = Playing::new(spec, directory.path());
    for (prompt, answers) in session {
        answers.iter().rev().for_each(|said| server.once("", reply(dialect, said)));
        playing.turn(prompt).await;
    }
    (server.requests().into_iter().map(|request| request.body).collect(), playing)
}

/// What a request says again of the one before, it says in the same bytes: with the same ids, the same thoughts, in the same parts.
#[tokio::test]
async fn each_request_begins_with_the_one_before() {
    for dialect in Dialect::ALL {
        let (requests, _) = requests(dialect, session()).await;
        assert_eq!(requests.len(), 6, "{dialect:?}");
        for pair in requests.windows(2) {
            let [before, after] = [messages(&pair[0]), messages(&pair[1])];
            assert!(before.len() < after.len(), "{dialect:?}");
            for (place, message) in before.iter().enumerate() {
                assert_eq!(&after[place], message, "{dialect:?}, message {place}");
            }
        }
    }
}

/// More sealed than is kept is said once. Of its turn nothing is sent back then, of the turn before all, and the model is asked in a
/// way in which that is taken.
#[tokio::test]
async fn of_a_turn_with_more_sealed_than_is_kept_nothing_goes_back() {
    let long = "x".repeat(SEAL_BYTES);
    for dialect in [Dialect::Anthropic, Dialect::Bedrock, Dialect::Responses, Dialect::ChatCompletions] {
        let list: &[_] = &[("list", "{}")];
        let turn = vec![said("S3", "I look.", list), said(&long, "And there.", list), said("S4", "So.", &[])];
        let before = vec![said("S1", "I look.", list), said("S2", "So.", &[])];
        let session = vec![("one", before), ("two", turn), ("three", vec![said("S5", "So.", &[])])];
        let (requests, playing) = requests(dialect, session).await;
        let has = |no: usize, seal: &str| requests[no].to_string().contains(&format!("\"{seal}\""));
        assert!(has(3, "S1") && has(3, "S3"), "{dialect:?}: it is sent back as long as all of it is there");
        let thinks_on = matches!(dialect, Dialect::Responses | Dialect::ChatCompletions);
        for (no, seal, expected) in
            [(4, "S1", thinks_on), (4, "S3", false), (5, "S1", true), (5, "S3", false), (5, "S4", false)]
        {
            assert_eq!(has(no, seal), expected, "{dialect:?}: {seal} in request {no}");
        }
        // Where a thought is missing in front of calls, Anthropic's models are asked without thinking.
        let budget = |no: usize| requests[no].to_string().contains("budget_tokens");
        if !thinks_on {
            assert_eq!([3, 4, 5].map(budget), [true, false, true], "{dialect:?}");
        }
        let entries = playing.player.core.view().snapshot(ID, usize::MAX).unwrap().entries;
        let notices = entries.iter().filter(|entry| entry.body == Body::Repair(Fault::SealsTooLong));
        assert_eq!(notices.count(), 1, "{dialect:?}");
    }
}
