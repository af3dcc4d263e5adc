//! Reads of the store beside the loop. A panic in one is its own error: whoever waits for it is answered, and nobody else
//! notices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use q_core::{SessionId, Stored};
use q_proto::{HostMessage, Refused, Response};
use q_store::{Store, StoreError};
use tokio::sync::{Semaphore, mpsc};

use super::Query;
use crate::events::Loaded;
use crate::followers::metrics::FollowedMetrics;
use crate::listener::Outbox;

/// Queries that are read at once: each answer may hold a page of long entries.
const AT_ONCE: usize = 4;

/// The way to the store for whoever reads beside the loop.
pub(crate) struct Reads {
    /// Gone once the host closes it.
    store: Weak<dyn Store>,
    places: Arc<Semaphore>,
    loaded: mpsc::UnboundedSender<Loaded>,
    /// How much of a live session recovery reads.
    tail_bytes: usize,
    metrics: FollowedMetrics,
}

impl Reads {
    pub(crate) fn new(
        store: Weak<dyn Store>,
        loaded: mpsc::UnboundedSender<Loaded>,
        tail_bytes: usize,
        metrics: FollowedMetrics,
    ) -> Self {
        Self { store, places: Arc::new(Semaphore::new(AT_ONCE)), loaded, tail_bytes, metrics }
    }

    /// Answers a request with what is read, from a thread that may wait for the disk.
    pub(crate) fn answer(&self, outbox: Arc<Outbox>, request: u64, query: Query) {
        let (store, places) = (Weak::clone(&self.store), Arc::clone(&self.places));
        let metrics = self.metrics.clone();
        tokio::spawn(async move {
            let Ok(_place) = places.acquire_owned().await else { return };
            let Some(store) = store.upgrade() else { return };
            let reading = tokio::task::spawn_blocking(move || {
                outbox.push(HostMessage::Reply { id: request, answer: answer(&*store, &metrics, query) });
            });
            let _answered = reading.await;
        });
    }

    /// Reads what is stored of a session, for the core.
    pub(crate) fn load(&self, session: SessionId) {
        let Some(store) = self.store.upgrade() else { return };
        let (loaded, tail_bytes) = (self.loaded.clone(), self.tail_bytes);
        tokio::task::spawn_blocking(move || {
            let stored = stored(&*store, session, tail_bytes);
            let _host_gone = loaded.send(Loaded { session, stored });
        });
    }
}

/// What is stored of a session, or why it cannot be read.
fn stored(store: &dyn Store, session: SessionId, tail_bytes: usize) -> Result<Box<Stored>, String> {
    let read = || match store.head(session)? {
        Some(head) => store.stored(head, tail_bytes).map(Some),
        None => Ok(None),
    };
    match unless_it_panics(Some(session), read) {
        Ok(Some(stored)) => Ok(Box::new(stored)),
        Ok(None) => Err("it is not in the store".to_owned()),
        Err(why) => Err(why),
    }
}

fn answer(store: &dyn Store, metrics: &FollowedMetrics, query: Query) -> Result<Response, Refused> {
    let refused = |message| Refused { code: "store".into(), message, limit: false };
    unless_it_panics(query.session(), || query.answer(store, metrics)).map_err(refused)
}

fn unless_it_panics<T>(
    session: Option<SessionId>,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, String> {
    let why = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => return Ok(read),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "reading it panicked; `q host logs` says where more is told".to_owned(),
    };
    let session = session.map(tracing::field::display);
    tracing::error!(target: "q::store", session, why, "something cannot be read");
    Err(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_panic_is_the_error_of_its_read() {
        let read = unless_it_panics::<()>(Some(SessionId(1)), || panic!("as a test does"));
        assert!(read.is_err_and(|why| why.contains("panicked")));
        assert_eq!(unless_it_panics(Some(SessionId(1)), || Ok(7)), Ok(7));
    }
}
