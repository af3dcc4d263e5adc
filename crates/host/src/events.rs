//! Everything that can wake the host, in one closed list.

use std::sync::Arc;

use q_core::{AgentEvent, ClientId, SessionId, Stored, TurnNo};
use q_proto::ClientMessage;
use q_proto::message::Hello;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::listener::Outbox;
use crate::writer::CommitReport;

/// One thing that happened.
#[derive(Debug)]
pub enum HostEvent {
    /// A client said hello and is welcome.
    Connected {
        /// As its connection is numbered.
        client: ClientId,
        hello: Hello,
        /// Where to put what is for it.
        outbox: Arc<Outbox>,
    },
    /// A client said something.
    Message {
        client: ClientId,
        message: ClientMessage,
        /// What it holds meanwhile.
        allowance: Allowance,
    },
    /// A client has read all that waited for it, and is to get more.
    Drained {
        client: ClientId,
    },
    /// A client read too slowly and lost updates; it has caught up with what was left.
    Lagged {
        client: ClientId,
    },
    /// A client's connection ended.
    Disconnected {
        client: ClientId,
    },
    Commit(CommitReport),
    /// An agent said something.
    Run(RunEvent),
    /// The store gave what it has of a session.
    Loaded(Loaded),
    /// Changes of files were reversed, or could not be.
    Reversed(ReversalReport),
    /// A command in the background of a session began, or ended.
    Background(BackgroundReport),
    /// The core's deadline passed.
    Deadline,
    /// The system asks the host to end.
    Terminate,
    /// A store that was only read can be written by now.
    Room,
}

/// What a client's message holds until the host has dealt with it: its client's turn, and what a long frame takes of what
/// long frames may have. Given back when it is dropped.
#[derive(Debug, Default)]
pub struct Allowance {
    _turn: Option<OwnedSemaphorePermit>,
    _frame: Option<OwnedSemaphorePermit>,
}

impl Allowance {
    pub(crate) const fn for_frame(held: Option<OwnedSemaphorePermit>) -> Self {
        Self { _turn: None, _frame: held }
    }

    pub(crate) fn with_turn(self, turn: OwnedSemaphorePermit) -> Self {
        Self { _turn: Some(turn), ..self }
    }
}

/// What an agent said, and in which turn.
#[derive(Debug)]
pub struct RunEvent {
    /// For which session it was asked.
    pub session: SessionId,
    pub turn: TurnNo,
    pub event: AgentEvent,
}

/// Through whom a run tells the loop what its agent says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunReporter<'a> {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnNo,
    pub(crate) heard: &'a mpsc::Sender<RunEvent>,
}

impl RunReporter<'_> {
    /// Tells it; false once the host ends, and nobody listens.
    pub(crate) async fn report(self, event: AgentEvent) -> bool {
        self.heard.send(RunEvent { session: self.session, turn: self.turn, event }).await.is_ok()
    }
}

/// What came of changes of files that were to be reversed.
#[derive(Debug)]
pub struct ReversalReport {
    pub session: SessionId,
    pub redo: bool,
    /// The files, or why nothing was changed.
    pub outcome: Result<Vec<String>, String>,
}

/// How many commands go on in the background of a session.
#[derive(Clone, Copy, Debug)]
pub struct BackgroundReport {
    pub session: SessionId,
    pub running: usize,
}

/// What is stored of a session, or why it cannot be read.
#[derive(Debug)]
pub struct Loaded {
    pub session: SessionId,
    pub stored: Result<Box<Stored>, String>,
}
