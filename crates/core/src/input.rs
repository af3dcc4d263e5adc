//! Everything the core can be told.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::AgentEvent;
use crate::focus::SessionInView;
use crate::id::{ClientId, ReplyTo, SessionId, TurnNo};
use crate::multiplexer::command::Command;
use crate::session::stored::Stored;

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
        /// The other sessions on it, of which the first [`SessionInView::MOST`] count.
        beside: Vec<SessionInView>,
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
    /// What [`crate::Effect::Reverse`] asked for is done.
    Reversed {
        session: SessionId,
        redo: bool,
        /// The files that were put back, or why nothing was changed.
        outcome: Result<Vec<String>, String>,
    },
    /// The resident memory of the host's process.
    Memory {
        bytes: u64,
    },
    /// So many commands go on in a session's background.
    Background {
        session: SessionId,
        running: u32,
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
