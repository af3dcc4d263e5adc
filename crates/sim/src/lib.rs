//! The testing world: test doubles that never ship

#[cfg(feature = "store")]
pub mod crash;
#[cfg(feature = "host")]
pub mod simulation;
