//! Records in format 1.

use std::borrow::Cow;

use q_core::{AgentFailure, EntryNo, NameFault, PromptNo, Seq, SessionId, Token, TurnNo, WallTime};
use serde::{Deserialize, Serialize};

use super::word::{FailureKind, Interrupter, Kind, NameOrigin};
use super::{Mark, Usage};

/// [`q_core::Stamped`] without its session and place, which are in the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stamped<'a> {
    #[serde(rename = "at")]
    at: u64,
    #[serde(rename = "rec", borrow)]
    record: Record<'a>,
}

/// [`q_core::Record`].
#[derive(Debug, Serialize, Deserialize)]
enum Record<'a> {
    #[serde(rename = "created")]
    Created {
        #[serde(rename = "name", borrow)]
        name: Cow<'a, str>,
        #[serde(rename = "origin")]
        origin: NameOrigin,
        #[serde(rename = "slot")]
        slot: u32,
        #[serde(rename = "kind")]
        kind: Kind,
        #[serde(rename = "agent", borrow)]
        agent: Cow<'a, str>,
        #[serde(rename = "model", borrow)]
        model: Cow<'a, str>,
        #[serde(rename = "dir", borrow)]
        directory: Cow<'a, str>,
    },
    #[serde(rename = "renamed")]
    Renamed {
        #[serde(rename = "name", borrow)]
        name: Cow<'a, str>,
        #[serde(rename = "origin")]
        origin: NameOrigin,
    },
    #[serde(rename = "closed")]
    Closed {},
    #[serde(rename = "queued")]
    Queued {
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "token")]
        token: u128,
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "unqueued")]
    Unqueued {
        #[serde(rename = "prompt")]
        prompt: u64,
    },
    #[serde(rename = "began")]
    Began {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "prompt")]
        prompt: u64,
        #[serde(rename = "queued")]
        queued: u64,
    },
    #[serde(rename = "said")]
    Said {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "entry")]
        entry: u64,
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "ended")]
    Ended {
        #[serde(rename = "turn")]
        turn: u64,
        #[serde(rename = "ending", borrow)]
        ending: Ending<'a>,
        #[serde(rename = "usage")]
        usage: Usage,
    },
    #[serde(rename = "seen")]
    Seen {
        #[serde(rename = "to")]
        through: Mark,
    },
    #[serde(rename = "drafted")]
    Drafted {
        #[serde(rename = "text", borrow)]
        text: Cow<'a, str>,
    },
}

/// [`q_core::Ending`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ending<'a> {
    #[serde(rename = "done")]
    Done {},
    #[serde(rename = "interrupted")]
    Interrupted {
        #[serde(rename = "by")]
        by: Interrupter,
    },
    #[serde(rename = "failed")]
    Failed {
        #[serde(rename = "kind")]
        kind: FailureKind,
        #[serde(rename = "detail", borrow)]
        detail: Cow<'a, str>,
    },
}

impl<'a> From<&'a q_core::Stamped> for Stamped<'a> {
    fn from(stamped: &'a q_core::Stamped) -> Self {
        Self { at: stamped.at.0, record: Record::from(&stamped.record) }
    }
}

impl Stamped<'_> {
    pub(crate) fn into_core(self, session: SessionId, seq: Seq) -> Result<q_core::Stamped, NameFault> {
        Ok(q_core::Stamped { session, seq, at: WallTime(self.at), record: self.record.into_core()? })
    }
}

impl<'a> From<&'a q_core::Record> for Record<'a> {
    fn from(record: &'a q_core::Record) -> Self {
        match record {
            q_core::Record::Created { name, origin, slot, kind, agent, model, directory } => Self::Created {
                name: name.as_str().into(),
                origin: (*origin).into(),
                slot: *slot,
                kind: (*kind).into(),
                agent: agent.into(),
                model: model.into(),
                directory: directory.into(),
            },
            q_core::Record::Renamed { name, origin } => {
                Self::Renamed { name: name.as_str().into(), origin: (*origin).into() }
            }
            q_core::Record::Closed => Self::Closed {},
            q_core::Record::Queued { prompt, token, text } => {
                Self::Queued { prompt: prompt.0, token: token.0, text: text.into() }
            }
            q_core::Record::Unqueued { prompt } => Self::Unqueued { prompt: prompt.0 },
            q_core::Record::Began { turn, prompt, queued } => {
                Self::Began { turn: turn.0, prompt: prompt.0, queued: queued.0 }
            }
            q_core::Record::Said { turn, entry, text } => {
                Self::Said { turn: turn.0, entry: entry.0, text: text.into() }
            }
            q_core::Record::Ended { turn, ending, usage } => {
                Self::Ended { turn: turn.0, ending: ending.into(), usage: (*usage).into() }
            }
            q_core::Record::Seen { through } => Self::Seen { through: (*through).into() },
            q_core::Record::Drafted { text } => Self::Drafted { text: text.into() },
        }
    }
}

impl Record<'_> {
    fn into_core(self) -> Result<q_core::Record, NameFault> {
        Ok(match self {
            Self::Created { name, origin, slot, kind, agent, model, directory } => q_core::Record::Created {
                name: name.parse()?,
                origin: origin.into(),
                slot,
                kind: kind.into(),
                agent: agent.into_owned(),
                model: model.into_owned(),
                directory: directory.into_owned(),
            },
            Self::Renamed { name, origin } => {
                q_core::Record::Renamed { name: name.parse()?, origin: origin.into() }
            }
            Self::Closed {} => q_core::Record::Closed,
            Self::Queued { prompt, token, text } => q_core::Record::Queued {
                prompt: PromptNo(prompt),
                token: Token(token),
                text: text.into_owned(),
            },
            Self::Unqueued { prompt } => q_core::Record::Unqueued { prompt: PromptNo(prompt) },
            Self::Began { turn, prompt, queued } => {
                q_core::Record::Began { turn: TurnNo(turn), prompt: PromptNo(prompt), queued: Seq(queued) }
            }
            Self::Said { turn, entry, text } => {
                q_core::Record::Said { turn: TurnNo(turn), entry: EntryNo(entry), text: text.into_owned() }
            }
            Self::Ended { turn, ending, usage } => {
                q_core::Record::Ended { turn: TurnNo(turn), ending: ending.into(), usage: usage.into() }
            }
            Self::Seen { through } => q_core::Record::Seen { through: through.into() },
            Self::Drafted { text } => q_core::Record::Drafted { text: text.into_owned() },
        })
    }
}

impl<'a> From<&'a q_core::Ending> for Ending<'a> {
    fn from(ending: &'a q_core::Ending) -> Self {
        match ending {
            q_core::Ending::Done => Self::Done {},
            q_core::Ending::Interrupted(by) => Self::Interrupted { by: (*by).into() },
            q_core::Ending::Failed(AgentFailure { kind, detail }) => {
                Self::Failed { kind: (*kind).into(), detail: detail.into() }
            }
        }
    }
}

impl From<Ending<'_>> for q_core::Ending {
    fn from(ending: Ending<'_>) -> Self {
        match ending {
            Ending::Done {} => Self::Done,
            Ending::Interrupted { by } => Self::Interrupted(by.into()),
            Ending::Failed { kind, detail } => {
                Self::Failed(AgentFailure { kind: kind.into(), detail: detail.into_owned() })
            }
        }
    }
}
