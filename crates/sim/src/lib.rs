//! The testing world: test doubles that never ship

pub mod clock;
pub mod home;
pub mod process;
pub mod server;
pub mod terminal;
pub mod workload;
pub mod world;
