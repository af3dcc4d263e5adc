//! The testing world: test doubles that never ship

pub mod chance;
pub mod clock;
#[cfg(feature = "store")]
pub mod crash;
pub mod home;
pub mod model;
pub mod process;
pub mod server;
#[cfg(feature = "host")]
pub mod simulation;
pub mod terminal;
pub mod workload;
pub mod world;
