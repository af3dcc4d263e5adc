//! The testing world: test doubles that never ship

#[cfg(feature = "store")]
pub mod crash;
pub mod model;
#[cfg(feature = "host")]
pub mod simulation;
pub mod workload;
pub mod world;
