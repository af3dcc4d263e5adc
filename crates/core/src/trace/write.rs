//! From an input to a line: what [`super::parse()`] reads back.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::import::{import_words, part_words};
use super::line::usual_setup;
use super::words::{bare, session, span};
use crate::agent::{AgentEvent, AgentFailure, Call, PlanStep, ResumeHandle, Wants};
use crate::id::{ClientId, Digest, SessionId, TurnNo};
use crate::input::{Command, Input};
use crate::kind::Kind;
use crate::record::{Answer, Policy, Setup};
use crate::tag::TagChange;
use crate::time::WallTime;

/// The line that tells this. What was loaded is not written out: a script's own disk has it. The number of a wish is its
/// line's.
pub fn write(after: Duration, wall: Option<WallTime>, input: &Input) -> String {
    let mut line = input_words(input);
    if !after.is_zero() {
        line = format!("{line} after {}", span(after));
    }
    match wall {
        Some(wall) => format!("{line} wall {}", span(Duration::from_millis(wall.0))),
        None => line,
    }
}

fn input_words(input: &Input) -> String {
    match input {
        Input::Started => "started".into(),
        Input::Stopping => "stopping".into(),
        Input::Tick => "tick".into(),
        Input::Attached(client) => format!("attach c{client}"),
        Input::Detached(client) => format!("detach c{client}"),
        Input::Showing { client, session: shown, at_end } => {
            let shown = shown.map_or_else(|| "nothing".into(), session);
            let end = if *at_end { "" } else { " scrolled" };
            format!("show c{client} {shown}{end}")
        }
        Input::Offered { session: id, agent } => format!("offer {} {}", session(*id), bare(agent)),
        Input::NotBound { session: id, turn } => format!("unbound {}{}", session(*id), unless_first(*turn)),
        Input::Memory { bytes } => format!("memory {bytes}"),
        Input::Loaded { session: id, stored: Ok(_) } => format!("loaded {}", session(*id)),
        Input::Loaded { session: id, stored: Err(why) } => format!("unreadable {} {why:?}", session(*id)),
        Input::Agent { session: id, turn, event } => {
            format!("{}{}", agent(&session(*id), event), unless_first(*turn))
        }
        Input::Wish { to, command } if to.client == ClientId(1) => command_words(command),
        Input::Wish { to, command } => format!("{} by c{}", command_words(command), to.client),
    }
}

fn agent(id: &str, event: &AgentEvent) -> String {
    match event {
        AgentEvent::Sent(sent) => format!("sent {id} {} {}", sent.entries, sent.left_out),
        AgentEvent::Text(text) => format!("text {id} {text:?}"),
        AgentEvent::Thinking(text) => format!("thinking {id} {text:?}"),
        AgentEvent::Plan(steps) => format!("plan {id}{}", plan_words(steps)),
        AgentEvent::Model(model) => format!("model {id} {model:?}"),
        AgentEvent::Progress { call, text } => format!("progress {id} {call} {text:?}"),
        AgentEvent::Resume(ResumeHandle(handle)) => format!("resumable {id} {handle:?}"),
        AgentEvent::StopReason(reason) => format!("reason {id} {reason:?}"),
        AgentEvent::Title(title) => format!("title {id} {title:?}"),
        AgentEvent::Steerable => format!("steerable {id}"),
        AgentEvent::Usage(usage) => format!("usage {id} {} {}", usage.input, usage.output),
        AgentEvent::Call(call) => format!("call {id} {}", call_words(call)),
        AgentEvent::Result { call, outcome, text } => {
            format!("result {id} {call} {} {text:?}", bare(outcome.words()))
        }
        AgentEvent::Done => format!("done {id}"),
        AgentEvent::Failed(AgentFailure { kind, detail }) if detail.is_empty() => {
            format!("failed {id} {}", kind.code())
        }
        AgentEvent::Failed(AgentFailure { kind, detail }) => {
            format!("failed {id} {} detail {detail:?}", kind.code())
        }
    }
}

/// Each step behind the word for how far it is.
pub(super) fn plan_words(steps: &[PlanStep]) -> String {
    let words = steps.iter().map(|step| format!("{} {:?}", step.state.word(), step.text));
    core::iter::once(String::new()).chain(words).collect::<Vec<_>>().join(" ")
}

fn unless_first(turn: TurnNo) -> String {
    if turn == TurnNo(1) { String::new() } else { format!(" turn {turn}") }
}

fn call_words(call: &Call) -> String {
    let Call { no, tool, input, digest, wants } = call;
    let wants = match wants {
        Wants::Nothing => "",
        Wants::Consent => " consent",
        Wants::Words => " words",
    };
    format!("{no} {} {input:?}{wants}{}", bare(tool), digest_words(*digest, no.0))
}

/// Nothing for the digest that goes with a call of that number in scripts.
fn digest_words(digest: Digest, call: u64) -> String {
    let (number, rest) = digest.0.split_at(size_of::<u64>());
    let number = number.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    if digest == Digest::numbered(call) {
        String::new()
    } else if rest.iter().all(|byte| *byte == 0) {
        format!(" digest {number}")
    } else {
        let digits = digest.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        format!(" digest x{digits}")
    }
}

