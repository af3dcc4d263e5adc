//! The host: the one background process per user that owns the store, the sessions and the agents; and the wire by
//! which clients reach it.
//!
//! It drives the core and carries out its effects. It decides nothing about sessions.

pub mod clock;
pub mod connect;
pub mod entropy;
pub mod place;
pub mod serve;
pub mod wire;

mod asks;
mod door;
mod events;
mod figures;
mod host;
mod pipeline;
mod world;
mod writer;

pub use connect::{ConnectError, Connection};
pub use place::Place;
pub use serve::{HostConfig, HostError, run};
