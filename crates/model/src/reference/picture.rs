//! One session as an observer sees it, and how that is read from the model and from the core.

use std::collections::BTreeMap;

use q_core::{
    Activity, Body, BudgetScope, CallNo, CallOutput, Called, FailureKind, Fault, Head, Interrupter,
    Multiplexer, Presence, PromptNo, Resulted, Retrying, Sent, SessionId, Stop, Summary, ToolRule, TurnNo,
    Usage, WallTime, Wants,
};

use super::budget::Spent;
use super::deeds::by_name;
use super::{Ending, Entry, Label, Model, Session, Terms, What};

/// What a session is doing, and what it waits for to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Doing {
    activity: Activity,
    held: bool,
    background: u32,
    retrying: Option<Retrying>,
    wants_agent: bool,
}

/// What came of the last turn: who answered, how it began, and how it and those before it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LastTurn {
    answering: String,
    preview: String,
    stop_reason: String,
    interrupter: Option<Interrupter>,
    acknowledged: bool,
    failure: Option<FailureKind>,
    failures: u32,
}

/// How much of a session waits for somebody: for the person to read or answer it, or for a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    unread: u32,
    queued: u32,
    pending: u32,
}

/// What there was of a session so far.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Totals {
    entries: u64,
    turns: u64,
    prompts: u64,
    usage: Usage,
    budget: Option<Spent>,
}

/// One session as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    id: SessionId,
    label: Label,
    terms: Terms,
    parent: Option<SessionId>,
    presence: Presence,
    trashed: Option<WallTime>,
    doing: Doing,
    waiting: Waiting,
    totals: Totals,
    last: LastTurn,
    sent: Option<Sent>,
    created: WallTime,
    touched: WallTime,
    /// Of a live one, all that is in it.
    memory: Option<Memory>,
}

/// What only a live session shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Memory {
    entries: Vec<q_core::Entry>,
    queue: Vec<(PromptNo, String)>,
    draft: String,
    pending: Vec<(TurnNo, CallNo, String, String, Wants, Option<ToolRule>)>,
}

/// What the core shows of every session. Its heads add what only the store and an approval need to know.
pub fn pictures(core: &Multiplexer, heads: &BTreeMap<SessionId, Head>) -> Vec<Picture> {
    core.view().sessions().map(|line| picture(core, line, heads)).collect()
}

fn picture(core: &Multiplexer, line: Summary, heads: &BTreeMap<SessionId, Head>) -> Picture {
    let head = heads.get(&line.id);
    Picture {
        id: line.id,
        label: Label {
            name: line.name.to_string(),
            slot: line.slot,
            tags: line.tags.iter().map(ToString::to_string).collect(),
            pinned: line.pinned,
        },
        terms: Terms {
            policy: line.policy,
            settings: by_name(&line.settings),
            rules: head.map(|head| head.rules.clone()).unwrap_or_default(),
        },
        parent: line.parent,
        presence: line.presence,
        trashed: line.trashed,
        doing: Doing {
            activity: line.activity,
            held: line.held,
            background: line.background,
            retrying: line.retrying,
            wants_agent: core.view().wants_agent(line.id),
        },
        waiting: Waiting { unread: line.unread, queued: line.queued, pending: line.pending },
        totals: Totals {
            entries: line.entries,
            turns: line.turns,
            prompts: head.map_or(0, |head| head.prompts.0),
            usage: line.usage,
            budget: line.budget.map(|told| (told.scope == BudgetScope::Day, told.spent, told.of)),
        },
        last: LastTurn {
            answering: line.answering,
            preview: line.preview,
            stop_reason: line.stop_reason,
            interrupter: line.interrupter,
            acknowledged: line.acknowledged,
            failure: line.failure.as_ref().map(|failure| failure.kind),
            failures: line.failures,
        },
        sent: line.sent,
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
            .map(|call| (call.turn, call.call, call.tool, call.input, call.wants, call.always))
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
            label: session.label.clone(),
            terms: session.terms.clone(),
            parent: session.parent,
            presence: session.presence,
            trashed: session.trashed,
            doing: Doing {
                activity: session.activity(),
                background: self.running(session.id),
                held: session.turn.as_ref().is_some_and(|turn| turn.held.is_some()),
                retrying: session.turn.as_ref().and_then(|turn| turn.retrying.clone()),
                wants_agent: session.wants_agent(),
            },
            waiting: Waiting {
                unread: if self.is_watched(session.id) { 0 } else { session.unread() },
                queued: session.typed.queue.len() as u32,
                pending: session.waiting_calls().count() as u32,
            },
            totals: Totals {
                entries: own as u64,
                turns: session.turns,
                prompts: session.typed.prompts,
                usage: session.usage,
                budget: self.find(session.id).and_then(|at| self.told_budget(at)),
            },
            last: LastTurn {
                answering: session.agent.told.answering.clone(),
                preview: session.preview(),
                stop_reason: session.agent.told.reason.clone(),
                interrupter: session.interrupter(),
                acknowledged: session.is_acknowledged(),
                failure: session.failure(),
                failures: session.failures(),
            },
            sent: session.sent,
            created: session.times.created,
            touched: session.times.touched,
            memory: (session.presence == Presence::Live).then(|| session.memory()),
        }
    }
}

