//! What may not be lost when processes die, through the real binary: hosts and clients killed at random moments, hosts
//! that start together, hosts that stop; and clients in crowds, which must cost nobody anything.
//!
//! `Q_SEED` repeats the random moments of a run; every test prints the seed it took.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "the figures of a run are its result")]

mod attached;
mod chance;
mod clients_killed;
mod crowd;
mod deaf;
mod heavy;
mod host_killed;
mod host_stopped;
mod peer;
mod promises;
mod starting;
mod starting_killed;
mod talk;
mod world;
