//! What is kept of a session's agent between its turns.

use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};

use q_core::ResumeHandle;
use q_seat::{AgentOffers, Seat};
use q_tools::{ServingPrograms, Toolbox};
use tokio::sync::Mutex;

use crate::opening::OpenSession;
use crate::spec::AcpSpec;

/// Where a session of the agent's is kept between turns; empty while it does not run.
pub(crate) type SessionPlace = Arc<Mutex<Option<OpenSession>>>;

/// An agent of a session, from its first turn until it is released.
#[derive(Debug)]
pub(crate) struct KeptAgent {
    pub(crate) spec: Arc<AcpSpec>,
    pub(crate) seat: Seat,
    pub(crate) toolbox: Arc<Toolbox>,
    /// Whose calls these are: a permission is for this session alone.
    pub(crate) owner: Vec<u8>,
    /// By what the agent finds the conversation again.
    pub(crate) handle: Lock<Option<ResumeHandle>>,
    /// What it lets people choose or type, as it last said.
    pub(crate) offers: Lock<AgentOffers>,
    pub(crate) programs: ServingPrograms,
    pub(crate) session: SessionPlace,
}

impl KeptAgent {
    pub(crate) fn handle(&self) -> MutexGuard<'_, Option<ResumeHandle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn offers(&self) -> MutexGuard<'_, AgentOffers> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has known what an open session of its offers.
    pub(crate) fn note_offers(&self, open: &mut OpenSession) {
        let told = open.connection.take_commands(&open.id);
        let mut offers = self.offers();
        offers.commands = told.unwrap_or(std::mem::take(&mut offers.commands));
        (offers.model, offers.models) = (open.models.current.clone(), open.models.known.clone());
        (offers.mode, offers.modes) = (open.modes.current.clone(), open.modes.known.clone());
        offers.steers = open.can.steers;
    }
}
