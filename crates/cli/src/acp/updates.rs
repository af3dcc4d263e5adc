//! What an entry of a transcript is in the protocol's updates.

use q_core::{Body, Called, Entry, EntryNo, Outcome, PlanStep, Resulted, StepState, Summary, WindowUse};
use q_term::{Way, plain, words};
use serde_json::{Value, json};

/// How much of what a call puts out is shown while it runs: the newest, in bytes. Its result has all of it.
const SHOWN_OUTPUT: usize = 8 << 10;

/// How far a call is, in the protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallStatus {
    /// It waits for the person.
    Pending,
    InProgress,
    Completed,
    Failed,
}

impl CallStatus {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

impl From<Outcome> for CallStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Completed,
            Outcome::Failed | Outcome::Denied | Outcome::Expired | Outcome::NeverRan | Outcome::CutShort => {
                Self::Failed
            }
        }
    }
}

pub(super) fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A piece of a message. Pieces of one entry are one message.
fn chunk(of: &str, no: EntryNo, piece: &str) -> Value {
    json!({ "sessionUpdate": of, "messageId": format!("e{no}"), "content": text(piece) })
}

/// An entry as it begins; nothing where it says nothing yet. What belongs to a call is told of that call.
#[expect(clippy::wildcard_enum_match_arm, reason = "all else is a line in q's own words")]
pub(super) fn beginning(entry: &Entry, session: &Summary, calls: &[(EntryNo, Called)]) -> Option<Value> {
    let no = entry.no;
    Some(match &entry.body {
        Body::Prompt(prompt) => {
            chunk("user_message_chunk", no, &words::with_images(&prompt.text, &prompt.images))
        }
        Body::Answer(_) | Body::Thinking(_) | Body::Output(_) => return growth(entry, 0),
        Body::Call(called) => {
            let mut update = call(no, called, &session.directory);
            put(&mut update, "sessionUpdate", json!("tool_call"));
            put(&mut update, "status", json!(CallStatus::InProgress.word()));
            update
        }
        Body::Result(result) => ended(result, session, calls),
        Body::Plan(steps) => plan(steps),
        _beside_the_conversation => {
            // No part of what the agent says: a thought is shown, and taken for nothing else.
            chunk("agent_thought_chunk", no, plain::entry(entry, false, Way::Slash).trim_end())
        }
    })
}

/// What an entry says behind so many bytes of it; nothing where it says no more.
pub(super) fn growth(entry: &Entry, told: usize) -> Option<Value> {
    let text = entry.text();
    let piece = text.get(told..).filter(|piece| !piece.is_empty())?;
    if matches!(entry.body, Body::Answer(_)) {
        return Some(chunk("agent_message_chunk", entry.no, piece));
    }
    if matches!(entry.body, Body::Thinking(_)) {
        return Some(chunk("agent_thought_chunk", entry.no, piece));
    }
    let Body::Output(output) = &entry.body else { return None };
    let from = text.ceil_char_boundary(text.len().saturating_sub(SHOWN_OUTPUT));
    let shown = text.get(from..).unwrap_or_default();
    Some(changed_call(output.of, CallStatus::InProgress, Some(vec![content(shown)])))
}

/// That a call is so far.
pub(super) fn status(of: EntryNo, status: CallStatus) -> Value {
    changed_call(of, status, None)
}

fn changed_call(of: EntryNo, status: CallStatus, content: Option<Vec<Value>>) -> Value {
    let mut update = json!({ "toolCallId": call_id(of), "status": status.word() });
    put(&mut update, "sessionUpdate", json!("tool_call_update"));
    if let Some(content) = content {
        put(&mut update, "content", Value::Array(content));
    }
    update
}

