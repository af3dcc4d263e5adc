//! The store from outside: its contract, its directory, and damage done behind its back.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod closing;
mod compacting;
mod contract;
mod crash;
mod damage;
mod directory;
mod examine;
mod golden;
mod lineage;
mod probe;
mod rot;
mod shadow;
