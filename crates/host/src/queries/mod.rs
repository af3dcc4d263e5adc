//! Queries: what clients ask, and what nothing changes by. One file each.
//!
//! What the core holds is said at once. What the store has, or a follower, is a [`Query`]: it is read beside the loop, once
//! what the asker may know already is written, and answered from there.

pub(crate) mod facts;
pub(crate) mod inbox;
pub(crate) mod list;
pub(crate) mod output;
pub(crate) mod page;
pub(crate) mod queue;
pub(crate) mod reads;
pub(crate) mod sizes;
mod stats;
pub(crate) mod status;

use q_core::{EntryNo, SessionId};
use q_store::{Store, StoreError, Stretch};

use q_proto::Response;

use crate::followers::metrics::FollowedMetrics;

/// The most one answer carries of what was said, in bytes.
const PAGE_BYTES: u32 = 1 << 20;

/// What is read for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// A page of a session's entries.
    Page {
        session: SessionId,
        /// Before this entry; the newest without it.
        before: Option<EntryNo>,
        /// At most so much, in bytes.
        bytes: usize,
    },
    /// A stretch of what is kept of a result.
    Output {
        session: SessionId,
        /// Which bytes of it.
        stretch: Stretch,
    },
    /// All of a session but its entries.
    Facts { session: SessionId },
    /// The figures since the host started, with what the loop knows of them.
    Stats {
        /// When that was, in milliseconds since 1970.
        started: u64,
        live: u64,
    },
}

impl Query {
    /// The session that is read, if it is one.
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Page { session, .. } | Self::Output { session, .. } | Self::Facts { session } => {
                Some(*session)
            }
            Self::Stats { .. } => None,
        }
    }

    /// Reads what was asked for. Waits for the disk, or a follower.
    pub(crate) fn answer(self, store: &dyn Store, metrics: &FollowedMetrics) -> Result<Response, StoreError> {
        match self {
            Self::Page { session, before, bytes } => page::read(store, session, before, bytes),
            Self::Output { session, stretch } => output::read(store, session, stretch),
            Self::Facts { session } => facts::read(store, session),
            Self::Stats { started, live } => {
                Ok(metrics.read(|metrics| stats::answer(metrics, started, live)))
            }
        }
    }
}
