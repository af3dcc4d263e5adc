//! The host: the one background process per user that owns the store, the sessions and the agents. Clients reach it by
//! what `q-proto` says.
//!
//! It drives the core and carries out its effects. It decides nothing about sessions.

// What a simulation drives is public, and reachable only with that feature.
#![cfg_attr(not(feature = "simulation"), allow(unreachable_pub, reason = "reachable with `simulation`"))]

pub mod clock;
mod compactor;
pub mod reach;
pub mod serve;
mod server_reader;
#[cfg(feature = "simulation")]
pub mod simulation;

mod agent_request;
mod error;
mod events;
mod followers;
mod history;
mod hook_runs;
mod host;
mod leaving;
mod listener;
mod opening;
mod pipeline;
mod project_files;
mod queries;
mod resident_memory;
mod reversals;
mod runs;
mod shared;
mod shells;
mod standing_rules;
mod store_marker;
mod summarising;
mod wakes;
mod world;
mod writer;

pub use error::HostError;
pub use hook_runs::{Happening, Hook, HookEvent, HookReader, HooksThere};
pub use opening::Probe;
pub use project_files::{PersonalFiles, ProjectReader, ProjectReading};
pub use serve::{HostConfig, run};
pub use server_reader::ServerReader;
pub use standing_rules::RuleFile;
