//! The core's view types as they are written on the wire.

use q_core::{
    Activity, FailureKind, ImageKind, Interrupter, Outcome, Policy, Presence, Settings, StepState, Wants,
};
use serde::{Deserialize, Serialize};

use super::circumstance::WireCircumstance;
use super::few::few;
use super::id::Id;
use super::leaf::{
    ActivityDef, ImageKindDef, InterrupterDef, OutcomeDef, PolicyDef, PresenceDef, StepStateDef, WantsDef,
    failure_code,
};
use super::rule::WireRule;
use super::settings::{SettingsDef, are_unset};

/// [`q_core::Summary`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireSummary {
    pub id: Id,
    pub name: String,
    pub slot: u32,
    pub kind: String,
    pub agent: String,
    pub model: String,
    pub directory: String,
    #[serde(with = "PolicyDef")]
    pub policy: Policy,
    #[serde(default, skip_serializing_if = "are_unset", with = "SettingsDef")]
    pub settings: Settings,
    pub tags: Vec<String>,
    pub pinned: bool,
    pub parent: Option<Id>,
    /// Unknown from a host that does not tell, as are the three below `failure`.
    #[serde(default)]
    pub inherited: Option<u64>,
    #[serde(with = "PresenceDef")]
    pub presence: Presence,
    pub trashed: Option<u64>,
    #[serde(with = "ActivityDef")]
    pub activity: Activity,
    pub held: bool,
    /// Unknown from a host that does not tell.
    #[serde(default)]
    pub retrying: Option<WireRetrying>,
    /// None from a host that does not tell.
    #[serde(default)]
    pub background: u32,
    pub pending: u32,
    pub unread: u32,
    pub seen: (u64, u64),
    pub queued: u32,
    pub entries: u64,
    pub turns: u64,
    pub tokens: (u64, u64),
    /// What of them is from a cache, written to one and thought; and what is guessed beside them.
    #[serde(default)]
    pub of_tokens: (u64, u64, u64, u64),
    #[serde(default)]
    pub budget: Option<WireBudget>,
    pub failure: Option<Failure>,
    #[serde(default)]
    pub failures: u32,
    #[serde(default)]
    pub stop_reason: String,
    #[serde(default)]
    pub answering: String,
    #[serde(default)]
    pub interrupter: Option<By>,
    /// Never from a host that does not tell.
    #[serde(default)]
    pub acknowledged: bool,
    #[serde(default)]
    pub sent: Option<SentEntries>,
    #[serde(default)]
    pub window: Option<WindowTokens>,
    pub preview: String,
    pub created: u64,
    pub touched: u64,
    /// Whether the host wants to be told how its agent is reached, before a wish that begins a turn: nobody has said, or the
    /// last turn failed. It is no part of the summary.
    #[serde(default)]
    pub wants_agent: bool,
}

impl WireSummary {
    /// What it weighs, roughly: its texts and the rest.
    pub fn weight(&self) -> usize {
        let texts = [&self.name, &self.kind, &self.agent, &self.model, &self.directory, &self.preview];
        let told = [&self.stop_reason, &self.answering];
        let texts = texts
            .into_iter()
            .chain(told)
            .chain(&self.tags)
            .chain(self.failure.as_ref().map(|one| &one.detail))
            .chain(self.retrying.as_ref().map(|one| &one.failure.detail))
            .map(String::as_str)
            .chain(self.settings.texts());
        size_of::<Self>() + texts.map(|text| size_of::<usize>() + text.len()).sum::<usize>()
    }
}

/// [`q_core::Interrupter`], where there may be none.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct By(#[serde(with = "InterrupterDef")] pub Interrupter);

/// [`q_core::Sent`] in its spoken form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SentEntries {
    pub entries: u64,
    pub left_out: u64,
}

/// [`q_core::Retrying`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireRetrying {
    pub attempt: u32,
    pub of: u32,
    pub wait_ms: u64,
    pub at: u64,
    pub failure: Failure,
}

/// [`q_core::WindowUse`] in its spoken form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WindowTokens {
    pub tokens: u64,
    pub is_counted: bool,
    pub of: u64,
    #[serde(default)]
    pub bytes: u64,
}

/// [`q_core::BudgetUse`] in its spoken form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WireBudget {
    /// Whether it is that of all sessions together.
    pub is_of_all: bool,
    pub spent: u64,
    pub of: u64,
}

/// [`q_core::Compaction`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireCompaction {
    Summary { text: String, of: u64, left_out: u64 },
    Interrupted(#[serde(with = "InterrupterDef")] Interrupter),
    Failed(Failure),
    Undone,
}

