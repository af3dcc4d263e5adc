//! What the host's loop needs of the world: the real one is [`Real`], simulation brings its own.

use std::sync::Arc;

use q_agent::{AgentControl, AgentOffers, AgentSpec, BackgroundLine};
use q_core::{Batch, ClientId, Input, Now, SessionId, TurnNo};
use q_proto::HostMessage;
use q_proto::entropy::{self, NoEntropy};

use crate::agent_request::AgentRequest;
use crate::clock::Clock;
use crate::listener::{Outbox, Outboxes};
use crate::pipeline::CommitNo;
use crate::queries::models::ModelLists;
use crate::queries::query::Query;
use crate::queries::reads::Reads;
use crate::reversals::Reversals;
use crate::runs::Runs;
use crate::shells::{ShellRequest, ShellRuns};
use crate::writer::Writer;

/// The world's side of the loop. No method waits.
pub trait World {
    fn now(&self) -> Now;
    /// The core is about to be told this. The real world does not listen: it may be anybody's words.
    fn observe(&mut self, _now: Now, _input: &Input) {}
    /// A fresh session id.
    fn session_id(&mut self) -> Result<SessionId, NoEntropy>;
    /// The resident memory of the process, in bytes, where the system tells.
    fn memory(&mut self) -> Option<u64>;
    /// Makes a batch durable; [`crate::events::HostEvent::Commit`] tells when.
    fn commit(&mut self, commit: CommitNo, batch: Batch);
    /// Has an agent run a turn; [`crate::events::HostEvent::Run`] tells what it says.
    fn run(&mut self, request: AgentRequest);
    fn cancel(&mut self, session: SessionId, turn: TurnNo);
    /// Tells an agent something while its turn runs.
    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl);
    /// Parks a session's agent.
    fn release(&mut self, session: SessionId);
    /// Reads what is stored of a session; [`crate::events::HostEvent::Loaded`] brings it.
    fn load(&mut self, session: SessionId);
    /// Reverses what a turn of that session, which works in that directory, changed in files;
    /// [`crate::events::HostEvent::Reversed`] tells what came of it.
    fn reverse(&mut self, session: SessionId, redo: bool, turn: TurnNo, directory: String);
    /// Has the shell run a line; [`crate::events::HostEvent::Run`] tells what comes of it, and [`World::cancel`] ends it.
    fn shell(&mut self, request: ShellRequest);
    /// A client can be sent to from here on.
    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>);
    /// Queues a message to a client; never waits for it.
    fn send(&mut self, client: ClientId, message: HostMessage);
    /// [`crate::events::HostEvent::Drained`] is to tell when a client has read what waits for it.
    fn notify_when_drained(&mut self, client: ClientId);
    /// A client is gone.
    fn forget(&mut self, client: ClientId);
    /// Reads what a query asks for and answers the request with it.
    fn query(&mut self, client: ClientId, request: u64, query: Query);
    /// Asks for the models of the agent so reached, beside the loop, and answers the request with them.
    fn models(&mut self, client: ClientId, request: u64, agent: AgentSpec);
    /// What goes on in the background of a session, once the one of that number is ended, if one is named.
    fn processes(&mut self, session: SessionId, stop: Option<u64>) -> Result<Vec<BackgroundLine>, String>;
    /// What a session's agent lets people choose or type, as it last said.
    fn offers(&mut self, session: SessionId) -> AgentOffers;
}

/// The real world: clocks, files and agents of this machine.
pub(crate) struct Real {
    pub(crate) clock: Clock,
    pub(crate) writer: Writer,
    pub(crate) work: SessionWork,
    pub(crate) clients: Clients,
}

/// What is under way for sessions: turns of their agents, files that are put back, and lines for the shell.
pub(crate) struct SessionWork {
    pub(crate) runs: Runs,
    pub(crate) reversals: Reversals,
    pub(crate) shells: ShellRuns,
}

/// What clients are sent, and what is read for them.
pub(crate) struct Clients {
    pub(crate) outboxes: Outboxes,
    pub(crate) reads: Reads,
    pub(crate) lists: ModelLists,
}

impl World for Real {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn session_id(&mut self) -> Result<SessionId, NoEntropy> {
        entropy::session_id()
    }

    fn memory(&mut self) -> Option<u64> {
        crate::resident_memory::bytes()
    }

    fn commit(&mut self, commit: CommitNo, batch: Batch) {
        self.writer.write(commit, batch);
    }

    fn run(&mut self, request: AgentRequest) {
        self.work.runs.start(request);
    }

    fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        self.work.runs.cancel(session, turn);
        self.work.shells.cancel(session, turn);
    }

    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl) {
        self.work.runs.control(session, turn, control);
    }

    fn release(&mut self, session: SessionId) {
        self.work.runs.release(session);
    }

    fn load(&mut self, session: SessionId) {
        self.clients.reads.load(session);
    }

    fn reverse(&mut self, session: SessionId, redo: bool, turn: TurnNo, directory: String) {
        self.work.reversals.start(session, redo, turn, directory);
    }

    fn shell(&mut self, request: ShellRequest) {
        self.work.shells.start(request);
    }

    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>) {
        self.clients.outboxes.insert(client, outbox);
    }

    fn send(&mut self, client: ClientId, message: HostMessage) {
        if let Some(outbox) = self.clients.outboxes.get(client) {
            outbox.push(message);
        }
    }

    fn notify_when_drained(&mut self, client: ClientId) {
        self.clients.outboxes.notify_when_drained(client);
    }

    fn forget(&mut self, client: ClientId) {
        self.clients.outboxes.forget(client);
    }

    fn query(&mut self, client: ClientId, request: u64, query: Query) {
        if let Some(outbox) = self.clients.outboxes.get(client) {
            self.clients.reads.answer(Arc::clone(outbox), request, query);
        }
    }

    fn processes(&mut self, session: SessionId, stop: Option<u64>) -> Result<Vec<BackgroundLine>, String> {
        self.work.runs.processes(session, stop)
    }

    fn offers(&mut self, session: SessionId) -> AgentOffers {
        self.work.runs.offers(session)
    }

    fn models(&mut self, client: ClientId, request: u64, agent: AgentSpec) {
        if let Some(outbox) = self.clients.outboxes.get(client) {
            self.clients.lists.answer(Arc::clone(outbox), request, agent);
        }
    }
}
