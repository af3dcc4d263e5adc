//! What proves the core: workloads, a system to play them in, and a naive model that must agree. The properties that every
//! workload must keep are its tests; `cargo xtask mutants` shows that they can fail.
//!
//! Not here: anything that needs more than the core. The core and this are built and tried by themselves.

pub mod losable;
pub mod reference;
pub mod system;
pub mod workload;
