//! The client's side of the wire: how a host is found, started, greeted and ended.
//!
//! Whoever only speaks to a host needs this and nothing of the host's: no store and no agent is among it.

mod connect;

pub use connect::{ConnectError, Connection, READY, Urgency, dismiss, other_socket};
