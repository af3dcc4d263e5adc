//! What a client may want.

use q_core::Command;
use serde::{Deserialize, Serialize};

use super::command::CommandDef;
use super::id::Id;
use super::reach::{NamedAgent, Reach};
use super::shaping::ToolEnvironment;

/// What a client may want.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The core is to do something.
    Command {
        #[serde(with = "CommandDef")]
        command: Command,
        /// Of a session that is made: how its agent is reached, with its key; nothing where the client does not know. In
        /// memory only, for this session alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach: Option<Box<Reach>>,
    },
    /// How a session's agent is reached. Said before a wish that begins a turn, where the session's line says that it is
    /// wanted; taken only where it is.
    SetAgent {
        session: Id,
        /// The agent, by the name that the session has for it.
        agent: Box<NamedAgent>,
    },
    /// What lines for the shell get of this client's environment in a session: said before each. In memory only, and without
    /// keys.
    SetEnvironment {
        session: Id,
        environment: Box<ToolEnvironment>,
    },
    /// What a session is beside its entries, from the store: also of closed sessions.
    Facts {
        session: Id,
    },
    /// The models that a session's agent can be asked for, by its server's own list, asked with the key that was brought.
    Models {
        session: Id,
    },
    /// What goes on in the background of a session, once one of it is ended, where one is named.
    Processes {
        session: Id,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stop: Option<u64>,
    },
    /// What a session's agent lets people choose or type: modes and commands of its own, as it last said.
    Offers {
        session: Id,
    },
    /// Entries before a place, from the store: also of closed sessions.
    Page {
        session: Id,
        /// Before this entry; the newest without it.
        before: Option<u64>,
        /// At most this much text, in bytes.
        bytes: u32,
    },
    /// A byte range of what is kept of a result, from the store: also of closed sessions.
    Result {
        session: Id,
        entry: u64,
        /// From this byte of it on.
        from: u64,
        /// At most so much, in bytes.
        bytes: u32,
    },
    /// Every session's line, closed and trashed ones too, as many as fit ([`super::list`]).
    List,
    /// The lines behind this session's, in the same way.
    ListAfter {
        session: Id,
    },
    /// What every session takes where it is stored.
    Sizes,
    /// What waits for the person, over all sessions.
    Inbox,
    /// A session's snapshot again: something was missed.
    Resync {
        session: Id,
    },
    /// How the host is.
    Status,
    Stats,
    /// End in good order.
    Stop,
    /// The same, and clients start another one at once.
    Restart,
}

impl From<Command> for Request {
    fn from(command: Command) -> Self {
        Self::Command { command, reach: None }
    }
}
