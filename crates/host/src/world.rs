//! What the host's loop needs of the world: the real one is [`Real`], simulation brings its own.

use std::sync::Arc;

use q_agent::AgentSpec;
use q_core::{Batch, ClientId, EntryNo, Kind, Now, SessionId, TurnNo};
use q_store::Store;

use crate::asks::Asks;
use crate::clock::Clock;
use crate::door::{Outbox, Outboxes};
use crate::entropy::{self, NoEntropy};
use crate::pipeline::CommitNo;
use crate::wire::{Answer, HostMessage, Refused};
use crate::writer::Writer;

/// The world's side of the loop. No method waits.
pub(crate) trait World {
    /// Both clocks.
    fn now(&self) -> Now;
    /// A fresh session id.
    fn session_id(&mut self) -> Result<SessionId, NoEntropy>;
    /// Makes a batch durable; [`crate::events::Event::Written`] tells when.
    fn commit(&mut self, commit: CommitNo, batch: Batch);
    /// Asks an agent; [`crate::events::Event::Heard`] tells what it says.
    fn ask(&mut self, question: Question);
    /// Stops asking.
    fn cancel(&mut self, session: SessionId, turn: TurnNo);
    /// A client can be sent to from here on.
    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>);
    /// Queues a message to a client; never waits for it.
    fn send(&mut self, client: ClientId, message: HostMessage);
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
}

/// What an agent is to be asked; the conversation is read from the store.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnNo,
    pub(crate) agent: AgentSpec,
    pub(crate) model: String,
    pub(crate) kind: Kind,
}

/// The real world.
pub(crate) struct Real {
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: Writer,
    pub(crate) asks: Asks,
    pub(crate) outboxes: Outboxes,
}

impl World for Real {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn session_id(&mut self) -> Result<SessionId, NoEntropy> {
        entropy::session_id()
    }

    fn commit(&mut self, commit: CommitNo, batch: Batch) {
        self.writer.write(commit, batch);
    }

    fn ask(&mut self, question: Question) {
        self.asks.start(question);
    }

    fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        self.asks.cancel(session, turn);
    }

    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>) {
        self.outboxes.insert(client, outbox);
    }

    fn send(&mut self, client: ClientId, message: HostMessage) {
        if let Some(outbox) = self.outboxes.get(&client) {
            outbox.push(message);
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
        let Some(outbox) = self.outboxes.get(&client).cloned() else { return };
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || {
            let answer = match store.page(session, before, bytes) {
                Ok(page) => Ok(Answer::Page(crate::wire::view::Pages {
                    entries: page.entries.into_iter().map(Into::into).collect(),
                    trimmed: page.trimmed,
                })),
                Err(error) => {
                    tracing::error!(target: "q::store", session = %session, %error, "a page cannot be read");
                    Err(Refused { code: "store".into(), message: error.to_string(), limit: false })
                }
            };
            outbox.push(HostMessage::Reply { id: request, answer });
        });
    }
}
