//! The wire between host and clients: length-delimited `MessagePack` frames over a Unix socket.
//!
//! The protocol's number changes when a message changes its meaning; the hello compares it before anything else is
//! said. Fields may be added: unknown ones are ignored.

mod convert;
mod frame;
pub mod import;
mod leaf;
pub mod message;
pub mod request;
pub mod view;

pub use frame::{Codec, FrameError, MAX_FRAME, fuzz_frame};
#[cfg(feature = "simulation")]
pub(crate) use frame::{read, written};
pub use import::{Brought, Facts, Part};
pub use message::{Answer, ClientMessage, HostMessage, Refused};
pub use request::{Id, New, Request, Say, Wish};

/// The number of this protocol.
pub const PROTOCOL: u32 = 2;
