//! The shapes of `--json`: documented in docs/json.md, and stable: fields are added, never renamed.

mod writer;

use std::time::Duration;

use q_core::attention::{self, Need};
use q_core::{
    Activity, Body, BudgetScope, BudgetUse, Compaction, Entry, Image, ImageKind, PlanStep, Retrying, Sent,
    Source, Sources, Stop, Summary, Usage, WindowUse,
};
use q_term::Way;
use q_term::typed;
use q_term::words;
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::out;

pub(crate) use writer::text;

/// One session, in `q ls --json` and inside other answers.
#[derive(Debug, Serialize)]
pub(crate) struct SessionJson {
    id: String,
    name: String,
    slot: Option<u32>,
    kind: String,
    agent: String,
    model: String,
    settings: SetJson,
    directory: String,
    policy: &'static str,
    tags: Vec<String>,
    pinned: bool,
    parent: Option<String>,
    inherited: Option<u64>,
    presence: &'static str,
    activity: &'static str,
    /// Whether it waits for a place at its agent.
    held: bool,
    /// While its agent waits to ask again.
    retrying: Option<RetryingJson>,
    /// Commands in its background.
    background: u32,
    /// Calls that wait for the person.
    pending: u32,
    unread: u32,
    queued: u32,
    entries: u64,
    turns: u64,
    #[serde(flatten)]
    tokens: TokensJson,
    budget: Option<BudgetJson>,
    failure: Option<&'static str>,
    /// At whose door it lies, and whether the same may well be answered when asked again.
    whose: Option<&'static str>,
    may_be_tried_again: Option<bool>,
    error: Option<String>,
    failures: u32,
    stop_reason: Option<String>,
    answering: Option<String>,
    needs: Option<&'static str>,
    window: Option<WindowJson>,
    sent: Option<SentJson>,
    preview: String,
    created_ms: u64,
    touched_ms: u64,
    trashed_ms: Option<u64>,
    /// Where sizes were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// When an agent that nobody answered asks again by itself.
#[derive(Debug, Serialize)]
struct RetryingJson {
    attempt: u32,
    of: u32,
    at_ms: u64,
    failure: &'static str,
    error: String,
}

impl From<&Retrying> for RetryingJson {
    fn from(Retrying { attempt, of, wait_ms: _, at, failure }: &Retrying) -> Self {
        let (kind, error) = (failure.kind.code(), words::why(failure));
        Self { attempt: *attempt, of: *of, at_ms: at.0, failure: kind, error }
    }
}

/// Tokens that were spent; those cached, written to a cache and thought are among the first two.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct TokensJson {
    #[serde(rename = "tokens_in")]
    input: u64,
    #[serde(rename = "tokens_out")]
    output: u64,
    #[serde(rename = "tokens_cached")]
    cached: u64,
    #[serde(rename = "tokens_cache_written")]
    cache_written: u64,
    #[serde(rename = "tokens_reasoning")]
    reasoning: u64,
    /// Where no server counted: guessed by the bytes.
    #[serde(rename = "tokens_guessed")]
    guessed: u64,
}

impl From<Usage> for TokensJson {
    fn from(usage: Usage) -> Self {
        let Usage { input, output, cached, cache_written, reasoning, guessed } = usage;
        Self { input, output, cached, cache_written, reasoning, guessed }
    }
}

/// How much of its model's window a conversation took last, in tokens.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct WindowJson {
    tokens: u64,
    /// Whether they are guessed by the bytes, since no server has counted.
    estimated: bool,
    /// What the window holds, where that is known.
    of: Option<u64>,
}

impl From<WindowUse> for WindowJson {
    fn from(WindowUse { tokens, is_counted, of, bytes: _ }: WindowUse) -> Self {
        Self { tokens, estimated: !is_counted, of: (of > 0).then_some(of) }
    }
}

/// What is set in a session beside its model.
#[derive(Debug, Serialize)]
struct SetJson {
    temperature: Option<f64>,
    max_tokens: Option<u64>,
    reasoning: Option<String>,
    mode: Option<String>,
    body: Option<String>,
    omit: Option<String>,
    first_byte: Option<u64>,
    idle_timeout: Option<u64>,
    /// 0 where any number is allowed.
    budget_tokens: Option<u64>,
}

/// How much of a budget of tokens is spent.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct BudgetJson {
    scope: &'static str,
    spent: u64,
    of: u64,
    /// From four fifths on.
    near: bool,
    /// No turn begins any more.
    is_spent: bool,
}

impl From<BudgetUse> for BudgetJson {
    fn from(budget: BudgetUse) -> Self {
        let scope = match budget.scope {
            BudgetScope::Session => "session",
            BudgetScope::Day => "day",
        };
        let (near, is_spent) = (budget.is_near(), budget.is_spent());
        Self { scope, spent: budget.spent, of: budget.of, near, is_spent }
    }
}

/// How much of its history a session's agent was sent last.
#[derive(Debug, Serialize)]
struct SentJson {
    entries: u64,
    left_out: u64,
}

