//! The read model: what a client may know, as values. A snapshot starts a mirror, updates keep it true.
//!
//! Not here: colours, widths, words for people (the terminal's business).

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::AgentFailure;
use crate::id::{EntryNo, PromptNo, SessionId};
use crate::kind::Kind;
use crate::name::Name;
use crate::session::Session;
use crate::session::head::{Activity, Mark, Presence};
use crate::session::transcript::Entry;
use crate::time::WallTime;

/// A borrowed view of everything.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) multiplexer: &'a crate::Multiplexer,
}

/// One session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Who it is.
    pub id: SessionId,
    /// What it is called.
    pub name: Name,
    /// Its number for switching; 0 once closed.
    pub slot: u32,
    /// What it is for.
    pub kind: Kind,
    /// Which agent answers.
    pub agent: String,
    /// Which model; empty where the agent has none.
    pub model: String,
    /// Where it works.
    pub directory: String,
    /// How much of it is loaded.
    pub presence: Presence,
    /// What it is doing.
    pub activity: Activity,
    /// Entries that no client has shown to their end; 0 while one shows them.
    pub unread: u32,
    /// Up to where some client has shown it.
    pub seen: Mark,
    /// Prompts that wait.
    pub queued: u32,
    /// Entries in all.
    pub entries: u64,
    /// Turns in all.
    pub turns: u64,
    /// Tokens read in all, as the agent counted.
    pub tokens_in: u64,
    /// Tokens written in all.
    pub tokens_out: u64,
    /// Why the last turn failed, if it did.
    pub failure: Option<AgentFailure>,
    /// The beginning of the last answer, one line.
    pub preview: String,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
}

/// A prompt that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedPrompt {
    /// Its number.
    pub prompt: PromptNo,
    /// What was typed.
    pub text: String,
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
    /// Prompts that wait.
    pub queue: Vec<QueuedPrompt>,
    /// What was typed and not sent.
    pub draft: String,
}

/// One change of what a client shows. Applying an update twice, or one a snapshot already holds, changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// A session is new, or something in its line changed. A closed one leaves the mirror.
    Session(Summary),
    /// An entry is new.
    Entry {
        /// In which session.
        session: SessionId,
        /// The entry as it begins.
        entry: Entry,
    },
    /// An answer grew.
    Text {
        /// In which session.
        session: SessionId,
        /// Which entry.
        entry: EntryNo,
        /// Bytes of it before this piece.
        offset: u64,
        /// The piece.
        text: String,
    },
    /// The waiting prompts changed.
    Queue {
        /// In which session.
        session: SessionId,
        /// All that wait now.
        queue: Vec<QueuedPrompt>,
    },
    /// The draft was saved or cleared.
    Draft {
        /// In which session.
        session: SessionId,
        /// All of it.
        text: String,
    },
}

impl<'a> View<'a> {
    /// Every session, closed ones too, oldest first.
    pub fn sessions(self) -> impl Iterator<Item = Summary> + 'a {
        self.multiplexer.sessions().map(move |session| self.summary_of(session))
    }

    /// One session's line.
    pub fn summary(self, id: SessionId) -> Option<Summary> {
        self.multiplexer.session(id).map(|session| self.summary_of(session))
    }

    /// What a client shows first of one live session: its newest entries of at most `bytes`, the last one always.
    pub fn snapshot(self, id: SessionId, bytes: usize) -> Option<Snapshot> {
        let session = self.multiplexer.session(id)?;
        let live = session.live()?;
        let (entries, trimmed) = live.newest(bytes);
        Some(Snapshot {
            summary: self.summary_of(session),
            entries,
            trimmed,
            queue: session.queue(),
            draft: live.draft().into(),
        })
    }

    fn summary_of(self, session: &Session) -> Summary {
        let head = session.head();
        let watched = self.multiplexer.focus().watches_end(head.id);
        Summary {
            id: head.id,
            name: head.name.clone(),
            slot: head.slot,
            kind: head.kind,
            agent: head.agent.clone(),
            model: head.model.clone(),
            directory: head.directory.clone(),
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
            preview: head.preview.trim_end().into(),
            created: head.created,
            touched: head.touched,
        }
    }
}
