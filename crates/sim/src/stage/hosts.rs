//! Hosts come and die: from what the disk has to a death of which only the disk knows.

use std::collections::VecDeque;

use q_core::ClientId;
use q_host::simulation::{Host, HostError, recover};

use super::{Life, Phase, Stage};
use crate::agents::Agents;
use crate::law::{Held, Law};
use crate::loads::Loads;
use crate::planted::Planted;
use crate::shells::Shells;
use crate::side::Side;

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
        // Before it does anything: what is missing now was lost by its predecessors.
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
            reversals: VecDeque::new(),
            is_terminated: false,
            last_client: ClientId(0),
        };
        life.host.start();
        self.life = Some(life);
        self.after_event()
    }

    /// The host is killed, if there is one; whether there was.
    pub(super) fn die(&mut self, one_more_group: bool) -> Held<bool> {
        let lived = self.life.is_some();
        if lived {
            // The disk first: what the writer has at hand may reach it, and nobody hears of that.
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
        self.shells = Shells::default();
        self.ledger.host_is_gone();
        // Each client sees the end of its connection when it reads on.
        for client in &mut self.clients {
            if let Some(connection) = client.connection() {
                connection.is_open = false;
            }
        }
    }
}
