//! The model as an observer sees it.

use q_core::{Body, CallOutput, Called, FailureKind, Presence, Resulted, Stop, TurnNo};

use super::Model;
use super::observed::{Memory, Picture};
use super::session::{Call, Ending, Entry, Session, What};

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
            settings: session.settings.clone(),
            allowed: session.allowed.clone(),
            parent: session.parent,
            presence: session.presence,
            trashed: session.trashed,
            activity: session.activity(),
            wants_agent: session.wants_agent(),
            held: session.turn.as_ref().is_some_and(|turn| turn.held.is_some()),
            retrying: session.turn.as_ref().and_then(|turn| turn.retrying.clone()),
            unread: if self.is_watched(session.id) { 0 } else { session.unread() },
            queued: session.queue.len() as u32,
            pending: session.waiting_calls().count() as u32,
            entries: own as u64,
            turns: session.turns,
            prompts: session.prompts,
            usage: session.usage,
            budget: self.find(session.id).and_then(|at| self.told_budget(at)),
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
            Ending::Failed(failure) => Some(failure.kind),
            Ending::Done | Ending::Interrupted(_) => None,
        }
    }

    fn memory(&self) -> Memory {
        let turn = self.turn.as_ref().map(|turn| turn.no).unwrap_or_default();
        let pending = self.waiting_calls().map(|(place, call)| {
            (turn, call.no, call.tool.clone(), self.entries[place].text.clone(), call.wants)
        });
        Memory {
            entries: self.numbered_entries(),
            queue: self.queue.iter().map(|prompt| (prompt.no, prompt.text.clone())).collect(),
            draft: self.draft.clone(),
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
                    let Call { no, wants, .. } = *call;
                    Body::Call(Called { no, tool: call.tool.clone(), input: text, wants })
                }
                &What::Result { of, outcome, kept, whole } => {
                    Body::Result(Resulted { of: number(of), outcome, text, kept, whole })
                }
                What::Continued => Body::Continued,
                What::LeftOut(sent) => Body::LeftOut(*sent),
                What::Output { of } => Body::Output(CallOutput { of: number(*of), text }),
                What::Compaction(compaction) => Body::Compaction(compaction.clone()),
                What::Plan(steps) => Body::Plan(steps.clone()),
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