impl Session {
    fn failure(&self) -> Option<FailureKind> {
        match self.last_ending() {
            Ending::Failed(failure) => Some(failure.kind),
            Ending::Done | Ending::Interrupted(_) => None,
        }
    }

    fn memory(&self) -> Memory {
        let turn = self.turn.as_ref().map(|turn| turn.no).unwrap_or_default();
        let pending = self.waiting_calls().map(|(place, call)| {
            let (tool, text) = (call.tool.clone(), self.entries[place].text.clone());
            (turn, call.no, tool, text, call.wants, call.always.clone())
        });
        Memory {
            entries: self.numbered_entries(),
            queue: self.typed.queue.iter().map(|prompt| (prompt.no, prompt.text.clone())).collect(),
            draft: self.typed.draft.clone(),
            pending: pending.collect(),
        }
    }

    fn numbered_entries(&self) -> Vec<q_core::Entry> {
        let number = |place: usize| self.entries[place].no.unwrap_or_default();
        let body = |entry: &Entry| {
            let text = entry.text.clone();
            match &entry.what {
                What::Prompt => Body::Prompt(text.into()),
                What::Answer => Body::Answer(text),
                What::Thinking => Body::Thinking(text),
                What::Call(call) => {
                    let (no, wants) = (call.no, call.wants);
                    Body::Call(Called { no, tool: call.tool.clone(), input: text, wants })
                }
                &What::Result { of, outcome, kept, whole } => {
                    Body::Result(Resulted { of: number(of), outcome, text, kept, whole })
                }
                What::Continued => Body::Continued,
                What::LeftOut(sent) => Body::LeftOut(*sent),
                What::Output { of } => Body::Output(CallOutput { of: number(*of), text }),
                What::Compaction(compaction) => Body::Compaction(compaction.clone()),
                What::Reversed(reversed) => Body::Reversed(reversed.clone()),
                What::Plan(steps) => Body::Plan(steps.clone()),
                What::SealsTooLong => Body::Repair(Fault::SealsTooLong),
                What::AnswerTorn(parts) => Body::Repair(Fault::AnswerTorn { parts: *parts }),
                What::Sources(sources) => Body::Sources(sources.clone()),
                What::ProjectFiles(files) => Body::ProjectFiles(files.clone()),
                What::Stop(Ending::Done) => Body::Prompt("a turn that ended well has no stop".into()),
                What::Stop(Ending::Interrupted(by)) => Body::Stop(Stop::Interrupted(*by)),
                What::Stop(Ending::Failed(failure)) => Body::Stop(Stop::Failed(failure.clone())),
            }
        };
        let entry = |entry: &Entry| q_core::Entry {
            no: entry.no.unwrap_or_default(),
            at: entry.at,
            body: body(entry),
        };
        self.entries.iter().map(entry).collect()
    }
}