impl From<&Summary> for SessionJson {
    fn from(summary: &Summary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name.to_string(),
            slot: (summary.slot != 0).then_some(summary.slot),
            kind: summary.kind.to_string(),
            agent: summary.agent.clone(),
            model: summary.model.clone(),
            settings: SetJson {
                temperature: summary.settings.temperature.map(|set| f64::from(set.thousandths()) / 1000.0),
                max_tokens: summary.settings.max_tokens,
                reasoning: summary.settings.reasoning.clone(),
                mode: summary.settings.mode.clone(),
                body: summary.settings.body.clone(),
                omit: summary.settings.omit.clone(),
                first_byte: summary.settings.first_byte,
                idle_timeout: summary.settings.idle_timeout,
                budget_tokens: summary.settings.budget_tokens,
            },
            directory: summary.directory.clone(),
            policy: summary.policy.word(),
            tags: summary.tags.iter().map(ToString::to_string).collect(),
            pinned: summary.pinned,
            parent: summary.parent.map(|id| id.to_string()),
            inherited: summary.inherited,
            presence: summary.presence.word(),
            activity: activity(summary.activity),
            held: summary.held,
            retrying: summary.retrying.as_ref().map(RetryingJson::from),
            background: summary.background,
            pending: summary.pending,
            unread: summary.unread,
            queued: summary.queued,
            entries: summary.entries,
            turns: summary.turns,
            tokens: summary.usage.into(),
            budget: summary.budget.map(BudgetJson::from),
            failure: summary.failure.as_ref().map(|failure| failure.kind.code()),
            whose: summary.failure.as_ref().map(|failure| failure.kind.whose().code()),
            may_be_tried_again: summary.failure.as_ref().map(|failure| failure.kind.may_be_tried_again()),
            error: summary.failure.as_ref().map(words::why),
            failures: summary.failures,
            stop_reason: Some(summary.stop_reason.clone()).filter(|reason| !reason.is_empty()),
            answering: Some(summary.answering.clone()).filter(|model| !model.is_empty()),
            needs: attention::need(summary).map(need),
            window: summary.window.map(WindowJson::from),
            sent: summary.sent.map(|Sent { entries, left_out }| SentJson { entries, left_out }),
            preview: summary.preview.clone(),
            created_ms: summary.created.0,
            touched_ms: summary.touched.0,
            trashed_ms: summary.trashed.map(|since| since.0),
            bytes: None,
        }
    }
}

impl SessionJson {
    pub(crate) fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }
}

/// One entry, in `q show --json`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EntryJson {
    no: u64,
    at_ms: u64,
    role: &'static str,
    text: String,
    /// Of a call: the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    /// Of a result or an output: the call's entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    /// Of a result: how the call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// Of a result: bytes that are kept of it; where that are more than its text, `--entry` has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<u64>,
    /// Of a result: bytes that came out in all; of a summary: bytes that it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Of a plan: its steps, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepJson>>,
    /// Of sources: all of them, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<SourceJson>>,
    /// Of changes that were reversed: the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<String>>,
    /// Of sources and files: how many more there are that are not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
    /// Of a prompt that images go with: what is known of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<Vec<ImageJson>>,
    /// Of the place from which on something is left out: how much, then.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<SentJson>,
    /// Of a thought: how long it took, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_ms: Option<u64>,
    /// Of a prompt whose turn stopped before anything answered it: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<bool>,
}

/// What is known of an image.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImageJson {
    name: String,
    kind: String,
    width: u32,
    height: u32,
    bytes: u64,
}

impl ImageJson {
    /// The image, whose name is anybody's; or the word that is no kind of image.
    pub(crate) fn into_image(self) -> Result<Image, String> {
        let Self { name, kind, width, height, bytes: size } = self;
        let kind = ImageKind::of(&kind).ok_or(kind)?;
        Ok(Image { name: typed::text(&name).into_owned(), kind, width, height, size, kept: None })
    }
}

impl From<&Image> for ImageJson {
    fn from(image: &Image) -> Self {
        let Image { name, kind, width, height, size, kept: _ } = image;
        let kind = kind.word().to_owned();
        Self { name: name.clone(), kind, width: *width, height: *height, bytes: *size }
    }
}

/// One step of a plan.
#[derive(Debug, Serialize)]
struct StepJson {
    text: String,
    state: &'static str,
}

impl From<&PlanStep> for StepJson {
    fn from(step: &PlanStep) -> Self {
        Self { text: step.text.clone(), state: step.state.word() }
    }
}

/// One source; what nobody said of it is empty.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SourceJson {
    title: String,
    place: String,
    quote: String,
}

impl From<SourceJson> for Source {
    fn from(SourceJson { title, place, quote }: SourceJson) -> Self {
        Self { title, place, quote }
    }
}

impl From<&Source> for SourceJson {
    fn from(Source { title, place, quote }: &Source) -> Self {
        Self { title: title.clone(), place: place.clone(), quote: quote.clone() }
    }
}