fn command_words(command: &Command) -> String {
    let anyway = |even_if_working: bool| if even_if_working { " anyway" } else { "" };
    match command {
        Command::Create { id, name, setup, tags } => {
            let mut words = Vec::from([format!("create {}", session(*id))]);
            words.extend(create(name.as_deref(), setup, tags));
            words.join(" ")
        }
        Command::Import(import) => import_words(import),
        Command::ImportPart { session: id, items } => part_words(*id, items),
        Command::EndImport { session: id } => format!("imported {}", session(*id)),
        Command::Fork { session: id, id: new, at, name } => {
            let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
            let name = name.as_ref().map(|name| format!(" name {}", bare(name))).unwrap_or_default();
            format!("fork {} {}{at}{name}", session(*id), session(*new))
        }
        Command::Rename { session: id, name } => format!("rename {} {}", session(*id), bare(name)),
        Command::Close { session: id, even_if_working } => {
            format!("close {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Reopen { session: id } => format!("reopen {}", session(*id)),
        Command::Trash { session: id, even_if_working } => {
            format!("trash {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Restore { session: id } => format!("restore {}", session(*id)),
        Command::Erase { session: id, even_if_working } => {
            format!("erase {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Wake { session: id } => format!("wake {}", session(*id)),
        Command::Tag { session: id, changes } => tag(*id, changes),
        Command::Pin { session: id, pinned: true } => format!("pin {}", session(*id)),
        Command::Pin { session: id, pinned: false } => format!("unpin {}", session(*id)),
        Command::SetPolicy { session: id, policy } => {
            format!("policy {} {}", session(*id), policy_word(*policy))
        }
        Command::MarkUnread { session: id } => format!("unread {}", session(*id)),
        Command::Submit { session: id, token, text } => {
            format!("submit {} {text:?} token {}", session(*id), token.0)
        }
        Command::Unqueue { session: id, prompt } => format!("unqueue {} {prompt}", session(*id)),
        Command::Edit { session: id, prompt, text } => format!("edit {} {prompt} {text:?}", session(*id)),
        Command::Move { session: id, prompt, place } => format!("move {} {prompt} {place}", session(*id)),
        Command::SendNow { session: id, prompt } => format!("now {} {prompt}", session(*id)),
        Command::Steer { session: id, token, text } => {
            format!("steer {} {text:?} token {}", session(*id), token.0)
        }
        Command::Answer { session: id, turn, call, digest, answer } => {
            let answer = match answer {
                Answer::Once => "once".into(),
                Answer::Always => "always".into(),
                Answer::Deny => "deny".into(),
                Answer::Words(text) => format!("words {text:?}"),
            };
            let digest = digest_words(*digest, call.0);
            format!("answer {} {call} {answer}{digest}{}", session(*id), unless_first(*turn))
        }
        Command::Interrupt { session: id } => format!("interrupt {}", session(*id)),
        Command::Retry { session: id, token } => format!("retry {} token {}", session(*id), token.0),
        Command::SaveDraft { session: id, text } => format!("draft {} {text:?}", session(*id)),
    }
}

/// What a session is created with.
pub(super) fn create(name: Option<&str>, setup: &Setup, tags: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(name.map(|name| format!("name {}", bare(name))));
    match &setup.kind {
        Kind::Development => {}
        Kind::Custom(name) => words.push(format!("custom {}", bare(name.as_str()))),
        built_in @ (Kind::Debug | Kind::Planning | Kind::Review) => words.push(format!("kind {built_in}")),
    }
    words.extend(setup_words(setup));
    words.extend(tags.iter().map(|tag| format!("tag {}", bare(tag))));
    words
}

/// What a session is made with, where that is not what is usual in scripts; without its kind.
pub(super) fn setup_words(setup: &Setup) -> Vec<String> {
    let usual = usual_setup();
    let mut words = Vec::new();
    if setup.brief != usual.brief {
        words.push(format!("brief {:?}", setup.brief));
    }
    if setup.agent != usual.agent {
        words.push(format!("agent {}", bare(&setup.agent)));
    }
    if setup.model != usual.model {
        words.push(format!("model {}", bare(&setup.model)));
    }
    if setup.directory != usual.directory {
        words.push(format!("directory {}", bare(&setup.directory)));
    }
    if setup.environment != usual.environment {
        words.push(format!("environment {}", setup.environment));
    }
    if setup.policy != usual.policy {
        words.push(format!("policy {}", policy_word(setup.policy)));
    }
    words
}

fn tag(id: SessionId, changes: &[TagChange]) -> String {
    let mut words = Vec::from([format!("tag {}", session(id))]);
    words.extend(changes.iter().map(|change| match change {
        TagChange::Add(tag) => bare(&format!("+{tag}")),
        TagChange::Remove(tag) => bare(&format!("-{tag}")),
    }));
    words.join(" ")
}

pub(super) const fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::Ask => "ask",
        Policy::Deny => "deny",
    }
}
