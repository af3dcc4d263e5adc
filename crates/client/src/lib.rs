//! The client's side of the wire: how a host is found, started, greeted and ended; and what a client knows and waits for.
//!
//! Whoever only speaks to a host needs this and nothing of the host's: no store and no agent is among it. `connect` is all
//! that does I/O; the rest is told what happened and answers what to do.

mod acknowledged;
mod backoff;
mod bringing;
mod connect;
mod state;

pub use backoff::Backoff;
pub use connect::{ConnectError, Connection, READY, RUN, RUN_AGAIN, Urgency, dismiss, other_socket};
pub use state::{ClientState, News, Prompt};
