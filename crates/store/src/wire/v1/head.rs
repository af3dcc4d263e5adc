//! Heads in format 1.

use std::borrow::Cow;

use q_core::{
    CallNo, EntryNo, InFlight, NameFault, OpenCall, PromptNo, ResumeHandle, Seq, SessionId, Spending, Token,
    TurnNo, Usage, WaitingPrompt, WallTime,
};
use serde::{Deserialize, Serialize};

use super::call::OpenCallV1;
use super::compaction::{ReplacedV1, WindowUseV1};
use super::ending::EndingV1;
use super::rule::{RuleV1, StoredRules};
use super::setup::{setup_of, store_setup, with_setup};
use super::word::{Presence, Voice};
use super::{MarkV1, SentV1, SpendingV1, UsageV1, aloud, is_aloud, is_default};

with_setup! {
    /// [`q_core::Head`] without its id, which is the key.
    pub(crate) HeadV1 {
        #[serde(rename = "tags", borrow, default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<Cow<'a, str>>,
        #[serde(rename = "pinned", default, skip_serializing_if = "is_default")]
        pinned: bool,
        #[serde(rename = "allowed", borrow, default, skip_serializing_if = "Vec::is_empty")]
        allowed: Vec<Cow<'a, str>>,
        #[serde(rename = "rules", borrow, default, skip_serializing_if = "Vec::is_empty")]
        rules: Vec<RuleV1<'a>>,
        #[serde(rename = "trashed", default, skip_serializing_if = "Option::is_none")]
        trashed: Option<u64>,
        #[serde(rename = "presence")]
        presence: Presence,
        #[serde(rename = "turn", borrow)]
        turn: Option<InFlightV1<'a>>,
        #[serde(rename = "last", borrow)]
        last: Option<EndingV1<'a>>,
        #[serde(rename = "failures", default, skip_serializing_if = "is_default")]
        failures: u32,
        #[serde(rename = "reason", borrow, default, skip_serializing_if = "str::is_empty")]
        reason: Cow<'a, str>,
        #[serde(rename = "answering", borrow, default, skip_serializing_if = "str::is_empty")]
        answering: Cow<'a, str>,
        #[serde(rename = "resume", borrow, default, skip_serializing_if = "Option::is_none")]
        resume: Option<Cow<'a, str>>,
        #[serde(rename = "sent", default, skip_serializing_if = "Option::is_none")]
        sent: Option<SentV1>,
        #[serde(rename = "window", default, skip_serializing_if = "Option::is_none")]
        window: Option<WindowUseV1>,
        #[serde(rename = "summaries", default, skip_serializing_if = "is_default")]
        summaries: u32,
        #[serde(rename = "replaced", default, skip_serializing_if = "Vec::is_empty")]
        replaced: Vec<ReplacedV1>,
        #[serde(rename = "last_prompt")]
        last_prompt: Option<WaitingPromptV1>,
        #[serde(rename = "queue")]
        queue: Vec<WaitingPromptV1>,
        #[serde(rename = "taken")]
        taken: Vec<TakenV1>,
        #[serde(rename = "turns")]
        turns: u64,
        #[serde(rename = "prompts")]
        prompts: u64,
        #[serde(rename = "entries")]
        entries: u64,
        #[serde(rename = "end")]
        end: MarkV1,
        #[serde(rename = "seen")]
        seen: MarkV1,
        #[serde(rename = "unread")]
        unread: u32,
        #[serde(rename = "acknowledged", default, skip_serializing_if = "is_default")]
        acknowledged: bool,
        #[serde(rename = "draft")]
        draft: u64,
        #[serde(rename = "usage")]
        usage: UsageV1,
        /// Missing where it follows from what was spent in all: in heads from before there were budgets.
        #[serde(rename = "spending", default, skip_serializing_if = "Option::is_none")]
        spending: Option<SpendingV1>,
        #[serde(rename = "bytes", default, skip_serializing_if = "is_default")]
        bytes: u64,
        #[serde(rename = "preview", borrow)]
        preview: Cow<'a, str>,
        #[serde(rename = "created")]
        created: u64,
        #[serde(rename = "touched")]
        touched: u64,
        #[serde(rename = "seq")]
        seq: u64,
    }
}

/// [`InFlight`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
struct InFlightV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "compacts", default, skip_serializing_if = "is_default")]
    compacts: bool,
    #[serde(rename = "runs", default, skip_serializing_if = "is_default")]
    runs: bool,
    #[serde(rename = "answer")]
    answer: Option<u64>,
    #[serde(rename = "voice", default = "aloud", skip_serializing_if = "is_aloud")]
    voice: Voice,
    /// Of an output: the entry of its call.
    #[serde(rename = "of", default, skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    #[serde(rename = "said", default, skip_serializing_if = "is_default")]
    said: u64,
    #[serde(rename = "output", default, skip_serializing_if = "is_default")]
    output: u64,
    #[serde(rename = "entries", default, skip_serializing_if = "is_default")]
    entries: u32,
    #[serde(rename = "last_call", default, skip_serializing_if = "is_default")]
    last_call: u64,
    #[serde(rename = "unasked", default, skip_serializing_if = "is_default")]
    unasked: u32,
    #[serde(rename = "calls", borrow, default, skip_serializing_if = "Vec::is_empty")]
    calls: Vec<OpenCallV1<'a>>,
}

/// [`WaitingPrompt`] in its stored form.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct WaitingPromptV1 {
    #[serde(rename = "p")]
    prompt: u64,
    #[serde(rename = "at")]
    queued: u64,
}

/// A submission taken; up to 16 stand in each head, hence the short names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct TakenV1 {
    #[serde(rename = "t")]
    token: u128,
    #[serde(rename = "p")]
    prompt: u64,
}

