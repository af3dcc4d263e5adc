//! The store as it is shared in the host: whoever closes it learns when nobody has it any more.

use std::convert::Infallible;
use std::sync::Arc;

use q_core::{Batch, EntryNo, Head, Seq, SessionId, Stamped, Stored};
use q_store::{Damage, Page, Store, StoreError, Stretch};
use tokio::sync::oneshot;

/// A store, and word for whoever waits until it is closed.
struct Shared<S> {
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
    (Arc::new(Shared { store, _open: open }), Closed(closed))
}

impl<S: Store> Store for Shared<S> {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        self.store.append(batches)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.store.sync()
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.store.heads()
    }

    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        self.store.head(session)
    }

    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError> {
        self.store.stored(head, tail_bytes)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        self.store.page(session, before, bytes)
    }

    fn result(&self, session: SessionId, stretch: Stretch) -> Result<String, StoreError> {
        self.store.result(session, stretch)
    }

    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError> {
        self.store.records(session, from, limit)
    }

    fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        self.store.verify()
    }

    fn is_worth_compacting(&self) -> bool {
        self.store.is_worth_compacting()
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.store.compact()
    }

    fn damage(&self) -> Vec<Damage> {
        self.store.damage()
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