impl EntryJson {
    /// The same of a thought that took so long.
    pub(crate) fn thought_for(self, took: Option<Duration>) -> Self {
        Self { thought_ms: took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)), ..self }
    }

    pub(crate) fn of(entry: &Entry, unanswered: bool) -> Self {
        let answered = unanswered.then_some(false);
        let says =
            |role, text| Self { no: entry.no.0, at_ms: entry.at.0, role, text, answered, ..Self::default() };
        match &entry.body {
            Body::Prompt(prompt) => {
                let images: Vec<ImageJson> = prompt.images.iter().map(ImageJson::from).collect();
                Self {
                    images: Some(images).filter(|all| !all.is_empty()),
                    ..says(if prompt.runs { "shell" } else { "user" }, prompt.text.clone())
                }
            }
            Body::Answer(text) => says("assistant", text.clone()),
            Body::Thinking(text) => says("thinking", text.clone()),
            Body::Call(call) => Self { tool: Some(call.tool.clone()), ..says("call", call.input.clone()) },
            Body::Output(output) => Self { of: Some(output.of.0), ..says("output", output.text.clone()) },
            Body::Plan(steps) => {
                let told = Some(steps.iter().map(StepJson::from).collect());
                Self { steps: told, ..says("plan", q_term::plan::listed(steps)) }
            }
            Body::ProjectFiles(files) => says("project_files", q_term::project::told(files, Way::Shell)),
            Body::Sources(told @ Sources { all, left_out }) => Self {
                sources: Some(all.iter().map(SourceJson::from).collect()),
                left_out: Some(*left_out).filter(|count| *count > 0),
                ..says("sources", q_term::sources::whole(told))
            },
            Body::Result(result) => Self {
                of: Some(result.of.0),
                outcome: Some(result.outcome.words()),
                kept: Some(result.kept),
                bytes: Some(result.whole),
                ..says("result", result.text.clone())
            },
            Body::Repair(fault) => says("repair", words::repair(*fault, Way::Shell)),
            Body::Continued => says("continued", words::CONTINUED.to_owned()),
            Body::LeftOut(sent @ Sent { entries, left_out }) => {
                let told = SentJson { entries: *entries, left_out: *left_out };
                Self { sent: Some(told), ..says("left_out", words::left_out(*sent)) }
            }
            Body::Reversed(done) => Self {
                files: Some(done.files.clone()),
                left_out: Some(done.more).filter(|more| *more > 0),
                ..says(reversed_role(done.redo), q_term::changes::reversed(done))
            },
            Body::Compaction(Compaction::Summary { text, of, .. }) => {
                Self { bytes: Some(*of), ..says("summary", text.clone()) }
            }
            Body::Compaction(stopped @ Compaction::Stopped(_)) => {
                says("not_compacted", words::compaction(stopped, Way::Shell))
            }
            Body::Compaction(undone @ Compaction::Undone) => {
                says("summary_undone", words::compaction(undone, Way::Shell))
            }
            Body::Stop(stop @ Stop::Interrupted(_)) => says("interrupted", words::stop(stop, Way::Shell)),
            Body::Stop(stop @ Stop::Failed(_)) => says("failed", words::stop(stop, Way::Shell)),
        }
    }
}

/// The word for changes that were reversed.
pub(crate) const fn reversed_role(redo: bool) -> &'static str {
    if redo { "changes_redone" } else { "changes_undone" }
}

/// What `q show --json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
pub(crate) struct TranscriptJson {
    pub(crate) session: SessionJson,
    pub(crate) entries: Vec<EntryJson>,
    /// Whether older entries exist that are not here (`--tail`).
    pub(crate) older: bool,
}

/// What `q chat --json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
pub(crate) struct ChatJson {
    /// Nothing where the prompt was refused before it was in any.
    pub(crate) session: Option<SessionJson>,
    pub(crate) prompt: Option<u64>,
    pub(crate) answer: String,
    /// What it rests on, where its provider says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<SourceJson>,
    /// How many parts of it came and could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) torn: Option<u64>,
    /// `done`, `failed`, `interrupted`, `waiting` behind a turn that failed or was interrupted, or `refused`.
    pub(crate) outcome: &'static str,
    pub(crate) failure: Option<String>,
}

impl ChatJson {
    /// Of a prompt that was never sent, or of a host that went away over it.
    pub(crate) fn refused(why: String) -> Self {
        Self {
            session: None,
            prompt: None,
            answer: String::new(),
            sources: Vec::new(),
            torn: None,
            outcome: "refused",
            failure: Some(why),
        }
    }
}

const fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::Idle => "idle",
        Activity::Working => "working",
        Activity::NeedsApproval => "needs_approval",
        Activity::NeedsInput => "needs_input",
        Activity::Failed => "failed",
        Activity::Interrupted => "interrupted",
    }
}

/// The word for a need.
pub(crate) const fn need(need: Need) -> &'static str {
    match need {
        Need::Answer => "answer",
        Need::Failure => "failure",
        Need::Reading => "reading",
    }
}

/// Prints one JSON value on one line.
pub(crate) fn print<T: Serialize>(value: &T) -> Result<(), CliError> {
    out::line(&text(value)?)
}
