//! What an observer may know, of the model and of the core alike: the only place where the two are held side by side.

use std::collections::BTreeMap;

use q_core::{
    Activity, CallNo, ClientId, Effect, Effects, EntryNo, FailureKind, Head, Interrupter, Multiplexer,
    Outcome, PlanStep, Policy, Presence, PromptNo, Reply, RequestId, ResumeHandle, Sent, SessionId, Stop,
    Summary, TurnNo, Update, WallTime, Wants,
};

use super::Model;
use super::session::Session;

/// One thing that a step did, beside changing what is seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Ask { session: SessionId, turn: TurnNo, resume: Option<ResumeHandle> },
    Cancel { session: SessionId, turn: TurnNo },
    Steer { session: SessionId, turn: TurnNo, text: String },
    Permit { session: SessionId, turn: TurnNo, call: CallNo },
    Settle { session: SessionId, turn: TurnNo, call: CallNo, outcome: Outcome, text: String },
    Bind { session: SessionId },
    Unbind { session: SessionId },
    Release { session: SessionId },
    Load { session: SessionId },
    Reply { client: ClientId, request: RequestId, answer: Answered },
    Leave,
}

/// The answer to a wish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    Done,
    /// Created, and which session made room.
    Created(SessionId, Option<SessionId>),
    Accepted(PromptNo),
    Refused(&'static str),
}

/// One session as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub id: SessionId,
    pub name: String,
    pub slot: u32,
    pub tags: Vec<String>,
    pub pinned: bool,
    pub policy: Policy,
    pub allowed: Vec<String>,
    pub parent: Option<SessionId>,
    pub presence: Presence,
    pub trashed: Option<WallTime>,
    pub activity: Activity,
    pub held: bool,
    pub wants_agent: bool,
    pub unread: u32,
    pub queued: u32,
    pub pending: u32,
    pub entries: u64,
    pub turns: u64,
    pub prompts: u64,
    pub tokens: (u64, u64),
    pub failure: Option<FailureKind>,
    pub failures: u32,
    pub stop_reason: String,
    pub answering: String,
    pub interrupter: Option<Interrupter>,
    pub sent: Option<Sent>,
    pub preview: String,
    pub created: WallTime,
    pub touched: WallTime,
    /// Of a live one, all that is in it.
    pub memory: Option<Memory>,
}

/// What only a live session shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    pub lines: Vec<Line>,
    pub queue: Vec<(PromptNo, String)>,
    pub draft: String,
    pub pending: Vec<(TurnNo, CallNo, String, String, Wants)>,
}

/// One entry as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub no: EntryNo,
    pub at: WallTime,
    pub body: Body,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Prompt(String),
    Answer(String),
    Thinking(String),
    Call { no: CallNo, tool: String, input: String, wants: Wants },
    Result { of: EntryNo, outcome: Outcome, text: String, kept: u64, whole: u64 },
    Interrupted(Interrupter),
    Failed(FailureKind, String),
    Repaired,
    LeftOut(Sent),
    Output { of: EntryNo, text: String },
    Plan(Vec<PlanStep>),
}

/// What the core did in one call, sorted. Updates are what keeps mirrors; what they say is in the pictures.
pub fn deeds(effects: &Effects) -> Vec<Deed> {
    let deed = |effect: &Effect| {
        Some(match effect.clone() {
            Effect::Run { session, turn, resume, .. } => Deed::Ask { session, turn, resume },
            Effect::Cancel { session, turn } => Deed::Cancel { session, turn },
            Effect::Steer { session, turn, text } => Deed::Steer { session, turn, text },
            Effect::Permit { session, turn, call, .. } => Deed::Permit { session, turn, call },
            Effect::Settle { session, turn, call, outcome, text } => {
                Deed::Settle { session, turn, call, outcome, text }
            }
            Effect::Bind { session, .. } => Deed::Bind { session },
            Effect::Unbind { session } => Deed::Unbind { session },
            Effect::Release { session } => Deed::Release { session },
            Effect::Load { session } => Deed::Load { session },
            Effect::Reply { to, answer } => {
                let answer = match answer {
                    Ok(Reply::Done) => Answered::Done,
                    Ok(Reply::Created { session, hibernated }) => Answered::Created(session, hibernated),
                    Ok(Reply::Accepted(prompt)) => Answered::Accepted(prompt),
                    Err(refusal) => Answered::Refused(refusal.code()),
                };
                Deed::Reply { client: to.client, request: to.request, answer }
            }
            Effect::Leave => Deed::Leave,
            Effect::Resync { .. } | Effect::Update(_) => return None,
        })
    };
    let mut deeds: Vec<Deed> = effects.at_once.iter().chain(&effects.after).filter_map(deed).collect();
    deeds.sort();
    deeds
}

/// The new entries that the core told of in one call, by session, in order.
pub fn entries_told(effects: &Effects) -> BTreeMap<SessionId, Vec<EntryNo>> {
    let mut told: BTreeMap<SessionId, Vec<EntryNo>> = BTreeMap::new();
    for effect in effects.at_once.iter().chain(&effects.after) {
        if let Effect::Update(Update::Entry { session, entry }) = effect {
            told.entry(*session).or_default().push(entry.no);
        }
    }
    for numbers in told.values_mut() {
        numbers.sort();
    }
    told
}

