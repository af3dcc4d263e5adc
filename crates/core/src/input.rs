//! Everything the core can be told.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::AgentEvent;
use crate::effect::ReplyTo;
use crate::id::{CallNo, ClientId, Digest, EntryNo, Environment, PromptNo, SessionId, Token, TurnNo};
use crate::import::{Import, Item};
use crate::record::{Answer, Policy, Setup};
use crate::session::stored::Stored;
use crate::tag::TagChange;

/// One fact or one wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The host is up and has given the core what was stored: mark what a crash cut short.
    Started,
    /// The host is going to stop in good order: end what runs, write what waits.
    Stopping,
    Attached(ClientId),
    /// A client went, for whatever reason.
    Detached(ClientId),
    /// What a client shows now.
    Showing {
        client: ClientId,
        /// The session on its screen, if any.
        session: Option<SessionId>,
        /// Whether the end of the transcript is in sight.
        at_end: bool,
    },
    /// A client wants something; exactly one [`crate::Effect::Reply`] to the same answers.
    Wish {
        to: ReplyTo,
        command: Command,
    },
    /// The store gave what [`crate::Effect::Load`] asked for.
    Loaded {
        session: SessionId,
        /// What is stored of it, or why that cannot be read.
        stored: Result<Box<Stored>, String>,
    },
    /// A client brings how that session's agent is reached: the host holds it while this is decided, and lets go of what
    /// no [`crate::Effect::Bind`] takes.
    Offered {
        session: SessionId,
        /// Which agent that is, by its name there.
        agent: String,
    },
    /// The host holds nothing bound by which the agent of that turn could be reached: [`crate::Effect::Run`] is not carried
    /// out.
    NotBound {
        session: SessionId,
        turn: TurnNo,
    },
    /// What the host's process weighs.
    Memory {
        bytes: u64,
    },
    /// An agent said something in a turn.
    Agent {
        /// The session it works for.
        session: SessionId,
        /// The turn it answers; of any other turn it is late and ignored.
        turn: TurnNo,
        event: AgentEvent,
    },
    /// Nothing happened but the passing of time.
    Tick,
}

