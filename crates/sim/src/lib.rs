//! The testing world: test doubles that never ship

pub mod clock;
pub mod home;
pub mod model;
pub mod process;
pub mod server;
#[cfg(feature = "host")]
pub mod simulation;
pub mod terminal;
pub mod workload;
pub mod world;
