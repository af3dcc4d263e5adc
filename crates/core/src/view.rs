//! The read model: what a client may know, as values. A snapshot starts a mirror, updates keep it true.
//!
//! Not here: colours, widths, words for people (the terminal's business).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::activity::Activity;
use crate::agent::{AgentFailure, ResumeHandle, Sent, Wants};
use crate::id::{CallNo, Digest, EntryNo, PromptNo, SessionId, TurnNo};
use crate::kind::Kind;
use crate::name::Name;
use crate::presence::Presence;
use crate::record::{Interrupter, Policy};
use crate::session::Session;
use crate::session::head::Mark;
use crate::session::live::RunState;
use crate::session::transcript::Entry;
use crate::tag::Tag;
use crate::time::WallTime;

/// A borrowed view of everything.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) multiplexer: &'a crate::Multiplexer,
}

/// One session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: SessionId,
    /// What it is called.
    pub name: Name,
    /// Its number for switching; 0 once closed.
    pub slot: u32,
    /// What it is for.
    pub kind: Kind,
    pub agent: String,
    /// Which model; empty where the agent has none.
    pub model: String,
    pub directory: String,
    /// What its tools may do.
    pub policy: Policy,
    pub tags: Vec<Tag>,
    /// Whether it never hibernates by itself.
    pub pinned: bool,
    /// The session whose history it began with, if any.
    pub parent: Option<SessionId>,
    /// Entries it took over from that one, where that is known.
    pub inherited: Option<u64>,
    /// How much of it is loaded.
    pub presence: Presence,
    /// Since when it is in the trash, if it is.
    pub trashed: Option<WallTime>,
    /// What it is doing.
    pub activity: Activity,
    /// Whether its turn waits for one of its agent's places.
    pub held: bool,
    /// Calls that wait for the person.
    pub pending: u32,
    /// Entries that no client has shown to their end; 0 while one shows them.
    pub unread: u32,
    /// Up to where some client has shown it.
    pub seen: Mark,
    pub queued: u32,
    /// Entries of its own in all.
    pub entries: u64,
    pub turns: u64,
    /// Tokens read in all, as the agent counted.
    pub tokens_in: u64,
    /// Tokens written in all.
    pub tokens_out: u64,
    /// Why the last turn failed, if it did.
    pub failure: Option<AgentFailure>,
    /// Turns that failed since one was done.
    pub failures: u32,
    /// Why the last turn's agent stopped, in its provider's word; empty where it did not say.
    pub stop_reason: String,
    /// Which model answered last, as its server names it; empty where it never said.
    pub answering: String,
    /// Who interrupted the last turn, if somebody did.
    pub interrupter: Option<Interrupter>,
    /// How much of the history the agent was sent last; `None` while it was always all of it.
    pub sent: Option<Sent>,
    /// The beginning of the last turn's answer, one line; empty while there is none.
    pub preview: String,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
}

/// A prompt that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedPrompt {
    pub prompt: PromptNo,
    pub text: String,
}

/// A call that waits for the person: what the inbox shows, and what an answer must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCall {
    pub turn: TurnNo,
    pub call: CallNo,
    pub tool: String,
    /// Exactly what would run, or what is asked.
    pub input: String,
    /// The digest an answer must carry.
    pub digest: Digest,
    pub wants: Wants,
    /// Since when it waits.
    pub since: WallTime,
}

/// All a client shows of one session at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its line in the list.
    pub summary: Summary,
    /// The newest entries, oldest first.
    pub entries: Vec<Entry>,
    /// Whether older entries exist.
    pub trimmed: bool,
    pub queue: Vec<QueuedPrompt>,
    /// What was typed and not sent.
    pub draft: String,
    /// Calls that wait for the person.
    pub pending: Vec<PendingCall>,
}

impl Snapshot {
    /// Of a session of which there is no more than its line: new, or hibernated.
    pub const fn line(summary: Summary) -> Self {
        Self {
            summary,
            entries: Vec::new(),
            trimmed: false,
            queue: Vec::new(),
            draft: String::new(),
            pending: Vec::new(),
        }
    }
}

