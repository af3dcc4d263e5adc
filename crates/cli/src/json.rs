//! The shapes of `--json`: documented in docs/json.md, and stable: fields are added, never renamed.

use q_core::{Activity, Body, Entry, Presence, Stop, Summary};
use serde::Serialize;

use crate::error::CliError;
use crate::out;

/// One session, in `q ls --json` and inside other answers.
#[derive(Debug, Serialize)]
pub(crate) struct SessionJson {
    id: String,
    name: String,
    slot: Option<u32>,
    kind: &'static str,
    agent: String,
    model: String,
    directory: String,
    presence: &'static str,
    activity: &'static str,
    unread: u32,
    queued: u32,
    entries: u64,
    turns: u64,
    tokens_in: u64,
    tokens_out: u64,
    failure: Option<&'static str>,
    preview: String,
    created_ms: u64,
    touched_ms: u64,
}

impl From<&Summary> for SessionJson {
    fn from(summary: &Summary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name.to_string(),
            slot: (summary.slot != 0).then_some(summary.slot),
            kind: summary.kind.word(),
            agent: summary.agent.clone(),
            model: summary.model.clone(),
            directory: summary.directory.clone(),
            presence: presence(summary.presence),
            activity: activity(summary.activity),
            unread: summary.unread,
            queued: summary.queued,
            entries: summary.entries,
            turns: summary.turns,
            tokens_in: summary.tokens_in,
            tokens_out: summary.tokens_out,
            failure: summary.failure.as_ref().map(|failure| failure.kind.code()),
            preview: summary.preview.clone(),
            created_ms: summary.created.0,
            touched_ms: summary.touched.0,
        }
    }
}

/// One entry, in `q show --json`.
#[derive(Debug, Serialize)]
pub(crate) struct EntryJson {
    no: u64,
    at_ms: u64,
    role: &'static str,
    text: String,
}

impl From<&Entry> for EntryJson {
    fn from(entry: &Entry) -> Self {
        let (role, text) = match &entry.body {
            Body::Prompt(text) => ("user", text.clone()),
            Body::Answer(text) => ("assistant", text.clone()),
            Body::Stop(stop @ Stop::Interrupted(_)) => ("interrupted", q_term::words::stop(stop)),
            Body::Stop(stop @ Stop::Failed(_)) => ("failed", q_term::words::stop(stop)),
        };
        Self { no: entry.no.0, at_ms: entry.at.0, role, text }
    }
}

/// `q show --json`.
#[derive(Debug, Serialize)]
pub(crate) struct TranscriptJson {
    pub(crate) session: SessionJson,
    pub(crate) entries: Vec<EntryJson>,
    /// Whether older entries exist that are not here (`--tail`).
    pub(crate) older: bool,
}

/// `q chat --json`.
#[derive(Debug, Serialize)]
pub(crate) struct ChatJson {
    pub(crate) session: SessionJson,
    pub(crate) prompt: u64,
    pub(crate) answer: String,
    /// `done`, `failed`, `interrupted`, or `waiting` behind a turn that failed or was interrupted.
    pub(crate) outcome: &'static str,
    pub(crate) failure: Option<String>,
}

pub(crate) const fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::Idle => "idle",
        Activity::Working => "working",
        Activity::Failed => "failed",
        Activity::Interrupted => "interrupted",
    }
}

const fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Live => "live",
        Presence::Closed => "closed",
    }
}

/// Prints one JSON value on one line.
pub(crate) fn print<T: Serialize>(value: &T) -> Result<(), CliError> {
    let text = serde_json::to_string(value)
        .map_err(|error| CliError::failed(format!("not writable as JSON: {error}")))?;
    out::line(&text)
}
