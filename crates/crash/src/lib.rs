//! The crash rigs of the store: killed processes, power cuts and damaged bytes by the thousand, and what its own tests
//! share with them. `q-crash` runs them; what is promised stands in `docs/durability.md`.
//!
//! A store that cannot be made or read at all ends a rig with a panic: there is nothing to go on with.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "rigs and tests may panic: whoever runs them catches that and says where it was"
)]

pub mod cuts;
pub mod driver;
pub mod engine;
pub mod flips;
pub mod history;
pub mod image;
pub mod kills;
pub mod points;
pub mod power;
pub mod report;
pub mod results;
pub mod scenarios;
pub mod writer;
