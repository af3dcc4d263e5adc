//! What wakes the loop: clients, the host's own threads and tasks, the core's deadline, the system.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use q_proto::place::Place;
use q_store::StoreError;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::events::{BackgroundReport, HostEvent, Loaded, ReversalReport, RunEvent};
use crate::host::Host;
use crate::world::Real;
use crate::writer::CommitReport;

/// Commits that may be under way before agents are made to wait.
pub const COMMITS: usize = 512;
/// How often it is tried whether a store that is only read could be written by now.
const ROOM_EACH: Duration = Duration::from_secs(2);

/// What the host's own threads and tasks report.
pub(crate) struct Reports {
    pub(crate) commits: mpsc::UnboundedReceiver<CommitReport>,
    pub(crate) loads: mpsc::UnboundedReceiver<Loaded>,
    pub(crate) reversals: mpsc::UnboundedReceiver<ReversalReport>,
    pub(crate) runs: mpsc::Receiver<RunEvent>,
    pub(crate) backgrounds: mpsc::UnboundedReceiver<BackgroundReport>,
}

/// Everything that wakes the loop.
pub(crate) struct Wakes {
    pub(crate) clock: Clock,
    pub(crate) clients: mpsc::Receiver<HostEvent>,
    pub(crate) reports: Reports,
    pub(crate) terminate: Terminate,
    pub(crate) room: Room,
}

impl Wakes {
    /// Waits for the next thing that happens. Nothing, where that is nothing to the host.
    pub(crate) async fn next(&mut self, host: &Host<Real>) -> Option<HostEvent> {
        let deadline = host.next_deadline();
        let until = self.clock.until(deadline.map(|deadline| deadline.at).unwrap_or_default());
        let Reports { commits, loads, reversals, runs, backgrounds } = &mut self.reports;
        // In no order: whoever can always say something must not keep the others from being heard.
        Some(tokio::select! {
            Some(report) = commits.recv() => HostEvent::Commit(report),
            Some(loaded) = loads.recv() => HostEvent::Loaded(loaded),
            Some(report) = reversals.recv() => HostEvent::Reversed(report),
            Some(report) = backgrounds.recv() => HostEvent::Background(report),
            Some(event) = self.clients.recv() => event,
            Some(event) = runs.recv(), if host.commits_under_way() < COMMITS => HostEvent::Run(event),
            () = tokio::time::sleep(until), if deadline.is_some() => HostEvent::Deadline,
            there_is = self.room.look(), if self.room.may_come => return there_is.then_some(HostEvent::Room),
            () = self.terminate.asked() => HostEvent::Terminate,
        })
    }
}

/// Whether a store that is only read could be written by now.
pub(crate) struct Room {
    store: PathBuf,
    may_come: bool,
    /// Runs on whatever else happens: one asked for status every second must not be kept from looking.
    each: tokio::time::Interval,
}

impl Room {
    pub(crate) fn new(place: &Place, why_read_only: Option<StoreError>) -> Self {
        // A later version's store stays one.
        let may_come = why_read_only.is_some_and(|why| !matches!(why, StoreError::FutureVersion { .. }));
        let each = tokio::time::interval_at(tokio::time::Instant::now() + ROOM_EACH, ROOM_EACH);
        Self { store: place.store(), may_come, each }
    }

    async fn look(&mut self) -> bool {
        self.each.tick().await;
        q_store::takes_more(&self.store)
    }
}

/// The signals that ask the host to end in good order. The end of a terminal is none of them.
pub(crate) struct Terminate {
    term: Signal,
    interrupt: Signal,
    _hangup: Signal,
}

impl Terminate {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
