//! Records in format 1.

use std::borrow::Cow;

use q_core::{CallNo, EntryNo, NameFault, PromptNo, Resulted, Seq, SessionId, Token, TurnNo, WallTime};
use serde::{Deserialize, Serialize};

use super::answer::AnsweredV1;
use super::call::CalledV1;
use super::compaction::{CompactedV1, WindowUseV1};
use super::created::CreatedV1;
use super::ending::EndingV1;
use super::fault::FaultV1;
use super::imported::ImportedV1;
use super::plan::PlannedV1;
use super::project::ProjectReadV1;
use super::prompt::{EditedV1, QueuedV1, SteeredV1};
use super::result::ResultedV1;
use super::reversed::ReversedV1;
use super::rule::RuleV1;
use super::sealed::SealedV1;
use super::settings::SettingsV1;
use super::source::CitedV1;
use super::word::{NameOrigin, Policy, Voice, Why};
use super::{MarkV1, SentV1, UsageV1, aloud, is_aloud, is_default};

/// [`q_core::Stamped`] without its session and place, which are in the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StampedV1<'a> {
    #[serde(rename = "at")]
    at: u64,
    #[serde(rename = "rec", borrow)]
    record: RecordV1<'a>,
}

/// [`q_core::Record`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is made to be written, or taken apart as soon as it is read"
)]
enum RecordV1<'a> {
    #[serde(rename = "created", borrow)]
    Created(CreatedV1<'a>),
    #[serde(rename = "renamed")]
    Renamed {
        #[serde(rename = "name", borrow)]
        name: Cow<'a, str>,
        #[serde(rename = "origin")]
        origin: NameOrigin,
    },
    #[serde(rename = "closed")]
    Closed {},
    #[serde(rename = "reopened")]
    Reopened {
        #[serde(rename = "slot")]
        slot: u32,
    },
    #[serde(rename = "hibernated")]
    Hibernated {
        #[serde(rename = "why")]
        why: Why,
    },
    #[serde(rename = "woken")]
    Woken {},
    #[serde(rename = "trashed")]
    Trashed {},
    #[serde(rename = "restored")]
    Restored {},
    #[serde(rename = "erased")]
    Erased {},
    #[serde(rename = "tagged")]
    Tagged {
        #[serde(rename = "tags", borrow)]
        tags: Vec<Cow<'a, str>>,
    },
    #[serde(rename = "pinned")]
    Pinned {
        #[serde(rename = "pinned")]
        pinned: bool,
    },
    #[serde(rename = "policy")]
    PolicySet {
        #[serde(rename = "policy")]
        policy: Policy,
    },
    #[serde(rename = "rule")]
    RuleSet {
        #[serde(rename = "rule", borrow)]
        rule: RuleV1<'a>,
        #[serde(rename = "stands")]
        stands: bool,
    },
    #[serde(rename = "set")]
    SettingsSet {
        #[serde(rename = "settings", borrow)]
        settings: SettingsV1<'a>,
    },
    #[serde(rename = "queued", borrow)]
    Queued(QueuedV1<'a>),
    #[serde(rename = "unqueued")]
    Unqueued {
        #[serde(rename = "prompt")]
        prompt: u64,
    },
    #[serde(rename = "edited", borrow)]
    Edited(EditedV1<'a>),
    #[serde(rename = "moved")]
    Moved {
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "place")]
        place: u32,
    },
    #[serde(rename = "steered", borrow)]
    Steered(SteeredV1<'a>),
    #[serde(rename = "called", borrow)]
    Called(CalledV1<'a>),
    #[serde(rename = "answered", borrow)]
    Answered(AnsweredV1<'a>),
    #[serde(rename = "resulted", borrow)]
    Resulted(ResultedV1<'a>),
    #[serde(rename = "sent")]
    Sent {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "of")]
        sent: SentV1,
        #[serde(rename = "said", default, skip_serializing_if = "is_default")]
        is_said: bool,
    },
    #[serde(rename = "unread")]
    MarkedUnread {},
    #[serde(rename = "read")]
    MarkedRead {},
    #[serde(rename = "repaired")]
    Repaired {
        #[serde(rename = "fault")]
        fault: FaultV1,
    },
    #[serde(rename = "retried")]
    Retried {
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "token")]
        token: u128,
    },
    #[serde(rename = "continued")]
    Continued {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "token")]
        token: u128,
    },
    #[serde(rename = "began")]
    Began {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "queued")]
        queued: u64,
        #[serde(rename = "runs", default, skip_serializing_if = "is_default")]
        runs: bool,
    },
    #[serde(rename = "said")]
    Said {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "entry")]
        entry: u64,
        #[serde(rename = "voice", default = "aloud", skip_serializing_if = "is_aloud")]
        voice: Voice,
        /// Of an output: the entry of its call.
        #[serde(rename = "of", default, skip_serializing_if = "Option::is_none")]
        of: Option<u64>,
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "ended")]
    Ended {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "ending", borrow)]
        ending: EndingV1<'a>,
        #[serde(rename = "usage")]
        usage: UsageV1,
        #[serde(rename = "reason", borrow, default, skip_serializing_if = "str::is_empty")]
        reason: Cow<'a, str>,
        #[serde(rename = "window", default, skip_serializing_if = "Option::is_none")]
        window: Option<WindowUseV1>,
    },
    #[serde(rename = "compacting")]
    Compacting {
        #[serde(rename = "turn")]
        turn: u64,
    },
    #[serde(rename = "compacted", borrow)]
    Compacted(CompactedV1<'a>),
    #[serde(rename = "planned", borrow)]
    Planned(PlannedV1<'a>),
    #[serde(rename = "cited", borrow)]
    Cited(CitedV1<'a>),
    #[serde(rename = "project_read", borrow)]
    ProjectRead(ProjectReadV1<'a>),
    #[serde(rename = "answering")]
    Answering {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "model", borrow)]
        model: Cow<'a, str>,
    },
    #[serde(rename = "resumable")]
    Resumable {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "by", borrow)]
        handle: Cow<'a, str>,
    },
    #[serde(rename = "sealed", borrow)]
    Sealed(SealedV1<'a>),
    #[serde(rename = "reversed", borrow)]
    Reversed(ReversedV1<'a>),
    #[serde(rename = "seen")]
    Seen {
        #[serde(rename = "to")]
        through: MarkV1,
    },
    #[serde(rename = "imported", borrow)]
    Imported(ImportedV1<'a>),
    #[serde(rename = "import_ended")]
    ImportEnded {
        #[serde(rename = "created")]
        created: u64,
        #[serde(rename = "touched")]
        touched: u64,
        #[serde(rename = "usage")]
        usage: UsageV1,
    },
    #[serde(rename = "drafted")]
    Drafted {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
}

impl<'a> From<&'a q_core::Stamped> for StampedV1<'a> {
    fn from(stamped: &'a q_core::Stamped) -> Self {
        Self { at: stamped.at.0, record: RecordV1::from(&stamped.record) }
    }
}

impl StampedV1<'_> {
    pub(crate) fn into_core(self, session: SessionId, seq: Seq) -> Result<q_core::Stamped, NameFault> {
        Ok(q_core::Stamped { session, seq, at: WallTime(self.at), record: self.record.into_core()? })
    }
}

fn said(turn: TurnNo, entry: EntryNo, voice: q_core::Voice, text: &str) -> RecordV1<'_> {
    let (voice, of) = Voice::of(voice);
    RecordV1::Said { turn: turn.0, entry: entry.0, voice, of, text: text.into() }
}

