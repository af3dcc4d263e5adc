//! What a mirror is fed, as values: a snapshot of a session starts it, updates keep it true. The session's line in a list is
//! part of both.
//!
//! Not here: how they are read from a session (`view`); colours, widths, words for people (the terminal's business).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::activity::Activity;
use crate::agent::{AgentFailure, Sent, Wants};
use crate::budget::BudgetUse;
use crate::circumstance::Circumstance;
use crate::compaction::WindowUse;
use crate::entry::{Entry, Interrupter, Mark};
use crate::id::{CallNo, Digest, EntryNo, PromptNo, SessionId, TurnNo};
use crate::kind::{Kind, Policy};
use crate::name::Name;
use crate::presence::Presence;
use crate::settings::Settings;
use crate::tag::Tag;
use crate::time::WallTime;
use crate::tool_rule::ToolRule;
use crate::usage::Usage;

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
    /// How its turns are asked, where that is not as its agent is configured.
    pub settings: Settings,
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
    /// Whether its turn waits at its agent's concurrency limit.
    pub held: bool,
    /// While its agent waits to ask again: when, and why.
    pub retrying: Option<Retrying>,
    /// Commands that go on in its background.
    pub background: u32,
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
    /// Tokens spent in all.
    pub usage: Usage,
    /// How much of its budget is spent, of the one that ends first; `None` where none is set.
    pub budget: Option<BudgetUse>,
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
    /// Whether the person said that they know how the last turn ended.
    pub acknowledged: bool,
    /// How much of the history the agent was sent last; `None` while it was always all of it.
    pub sent: Option<Sent>,
    /// How much of its model's window the conversation took last; `None` where nobody knows.
    pub window: Option<WindowUse>,
    /// The beginning of the last turn's answer, one line; empty while there is none.
    pub preview: String,
    /// When it was created.
    pub created: WallTime,
    /// When something last happened in it.
    pub touched: WallTime,
}

/// An agent that nobody answered, and that asks again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// Which ask that will be, the first being 1.
    pub attempt: u32,
    /// The most asks there are.
    pub of: u32,
    /// How long it waits for that in all, in milliseconds.
    pub wait_ms: u64,
    /// When: whoever shows how long that is counts down to it, and nobody is told anything meanwhile.
    pub at: WallTime,
    /// What became of the last one.
    pub failure: AgentFailure,
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
    /// The rule that *always* would make; none for a question, and where it would be too long.
    pub always: Option<ToolRule>,
    /// What stands around it.
    pub circumstance: Circumstance,
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