/// One change of what a client shows. Applying an update twice, or one a snapshot already holds, changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// A session is new, or something in its line changed. A closed one leaves the mirror; of one that hibernates only
    /// the line stays.
    Session(Box<Summary>),
    /// A session was erased.
    Gone(SessionId),
    /// An entry is new.
    Entry {
        session: SessionId,
        /// The entry as it begins.
        entry: Entry,
    },
    Text {
        session: SessionId,
        entry: EntryNo,
        /// Bytes of it before this piece.
        offset: u64,
        text: String,
    },
    /// The waiting prompts changed.
    Queue {
        session: SessionId,
        /// All that wait now.
        queue: Vec<QueuedPrompt>,
    },
    /// What waits for the person changed.
    Pending {
        session: SessionId,
        /// All that waits now.
        pending: Vec<PendingCall>,
    },
    /// The draft was saved or cleared.
    Draft { session: SessionId, text: String },
}

impl<'a> View<'a> {
    /// Every session, closed ones too, oldest first.
    pub fn sessions(self) -> impl Iterator<Item = Summary> + 'a {
        self.multiplexer.sessions().iter().map(move |session| self.summary_of(session))
    }

    /// What every session's own records take where they are stored, about, oldest session first. Not in a session's line:
    /// it grows with every record, and no mirror needs it.
    pub fn sizes(self) -> impl Iterator<Item = (SessionId, u64)> + 'a {
        self.multiplexer.sessions().iter().map(|session| (session.head().id, session.head().bytes))
    }

    /// The number of the newest prompt a session took; nothing when there is no such session.
    pub fn newest_prompt(self, id: SessionId) -> Option<PromptNo> {
        self.multiplexer.sessions().get(id).map(|session| session.head().prompts)
    }

    /// Whether the host wants to be told how a session's agent is reached, before a wish that begins a turn. Not in its line,
    /// which is the same after a restart.
    pub fn wants_agent(self, id: SessionId) -> bool {
        let session = self.multiplexer.sessions().get(id);
        session.is_some_and(|session| self.multiplexer.wants_agent(session))
    }

    /// By what a session's agent finds its own memory of the conversation, as it last said.
    pub fn resume_handle(self, id: SessionId) -> Option<&'a ResumeHandle> {
        self.multiplexer.sessions().get(id)?.head().resume.as_ref()
    }

    pub fn summary(self, id: SessionId) -> Option<Summary> {
        self.multiplexer.sessions().get(id).map(|session| self.summary_of(session))
    }

    /// What a client shows first of one live session: its newest entries of at most `bytes`, the last one always.
    pub fn snapshot(self, id: SessionId, bytes: usize) -> Option<Snapshot> {
        let session = self.multiplexer.sessions().get(id)?;
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
        let live = self.multiplexer.sessions().live().map(|session| session.head().id);
        let mut inbox: Vec<(SessionId, PendingCall)> =
            live.flat_map(|id| self.pending_in(id).into_iter().map(move |pending| (id, pending))).collect();
        inbox.sort_by_key(|(id, pending)| (pending.since, *id, pending.call));
        inbox
    }

    /// What waits for the person in one session, the oldest first.
    pub fn pending_in(self, id: SessionId) -> Vec<PendingCall> {
        let Some(session) = self.multiplexer.sessions().get(id) else { return Vec::new() };
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
                since: pending.at,
            })
        });
        pending.collect()
    }

    fn summary_of(self, session: &Session) -> Summary {
        let head = session.head();
        let watched = self.multiplexer.focus().watches_end(head.id);
        Summary {
            id: head.id,
            name: head.name.clone(),
            slot: head.slot,
            kind: head.setup.kind.clone(),
            agent: head.setup.agent.clone(),
            model: head.setup.model.clone(),
            directory: head.setup.directory.clone(),
            policy: head.setup.policy,
            tags: head.tags.clone(),
            pinned: head.pinned,
            parent: head.fork.map(|fork| fork.parent),
            inherited: head.fork.and_then(|fork| fork.entries),
            trashed: head.trashed,
            held: session.live().is_some_and(|live| matches!(live.run, RunState::Waiting(_))),
            pending: session.live().map_or(0, |live| live.pending().len() as u32),
            presence: head.presence,
            activity: head.activity(),
            unread: if watched { 0 } else { head.unread },
            seen: head.seen,
            queued: head.queue.len() as u32,
            entries: head.entries,
            turns: head.turns.0,
            tokens_in: head.usage.input,
            tokens_out: head.usage.output,
            failure: head.failure().cloned(),
            failures: head.failures,
            stop_reason: head.reason.clone(),
            answering: head.answering.clone(),
            interrupter: head.interrupter(),
            sent: head.sent,
            preview: head.preview.trim_end().into(),
            created: head.created,
            touched: head.touched,
        }
    }
}
