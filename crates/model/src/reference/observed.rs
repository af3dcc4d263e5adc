//! What an observer may know, of the model and of the core alike, and how it is read from the core.
//!
//! Not here: how it is read from the model (`picture`).

use std::collections::BTreeMap;

use q_core::{
    Activity, BudgetScope, CallNo, ClientId, Effect, Effects, Entry, EntryNo, FailureKind, Head, Interrupter,
    Multiplexer, Outcome, Policy, Presence, PromptNo, Reply, RequestId, ResumeHandle, Retrying, Sent,
    SessionId, SettingChange, Settings, Summary, TurnNo, Update, Usage, WallTime, Wants,
};

/// One thing that a step did, beside changing what is seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Ask { session: SessionId, turn: TurnNo, settings: BTreeMap<String, String>, resume: Option<ResumeHandle> },
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
    FromNextTurn,
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
    pub settings: BTreeMap<String, String>,
    pub allowed: Vec<String>,
    pub parent: Option<SessionId>,
    pub presence: Presence,
    pub trashed: Option<WallTime>,
    pub activity: Activity,
    pub held: bool,
    pub retrying: Option<Retrying>,
    pub wants_agent: bool,
    pub unread: u32,
    pub queued: u32,
    pub pending: u32,
    pub entries: u64,
    pub turns: u64,
    pub prompts: u64,
    pub usage: Usage,
    /// Whether it is that of all sessions, what is spent of it, and what it is.
    pub budget: Option<(bool, u64, u64)>,
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
    pub entries: Vec<Entry>,
    pub queue: Vec<(PromptNo, String)>,
    pub draft: String,
    pub pending: Vec<(TurnNo, CallNo, String, String, Wants)>,
}

/// What the core did in one call, sorted. Updates are what keeps mirrors; what they say is in the pictures.
pub fn deeds(effects: &Effects) -> Vec<Deed> {
    let deed = |effect: &Effect| {
        Some(match effect.clone() {
            Effect::Run { session, turn, setup } => {
                Deed::Ask { session, turn, settings: by_name(&setup.settings), resume: setup.resume }
            }
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
                    Ok(Reply::FromNextTurn) => Answered::FromNextTurn,
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

fn by_name(settings: &Settings) -> BTreeMap<String, String> {
    settings.changes().into_iter().map(|SettingChange { name, value }| (name, value)).collect()
}

/// The new entries that the core told of in one call, by session, in order.
pub fn new_entries(effects: &Effects) -> BTreeMap<SessionId, Vec<EntryNo>> {
    let mut told: BTreeMap<SessionId, Vec<EntryNo>> = BTreeMap::new();
    for effect in effects.at_once.iter().chain(&effects.after) {
        if let Effect::Update(Update::Entry { session, entry }) = effect {
            told.entry(*session).or_default().push(entry.no);
        }
    }
    for numbers in told.values_mut() {
        // The first piece of an answer is told at once, before the entries that wait for the batch.
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
        settings: by_name(&line.settings),
        allowed: head.map(|head| head.allowed.clone()).unwrap_or_default(),
        parent: line.parent,
        presence: line.presence,
        trashed: line.trashed,
        activity: line.activity,
        held: line.held,
        retrying: line.retrying,
        wants_agent: core.view().wants_agent(line.id),
        unread: line.unread,
        queued: line.queued,
        pending: line.pending,
        entries: line.entries,
        turns: line.turns,
        prompts: head.map_or(0, |head| head.prompts.0),
        usage: line.usage,
        budget: line.budget.map(|budget| (budget.scope == BudgetScope::Day, budget.spent, budget.of)),
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
    Some(Memory {
        entries: snapshot.entries,
        queue: snapshot.queue.into_iter().map(|waiting| (waiting.prompt, waiting.text)).collect(),
        draft: snapshot.draft,
        pending: snapshot
            .pending
            .into_iter()
            .map(|call| (call.turn, call.call, call.tool, call.input, call.wants))
            .collect(),
    })
}
