//! Heads in format 1.

use std::borrow::Cow;

use q_core::{
    CallNo, Digest, EntryNo, Environment, InFlight as CoreInFlight, NameFault, OpenCall as CoreCall,
    PromptNo, ResumeHandle, Seq, SessionId, Token, TurnNo, WaitingPrompt as CoreWaiting, WallTime,
};
use serde::{Deserialize, Serialize};

use super::record::Ending;
use super::word::{self, NameOrigin, Policy, Presence, Voice, Wants};
use super::{Fork, Mark, Sent, Usage, aloud, asks, is_aloud, is_asks, is_default};

/// [`q_core::Head`] without its id, which is the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadV1<'a> {
    #[serde(rename = "name", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "origin")]
    origin: NameOrigin,
    #[serde(rename = "slot")]
    slot: u32,
    #[serde(rename = "kind", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "agent", borrow)]
    agent: Cow<'a, str>,
    #[serde(rename = "model", borrow)]
    model: Cow<'a, str>,
    #[serde(rename = "dir", borrow)]
    directory: Cow<'a, str>,
    #[serde(rename = "brief", borrow, default, skip_serializing_if = "str::is_empty")]
    brief: Cow<'a, str>,
    #[serde(rename = "env", default, skip_serializing_if = "is_default")]
    environment: u64,
    #[serde(rename = "policy", default = "asks", skip_serializing_if = "is_asks")]
    policy: Policy,
    #[serde(rename = "fork", default, skip_serializing_if = "Option::is_none")]
    fork: Option<Fork>,
    #[serde(rename = "tags", borrow, default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Cow<'a, str>>,
    #[serde(rename = "pinned", default, skip_serializing_if = "is_default")]
    pinned: bool,
    #[serde(rename = "allowed", borrow, default, skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<Cow<'a, str>>,
    #[serde(rename = "trashed", default, skip_serializing_if = "Option::is_none")]
    trashed: Option<u64>,
    #[serde(rename = "presence")]
    presence: Presence,
    #[serde(rename = "turn", borrow)]
    turn: Option<InFlight<'a>>,
    #[serde(rename = "last", borrow)]
    last: Option<Ending<'a>>,
    #[serde(rename = "failures", default, skip_serializing_if = "is_default")]
    failures: u32,
    #[serde(rename = "reason", borrow, default, skip_serializing_if = "str::is_empty")]
    reason: Cow<'a, str>,
    #[serde(rename = "answering", borrow, default, skip_serializing_if = "str::is_empty")]
    answering: Cow<'a, str>,
    #[serde(rename = "resume", borrow, default, skip_serializing_if = "Option::is_none")]
    resume: Option<Cow<'a, str>>,
    #[serde(rename = "sent", default, skip_serializing_if = "Option::is_none")]
    sent: Option<Sent>,
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

/// [`CoreInFlight`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
struct InFlight<'a> {
    #[serde(rename = "turn")]
    turn: u64,
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
    calls: Vec<OpenCall<'a>>,
}

/// [`q_core::OpenCall`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
struct OpenCall<'a> {
    #[serde(rename = "no")]
    no: u64,
    #[serde(rename = "entry")]
    entry: u64,
    #[serde(rename = "tool", borrow)]
    tool: Cow<'a, str>,
    #[serde(rename = "digest")]
    digest: [u8; 32],
    #[serde(rename = "wants")]
    wants: Wants,
    #[serde(rename = "waits")]
    waits: bool,
}

/// [`CoreWaiting`] in its stored form.
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