/// A call's end. What it changed stays in sight behind what came of it.
fn ended(result: &Resulted, session: &Summary, calls: &[(EntryNo, Called)]) -> Value {
    let called = calls.iter().find(|(no, _)| *no == result.of);
    let mut shown = called.map(|(_, called)| differences(called, &session.directory)).unwrap_or_default();
    let said = if result.text.is_empty() { words::result(result) } else { result.text.clone() };
    shown.push(content(&said));
    changed_call(result.of, result.outcome.into(), Some(shown))
}

fn content(said: &str) -> Value {
    json!({ "type": "content", "content": text(said) })
}

pub(super) fn call_id(of: EntryNo) -> String {
    format!("c{of}")
}

/// A call as it is shown, and as consent is asked for it.
pub(super) fn call(no: EntryNo, called: &Called, directory: &str) -> Value {
    let said = words::call(called);
    let input: Option<Value> = serde_json::from_str(&called.input).ok();
    let path = input.as_ref().and_then(|input| input.get("path")).and_then(Value::as_str);
    let locations: Vec<Value> =
        path.iter().map(|path| json!({ "path": absolute(path, directory) })).collect();
    json!({
        "toolCallId": call_id(no),
        "title": said.lines().next().unwrap_or_default(),
        "kind": kind(&called.tool),
        "content": differences(called, directory),
        "locations": locations,
        "rawInput": input.unwrap_or_else(|| json!(called.input)),
    })
}

/// What a change would put in the place of what, as its arguments have it.
fn differences(called: &Called, directory: &str) -> Vec<Value> {
    let Ok(input) = serde_json::from_str::<Value>(&called.input) else { return Vec::new() };
    // An agent of others says it in the same protocol.
    if let Some(changes) = input.get("changes").and_then(Value::as_array)
        && called.tool.starts_with("agent_")
    {
        return changes.clone();
    }
    let member = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(path) = member(&input, "path") else { return Vec::new() };
    let difference = |old: Option<String>, new: String| json!({ "type": "diff", "path": absolute(&path, directory), "oldText": old, "newText": new });
    match called.tool.as_str() {
        "write" => member(&input, "content").map(|new| difference(None, new)).into_iter().collect(),
        "edit" => {
            let edits = input.get("edits").and_then(Value::as_array).into_iter().flatten();
            edits.filter_map(|edit| Some(difference(member(edit, "old"), member(edit, "new")?))).collect()
        }
        _other => Vec::new(),
    }
}

/// The protocol has absolute paths alone. Names are joined; whether there is such a file is not looked at.
fn absolute(path: &str, directory: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    }
}

/// What sort of tool it is, as editors tell them apart. What they do not know is told to be something else.
fn kind(tool: &str) -> &'static str {
    match tool {
        "read" | "list" | "agent_read" => "read",
        "search" | "agent_search" => "search",
        "write" | "edit" | "agent_edit" => "edit",
        "run" | "run_sandboxed" | "agent_execute" => "execute",
        "fetch" | "agent_fetch" => "fetch",
        "agent_delete" => "delete",
        "agent_move" => "move",
        "agent_think" => "think",
        _other => "other",
    }
}

fn plan(steps: &[PlanStep]) -> Value {
    let step = |step: &PlanStep| {
        let status = match step.state {
            StepState::Open => "pending",
            StepState::Active => "in_progress",
            StepState::Done => "completed",
        };
        json!({ "content": step.text, "priority": "medium", "status": status })
    };
    json!({ "sessionUpdate": "plan", "entries": steps.iter().map(step).collect::<Vec<_>>() })
}

pub(super) fn title(name: &str) -> Value {
    json!({ "sessionUpdate": "session_info_update", "title": name })
}

/// How full the model's window is; nothing where nobody knows its size.
pub(super) fn window(window: WindowUse) -> Option<Value> {
    let size = Some(window.of).filter(|of| *of > 0)?;
    Some(json!({ "sessionUpdate": "usage_update", "used": window.tokens, "size": size }))
}

fn put(update: &mut Value, name: &str, value: Value) {
    if let Some(members) = update.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
