//! A store in front of another one, which it is but for one thing.

use q_core::{Batch, EntryNo, Head, Seq, SessionId, Stamped, Stored};

use crate::byte_range::ByteRange;
use crate::damage::Damage;
use crate::error::StoreError;
use crate::page::Page;
use crate::store::Store;

/// A layer over a store. Whatever it does not do itself, the store behind it does.
pub trait StoreLayer: Send + Sync {
    fn behind(&self) -> &dyn Store;

    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        self.behind().append(batches)
    }
}

impl<L: StoreLayer> Store for L {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        StoreLayer::append(self, batches)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.behind().sync()
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.behind().heads()
    }

    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        self.behind().head(session)
    }

    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError> {
        self.behind().stored(head, tail_bytes)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        self.behind().page(session, before, bytes)
    }

    fn result(&self, session: SessionId, range: ByteRange) -> Result<String, StoreError> {
        self.behind().result(session, range)
    }

    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError> {
        self.behind().records(session, from, limit)
    }

    fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        self.behind().verify()
    }

    fn is_worth_compacting(&self) -> bool {
        self.behind().is_worth_compacting()
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.behind().compact()
    }

    fn damage(&self) -> Vec<Damage> {
        self.behind().damage()
    }
}
