//! The testing world: test doubles that never ship
