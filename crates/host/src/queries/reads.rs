//! Reads of the store beside the loop. A panic in one is its own error: whoever waits for it is answered, and nobody else
//! notices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use q_core::{SessionId, Stored};
use q_proto::{HostMessage, Refused, Response};
use q_store::{Store, StoreError};
use tokio::sync::{Semaphore, mpsc};

use super::query::{Query, StoreQuery};
use super::{facts, output, page, stats};
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
    /// One waits for the follower at a time, so that no number of askers takes all threads.
    follower_place: Arc<Semaphore>,
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
        let (places, follower_place) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(1)));
        Self { store, places, follower_place, loaded, tail_bytes, metrics }
    }

    /// Answers a request with what is read, from a thread that may wait for the disk or a follower.
    pub(crate) fn answer(&self, outbox: Arc<Outbox>, request: u64, query: Query) {
        match query {
            Query::Store(query) => self.answer_from_store(outbox, request, query),
            Query::Stats { started, live } => {
                let (metrics, place) = (self.metrics.clone(), Arc::clone(&self.follower_place));
                let read = move || Ok(metrics.read(|metrics| stats::answer(metrics, started, live)));
                tokio::spawn(async move {
                    let Ok(_place) = place.acquire_owned().await else { return };
                    let reading = tokio::task::spawn_blocking(move || {
                        let answer = unless_it_panics(None, read).map_err(refused);
                        outbox.push(HostMessage::Reply { id: request, answer });
                    });
                    let _answered = reading.await;
                });
            }
        }
    }

    fn answer_from_store(&self, outbox: Arc<Outbox>, request: u64, query: StoreQuery) {
        let (store, places) = (Weak::clone(&self.store), Arc::clone(&self.places));
        tokio::spawn(async move {
            let Ok(_place) = places.acquire_owned().await else { return };
            // Only now: whoever waits for a place must not keep the host from closing the store.
            let Some(store) = store.upgrade() else { return };
            let reading = tokio::task::spawn_blocking(move || {
                outbox.push(HostMessage::Reply { id: request, answer: answer(&*store, query) });
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

fn answer(store: &dyn Store, query: StoreQuery) -> Result<Response, Refused> {
    let read = || match query {
        StoreQuery::Page { session, before, bytes } => page::read(store, session, before, bytes),
        StoreQuery::Output { session, range } => output::read(store, session, range),
        StoreQuery::Facts { session } => facts::read(store, session),
    };
    unless_it_panics(Some(query.session()), read).map_err(refused)
}

fn refused(message: String) -> Refused {
    Refused { code: "store".into(), message, limit: false }
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
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    use crate::followers::Followers;
    use crate::followers::metrics::{MetricsFollower, Recorder};
    use crate::listener::Taken;

    #[test]
    fn a_panic_is_the_error_of_its_read() {
        let read = unless_it_panics::<()>(Some(SessionId(1)), || panic!("as a test does"));
        assert!(read.is_err_and(|why| why.contains("panicked")));
        assert_eq!(unless_it_panics(Some(SessionId(1)), || Ok(7)), Ok(7));
    }

    #[tokio::test]
    async fn the_figures_are_told_without_the_store() {
        let store: Arc<dyn Store> = Arc::new(q_store::MemoryStore::new());
        let recorder = Recorder::default();
        let mut followers = Followers::new(Arc::downgrade(&store));
        let following = followers.follow(MetricsFollower::new(recorder.clone())).unwrap();
        let (loaded, _loads) = mpsc::unbounded_channel();
        let reads =
            Reads::new(Arc::downgrade(&store), loaded, 1 << 10, FollowedMetrics::new(recorder, following));
        let _taken = Arc::clone(&reads.places).acquire_many_owned(AT_ONCE as u32).await.unwrap();
        drop(store); // it is being closed
        let outbox = Arc::new(Outbox::default());
        reads.answer(Arc::clone(&outbox), 7, Query::Stats { started: 1, live: 2 });
        let Taken::Messages(told) = outbox.take().await else { panic!("nothing is told") };
        let Some(HostMessage::Reply { id: 7, answer: Ok(Response::Stats(stats)) }) = told.front() else {
            panic!("{told:?}")
        };
        assert_eq!((stats.started, stats.sessions_live), (1, 2));
    }
}