fn was_sent<'a>(turn: TurnNo, sent: q_core::Sent, is_said: bool) -> RecordV1<'a> {
    RecordV1::Sent { turn: turn.0, sent: sent.into(), is_said }
}

impl<'a> From<&'a q_core::Record> for RecordV1<'a> {
    fn from(record: &'a q_core::Record) -> Self {
        match record {
            q_core::Record::Created { name, origin, slot, setup, fork } => {
                Self::Created(CreatedV1::new(name, *origin, *slot, setup, *fork))
            }
            q_core::Record::Renamed { name, origin } => {
                Self::Renamed { name: name.as_str().into(), origin: (*origin).into() }
            }
            q_core::Record::Closed => Self::Closed {},
            q_core::Record::Reopened { slot } => Self::Reopened { slot: *slot },
            q_core::Record::Hibernated { why } => Self::Hibernated { why: (*why).into() },
            q_core::Record::Woken => Self::Woken {},
            q_core::Record::Trashed => Self::Trashed {},
            q_core::Record::Restored => Self::Restored {},
            q_core::Record::Erased => Self::Erased {},
            q_core::Record::Tagged { tags } => {
                Self::Tagged { tags: tags.iter().map(|tag| tag.as_str().into()).collect() }
            }
            q_core::Record::Pinned { pinned } => Self::Pinned { pinned: *pinned },
            q_core::Record::PolicySet { policy } => Self::PolicySet { policy: (*policy).into() },
            q_core::Record::RuleSet { rule, stands } => Self::RuleSet { rule: rule.into(), stands: *stands },
            q_core::Record::SettingsSet { settings } => Self::SettingsSet { settings: settings.into() },
            q_core::Record::Queued { prompt, token, text, images, runs } => {
                Self::Queued(QueuedV1::new(*prompt, *token, text, images, *runs))
            }
            q_core::Record::Unqueued { prompt } => Self::Unqueued { prompt: prompt.0 },
            q_core::Record::Edited { prompt, text, images, runs } => {
                Self::Edited(EditedV1::new(*prompt, text, images, *runs))
            }
            q_core::Record::Moved { prompt, place } => Self::Moved { prompt: prompt.0, place: *place },
            q_core::Record::Steered { turn, prompt, token, text } => {
                Self::Steered(SteeredV1::new(*turn, *prompt, *token, text))
            }
            q_core::Record::Called { turn, call, waits } => Self::Called(CalledV1::new(*turn, call, *waits)),
            q_core::Record::Answered { turn, call, answer } => {
                Self::Answered(AnsweredV1::new(*turn, *call, answer))
            }
            q_core::Record::Resulted { turn, call, of, outcome, text, kept, whole } => {
                Self::Resulted(ResultedV1::new(turn.0, call.0, *of, *outcome, text, *kept, *whole))
            }
            q_core::Record::Sent { turn, sent, is_said } => was_sent(*turn, *sent, *is_said),
            q_core::Record::MarkedUnread => Self::MarkedUnread {},
            q_core::Record::MarkedRead => Self::MarkedRead {},
            q_core::Record::Repaired { fault } => Self::Repaired { fault: (*fault).into() },
            q_core::Record::Retried { prompt, token } => Self::Retried { prompt: prompt.0, token: token.0 },
            q_core::Record::Continued { turn, prompt, token } => {
                Self::Continued { turn: turn.0, prompt: prompt.0, token: token.0 }
            }
            q_core::Record::Began { turn, prompt, queued, runs } => {
                Self::Began { turn: turn.0, prompt: prompt.0, queued: queued.0, runs: *runs }
            }
            q_core::Record::Said { turn, entry, voice, text } => said(*turn, *entry, *voice, text),
            q_core::Record::Compacting { turn } => Self::Compacting { turn: turn.0 },
            q_core::Record::Compacted { turn, compaction, usage } => {
                Self::Compacted(CompactedV1::new(*turn, compaction, *usage))
            }
            q_core::Record::Ended { turn, ending, usage, reason, window } => {
                let (usage, window) = ((*usage).into(), window.map(WindowUseV1::from));
                Self::Ended { turn: turn.0, ending: ending.into(), usage, reason: reason.into(), window }
            }
            q_core::Record::Planned { turn, steps } => Self::Planned(PlannedV1::new(*turn, steps)),
            q_core::Record::Cited { turn, sources } => Self::Cited(CitedV1::new(*turn, sources)),
            q_core::Record::ProjectRead { turn, files } => Self::ProjectRead((*turn, files).into()),
            q_core::Record::Answering { turn, model } => {
                Self::Answering { turn: turn.0, model: model.into() }
            }
            q_core::Record::Resumable { turn, handle: q_core::ResumeHandle(handle) } => {
                Self::Resumable { turn: turn.0, handle: handle.into() }
            }
            q_core::Record::Sealed { turn, seal } => Self::Sealed(SealedV1::new(*turn, seal)),
            q_core::Record::Reversed { reversed } => Self::Reversed(reversed.into()),
            q_core::Record::Seen { through } => Self::Seen { through: (*through).into() },
            q_core::Record::Drafted { text } => Self::Drafted { text: text.into() },
            q_core::Record::Imported { at, body } => Self::Imported(ImportedV1::new(*at, body)),
            q_core::Record::ImportEnded { created, touched, usage } => {
                Self::ImportEnded { created: created.0, touched: touched.0, usage: (*usage).into() }
            }
        }
    }
}