impl<'a> From<&'a q_core::Head> for HeadV1<'a> {
    fn from(head: &'a q_core::Head) -> Self {
        Self {
            name: head.name.as_str().into(),
            origin: head.origin.into(),
            slot: head.slot,
            kind: head.setup.kind.word().into(),
            agent: (&head.setup.agent).into(),
            model: (&head.setup.model).into(),
            directory: (&head.setup.directory).into(),
            brief: (&head.setup.brief).into(),
            environment: head.setup.environment.0,
            policy: head.setup.policy.into(),
            fork: head.fork.map(Fork::from),
            tags: head.tags.iter().map(|tag| tag.as_str().into()).collect(),
            pinned: head.pinned,
            allowed: head.allowed.iter().map(Cow::from).collect(),
            trashed: head.trashed.map(|since| since.0),
            presence: head.presence.into(),
            turn: head.turn.as_ref().map(InFlight::from),
            last: head.last.as_ref().map(Ending::from),
            failures: head.failures,
            reason: (&head.reason).into(),
            answering: (&head.answering).into(),
            resume: head.resume.as_ref().map(|handle| Cow::from(&handle.0)),
            sent: head.sent.map(Sent::from),
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
            bytes: head.bytes,
            preview: (&head.preview).into(),
            created: head.created.0,
            touched: head.touched.0,
            seq: head.seq.0,
        }
    }
}

impl HeadV1<'_> {
    pub(crate) fn into_core(self, id: SessionId) -> Result<q_core::Head, NameFault> {
        Ok(q_core::Head {
            id,
            name: self.name.parse()?,
            origin: self.origin.into(),
            slot: self.slot,
            setup: q_core::Setup {
                kind: word::kind(&self.kind)?,
                brief: self.brief.into_owned(),
                agent: self.agent.into_owned(),
                model: self.model.into_owned(),
                directory: self.directory.into_owned(),
                environment: Environment(self.environment),
                policy: self.policy.into(),
            },
            fork: self.fork.map(q_core::Fork::from),
            tags: self.tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
            pinned: self.pinned,
            allowed: self.allowed.into_iter().map(Cow::into_owned).collect(),
            trashed: self.trashed.map(WallTime),
            presence: self.presence.into(),
            turn: self.turn.map(CoreInFlight::from),
            last: self.last.map(q_core::Ending::from),
            failures: self.failures,
            reason: self.reason.into_owned(),
            answering: self.answering.into_owned(),
            resume: self.resume.map(|handle| ResumeHandle(handle.into_owned())),
            sent: self.sent.map(q_core::Sent::from),
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
            bytes: self.bytes,
            preview: self.preview.into_owned(),
            created: WallTime(self.created),
            touched: WallTime(self.touched),
            seq: Seq(self.seq),
        })
    }
}

impl<'a> From<&'a CoreInFlight> for InFlight<'a> {
    fn from(flight: &'a CoreInFlight) -> Self {
        let call = |call: &'a CoreCall| OpenCall {
            no: call.no.0,
            entry: call.entry.0,
            tool: (&call.tool).into(),
            digest: call.digest.0,
            wants: call.wants.into(),
            waits: call.waits,
        };
        let (voice, of) = Voice::of(flight.voice);
        Self {
            turn: flight.turn.0,
            answer: flight.answer.map(|entry| entry.0),
            voice,
            of,
            said: flight.said,
            output: flight.output,
            entries: flight.entries,
            last_call: flight.last_call.0,
            unasked: flight.unasked,
            calls: flight.calls.iter().map(call).collect(),
        }
    }
}

impl From<InFlight<'_>> for CoreInFlight {
    fn from(flight: InFlight<'_>) -> Self {
        let call = |call: OpenCall<'_>| CoreCall {
            no: CallNo(call.no),
            entry: EntryNo(call.entry),
            tool: call.tool.into_owned(),
            digest: Digest(call.digest),
            wants: call.wants.into(),
            waits: call.waits,
        };
        Self {
            turn: TurnNo(flight.turn),
            answer: flight.answer.map(EntryNo),
            voice: flight.voice.into_core(flight.of),
            said: flight.said,
            output: flight.output,
            entries: flight.entries,
            last_call: CallNo(flight.last_call),
            unasked: flight.unasked,
            calls: flight.calls.into_iter().map(call).collect(),
        }
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
