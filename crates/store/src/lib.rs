//! The disk of `q`: every session's records and heads, appended in order, read back checked.
//!
//! [`Store`] is the contract; [`FjallStore`] keeps it on disk, [`MemoryStore`] in memory for tests. Records are framed
//! by `envelope`, linked by `chain`, encoded by `wire`, and kept in a directory that `directory` makes and recognises.
//! Pages and tails are folded by [`q_core::Transcript`], which is the one definition of an entry.
//!
//! Not here: what a record means (`q-core`), who writes when (the host).

mod chain;
mod directory;
mod envelope;
mod error;
mod fjall;
mod key;
mod lineage;
mod log;
mod memory;
mod newest;
mod order;
mod page;
mod store;
mod tail;
mod wire;

pub use error::StoreError;
pub use fjall::FjallStore;
pub use memory::MemoryStore;
pub use page::Page;
pub use store::Store;