impl RecordV1<'_> {
    fn into_core(self) -> Result<q_core::Record, NameFault> {
        Ok(match self {
            Self::Created(created) => created.into_core()?,
            Self::Renamed { name, origin } => {
                q_core::Record::Renamed { name: name.parse()?, origin: origin.into() }
            }
            Self::Closed {} => q_core::Record::Closed,
            Self::Reopened { slot } => q_core::Record::Reopened { slot },
            Self::Hibernated { why } => q_core::Record::Hibernated { why: why.into() },
            Self::Woken {} => q_core::Record::Woken,
            Self::Trashed {} => q_core::Record::Trashed,
            Self::Restored {} => q_core::Record::Restored,
            Self::Erased {} => q_core::Record::Erased,
            Self::Tagged { tags } => q_core::Record::Tagged {
                // What is no tag was none when it was written either; it is not worth the session.
                tags: tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
            },
            Self::Pinned { pinned } => q_core::Record::Pinned { pinned },
            Self::PolicySet { policy } => q_core::Record::PolicySet { policy: policy.into() },
            Self::RuleSet { rule, stands } => q_core::Record::RuleSet { rule: rule.into(), stands },
            Self::SettingsSet { settings } => q_core::Record::SettingsSet { settings: settings.into() },
            Self::Queued(queued) => queued.into_core(),
            Self::Unqueued { prompt } => q_core::Record::Unqueued { prompt: PromptNo(prompt) },
            Self::Edited(edited) => edited.into_core(),
            Self::Moved { prompt, place } => q_core::Record::Moved { prompt: PromptNo(prompt), place },
            Self::Steered(steered) => steered.into_core(),
            Self::Called(called) => called.into_core(),
            Self::Answered(answered) => answered.into_core(),
            Self::Resulted(resulted) => {
                let (turn, call) = (TurnNo(resulted.turn), CallNo(resulted.call));
                let Resulted { of, outcome, text, kept, whole } = resulted.into_result();
                q_core::Record::Resulted { turn, call, of, outcome, text, kept, whole }
            }
            Self::Sent { turn, sent, is_said } => {
                q_core::Record::Sent { turn: TurnNo(turn), sent: sent.into(), is_said }
            }
            Self::MarkedUnread {} => q_core::Record::MarkedUnread,
            Self::MarkedRead {} => q_core::Record::MarkedRead,
            Self::Repaired { fault } => q_core::Record::Repaired { fault: fault.into() },
            Self::Continued { turn, prompt, token } => {
                let (turn, prompt, token) = (TurnNo(turn), PromptNo(prompt), Token(token));
                q_core::Record::Continued { turn, prompt, token }
            }
            Self::Retried { prompt, token } => retried(PromptNo(prompt), Token(token)),
            Self::Began { turn, prompt, queued, runs } => {
                let (turn, prompt, queued) = (TurnNo(turn), PromptNo(prompt), Seq(queued));
                q_core::Record::Began { turn, prompt, queued, runs }
            }
            Self::Said { turn, entry, voice, of, text } => {
                let (turn, entry, voice) = (TurnNo(turn), EntryNo(entry), voice.into_core(of));
                q_core::Record::Said { turn, entry, voice, text: text.into_owned() }
            }
            Self::Compacting { turn } => q_core::Record::Compacting { turn: TurnNo(turn) },
            Self::Compacted(compacted) => compacted.into_core(),
            Self::Ended { turn, ending, usage, reason, window } => {
                let (turn, ending, usage) = (TurnNo(turn), ending.into(), usage.into());
                let window = window.map(q_core::WindowUse::from);
                q_core::Record::Ended { turn, ending, usage, reason: reason.into_owned(), window }
            }
            Self::Planned(planned) => planned.into_core(),
            Self::Cited(cited) => cited.into_core(),
            Self::ProjectRead(read) => read.into_core(),
            Self::Answering { turn, model } => answering(TurnNo(turn), model),
            Self::Resumable { turn, handle } => resumable(TurnNo(turn), handle),
            Self::Sealed(sealed) => sealed.into_core(),
            Self::Reversed(reversed) => q_core::Record::Reversed { reversed: reversed.into() },
            Self::Seen { through } => q_core::Record::Seen { through: through.into() },
            Self::Drafted { text } => q_core::Record::Drafted { text: text.into_owned() },
            Self::Imported(imported) => imported.into_core(),
            Self::ImportEnded { created, touched, usage } => {
                let (created, touched) = (WallTime(created), WallTime(touched));
                q_core::Record::ImportEnded { created, touched, usage: usage.into() }
            }
        })
    }
}

fn retried(prompt: PromptNo, token: Token) -> q_core::Record {
    q_core::Record::Retried { prompt, token }
}

fn answering(turn: TurnNo, model: Cow<'_, str>) -> q_core::Record {
    q_core::Record::Answering { turn, model: model.into_owned() }
}

fn resumable(turn: TurnNo, handle: Cow<'_, str>) -> q_core::Record {
    q_core::Record::Resumable { turn, handle: q_core::ResumeHandle(handle.into_owned()) }
}
