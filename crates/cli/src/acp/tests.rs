//! An editor at a core, in scenarios: what each says, and what the editor is told beneath it. No process, no socket.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::wildcard_enum_match_arm, reason = "what no core is asked for has no arm")]

use std::fmt::Write as _;

use q_client::News;
use q_core::trace::{Directive, Player, parse};
use q_core::{
    ClientId, Command, Effect, Effects, Input, Limits, Reply, ReplyTo, RequestId, SessionId, Setup, Snapshot,
};
use q_proto::view::Pages;
use q_proto::{ClientMessage, HostMessage, Refused, Request, Response};
use q_term::kinds::Kinds;
use serde_json::{Value, json};

use crate::acp::serving::{Host, Serving};

const EDITOR: ClientId = ClientId(77);
/// More than any session here has.
const ALL: usize = 1 << 20;

/// An editor, a core that hears of it at once, and all that was said.
struct Stage {
    player: Player,
    client: Host,
    serving: Serving<'static>,
    sessions: u128,
    /// Whether requests reach the core.
    is_connected: bool,
    said: String,
}

impl Stage {
    fn new() -> Self {
        let make = |directory: &str| {
            let setup = Setup { directory: directory.into(), agent: "guide".into(), ..Setup::default() };
            Ok(Command::Create { id: SessionId::UNDRAWN, name: None, setup, tags: Vec::new() })
        };
        let kinds: &'static Kinds = Box::leak(Box::default());
        let mut player = Player::new(Limits::default());
        drop(player.handle(Input::Attached(EDITOR)));
        let serving = Serving::new(Box::new(make), kinds);
        let client = Host::new(Vec::new());
        Self { player, client, serving, sessions: 0, is_connected: true, said: String::new() }
    }

