//! Connections that have not said hello: few at a time. A new one takes the place of the oldest, so that silent ones keep
//! nobody out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use q_core::ClientId;
use tokio::task::AbortHandle;

/// Whoever has not said hello, the oldest first.
#[derive(Debug)]
pub(super) struct Ungreeted {
    most: usize,
    tasks: Mutex<BTreeMap<ClientId, AbortHandle>>,
}

impl Ungreeted {
    /// Room for so many.
    pub(super) const fn of(most: usize) -> Self {
        Self { most, tasks: Mutex::new(BTreeMap::new()) }
    }

    /// Lets a connection in, which `serve` starts to serve. The oldest goes where there are too many.
    pub(super) fn enter(&self, client: ClientId, serve: impl FnOnce() -> AbortHandle) {
        let mut tasks = self.lock();
        if tasks.len() >= self.most {
            drop_oldest(&mut tasks);
        }
        // Under the lock, so that it cannot have said hello before it is here.
        tasks.insert(client, serve());
    }

    /// A connection has said hello, or ended.
    pub(super) fn leave(&self, client: ClientId) {
        self.lock().remove(&client);
    }

    /// Closes the oldest connection, so that its descriptor is free; whether there was one.
    pub(super) fn make_room(&self) -> bool {
        drop_oldest(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_oldest(tasks: &mut BTreeMap<ClientId, AbortHandle>) -> bool {
    let oldest = tasks.pop_first();
    if let Some((client, task)) = &oldest {
        tracing::warn!(target: "q::listener", client = client.0, "a connection without a hello made room for another");
        task.abort();
    }
    oldest.is_some()
}
