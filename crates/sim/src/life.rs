//! The life of a host, and what is on its way to it.

use std::collections::VecDeque;

use q_core::ClientId;
use q_host::simulation::{CommitReport, Host, HostEvent, RunEvent};

use super::loads::Loads;
use super::side::{Side, WantedPage};

/// A host's life, and what is on its way to it.
pub(super) struct Life {
    pub(super) host: Host<Side>,
    pub(super) phase: Phase,
    pub(super) inbox: VecDeque<HostEvent>,
    pub(super) heard: VecDeque<RunEvent>,
    pub(super) reports: VecDeque<CommitReport>,
    pub(super) pages: VecDeque<WantedPage>,
    pub(super) loads: Loads,
    pub(super) is_terminated: bool,
    pub(super) last_client: ClientId,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// How far a host's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// What a crash cut short is being marked; nobody is let in.
    Starting,
    Serving,
    /// Clients are told; since when.
    Leaving(q_core::Instant),
}