/// What a client may want. Sessions are named by id: addresses are resolved where they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Create {
        /// Its id, drawn by the host.
        id: SessionId,
        /// Its name as typed; without one it is named after its first prompt.
        name: Option<String>,
        /// What it is made with.
        setup: Setup,
        /// Its first tags as typed.
        tags: Vec<String>,
    },
    /// A new session that begins with another one's history.
    Fork {
        session: SessionId,
        /// The id of the new one, drawn by the host.
        id: SessionId,
        /// The last entry to take over; without one all there is now.
        at: Option<EntryNo>,
        /// Its name as typed; without one, a numbered form of the other's.
        name: Option<String>,
    },
    /// A new session with a history from elsewhere, which comes in parts. It is archived until [`Command::EndImport`].
    Import(Box<Import>),
    /// Some more of what comes in, in order.
    ImportPart { session: SessionId, items: Vec<Item> },
    /// All of it came: the session is opened.
    EndImport { session: SessionId },
    Rename {
        session: SessionId,
        /// The name as typed.
        name: String,
    },
    Close {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Take it out of the archive.
    Reopen { session: SessionId },
    /// Throw it away: into the trash, from which it is erased when its time is over.
    Trash {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Take it out of the trash, into the archive.
    Restore { session: SessionId },
    /// Erase it and its history for good, from wherever it is.
    Erase {
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// Have it in memory: it is going to be shown.
    Wake { session: SessionId },
    Tag {
        session: SessionId,
        /// The changes, in order.
        changes: Vec<TagChange>,
    },
    /// Keep it from hibernating by itself, or no longer.
    Pin { session: SessionId, pinned: bool },
    /// Change what its tools may do.
    SetPolicy { session: SessionId, policy: Policy },
    /// Count it as unread until it is shown again.
    MarkUnread { session: SessionId },
    /// A prompt: begins a turn, or waits while one runs.
    Submit {
        session: SessionId,
        /// The client's mark: the same one again is answered, not taken again.
        token: Token,
        text: String,
    },
    /// Take back a waiting prompt.
    Unqueue { session: SessionId, prompt: PromptNo },
    /// Write a waiting prompt anew.
    Edit { session: SessionId, prompt: PromptNo, text: String },
    /// Give a waiting prompt another place in the queue.
    Move {
        session: SessionId,
        prompt: PromptNo,
        /// Its place, from 0; past the end is the end.
        place: u32,
    },
    /// Send a waiting prompt at once; a running turn is interrupted for it.
    SendNow { session: SessionId, prompt: PromptNo },
    /// Say something into the running turn; when none runs, the same as [`Command::Submit`].
    Steer {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
        text: String,
    },
    /// Answer a call that waits.
    Answer {
        session: SessionId,
        turn: TurnNo,
        call: CallNo,
        /// The digest that was shown.
        digest: Digest,
        answer: Answer,
    },
    /// Stop the running turn; keep prompt and text.
    Interrupt { session: SessionId },
    /// Ask again what failed or was interrupted.
    Retry {
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
    },
    /// Keep what is typed and not sent.
    SaveDraft {
        session: SessionId,
        /// All of it; empty to clear.
        text: String,
    },
}

/// A session that a command makes, as far as others than its maker have a say in it.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id, drawn by the host.
    pub id: &'a mut SessionId,
    /// Where it comes from, which the host says; a fork has its parent's.
    pub environment: Option<&'a mut Environment>,
    /// Whose agent its maker brings for it; nobody's where it is closed at first, and nothing is asked in it.
    pub agent: Option<AgentSource<'a>>,
}

/// Which agent a new session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentSource<'a> {
    /// The one of that name.
    Named(&'a str),
    /// The one that this session has.
    Of(SessionId),
}

impl Command {
    /// Delivers a prompt: into the turn that runs where it is to steer that.
    pub const fn prompt(session: SessionId, token: Token, text: String, steers: bool) -> Self {
        if steers { Self::Steer { session, token, text } } else { Self::Submit { session, token, text } }
    }

    /// The session that it makes, if it makes one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other command makes a session")]
    pub fn new_session(&mut self) -> Option<NewSession<'_>> {
        Some(match self {
            Self::Create { id, setup, .. } => NewSession {
                id,
                environment: Some(&mut setup.environment),
                agent: Some(AgentSource::Named(&setup.agent)),
            },
            Self::Fork { session, id, .. } => {
                NewSession { id, environment: None, agent: Some(AgentSource::Of(*session)) }
            }
            Self::Import(import) => NewSession {
                id: &mut import.id,
                environment: Some(&mut import.setup.environment),
                agent: None,
            },
            _of_one_that_exists => return None,
        })
    }

    /// Whether it is for looking only: nothing that it does has to be kept, so it needs no disk that can be written.
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::Wake { .. })
    }

    /// The session that is there already and that it is about; none for what makes one.
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Create { .. } | Self::Fork { .. } | Self::Import(_) => None,
            Self::ImportPart { session, .. }
            | Self::EndImport { session }
            | Self::Rename { session, .. }
            | Self::Close { session, .. }
            | Self::Reopen { session }
            | Self::Trash { session, .. }
            | Self::Restore { session }
            | Self::Erase { session, .. }
            | Self::Wake { session }
            | Self::Tag { session, .. }
            | Self::Pin { session, .. }
            | Self::SetPolicy { session, .. }
            | Self::MarkUnread { session }
            | Self::Submit { session, .. }
            | Self::Unqueue { session, .. }
            | Self::Edit { session, .. }
            | Self::Move { session, .. }
            | Self::SendNow { session, .. }
            | Self::Steer { session, .. }
            | Self::Answer { session, .. }
            | Self::Interrupt { session }
            | Self::Retry { session, .. }
            | Self::SaveDraft { session, .. } => Some(*session),
        }
    }

    /// Of a command that begins a turn, or may do so, the session: its agent is asked then, and must be known.
    pub const fn asks_agent_of(&self) -> Option<SessionId> {
        match self {
            Self::Submit { session, .. }
            | Self::Steer { session, .. }
            | Self::Retry { session, .. }
            | Self::SendNow { session, .. } => Some(*session),
            Self::Create { .. }
            | Self::Fork { .. }
            | Self::Import(_)
            | Self::ImportPart { .. }
            | Self::EndImport { .. }
            | Self::Rename { .. }
            | Self::Close { .. }
            | Self::Reopen { .. }
            | Self::Trash { .. }
            | Self::Restore { .. }
            | Self::Erase { .. }
            | Self::Wake { .. }
            | Self::Tag { .. }
            | Self::Pin { .. }
            | Self::SetPolicy { .. }
            | Self::MarkUnread { .. }
            | Self::Unqueue { .. }
            | Self::Edit { .. }
            | Self::Move { .. }
            | Self::Answer { .. }
            | Self::Interrupt { .. }
            | Self::SaveDraft { .. } => None,
        }
    }

    /// The session whose memory the command needs: if that hibernates, it is woken first.
    pub const fn wakes(&self) -> Option<SessionId> {
        match self {
            Self::Wake { session }
            | Self::Submit { session, .. }
            | Self::Unqueue { session, .. }
            | Self::Edit { session, .. }
            | Self::Move { session, .. }
            | Self::SendNow { session, .. }
            | Self::Steer { session, .. }
            | Self::Retry { session, .. }
            | Self::SaveDraft { session, .. } => Some(*session),
            Self::Create { .. }
            | Self::Fork { .. }
            | Self::Import(_)
            | Self::ImportPart { .. }
            | Self::EndImport { .. }
            | Self::Rename { .. }
            | Self::Close { .. }
            | Self::Reopen { .. }
            | Self::Trash { .. }
            | Self::Restore { .. }
            | Self::Erase { .. }
            | Self::Tag { .. }
            | Self::Pin { .. }
            | Self::SetPolicy { .. }
            | Self::MarkUnread { .. }
            | Self::Answer { .. }
            | Self::Interrupt { .. } => None,
        }
    }
}