/// What the core shows of every session. Its heads add what only the store and an approval need to know.
pub fn pictures(core: &Multiplexer, heads: &BTreeMap<SessionId, Head>) -> Vec<Picture> {
    core.view().sessions().map(|line| picture(core, line, heads)).collect()
}

fn picture(core: &Multiplexer, line: Summary, heads: &BTreeMap<SessionId, Head>) -> Picture {
    let head = heads.get(&line.id);
    Picture {
        id: line.id,
        name: line.name.to_string(),
        slot: line.slot,
        tags: line.tags.iter().map(ToString::to_string).collect(),
        pinned: line.pinned,
        policy: line.policy,
        allowed: head.map(|head| head.allowed.clone()).unwrap_or_default(),
        parent: line.parent,
        presence: line.presence,
        trashed: line.trashed,
        activity: line.activity,
        held: line.held,
        wants_agent: core.view().wants_agent(line.id),
        unread: line.unread,
        queued: line.queued,
        pending: line.pending,
        entries: line.entries,
        turns: line.turns,
        prompts: head.map_or(0, |head| head.prompts.0),
        tokens: (line.tokens_in, line.tokens_out),
        failure: line.failure.as_ref().map(|failure| failure.kind),
        failures: line.failures,
        stop_reason: line.stop_reason,
        answering: line.answering,
        interrupter: line.interrupter,
        sent: line.sent,
        preview: line.preview,
        created: line.created,
        touched: line.touched,
        memory: memory(core, line.id),
    }
}

fn memory(core: &Multiplexer, id: SessionId) -> Option<Memory> {
    let snapshot = core.view().snapshot(id, usize::MAX)?;
    let body = |body: q_core::Body| match body {
        q_core::Body::Prompt(text) => Body::Prompt(text),
        q_core::Body::Answer(text) => Body::Answer(text),
        q_core::Body::Thinking(text) => Body::Thinking(text),
        q_core::Body::Call(call) => {
            Body::Call { no: call.no, tool: call.tool, input: call.input, wants: call.wants }
        }
        q_core::Body::Result(end) => Body::Result {
            of: end.of,
            outcome: end.outcome,
            text: end.text,
            kept: end.kept,
            whole: end.whole,
        },
        q_core::Body::Stop(Stop::Interrupted(by)) => Body::Interrupted(by),
        q_core::Body::Stop(Stop::Failed(failure)) => Body::Failed(failure.kind, failure.detail),
        q_core::Body::Repair(_) => Body::Repaired,
        q_core::Body::LeftOut(sent) => Body::LeftOut(sent),
        q_core::Body::Output(output) => Body::Output { of: output.of, text: output.text },
        q_core::Body::Plan(steps) => Body::Plan(steps),
    };
    let line = |entry: q_core::Entry| Line { no: entry.no, at: entry.at, body: body(entry.body) };
    Some(Memory {
        lines: snapshot.entries.into_iter().map(line).collect(),
        queue: snapshot.queue.into_iter().map(|waiting| (waiting.prompt, waiting.text)).collect(),
        draft: snapshot.draft,
        pending: snapshot
            .pending
            .into_iter()
            .map(|call| (call.turn, call.call, call.tool, call.input, call.wants))
            .collect(),
    })
}

impl Model {
    /// What the model shows of every session, by id.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut pictures: Vec<Picture> = self.sessions.iter().map(|session| self.picture(session)).collect();
        pictures.sort_by_key(|picture| picture.id);
        pictures
    }

    fn picture(&self, session: &Session) -> Picture {
        let own = session.entries.iter().filter(|entry| entry.turn != TurnNo(0)).count();
        Picture {
            id: session.id,
            name: session.name.clone(),
            slot: session.slot,
            tags: session.tags.clone(),
            pinned: session.pinned,
            policy: session.policy,
            allowed: session.allowed.clone(),
            parent: session.parent,
            presence: session.presence,
            trashed: session.trashed,
            activity: session.activity(),
            wants_agent: session.wants_agent(),
            held: session.turn.as_ref().is_some_and(|turn| turn.held.is_some()),
            unread: if self.is_watched(session.id) { 0 } else { session.unread() },
            queued: session.queue.len() as u32,
            pending: session.waiting_calls().count() as u32,
            entries: own as u64,
            turns: session.turns,
            prompts: session.prompts,
            tokens: (session.usage.input, session.usage.output),
            failure: session.failure(),
            failures: session.failures(),
            stop_reason: session.reason.clone(),
            answering: session.answering.clone(),
            interrupter: session.interrupter(),
            sent: session.sent,
            preview: session.preview(),
            created: session.created,
            touched: session.touched,
            memory: (session.presence == Presence::Live).then(|| session.memory()),
        }
    }
}

impl Session {
    fn failure(&self) -> Option<FailureKind> {
        match self.last_ending() {
            super::session::Ending::Failed(failure) => Some(failure.kind),
            super::session::Ending::Done | super::session::Ending::Interrupted(_) => None,
        }
    }

    fn memory(&self) -> Memory {
        let turn = self.turn.as_ref().map(|turn| turn.no).unwrap_or_default();
        let pending = self.waiting_calls().map(|(place, call)| {
            (turn, call.no, call.tool.clone(), self.entries[place].text.clone(), call.wants)
        });
        Memory {
            lines: self.lines(),
            queue: self.queue.iter().map(|prompt| (prompt.no, prompt.text.clone())).collect(),
            draft: self.draft.clone(),
            pending: pending.collect(),
        }
    }
}
