//! The disk of `q`: every session's records and heads, appended in order, read back checked.
//!
//! [`Store`] is the contract; [`FjallStore`] keeps it on disk, [`MemoryStore`] in memory for tests. Records are framed
//! by `envelope`, linked by `chain`, encoded by `wire`, and kept in a directory that `directory` makes and recognises.
//! Pages and tails are folded by [`q_core::Transcript`], which is the one definition of an entry.
//!
//! What was acknowledged stands in the `anchor` too, outside the engine. `files` reads the engine's files without
//! trusting them, `settle` decides what of a damaged log is to be believed, `quarantine` keeps what a repair changes. The
//! promises, and what they do not cover, are in `docs/durability.md`.
//!
//! Not here: what a record means (`q-core`), who writes when (the host).

mod anchor;
mod blob;
mod byte_range;
mod chain;
mod damage;
mod digest;
mod directory;
mod disk;
mod envelope;
mod erased;
mod error;
mod examine;
mod files;
mod fjall;
mod key;
mod layer;
mod lineage;
mod log;
mod memory;
mod newest;
mod order;
mod page;
mod probe;
mod prober;
mod quarantine;
mod result;
mod settle;
mod shadow;
mod store;
mod tail;
mod wire;
mod writable;

pub use byte_range::ByteRange;
pub use damage::Damage;
pub use directory::is_there;
pub use disk::disk_use;
pub use error::StoreError;
pub use examine::{Condition, Examination, examine, losses};
pub use fjall::FjallStore;
pub use layer::StoreLayer;
pub use memory::MemoryStore;
pub use page::Page;
pub use probe::probe;
pub use prober::{Probed, Prober};
pub use shadow::takes_more;
pub use store::Store;
