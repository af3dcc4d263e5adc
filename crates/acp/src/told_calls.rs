//! What the agent does by itself, as it tells of it: calls that nobody here runs.
//!
//! A call is told a moment after the agent first names it: what it asks leave for is one entry, that waits, and not two.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::{AgentEvent, CallNo, Outcome};
use serde_json::Value;
use tokio::time::Instant;

use crate::update::{CallNews, CallStatus, FileDiff};

/// How long a call is held until it is told.
const HELD: Duration = Duration::from_millis(250);
/// The most calls of one turn that are told of.
pub(crate) const MOST: usize = 1000;
/// How much of what a call is given is shown, in bytes, where nobody has to decide on it.
const SHOWN: usize = 16 << 10;
/// The longest title, in bytes.
const TITLE: usize = 300;
/// What sorts of call the protocol knows.
const KINDS: [&str; 9] =
    ["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode"];

/// All calls of a turn, by the agent's names for them.
#[derive(Debug, Default)]
pub(crate) struct ToldCalls {
    all: BTreeMap<String, ToldCall>,
    /// Those that are not told yet, in order, and since when the first one waits.
    held: Vec<String>,
    since: Option<Instant>,
}

/// One of them, as far as the agent has told of it.
#[derive(Debug, Default)]
pub(crate) struct ToldCall {
    pub(crate) title: String,
    pub(crate) kind: String,
    input: Option<String>,
    text: String,
    pub(crate) changes: Vec<FileDiff>,
    pub(crate) paths: Vec<String>,
    status: Option<CallStatus>,
    /// Its number, once it is told.
    pub(crate) no: Option<CallNo>,
    has_ended: bool,
    /// How much of its text was told while it ran, in bytes.
    told: usize,
}

impl ToldCalls {
    /// Takes in what is new of a call. One that is not known any more, and one too many, says nothing.
    pub(crate) fn take(&mut self, news: CallNews) -> Option<String> {
        let CallNews { id, title, kind, status, input, text, changes, paths } = news;
        if !self.all.contains_key(&id) {
            if self.all.len() >= MOST {
                return None;
            }
            self.held.push(id.clone());
            self.since.get_or_insert_with(Instant::now);
        }
        let call = self.all.entry(id.clone()).or_default();
        if let Some(mut title) = title {
            title.truncate(title.floor_char_boundary(TITLE));
            call.title = title;
        }
        call.kind = kind.unwrap_or(std::mem::take(&mut call.kind));
        call.input = input.or(call.input.take());
        call.text = text.unwrap_or(std::mem::take(&mut call.text));
        call.status = status.or(call.status);
        if !paths.is_empty() {
            call.paths = paths;
        }
        if !changes.is_empty() {
            call.changes = changes;
        }
        Some(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&ToldCall> {
        self.all.get(id)
    }

    /// Until when those that are not told may wait.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + HELD)
    }

    /// Those that are to be told now, in order.
    pub(crate) fn due(&mut self) -> Vec<String> {
        self.since = None;
        std::mem::take(&mut self.held)
    }

    /// It is told by whoever asks leave for it, and not with the others.
    pub(crate) fn leave_out(&mut self, id: &str) {
        self.held.retain(|held| held != id);
        if self.held.is_empty() {
            self.since = None;
        }
    }

    /// It is told under that number.
    pub(crate) fn tell(&mut self, id: &str, no: CallNo) {
        if let Some(call) = self.all.get_mut(id) {
            call.no = Some(no);
        }
    }

    /// The person said no, or q did: what else is said of it is heard no more.
    pub(crate) fn settle(&mut self, no: CallNo) {
        if let Some(call) = self.all.values_mut().find(|call| call.no == Some(no)) {
            call.has_ended = true;
        }
    }

    /// What of a call that is told is still to be told: what it put out since, and its end.
    pub(crate) fn progress(&mut self, id: &str) -> Option<AgentEvent> {
        let call = self.all.get_mut(id).filter(|call| !call.has_ended)?;
        let no = call.no?;
        match call.status {
            Some(CallStatus::Done | CallStatus::Failed) => {
                call.has_ended = true;
                let is_done = call.status == Some(CallStatus::Done);
                let outcome = if is_done { Outcome::Done } else { Outcome::Failed };
                let mut text = std::mem::take(&mut call.text);
                if text.is_empty() {
                    let changed: Vec<&str> = call.changes.iter().map(|change| change.path.as_str()).collect();
                    text = changed.join("\n");
                }
                Some(AgentEvent::Result { call: no, outcome, text })
            }
            Some(CallStatus::Runs) => {
                // In place of what was said before: only what is added can be shown as it comes.
                let new = call.text.get(call.told..).filter(|new| !new.is_empty())?.to_owned();
                call.told = call.text.len();
                Some(AgentEvent::Progress { call: no, text: new })
            }
            Some(CallStatus::Pending) | None => None,
        }
    }

    /// Whether some call is under way by the agent's word.
    pub(crate) fn is_any_open(&self) -> bool {
        self.all.values().any(|call| call.no.is_some() && !call.has_ended)
    }
}

impl ToldCall {
    /// What it is called as a tool: never as one of q's own, whose rules are for what q does.
    pub(crate) fn tool(&self) -> String {
        let kind = KINDS.iter().find(|kind| **kind == self.kind).copied().unwrap_or("other");
        format!("agent_{kind}")
    }

    /// What is shown of it, as JSON: its title, what it is given, and what it would make of files.
    pub(crate) fn shown(&self) -> String {
        let mut shown = format!("{{\"title\":{}", Value::from(self.title.as_str()));
        if let Some(input) = &self.input {
            shown.extend([",\"input\":", input]);
        } else if !self.paths.is_empty() {
            shown.extend([",\"paths\":", &Value::from(self.paths.clone()).to_string()]);
        }
        if !self.changes.is_empty() {
            let changes: Vec<&str> = self.changes.iter().map(|change| change.raw.as_str()).collect();
            shown.extend([",\"changes\":[", &changes.join(","), "]"]);
        }
        shown.push('}');
        shown
    }

    /// The same, as much as is shown of what nobody decides on.
    pub(crate) fn shown_in_short(&self) -> String {
        let shown = self.shown();
        if shown.len() <= SHOWN {
            return shown;
        }
        let cut = shown.get(..shown.floor_char_boundary(SHOWN)).unwrap_or_default();
        serde_json::json!({ "title": self.title, "cut": cut }).to_string()
    }

    /// The command that it runs, as far as that can be told.
    pub(crate) fn command(&self) -> Option<Vec<String>> {
        if self.kind != "execute" {
            return None;
        }
        let input: Value = serde_json::from_str(self.input.as_deref()?).ok()?;
        match &input["command"] {
            Value::String(line) => Some(vec!["/bin/sh".into(), "-c".into(), line.clone()]),
            Value::Array(words) => words.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }
}
