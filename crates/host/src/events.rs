//! Everything that can wake the host, in one closed list.

use std::sync::Arc;

use q_core::{AgentEvent, ClientId, SessionId, TurnNo};

use crate::door::Outbox;
use crate::wire::ClientMessage;
use crate::wire::message::Hello;
use crate::writer::Written;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A client said hello and is welcome.
    Connected { client: ClientId, hello: Hello, outbox: Arc<Outbox> },
    /// A client said something.
    Said { client: ClientId, message: ClientMessage },
    /// A client read too slowly and lost updates; it has caught up with what was left.
    Lagged { client: ClientId },
    /// A client's connection ended.
    Disconnected { client: ClientId },
    /// The writer reports.
    Written(Written),
    /// An agent said something.
    Heard(Heard),
    /// The core's deadline passed.
    Deadline,
    /// The system asks the host to end.
    Terminate,
}

/// What an agent said, and in which turn.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnNo,
    pub(crate) event: AgentEvent,
}
