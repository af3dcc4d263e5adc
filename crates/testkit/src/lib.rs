//! What tests of the real binary need: a home and a pseudo-terminal for it, scripted servers for it to ask, the means to
//! look at its processes and to end them. With them the clock and the chance that all of the testing world shares.
//!
//! Not here: anything of q's own crates. The binary is seen from outside, as a person and a server see it.

pub mod chance;
pub mod clock;
pub mod gguf;
pub mod home;
pub mod mcp_address;
pub mod mcp_sign_in;
pub mod process;
pub mod program_double;
pub mod server;
pub mod server_script;
pub mod terminal;
