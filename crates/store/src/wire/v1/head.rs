//! Heads in format 1.

use std::borrow::Cow;

use q_core::session::head::{InFlight as CoreInFlight, WaitingPrompt as CoreWaiting};
use q_core::{EntryNo, NameFault, PromptNo, Seq, SessionId, Token, TurnNo, WallTime};
use serde::{Deserialize, Serialize};

use super::record::Ending;
use super::word::{Kind, NameOrigin, Presence};
use super::{Mark, Usage};

/// [`q_core::Head`] without its id, which is the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head<'a> {
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
    #[serde(rename = "presence")]
    presence: Presence,
    #[serde(rename = "turn")]
    turn: Option<InFlight>,
    #[serde(rename = "last", borrow)]
    last: Option<Ending<'a>>,
    #[serde(rename = "last_prompt")]
    last_prompt: Option<WaitingPrompt>,
    #[serde(rename = "queue")]
    queue: Vec<WaitingPrompt>,
    #[serde(rename = "taken")]
    taken: Vec<Taken>,
    #[serde(rename = "turns")]
    turns: u64,
    #[serde(rename = "prompts")]
    prompts: u64,
    #[serde(rename = "entries")]
    entries: u64,
    #[serde(rename = "end")]
    end: Mark,
    #[serde(rename = "seen")]
    seen: Mark,
    #[serde(rename = "unread")]
    unread: u32,
    #[serde(rename = "draft")]
    draft: u64,
    #[serde(rename = "usage")]
    usage: Usage,
    #[serde(rename = "preview", borrow)]
    preview: Cow<'a, str>,
    #[serde(rename = "created")]
    created: u64,
    #[serde(rename = "touched")]
    touched: u64,
    #[serde(rename = "seq")]
    seq: u64,
}

/// [`CoreInFlight`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct InFlight {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "answer")]
    answer: Option<u64>,
}

/// [`CoreWaiting`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct WaitingPrompt {
    #[serde(rename = "p")]
    prompt: u64,
    #[serde(rename = "at")]
    queued: u64,
}

/// A submission taken; up to 16 stand in each head, hence the short names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Taken {
    #[serde(rename = "t")]
    token: u128,
    #[serde(rename = "p")]
    prompt: u64,
}

impl<'a> From<&'a q_core::Head> for Head<'a> {
    fn from(head: &'a q_core::Head) -> Self {
        Self {
            name: head.name.as_str().into(),
            origin: head.origin.into(),
            slot: head.slot,
            kind: head.kind.into(),
            agent: (&head.agent).into(),
            model: (&head.model).into(),
            directory: (&head.directory).into(),
            presence: head.presence.into(),
            turn: head.turn.map(InFlight::from),
            last: head.last.as_ref().map(Ending::from),
            last_prompt: head.last_prompt.map(WaitingPrompt::from),
            queue: head.queue.iter().copied().map(WaitingPrompt::from).collect(),
            taken: head
                .taken
                .iter()
                .map(|(token, prompt)| Taken { token: token.0, prompt: prompt.0 })
                .collect(),
            turns: head.turns.0,
            prompts: head.prompts.0,
            entries: head.entries,
            end: head.end.into(),
            seen: head.seen.into(),
            unread: head.unread,
            draft: head.draft.0,
            usage: head.usage.into(),
            preview: (&head.preview).into(),
            created: head.created.0,
            touched: head.touched.0,
            seq: head.seq.0,
        }
    }
}

impl Head<'_> {
    pub(crate) fn into_core(self, id: SessionId) -> Result<q_core::Head, NameFault> {
        Ok(q_core::Head {
            id,
            name: self.name.parse()?,
            origin: self.origin.into(),
            slot: self.slot,
            kind: self.kind.into(),
            agent: self.agent.into_owned(),
            model: self.model.into_owned(),
            directory: self.directory.into_owned(),
            presence: self.presence.into(),
            turn: self.turn.map(CoreInFlight::from),
            last: self.last.map(q_core::Ending::from),
            last_prompt: self.last_prompt.map(CoreWaiting::from),
            queue: self.queue.into_iter().map(CoreWaiting::from).collect(),
            taken: self.taken.into_iter().map(|taken| (Token(taken.token), PromptNo(taken.prompt))).collect(),
            turns: TurnNo(self.turns),
            prompts: PromptNo(self.prompts),
            entries: self.entries,
            end: self.end.into(),
            seen: self.seen.into(),
            unread: self.unread,
            draft: Seq(self.draft),
            usage: self.usage.into(),
            preview: self.preview.into_owned(),
            created: WallTime(self.created),
            touched: WallTime(self.touched),
            seq: Seq(self.seq),
        })
    }
}

impl From<CoreInFlight> for InFlight {
    fn from(CoreInFlight { turn, answer }: CoreInFlight) -> Self {
        Self { turn: turn.0, answer: answer.map(|entry| entry.0) }
    }
}

impl From<InFlight> for CoreInFlight {
    fn from(InFlight { turn, answer }: InFlight) -> Self {
        Self { turn: TurnNo(turn), answer: answer.map(EntryNo) }
    }
}

impl From<CoreWaiting> for WaitingPrompt {
    fn from(CoreWaiting { prompt, queued }: CoreWaiting) -> Self {
        Self { prompt: prompt.0, queued: queued.0 }
    }
}

impl From<WaitingPrompt> for CoreWaiting {
    fn from(WaitingPrompt { prompt, queued }: WaitingPrompt) -> Self {
        Self { prompt: PromptNo(prompt), queued: Seq(queued) }
    }
}
