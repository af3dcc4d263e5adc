//! The life of a host: from what the disk has to its death, of which only the disk knows.

use std::collections::VecDeque;

use q_core::ClientId;
use q_host::simulation::{CommitReport, Host, HostError, HostEvent, RunEvent, recover};

use super::agents::Agents;
use super::law::{Held, Law};
use super::loads::Loads;
use super::planted::Planted;
use super::side::{Side, WantedPage};
use super::stage::Stage;

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

impl Stage {
    /// A host begins with what the disk has.
    pub(super) fn start(&mut self) -> Held {
        self.count("lives of hosts", 1);
        let misfit = |error: HostError| Law::StoreFits.broken(format!("a host cannot start: {error}"));
        let mut limits = self.limits.clone();
        if self.planted == Some(Planted::ForgetsItsLimits) {
            limits.live_sessions += 3;
        }
        let core = recover(&self.disk.store, limits).map_err(misfit)?;
        self.ledger.acknowledged_is_kept(&self.disk)?;
        let mut side = Side::new(self.clocks.now(), self.drawn, self.bounds, self.planted);
        side.overheard = self.script.is_kept().then(Vec::new);
        let mut life = Life {
            host: Host::new(core, side),
            phase: Phase::Starting,
            inbox: VecDeque::new(),
            heard: VecDeque::new(),
            reports: VecDeque::new(),
            pages: VecDeque::new(),
            loads: Loads::default(),
            is_terminated: false,
            last_client: ClientId(0),
        };
        life.host.start();
        self.life = Some(life);
        self.after_event()
    }

    /// The host is killed.
    /// Whether there was one.
    pub(super) fn die(&mut self, one_more_group: bool) -> Held<bool> {
        let lived = self.life.is_some();
        if lived {
            self.disk.lose_host(one_more_group)?;
            self.host_is_gone();
        }
        Ok(lived)
    }

    /// Nothing is left of the host but what it wrote.
    pub(super) fn host_is_gone(&mut self) {
        if let Some(life) = self.life.take() {
            self.drawn = life.host.into_world().drawn;
        }
        self.agents = Agents::new(self.planted);
        self.ledger.host_is_gone();
        for client in &mut self.clients {
            if let Some(connection) = client.connection() {
                connection.is_open = false;
            }
        }
    }
}
