//! The store as it is shared in the host: whoever closes it learns when nobody has it any more.

use std::convert::Infallible;
use std::sync::Arc;

use q_store::{Store, StoreLayer};
use tokio::sync::oneshot;

/// A store, and word for whoever waits until it is closed.
struct SharedStore<S> {
    store: S,
    /// Dropped behind the store, which is what it says.
    _open: oneshot::Sender<Infallible>,
}

/// Comes true when nobody has the store any more, and it is closed.
#[derive(Debug)]
pub(crate) struct Closed(oneshot::Receiver<Infallible>);

impl Closed {
    pub(crate) async fn wait(self) {
        let _closed = self.0.await;
    }
}

/// The store for whoever reads and writes in it.
pub(crate) fn share(store: impl Store + 'static) -> (Arc<dyn Store>, Closed) {
    let (open, closed) = oneshot::channel();
    (Arc::new(SharedStore { store, _open: open }), Closed(closed))
}

impl<S: Store> StoreLayer for SharedStore<S> {
    fn behind(&self) -> &dyn Store {
        &self.store
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use q_store::MemoryStore;

    use super::*;

    #[test]
    fn it_is_closed_when_the_last_one_lets_go() {
        let (store, closed) = share(MemoryStore::new());
        let reader = Arc::clone(&store);
        let mut closed = pin!(closed.wait());
        let mut is_closed =
            || closed.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(());
        assert!(!is_closed());
        drop(store);
        assert!(!is_closed(), "somebody reads");
        assert!(reader.heads().unwrap().is_empty());
        drop(reader);
        assert!(is_closed());
    }
}
