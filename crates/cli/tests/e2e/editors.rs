//! Editors at the same sessions as terminals: a scripted one over real pipes. Every frame is read by the protocol's own types.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use agent_client_protocol_schema::v1::{
    CancelRequestNotification, Error, InitializeResponse, ListSessionsResponse, LoadSessionResponse,
    NewSessionResponse, PromptResponse, RequestPermissionRequest, SessionNotification,
    SetSessionModeResponse,
};
use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::tools::{Workshop, call, until};
use crate::world::{PATIENCE, World};

/// An editor, and all that it was told.
struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    frames: Receiver<Value>,
    told: Vec<Value>,
    /// How much of that was looked at.
    seen: usize,
    asked: Vec<&'static str>,
}

fn is<T: DeserializeOwned>(value: &Value) {
    if let Err(error) = serde_json::from_value::<T>(value.clone()) {
        panic!("{error}: the protocol has no such {}: {value}", std::any::type_name::<T>());
    }
}

impl Editor {
    fn open(world: &World) -> Self {
        let mut command = world.home.command(Path::new(env!("CARGO_BIN_EXE_q")));
        command.arg("acp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, frames) = channel();
        thread::spawn(move || {
            // Whatever is no frame ends this thread, and with it the test.
            let frame =
                |line: std::io::Result<String>| serde_json::from_str::<Value>(&line.unwrap()).unwrap();
            output.lines().map(frame).try_for_each(|frame| send.send(frame))
        });
        let input = child.stdin.take();
        let mut editor = Self { child, input, frames, told: Vec::new(), seen: 0, asked: Vec::new() };
        let answer = editor.ask("initialize", &json!({ "protocolVersion": 1, "clientCapabilities": {} }));
        assert_eq!(
            (&answer["protocolVersion"], &answer["agentCapabilities"]["loadSession"]),
            (&json!(1), &json!(true))
        );
        editor
    }

    /// One with a new session in that directory; with its id.
    fn at(world: &World, directory: &Path) -> (Self, String) {
        let mut editor = Self::open(world);
        let made = editor.ask("session/new", &json!({ "cwd": directory, "mcpServers": [] }));
        let session = made["sessionId"].as_str().unwrap().to_owned();
        (editor, session)
    }

    fn write(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Asks without waiting; gives the number.
    fn request(&mut self, method: &'static str, params: &Value) -> usize {
        let id = self.asked.len();
        self.asked.push(method);
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        id
    }

    fn ask(&mut self, method: &'static str, params: &Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)["result"].clone()
    }

    fn prompt(&mut self, session: &str, text: &str) -> usize {
        let blocks = json!([{ "type": "text", "text": text }]);
        self.request("session/prompt", &json!({ "sessionId": session, "prompt": blocks }))
    }

    /// A prompt of which the answer has begun, with that piece.
    #[track_caller]
    fn begun(&mut self, session: &str, text: &str, piece: &str) -> usize {
        let prompt = self.prompt(session, text);
        self.update("agent_message_chunk", piece);
        prompt
    }

    /// Waits for the answer to that request.
    #[track_caller]
    fn answer(&mut self, id: usize) -> Value {
        self.wait("an answer", |frame| frame["id"] == id && frame.get("method").is_none())
    }

    /// How that prompt ended.
    #[track_caller]
    fn ended(&mut self, id: usize) -> String {
        let answer = self.answer(id);
        answer["result"]["stopReason"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Waits for the next frame that is so, and looks at none before it any more.
    #[track_caller]
    fn wait(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        loop {
            while let Some(frame) = self.told.get(self.seen) {
                self.seen += 1;
                if is_so(frame) {
                    return frame.clone();
                }
            }
            let Ok(frame) = self.frames.recv_timeout(PATIENCE) else {
                panic!("never: {what}; told: {:#?}", self.told)
            };
            self.check(&frame);
            self.told.push(frame);
        }
    }

    /// Each frame is what the protocol says it is.
    fn check(&self, frame: &Value) {
        assert_eq!(frame["jsonrpc"], "2.0", "{frame}");
        match frame["method"].as_str() {
            Some("session/update") => is::<SessionNotification>(&frame["params"]),
            Some("session/request_permission") => is::<RequestPermissionRequest>(&frame["params"]),
            Some("$/cancel_request") => is::<CancelRequestNotification>(&frame["params"]),
            Some(other) => panic!("{other} was said to an editor"),
            None if frame.get("error").is_some() => is::<Error>(&frame["error"]),
            None => {
                let asked = frame["id"].as_u64().and_then(|id| self.asked.get(id as usize));
                let result = &frame["result"];
                match asked.copied() {
                    Some("initialize") => is::<InitializeResponse>(result),
                    Some("session/new") => is::<NewSessionResponse>(result),
                    Some("session/load") => is::<LoadSessionResponse>(result),
                    Some("session/list") => is::<ListSessionsResponse>(result),
                    Some("session/prompt") => is::<PromptResponse>(result),
                    Some("session/set_mode") => is::<SetSessionModeResponse>(result),
                    other => panic!("nobody asked {other:?}: {frame}"),
                }
            }
        }
    }

    /// Waits for an update of that kind that says so.
    #[track_caller]
    fn update(&mut self, kind: &str, text: &str) -> Value {
        let frame = self.wait(&format!("{kind} {text:?}"), |frame| {
            let update = &frame["params"]["update"];
            update["sessionUpdate"] == kind && update.to_string().contains(text)
        });
        frame["params"]["update"].clone()
    }

    /// Waits until consent is asked for; gives the frame.
    #[track_caller]
    fn asked(&mut self) -> Value {
        self.wait("a question", |frame| frame["method"] == "session/request_permission")
    }

    fn choose(&mut self, question: &Value, option: &str) {
        let outcome = json!({ "outcome": { "outcome": "selected", "optionId": option } });
        self.write(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": outcome }).to_string());
    }

    /// Closes its end, and waits until `q acp` has ended well.
    fn leave(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// All that the agent said to it.
    fn said(&self) -> String {
        let piece = |frame: &Value| {
            let update = &frame["params"]["update"];
            let is_answer = update["sessionUpdate"] == "agent_message_chunk";
            is_answer.then(|| update["content"]["text"].as_str().unwrap_or_default().to_owned())
        };
        self.told.iter().filter_map(piece).collect()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // One that was left has ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

#[test]
fn an_editor_and_a_terminal_see_the_same_and_the_work_outlives_the_editor() {
    let world = World::new();
    world.gated("why", "Because", "gate", " it is so.");
    world.server.on("and then", Script::new().say("Then that.").done());
    let (mut editor, session) = Editor::at(&world, world.home.path());
    let prompt = editor.begun(&session, "why?", "Because");
    let terminal = world.open();
    terminal.wait_text("Because");
    // Another editor is told what was said, and goes on with what comes.
    let mut other = Editor::open(&world);
    let listed = other.ask("session/list", &json!({}));
    assert_eq!(listed["sessions"][0]["sessionId"], session.as_str());
    let load = json!({ "sessionId": session, "cwd": world.home.path(), "mcpServers": [] });
    let loaded = other.ask("session/load", &load);
    assert_eq!(loaded["modes"]["currentModeId"], "ask");
    other.seen = 0;
    other.update("user_message_chunk", "why?");
    other.update("agent_message_chunk", "Because");
    world.server.open("gate");
    assert_eq!(editor.ended(prompt), "end_turn");
    other.update("agent_message_chunk", " it is so.");
    assert_eq!((editor.said().as_str(), other.said().as_str()), ("Because it is so.", "Because it is so."));
    assert!(!editor.told.iter().any(|frame| frame.to_string().contains("user_message_chunk")));
    // What one types the others see, also once the one is gone.
    let prompt = other.prompt(&session, "and then?");
    editor.update("user_message_chunk", "and then?");
    assert_eq!(other.ended(prompt), "end_turn");
    world.gated("last", "So", "last", " be it.");
    let _nobody_waits = other.prompt(&session, "last");
    world.wait_for_streams(1);
    drop(other);
    editor.leave();
    world.server.open("last");
    terminal.wait_text("So be it.");
}

#[test]
fn consent_is_given_by_whoever_answers_first() {
    let shop = Workshop::with_tools();
    let edit = json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "three" }] });
    let run = json!({ "argv": ["touch", "made"] });
    shop.rounds(
        "do it",
        vec![call("edit", &edit), call("run", &run), call("run", &run), Script::new().say("Done.").done()],
    );
    let (mut editor, session) = Editor::at(&shop.world, &shop.directory);
    let prompt = editor.prompt(&session, "do it");
    let question = editor.asked();
    let shown = &question["params"]["toolCall"];
    assert_eq!((&shown["kind"], &shown["content"][0]["newText"]), (&json!("edit"), &json!("three")));
    assert_eq!(shown["locations"][0]["path"], shop.directory.join("a.txt").display().to_string());
    assert_eq!(shop.file("a.txt"), "one\ntwo\n", "nothing is changed before");
    editor.choose(&question, "once");
    editor.update("tool_call_update", "completed");
    assert_eq!(shop.file("a.txt"), "one\nthree\n");
    // The next one is answered in a shell: the editor is asked no longer, and its answer is nothing.
    let question = editor.asked();
    let waiting = shop.waiting();
    let name = waiting["name"].as_str().unwrap().to_owned();
    shop.answer("deny", &name);
    let withdrawn = editor.wait("a question withdrawn", |frame| frame["method"] == "$/cancel_request");
    assert_eq!(withdrawn["params"]["requestId"], question["id"]);
    editor.choose(&question, "once");
    editor.seen = 0;
    editor.update("tool_call_update", "failed");
    let question = editor.asked();
    assert!(!shop.has("made"), "what was denied did not run");
    editor.choose(&question, "deny");
    assert_eq!(editor.ended(prompt), "end_turn");
    assert!(!shop.has("made"));
    editor.leave();
}

#[test]
fn a_turn_that_is_cancelled_says_so_and_a_question_waits_for_whoever_comes() {
    let shop = Workshop::with_tools();
    shop.world.gated("long", "On and", "never", " on");
    shop.rounds(
        "do it",
        vec![call("run", &json!({ "argv": ["touch", "made"] })), Script::new().say("Done.").done()],
    );
    let (mut editor, session) = Editor::at(&shop.world, &shop.directory);
    let long = editor.begun(&session, "long", "On and");
    let queued = editor.prompt(&session, "do it");
    editor.write(
        &json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": { "sessionId": session } })
            .to_string(),
    );
    let ended = editor.wait("an end", |frame| frame.get("result").is_some());
    let other = if ended["id"] == long { queued } else { long };
    assert_eq!(
        (ended["result"]["stopReason"].as_str(), editor.ended(other).as_str()),
        (Some("cancelled"), "cancelled")
    );
    assert_eq!(shop.world.server.requests().len(), 1, "what was taken back is asked of nobody");
    editor.prompt(&session, "do it");
    editor.asked();
    drop(editor); // killed, with the question open
    let waiting = shop.waiting();
    let name = waiting["name"].as_str().unwrap().to_owned();
    shop.answer("approve", &name);
    shop.wait(&name).succeeded();
    assert!(shop.has("made"));
}

#[test]
fn a_host_that_is_killed_loses_no_prompt_and_sends_none_twice() {
    let world = World::new();
    world.gated("first", "One", "never", " and");
    let (mut editor, session) = Editor::at(&world, world.home.path());
    let first = editor.begun(&session, "first", "One");
    world.server.on("second", Script::new().say("Two.").done());
    kill9(world.home.host_pid().unwrap());
    // Said while nobody may be there: the next host gets it, once.
    let second = editor.prompt(&session, "second");
    let cut = editor.wait("an end", |frame| frame["id"] == first && frame.get("error").is_some());
    assert!(cut["error"]["message"].as_str().unwrap().contains("the host died"), "{cut}");
    editor.seen = 0;
    assert_eq!(editor.ended(second), "end_turn");
    let asked = |text: &str| {
        let requests = world.server.requests();
        requests.iter().filter(|seen| seen.last_user_text().contains(text)).count()
    };
    assert_eq!((asked("first"), asked("second")), (1, 1));
    editor.leave();
}

#[test]
fn rubbish_is_answered_and_nothing_else_comes_out() {
    let world = World::new();
    let (mut editor, session) = Editor::at(&world, world.home.path());
    let codes = [
        ("{", -32700),
        ("[]", -32600),
        (r#"{"id":1}"#, -32600),
        (r#"{"id":"x","method":"no/such"}"#, -32601),
        (r#"{"id":"x","method":"session/prompt","params":{"sessionId":"x"}}"#, -32002),
        (r#"{"id":"x","method":"session/new","params":{"cwd":"/no/such/place","mcpServers":[]}}"#, -32602),
    ];
    for (line, code) in codes {
        editor.write(line);
        let refused = editor.wait("a refusal", |frame| frame.get("error").is_some());
        assert_eq!(refused["error"]["code"], code, "{line}: {refused}");
    }
    editor.write(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    editor.write(&"x".repeat((16 << 20) + 1));
    for _ in 0..2 {
        let refused = editor.wait("a refusal", |frame| frame.get("error").is_some());
        assert_eq!(refused["error"]["code"], -32700);
    }
    // Control characters come as escapes, and the session goes on.
    world.server.on("hostile", Script::new().say("\u{1b}]0;x\u{7}\u{9b}31m\u{202e}").done());
    let prompt = editor.prompt(&session, "hostile");
    assert_eq!(editor.ended(prompt), "end_turn");
    assert_eq!(editor.said(), "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}");
    let moded = editor.ask("session/set_mode", &json!({ "sessionId": session, "modeId": "deny" }));
    assert_eq!(moded, json!({}));
    editor.seen = 0;
    editor.update("current_mode_update", "deny");
    until("the policy", || {
        let all = world.q(&["ls", "--json"]).json();
        (all[0]["policy"] == "deny").then_some(())
    });
    editor.leave();
}
