//! The testing world: test doubles that never ship

pub mod simulation;
