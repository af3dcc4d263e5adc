//! The read model: what a client may know, read from all sessions.
//!
//! Not here: the values themselves, which feed a mirror ([`crate::snapshot`]).

use alloc::vec::Vec;

use crate::agent::ResumeHandle;
use crate::id::{PromptNo, SessionId};
use crate::multiplexer::state::MultiplexerState;
use crate::session::Session;
use crate::session::live::RunState;
use crate::snapshot::{PendingCall, Snapshot, Summary};

/// A borrowed view of everything.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) state: &'a MultiplexerState,
}

impl<'a> View<'a> {
    /// Every session, closed ones too, oldest first.
    pub fn sessions(self) -> impl Iterator<Item = Summary> + 'a {
        self.state.sessions.iter().map(move |session| self.summary_of(session))
    }

    /// What every session's own records take where they are stored, about, oldest session first. Not in a session's line:
    /// it grows with every record, and no mirror needs it.
    pub fn sizes(self) -> impl Iterator<Item = (SessionId, u64)> + 'a {
        self.state.sessions.iter().map(|session| (session.head().id, session.head().bytes))
    }

    /// The number of the newest prompt a session took; nothing when there is no such session.
    pub fn newest_prompt(self, id: SessionId) -> Option<PromptNo> {
        self.state.sessions.get(id).map(|session| session.head().prompts)
    }

    /// Whether the host wants to be told how a session's agent is reached, before a wish that begins a turn. Not in its line,
    /// which is the same after a restart.
    pub fn wants_agent(self, id: SessionId) -> bool {
        let session = self.state.sessions.get(id);
        session.is_some_and(|session| self.state.wants_agent(session))
    }

    /// By what a session's agent finds its own memory of the conversation, as it last said.
    pub fn resume_handle(self, id: SessionId) -> Option<&'a ResumeHandle> {
        self.state.sessions.get(id)?.head().resume.as_ref()
    }

    pub fn summary(self, id: SessionId) -> Option<Summary> {
        self.state.sessions.get(id).map(|session| self.summary_of(session))
    }

    /// What a client shows first of one live session: its newest entries of at most `bytes`, the last one always.
    pub fn snapshot(self, id: SessionId, bytes: usize) -> Option<Snapshot> {
        let session = self.state.sessions.get(id)?;
        let live = session.live()?;
        let (entries, trimmed) = live.newest(bytes);
        Some(Snapshot {
            summary: self.summary_of(session),
            entries,
            trimmed,
            queue: session.queue(),
            draft: live.draft().into(),
            pending: self.pending_in(id),
        })
    }

    /// Everything that waits for the person, over all sessions, the oldest first.
    pub fn inbox(self) -> Vec<(SessionId, PendingCall)> {
        let live = self.state.sessions.live().map(|session| session.head().id);
        let mut inbox: Vec<(SessionId, PendingCall)> =
            live.flat_map(|id| self.pending_in(id).into_iter().map(move |pending| (id, pending))).collect();
        inbox.sort_by_key(|(id, pending)| (pending.since, *id, pending.call));
        inbox
    }

    /// What waits for the person in one session, the oldest first.
    pub fn pending_in(self, id: SessionId) -> Vec<PendingCall> {
        let Some(session) = self.state.sessions.get(id) else { return Vec::new() };
        let (Some(flight), Some(live)) = (&session.head().turn, session.live()) else { return Vec::new() };
        let pending = live.pending().iter().filter_map(|(&call, pending)| {
            let open = flight.call(call)?;
            Some(PendingCall {
                turn: flight.turn,
                call,
                tool: open.tool.clone(),
                input: pending.input.clone(),
                digest: open.digest,
                wants: open.wants,
                always: pending.always.clone(),
                circumstance: pending.circumstance.clone(),
                since: pending.at,
            })
        });
        pending.collect()
    }

    fn summary_of(self, session: &Session) -> Summary {
        let head = session.head();
        // What is on a screen to its end is read, though no record may say so yet: that comes with what is written next.
        let watched = self.state.focus.watches_end(head.id);
        Summary {
            id: head.id,
            name: head.name.clone(),
            slot: head.slot,
            kind: head.setup.kind.clone(),
            agent: head.setup.agent.clone(),
            model: head.setup.model().into(),
            settings: (*head.setup.settings).clone(),
            directory: head.setup.directory.clone(),
            policy: head.setup.policy,
            tags: head.tags.clone(),
            pinned: head.pinned,
            parent: head.fork.map(|fork| fork.parent),
            inherited: head.fork.and_then(|fork| fork.entries),
            trashed: head.trashed,
            held: session.live().is_some_and(|live| matches!(live.run, RunState::Waiting(_))),
            retrying: session.live().and_then(|live| live.retrying.clone()),
            background: session.live().map_or(0, |live| live.background),
            pending: session.live().map_or(0, |live| live.pending().len() as u32),
            presence: head.presence,
            activity: head.activity(),
            unread: if watched { 0 } else { head.unread },
            seen: head.seen,
            queued: head.queue.len() as u32,
            entries: head.entries,
            turns: head.turns.0,
            usage: head.usage,
            budget: self.state.told_budget(head),
            failure: head.failure().cloned(),
            failures: head.failures,
            stop_reason: head.reason.clone(),
            answering: head.answering.clone(),
            interrupter: head.interrupter(),
            acknowledged: head.acknowledged,
            sent: head.sent,
            window: head.window,
            preview: head.preview.trim_end().into(),
            created: head.created,
            touched: head.touched,
        }
    }
}