    /// What is said when these lines are played: `ID METHOD PARAMS` of the editor (`-` for a notification, `=N` for an answer),
    /// `core LINE` for what else the core hears, `cut` and `join` for a host that dies and the next one.
    fn play(lines: &[&str]) -> String {
        let mut stage = Self::new();
        stage.on_line(r#"0 initialize {"protocolVersion":1}"#);
        stage.said.clear();
        for (number, line) in lines.iter().enumerate() {
            // Ids as they are written are long: a session is `S1` here.
            let _infallible = writeln!(stage.said, "{line}");
            match line.split_once(' ').unwrap_or((line, "")) {
                ("core", told) => {
                    let line = parse(told, number as u64).unwrap();
                    let effects = stage.player.carry_out(line.directive).unwrap().unwrap();
                    stage.carry(effects);
                }
                ("cut", _) => {
                    stage.is_connected = false;
                    stage.player.carry_out(Directive::Crash).unwrap();
                    drop(stage.player.handle(Input::Attached(EDITOR)));
                }
                ("join", _) => stage.join(),
                _said_by_the_editor => stage.on_line(line),
            }
        }
        stage.said
    }

    fn on_line(&mut self, line: &str) {
        let line = line.replace("S1", &SessionId(1).to_string()).replace("S2", &SessionId(2).to_string());
        let (id, rest) = line.split_once(' ').unwrap_or((line.as_str(), ""));
        let (method, params) = rest.split_once(' ').unwrap_or((rest, "{}"));
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let message = if id == "raw" {
            rest.to_owned()
        } else if let Some(number) = id.strip_prefix('=') {
            json!({ "id": value(number), "result": value(rest) }).to_string()
        } else if id == "-" {
            json!({ "method": method, "params": value(params) }).to_string()
        } else {
            json!({ "id": value(id), "method": method, "params": value(params) }).to_string()
        };
        self.serving.on_line(&mut self.client, message.as_bytes());
        self.settle();
    }

    /// Has all requests answered, and notes what the editor is told.
    fn settle(&mut self) {
        if self.is_connected {
            self.serving.follow(&mut self.client);
            while let Some(message) = self.client.next_message() {
                let ClientMessage::Request { id, request } = message else { panic!("{message:?}") };
                self.on_request(id, request);
            }
        }
        for message in std::mem::take(&mut self.serving.out) {
            let mut message = message;
            message.as_object_mut().unwrap().shift_remove("jsonrpc");
            let said = message.to_string();
            let said = said.replace(&SessionId(1).to_string(), "S1").replace(&SessionId(2).to_string(), "S2");
            let _infallible = writeln!(self.said, "  {said}");
        }
    }

    fn on_request(&mut self, id: u64, request: Request) {
        match request {
            Request::Command { mut command, .. } => {
                if let Some(new) = command.new_session() {
                    self.sessions += 1;
                    *new.id = SessionId(self.sessions);
                }
                let to = ReplyTo { client: EDITOR, request: RequestId(id) };
                let effects = self.player.handle(Input::Wish { to, command });
                self.carry(effects);
            }
            Request::Page { session, .. } => {
                let Snapshot { entries, .. } = self.player.core.view().snapshot(session.into(), ALL).unwrap();
                let entries = entries.into_iter().map(Into::into).collect();
                self.reply(id, Ok(Response::Page(Pages { entries, trimmed: false })));
            }
            other => panic!("{other:?} is asked of no core"),
        }
    }

    fn carry(&mut self, effects: Effects) {
        for effect in effects.at_once.into_iter().chain(effects.after) {
            match effect {
                Effect::Update(update) => self.client.mirror.apply(update).unwrap(),
                Effect::Resync { session } => {
                    let snapshot = self.player.core.view().snapshot(session, ALL).unwrap();
                    self.client.mirror.load(snapshot);
                }
                Effect::Load { session } => {
                    let effects = self.player.load(session);
                    self.carry(effects);
                }
                Effect::Reply { to, answer } if to.client == EDITOR => self.reply(to.request.0, wire(answer)),
                _for_others => {}
            }
            self.settle();
        }
    }

    fn reply(&mut self, id: u64, answer: Result<Response, Refused>) {
        if let News::Answered { waiting, answer, .. } =
            self.client.on_message(HostMessage::Reply { id, answer }).unwrap()
        {
            self.serving.on_answer(&mut self.client, waiting, answer);
        }
        self.settle();
    }

    /// The next host: its mirror is whole before anything is asked.
    fn join(&mut self) {
        let mut next = Host::new(Vec::new());
        let view = self.player.core.view();
        let open: Vec<SessionId> = view.sessions().map(|summary| summary.id).collect();
        for session in open {
            next.mirror.load(view.snapshot(session, ALL).unwrap());
        }
        let before = std::mem::replace(&mut self.client, next);
        self.is_connected = true;
        let given_back = self.client.take_over(before);
        self.serving.unanswered(given_back);
        self.serving.rejoin(&mut self.client);
        self.client.deliver_again();
        self.settle();
    }
}

fn wire(answer: Result<Reply, q_core::Refusal>) -> Result<Response, Refused> {
    match answer {
        Ok(Reply::Done) => Ok(Response::Done),
        Ok(Reply::FromNextTurn) => Ok(Response::FromNextTurn),
        Ok(Reply::Created { session, .. }) => {
            Ok(Response::Created { session: session.into(), hibernated: None, ended: 0 })
        }
        Ok(Reply::Accepted(prompt)) => Ok(Response::Accepted(prompt.0)),
        Err(refusal) => {
            Err(Refused { code: refusal.code().into(), message: refusal.to_string(), limit: false })
        }
    }
}

const NEW: &str = r#"1 session/new {"cwd":"/w","mcpServers":[]}"#;
const PROMPT: &str = r#"2 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"why?"}]}"#;
const CANCEL: &str = r#"- session/cancel {"sessionId":"S1"}"#;

#[test]
fn nothing_comes_before_a_greeting_and_what_is_unknown_is_said_to_be() {
    let mut stage = Stage::new();
    stage.on_line(NEW);
    stage.on_line(r#"0 initialize {"protocolVersion":7,"clientCapabilities":{}}"#);
    let told = Stage::play(&[
        "1 session/fly {}",
        "- session/fly {}",
        r#"2 session/new {"mcpServers":[]}"#,
        r#"3 session/new {"cwd":"w","mcpServers":[]}"#,
        r#"4 session/prompt {"sessionId":"S1","prompt":[]}"#,
        r#"5 session/load {"sessionId":"nobody","cwd":"/w","mcpServers":[]}"#,
        r#"6 session/list {"cursor":"7"}"#,
        r#"- session/cancel {"sessionId":7}"#,
        "=9 {}",
        "raw [1,2]",
        "raw {",
    ]);
    insta::assert_snapshot!(stage.said + &told);
}

#[test]
fn an_editors_own_servers_are_not_used_and_that_is_said() {
    let told = Stage::play(&[
        r#"1 session/new {"cwd":"/w","mcpServers":[{"name":"files","command":"x"},{"name":"a\u202eb","type":"http","url":"https://x.test"}]}"#,
        r#"2 session/load {"sessionId":"S1","cwd":"/w","mcpServers":[{"name":"late"}]}"#,
        r#"3 session/load {"sessionId":"S1","cwd":"/w","mcpServers":[]}"#,
    ]);
    for said in ["of this editor (files, a<U+202E>b)", "of this editor (late)"] {
        assert_eq!(told.matches(said).count(), 1, "{said}: {told}");
    }
    assert_eq!(told.matches("of this editor").count(), 2, "{told}");
}

#[test]
fn a_prompt_is_told_piece_by_piece_and_ends_with_its_turn() {
    insta::assert_snapshot!(Stage::play(&[
        NEW,
        PROMPT,
        r#"core thinking s1 "Hm.""#,
        r#"core text s1 "Be""#,
        r#"core text s1 "cause""#,
        r#"core plan s1 done "look" active "say""#,
        "core done s1",
        r#"3 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"more?"}]}"#,
        r#"core text s1 "No." turn 2"#,
        "core done s1 turn 2",
    ]));
}

#[test]
fn what_others_do_in_a_session_is_told_too() {
    insta::assert_snapshot!(Stage::play(&[
        NEW,
        r#"core submit s1 "from a terminal""#,
        r#"core text s1 "Yes.""#,
        PROMPT,
        "core done s1",
        r#"core text s1 "Therefore." turn 2"#,
        "core done s1 turn 2",
        "core rename s1 other",
        "core policy s1 deny",
        "core close s1",
        r#"3 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"there?"}]}"#,
    ]));
}

#[test]
fn a_call_asks_and_runs_once_it_is_answered_here_or_elsewhere() {
    let input = r#"{\"path\":\"a.txt\",\"edits\":[{\"old\":\"a\",\"new\":\"b\"}]}"#;
    let call = |number: u64| format!("core call s1 {number} edit \"{input}\" consent");
    insta::assert_snapshot!(Stage::play(&[
        NEW,
        PROMPT,
        &call(1),
        r#"=99 {"outcome":{"outcome":"selected","optionId":"once"}}"#,
        r#"=2 {"outcome":{"outcome":"selected","optionId":"once"}}"#,
        r#"=2 {"outcome":{"outcome":"selected","optionId":"deny"}}"#,
        r#"core progress s1 1 "half""#,
        r#"core result s1 1 done "changed""#,
        &call(2),
        "core answer s1 2 once",
        r#"=3 {"outcome":{"outcome":"selected","optionId":"deny"}}"#,
        r#"core result s1 2 failed "no such text""#,
        &call(3),
        r#"=4 {"outcome":{"outcome":"cancelled"}}"#,
        "core answer s1 3 deny",
        &call(4),
        r#"=5 {"outcome":{"outcome":"selected","optionId":"fly"}}"#,
        "core answer s1 4 deny",
        &call(5),
        r#"=6 {"outcome":{"outcome":"selected","optionId":"deny"}}"#,
        &call(6),
        CANCEL,
        r#"=7 {"outcome":{"outcome":"cancelled"}}"#,
        PROMPT,
        &format!("{} turn 2", call(1)),
        r#"=9 {"outcome":{"outcome":"selected","optionId":"always"}}"#,
        &format!("{} turn 2", call(2)),
    ]));
}

#[test]
fn what_is_cancelled_is_taken_back_or_interrupted() {
    insta::assert_snapshot!(Stage::play(&[
        NEW,
        CANCEL,
        PROMPT,
        r#"core text s1 "Be""#,
        r#"3 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"and?"}]}"#,
        r#"- $/cancel_request {"requestId":3}"#,
        CANCEL,
        r#"4 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"again?"}]}"#,
        r#"6 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"and again?"}]}"#,
        CANCEL,
        r#"7 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"anew"}]}"#,
        r#"5 session/close {"sessionId":"S1"}"#,
        PROMPT,
    ]));
}

#[test]
fn a_turn_ends_by_the_word_that_the_protocol_has_for_it() {
    let mut lines = vec![NEW.to_owned()];
    for (number, end) in [
        "failed s1 length_limit",
        "failed s1 too_many_rounds",
        "failed s1 refused",
        "failed s1 filtered",
        "failed s1 wrong_key",
        "interrupt s1",
        "done s1",
    ]
    .into_iter()
    .enumerate()
    {
        let params = r#"{"sessionId":"S1","prompt":[{"type":"text","text":"why?"}]}"#;
        lines.push(format!("{} session/prompt {params}", number + 2));
        let turn = if end.starts_with("interrupt") { String::new() } else { format!(" turn {}", number + 1) };
        lines.push(format!("core {end}{turn}"));
    }
    insta::assert_snapshot!(Stage::play(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn a_host_that_dies_costs_no_prompt_and_sends_none_twice() {
    insta::assert_snapshot!(Stage::play(&[
        NEW,
        PROMPT,
        r#"core text s1 "Because""#,
        r#"3 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"and?"}]}"#,
        "cut",
        r#"4 session/new {"cwd":"/w","mcpServers":[]}"#,
        "join",
        r#"5 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"once more?"}]}"#,
        r#"core text s1 "Yes." turn 2"#,
        "core done s1 turn 2",
        "cut",
        r#"6 session/prompt {"sessionId":"S1","prompt":[{"type":"text","text":"while it is gone"}]}"#,
        "join",
        "core done s1 turn 4",
    ]));
}

#[test]
fn a_session_is_listed_told_from_its_beginning_and_gone_on_with() {
    insta::assert_snapshot!(Stage::play(&[
        "core create s1 name api directory /w",
        "core create s2 name other directory /elsewhere",
        r#"core submit s1 "why?""#,
        r#"core text s1 "Because.""#,
        r#"core call s1 1 run "{\"argv\":[\"ls\"]}""#,
        r#"core result s1 1 done "a""#,
        "1 session/list {}",
        r#"2 session/list {"cwd":"/w"}"#,
        r#"3 session/load {"sessionId":"S1","cwd":"/w","mcpServers":[]}"#,
        r#"core text s1 " So.""#,
        "core done s1",
        r#"4 session/resume {"sessionId":"S2","cwd":"/elsewhere"}"#,
        r#"5 session/set_mode {"sessionId":"S2","modeId":"deny"}"#,
        r#"6 session/set_mode {"sessionId":"S2","modeId":"fly"}"#,
        r#"7 session/prompt {"sessionId":"S2","prompt":[{"type":"text","text":"/rename fresh"}]}"#,
        r#"8 session/prompt {"sessionId":"S2","prompt":[{"type":"text","text":"/retry"}]}"#,
        r#"9 session/prompt {"sessionId":"S2","prompt":[{"type":"text","text":"/init here"}]}"#,
        "core done s2",
        r#"10 session/delete {"sessionId":"S2"}"#,
    ]));
}
