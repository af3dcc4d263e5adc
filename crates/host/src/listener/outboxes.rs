//! Where to put what is for each client.

use std::collections::BTreeMap;
use std::sync::Arc;

use q_core::ClientId;

use super::outbox::Outbox;

/// The outboxes of all clients that are attached.
#[derive(Debug, Default)]
pub struct Outboxes(BTreeMap<ClientId, Arc<Outbox>>);

impl Outboxes {
    pub fn insert(&mut self, client: ClientId, outbox: Arc<Outbox>) {
        self.0.insert(client, outbox);
    }

    pub fn get(&self, client: ClientId) -> Option<&Arc<Outbox>> {
        self.0.get(&client)
    }

    /// Has it told when a client has read what waits for it.
    pub fn notify_when_drained(&self, client: ClientId) {
        if let Some(outbox) = self.get(client) {
            outbox.notify_when_drained();
        }
    }

    /// A client is gone: what waits for it is written still, and nothing more.
    pub fn forget(&mut self, client: ClientId) {
        if let Some(outbox) = self.0.remove(&client) {
            outbox.close();
        }
    }
}
