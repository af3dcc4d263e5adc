//! Locks on files: opened, taken, and who holds them. A host is known by the lock it holds, and so is a store in use.
//!
//! Both sides ask here: the store and the host take locks, a client asks who has one. Nothing of `q` but files is known here.

mod holder;
mod take;

pub use holder::holder;
pub use take::{open_lock, take_lock, wait_for_lock};
