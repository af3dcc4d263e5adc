//! Queries: what clients ask, and what nothing changes by. One file each.
//!
//! What the core holds is said at once. What the store has, or a follower, is a [`query::Query`]: it is read beside the
//! loop, once what the asker may know already is written, and answered from there.

pub(crate) mod facts;
pub(crate) mod inbox;
pub(crate) mod list;
pub(crate) mod models;
pub(crate) mod output;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod queue;
pub(crate) mod reads;
pub(crate) mod sizes;
mod stats;
pub(crate) mod status;
