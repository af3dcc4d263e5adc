//! What is asked, as data.

use q_core::{EntryNo, SessionId};
use q_store::ByteRange;

/// What is read beside the loop for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    Store(StoreQuery),
    /// The figures since the host started, with what the loop knows of them: from a follower, not from the store.
    Stats {
        /// When that was, in milliseconds since 1970.
        started: u64,
        live: u64,
    },
}

/// What only the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreQuery {
    /// A page of a session's entries.
    Page {
        session: SessionId,
        /// Before this entry; the newest without it.
        before: Option<EntryNo>,
        /// At most so much, in bytes.
        bytes: usize,
    },
    /// A byte range of what is kept of a result.
    Output {
        session: SessionId,
        /// Which bytes of it.
        range: ByteRange,
    },
    /// All of a session but its entries.
    Facts { session: SessionId },
}

impl StoreQuery {
    /// The session that is read.
    pub(super) const fn session(&self) -> SessionId {
        match self {
            Self::Page { session, .. } | Self::Output { session, .. } | Self::Facts { session } => *session,
        }
    }
}

/// The most one answer carries of what was said, in bytes: it is held whole until its client has read it.
pub(super) const PAGE_BYTES: u32 = 1 << 20;
