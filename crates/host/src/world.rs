//! What the host's loop needs of the world: the real one is [`Real`], simulation brings its own.

use std::sync::{Arc, Weak};

use q_agent::{AgentControl, AgentSpec, Seat};
use q_core::{Batch, ClientId, EntryNo, Input, Now, SessionId, TurnNo};
use q_store::{Store, StoreError, Stretch};
use tokio::sync::{Semaphore, mpsc};

use crate::clock::Clock;
use crate::door::{Outbox, Outboxes};
use crate::entropy::{self, NoEntropy};
use crate::events::Loaded;
use crate::pipeline::CommitNo;
use crate::reads;
use crate::runs::Runs;
use crate::wire::{Answer, HostMessage};
use crate::writer::Writer;

/// The world's side of the loop. No method waits.
pub trait World {
    /// Both clocks.
    fn now(&self) -> Now;
    /// The core is about to be told this. The real world does not listen: it may be anybody's words.
    fn overhear(&mut self, _now: Now, _input: &Input) {}
    /// A fresh session id.
    fn session_id(&mut self) -> Result<SessionId, NoEntropy>;
    /// What the process weighs, in bytes, where the system tells.
    fn memory(&mut self) -> Option<u64>;
    /// Makes a batch durable; [`crate::events::Event::Written`] tells when.
    fn commit(&mut self, commit: CommitNo, batch: Batch);
    /// Has an agent run a turn; [`crate::events::Event::Heard`] tells what it says.
    fn run(&mut self, request: AgentRequest);
    /// Stops a turn.
    fn cancel(&mut self, session: SessionId, turn: TurnNo);
    /// Tells an agent something while its turn runs.
    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl);
    /// Parks a session's agent.
    fn release(&mut self, session: SessionId);
    /// Reads what is stored of a session; [`crate::events::Event::Loaded`] brings it.
    fn load(&mut self, session: SessionId);
    /// A client can be sent to from here on.
    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>);
    /// Queues a message to a client; never waits for it.
    fn send(&mut self, client: ClientId, message: HostMessage);
    /// [`crate::events::Event::Drained`] is to tell when a client has read what waits for it.
    fn tell_when_drained(&mut self, client: ClientId);
    /// A client is gone.
    fn forget(&mut self, client: ClientId);
    /// Reads entries from the store and answers the request with them.
    fn page(
        &mut self,
        client: ClientId,
        request: u64,
        session: SessionId,
        before: Option<EntryNo>,
        bytes: usize,
    );
    /// Reads a stretch of what is kept of a result and answers the request with it.
    fn result(&mut self, client: ClientId, request: u64, session: SessionId, stretch: Stretch);
    /// Reads what a session is beside its entries and answers the request with that.
    fn facts(&mut self, client: ClientId, request: u64, session: SessionId);
}

/// Requests of clients that are answered from the store at once: each may hold a page of long entries.
pub(crate) const READS: usize = 4;

/// A turn that an agent is to run; the conversation is read from the store.
#[derive(Clone, Debug)]
pub struct AgentRequest {
    /// For whom, and within what.
    pub seat: Seat,
    /// Which turn.
    pub turn: TurnNo,
    /// How the agent is reached.
    pub agent: AgentSpec,
    /// Which of its models; empty for its own.
    pub model: String,
    /// What it is told about its task; may be empty.
    pub brief: String,
}

/// The real world.
pub(crate) struct Real {
    pub(crate) clock: Clock,
    /// Gone once the host closes it.
    pub(crate) store: Weak<dyn Store>,
    pub(crate) writer: Writer,
    pub(crate) runs: Runs,
    pub(crate) outboxes: Outboxes,
    pub(crate) loaded: mpsc::UnboundedSender<Loaded>,
    /// Places for [`READS`].
    pub(crate) reads: Arc<Semaphore>,
    /// How much of a live session recovery reads.
    pub(crate) tail_bytes: usize,
}

impl World for Real {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn session_id(&mut self) -> Result<SessionId, NoEntropy> {
        entropy::session_id()
    }

    fn memory(&mut self) -> Option<u64> {
        crate::weight::resident()
    }

    fn commit(&mut self, commit: CommitNo, batch: Batch) {
        self.writer.write(commit, batch);
    }

    fn run(&mut self, request: AgentRequest) {
        self.runs.start(request);
    }

    fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        self.runs.cancel(session, turn);
    }

    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl) {
        self.runs.control(session, turn, control);
    }

    fn release(&mut self, session: SessionId) {
        self.runs.release(session);
    }

    fn load(&mut self, session: SessionId) {
        let Some(store) = self.store.upgrade() else { return };
        let (loaded, tail_bytes) = (self.loaded.clone(), self.tail_bytes);
        tokio::task::spawn_blocking(move || {
            let stored = reads::stored(&*store, session, tail_bytes);
            let _host_gone = loaded.send(Loaded { session, stored });
        });
    }

    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>) {
        self.outboxes.insert(client, outbox);
    }

    fn send(&mut self, client: ClientId, message: HostMessage) {
        if let Some(outbox) = self.outboxes.get(&client) {
            outbox.push(message);
        }
    }

    fn tell_when_drained(&mut self, client: ClientId) {
        if let Some(outbox) = self.outboxes.get(&client) {
            outbox.tell_when_drained();
        }
    }

    fn forget(&mut self, client: ClientId) {
        if let Some(outbox) = self.outboxes.remove(&client) {
            outbox.close();
        }
    }

    fn page(
        &mut self,
        client: ClientId,
        request: u64,
        session: SessionId,
        before: Option<EntryNo>,
        bytes: usize,
    ) {
        self.answer(client, request, session, move |store| {
            let page = store.page(session, before, bytes)?;
            let entries = page.entries.into_iter().map(Into::into).collect();
            Ok(Answer::Page(crate::wire::view::Pages { entries, trimmed: page.trimmed }))
        });
    }

    fn result(&mut self, client: ClientId, request: u64, session: SessionId, stretch: Stretch) {
        self.answer(client, request, session, move |store| {
            store.result(session, stretch).map(Answer::Stretch)
        });
    }

    fn facts(&mut self, client: ClientId, request: u64, session: SessionId) {
        self.answer(client, request, session, move |store| {
            Ok(crate::facts::read(store, session)?.map_or(Answer::Done, |facts| Answer::Facts(facts.into())))
        });
    }
}

impl Real {
    /// Answers a request with what is read, on a thread that may wait for the disk.
    fn answer(
        &self,
        client: ClientId,
        request: u64,
        session: SessionId,
        read: impl FnOnce(&dyn Store) -> Result<Answer, StoreError> + Send + 'static,
    ) {
        let Some(outbox) = self.outboxes.get(&client).cloned() else { return };
        let (store, reads) = (Weak::clone(&self.store), Arc::clone(&self.reads));
        tokio::spawn(async move {
            let Ok(_place) = reads.acquire_owned().await else { return };
            let Some(store) = store.upgrade() else { return };
            let reading = tokio::task::spawn_blocking(move || {
                let answer = reads::answer(&*store, session, read);
                outbox.push(HostMessage::Reply { id: request, answer });
            });
            let _answered = reading.await;
        });
    }
}