impl<'a> From<&'a q_core::Head> for HeadV1<'a> {
    fn from(head: &'a q_core::Head) -> Self {
        let stored = StoredRules::from(head.rules.as_slice());
        store_setup!(HeadV1 { head.name, head.origin, head.slot, head.setup, head.fork;
            tags: head.tags.iter().map(|tag| tag.as_str().into()).collect(),
            pinned: head.pinned,
            allowed: stored.allowed,
            rules: stored.rules,
            trashed: head.trashed.map(|since| since.0),
            presence: head.presence.into(),
            turn: head.turn.as_ref().map(InFlightV1::from),
            last: head.last.as_ref().map(EndingV1::from),
            failures: head.failures,
            reason: (&head.reason).into(),
            answering: (&head.answering).into(),
            resume: head.resume.as_ref().map(|handle| Cow::from(&handle.0)),
            sent: head.sent.map(SentV1::from),
            window: head.window.map(WindowUseV1::from),
            summaries: head.summaries,
            replaced: head.replaced.iter().map(|&(of, by)| ReplacedV1 { of, by }).collect(),
            last_prompt: head.last_prompt.map(WaitingPromptV1::from),
            queue: head.queue.iter().copied().map(WaitingPromptV1::from).collect(),
            taken: head
                .taken
                .iter()
                .map(|(token, prompt)| TakenV1 { token: token.0, prompt: prompt.0 })
                .collect(),
            turns: head.turns.0,
            prompts: head.prompts.0,
            entries: head.entries,
            end: head.end.into(),
            seen: head.seen.into(),
            unread: head.unread,
            acknowledged: head.acknowledged,
            draft: head.draft.0,
            usage: head.usage.into(),
            spending: (head.spending != spending_of(head.usage)).then(|| head.spending.into()),
            bytes: head.bytes,
            preview: (&head.preview).into(),
            created: head.created.0,
            touched: head.touched.0,
            seq: head.seq.0,
        })
    }
}

impl HeadV1<'_> {
    pub(crate) fn into_core(self, id: SessionId) -> Result<q_core::Head, NameFault> {
        Ok(q_core::Head {
            id,
            name: self.name.parse()?,
            origin: self.origin.into(),
            slot: self.slot,
            setup: setup_of!(self),
            fork: self.fork.map(q_core::Fork::from),
            tags: self.tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
            pinned: self.pinned,
            rules: StoredRules { allowed: self.allowed, rules: self.rules }.into(),
            trashed: self.trashed.map(WallTime),
            presence: self.presence.into(),
            turn: self.turn.map(InFlight::from),
            last: self.last.map(q_core::Ending::from),
            failures: self.failures,
            reason: self.reason.into_owned(),
            answering: self.answering.into_owned(),
            resume: self.resume.map(|handle| ResumeHandle(handle.into_owned())),
            sent: self.sent.map(q_core::Sent::from),
            window: self.window.map(q_core::WindowUse::from),
            summaries: self.summaries,
            replaced: self.replaced.into_iter().map(|replaced| (replaced.of, replaced.by)).collect(),
            last_prompt: self.last_prompt.map(WaitingPrompt::from),
            queue: self.queue.into_iter().map(WaitingPrompt::from).collect(),
            taken: self.taken.into_iter().map(|taken| (Token(taken.token), PromptNo(taken.prompt))).collect(),
            turns: TurnNo(self.turns),
            prompts: PromptNo(self.prompts),
            entries: self.entries,
            end: self.end.into(),
            seen: self.seen.into(),
            unread: self.unread,
            acknowledged: self.acknowledged,
            draft: Seq(self.draft),
            usage: self.usage.into(),
            spending: self.spending.map_or_else(|| spending_of(self.usage.into()), Spending::from),
            bytes: self.bytes,
            preview: self.preview.into_owned(),
            created: WallTime(self.created),
            touched: WallTime(self.touched),
            seq: Seq(self.seq),
        })
    }
}

/// What a session had spent before that was kept: all that it had cost, on a day that nobody knows.
const fn spending_of(usage: Usage) -> Spending {
    Spending { in_all: usage.total(), day: 0, on_day: 0 }
}

impl<'a> From<&'a InFlight> for InFlightV1<'a> {
    fn from(flight: &'a InFlight) -> Self {
        let (voice, of) = Voice::of(flight.voice);
        Self {
            turn: flight.turn.0,
            compacts: flight.compacts,
            runs: flight.runs,
            answer: flight.answer.map(|entry| entry.0),
            voice,
            of,
            said: flight.said,
            output: flight.output,
            entries: flight.entries,
            last_call: flight.last_call.0,
            unasked: flight.unasked,
            calls: flight.calls.iter().map(OpenCallV1::from).collect(),
        }
    }
}

impl From<InFlightV1<'_>> for InFlight {
    fn from(flight: InFlightV1<'_>) -> Self {
        Self {
            turn: TurnNo(flight.turn),
            compacts: flight.compacts,
            runs: flight.runs,
            answer: flight.answer.map(EntryNo),
            voice: flight.voice.into_core(flight.of),
            said: flight.said,
            output: flight.output,
            entries: flight.entries,
            last_call: CallNo(flight.last_call),
            unasked: flight.unasked,
            calls: flight.calls.into_iter().map(OpenCall::from).collect(),
        }
    }
}

impl From<WaitingPrompt> for WaitingPromptV1 {
    fn from(WaitingPrompt { prompt, queued }: WaitingPrompt) -> Self {
        Self { prompt: prompt.0, queued: queued.0 }
    }
}

impl From<WaitingPromptV1> for WaitingPrompt {
    fn from(WaitingPromptV1 { prompt, queued }: WaitingPromptV1) -> Self {
        Self { prompt: PromptNo(prompt), queued: Seq(queued) }
    }
}