/// [`q_core::AgentFailure`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    #[serde(with = "failure_code")]
    pub kind: FailureKind,
    pub detail: String,
}

/// [`q_core::Entry`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireEntry {
    pub no: u64,
    pub at: u64,
    pub body: WireBody,
}

/// [`q_core::Body`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireBody {
    Prompt(String),
    /// A prompt that images go with.
    Illustrated {
        text: String,
        #[serde(deserialize_with = "few")]
        images: Vec<WireImage>,
    },
    /// A prompt that was none: a line that the person had the shell run.
    ShellLine(String),
    Answer(String),
    Thinking(String),
    Call {
        no: u64,
        tool: String,
        input: String,
        #[serde(with = "WantsDef")]
        wants: Wants,
    },
    Result {
        of: u64,
        #[serde(with = "OutcomeDef")]
        outcome: Outcome,
        text: String,
        /// 0 from a host that keeps no more than the text.
        #[serde(default)]
        kept: u64,
        whole: u64,
    },
    Output {
        of: u64,
        text: String,
    },
    Plan(#[serde(deserialize_with = "few")] Vec<Planned>),
    Sources {
        #[serde(deserialize_with = "few")]
        all: Vec<WireSource>,
        left_out: u64,
    },
    Project {
        #[serde(deserialize_with = "few")]
        files: Vec<WireProjectFile>,
        withheld: bool,
    },
    Interrupted(#[serde(with = "InterrupterDef")] Interrupter),
    Failed(Failure),
    PromptLost(u64),
    LogCut(Option<u64>),
    SealsTooLong,
    AnswerTorn(u64),
    LeftOut(SentEntries),
    Continued,
    Compaction(WireCompaction),
    Reversed(WireReversed),
}

/// [`q_core::Reversed`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireReversed {
    pub redo: bool,
    #[serde(deserialize_with = "few")]
    pub files: Vec<String>,
    pub more: u64,
}

/// [`q_core::Image`] in its spoken form: where it is kept is the host's to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireImage {
    pub name: String,
    #[serde(with = "ImageKindDef")]
    pub kind: ImageKind,
    pub width: u32,
    pub height: u32,
    pub size: u64,
}

impl WireBody {
    /// Its text; nothing for a plan, which has one for each step, for sources, and for what `q` says in its own words.
    pub fn text(&self) -> Option<&str> {
        if let Self::Prompt(text)
        | Self::Illustrated { text, .. }
        | Self::Answer(text)
        | Self::Thinking(text)
        | Self::Call { input: text, .. }
        | Self::Output { text, .. }
        | Self::Result { text, .. }
        | Self::Compaction(WireCompaction::Summary { text, .. }) = self
        {
            Some(text)
        } else {
            None
        }
    }
}

/// [`q_core::PlanStep`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    pub text: String,
    #[serde(with = "StepStateDef")]
    pub state: StepState,
}

/// [`q_core::Source`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireSource {
    pub title: String,
    pub place: String,
    pub quote: String,
}

/// [`q_core::ProjectFile`] in its spoken form: what tells its text from another one is the host's to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireProjectFile {
    pub path: String,
    pub bytes: u64,
    pub left_out: u64,
}

/// [`q_core::PendingCall`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireCall {
    pub turn: u64,
    pub call: u64,
    pub tool: String,
    pub input: String,
    pub digest: [u8; 32],
    #[serde(with = "WantsDef")]
    pub wants: Wants,
    /// Nothing from a host of before there were rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<WireRule>,
    /// Nothing for the plain one, and from a host of before there were others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circumstance: Option<WireCircumstance>,
    pub since: u64,
}

/// [`q_core::Snapshot`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireSnapshot {
    pub line: WireSummary,
    pub entries: Vec<WireEntry>,
    pub trimmed: bool,
    pub queue: Vec<(u64, String)>,
    pub draft: String,
    pub pending: Vec<WireCall>,
}

/// Entries from the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pages {
    pub entries: Vec<WireEntry>,
    /// Whether older ones exist.
    pub trimmed: bool,
}

/// [`q_core::Update`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireUpdate {
    Line(Box<WireSummary>),
    Gone(Id),
    Entry { session: Id, entry: WireEntry },
    Text { session: Id, entry: u64, offset: u64, text: String },
    Queue { session: Id, queue: Vec<(u64, String)> },
    Draft { session: Id, text: String },
    Pending { session: Id, pending: Vec<WireCall> },
}
