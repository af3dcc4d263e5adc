//! The wire between host and clients: length-delimited `MessagePack` frames over a Unix socket.
//!
//! Each side says at the hello which protocol it speaks and the oldest one it understands; where these overlap they talk.
//! Fields and requests may be added without a new number: unknown fields are ignored, unknown requests are refused. The
//! number changes with a new kind of message from the host, which sends it to none that is older; [`OLDEST`] changes when a
//! message changes its meaning.

mod convert;
mod few;
mod frame;
pub mod import;
mod leaf;
pub mod list;
pub mod message;
pub mod network;
pub mod request;
pub mod view;

pub use frame::{Codec, FrameError, MAX_FRAME, Unknown, fuzz_frame};
pub(crate) use frame::{decode, encode};
#[cfg(feature = "simulation")]
pub(crate) use frame::{read, written};
pub use import::{Brought, Facts, Part};
pub use message::{Answer, ClientMessage, HostMessage, Refused};
pub use request::{Id, New, Request, Say, Wish};

/// The number of this protocol. Up to 2 the hello brought the agents, and with them keys; up to 3 no entry was a plan or what
/// a call puts out.
pub const PROTOCOL: u32 = 4;
/// The oldest protocol that is understood, too.
pub const OLDEST: u32 = 4;
