//! Deadlines: derived from state, so there are no timers to cancel and a late or spurious wake-up is harmless.

use crate::time::Instant;

/// When the core next wants to be called, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// Not later than this.
    pub at: Instant,
    /// For what; for logs and traces.
    pub reason: Reason,
}

/// Why the core wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Streamed text has waited long enough to be written.
    WriteStream,
    /// A call has waited long enough for the person.
    ExpireCall,
    /// A session was not used for long enough.
    Hibernate,
    /// A session was in the trash for long enough.
    EmptyTrash,
    /// A day ended, and what all sessions may spend in one begins anew.
    NewDay,
    /// Nobody is attached and nothing runs: the host may leave.
    Leave,
}
