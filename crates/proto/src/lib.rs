//! What host and client say to each other, and where they meet: length-delimited `MessagePack` frames over a Unix socket in
//! a directory that is looked at first.
//!
//! Here are the messages, their frames, versions and limits, and the rules for directories (`place`). Both sides use all of
//! it, and neither the store nor whoever answers is among it. Not here: how a connection is opened (`q-client`), who listens
//! (`q-host`).
//!
//! Each side says at the hello which protocol it speaks and the oldest one it understands; where these overlap they talk.
//! Fields and requests may be added without a new number: unknown fields are ignored, unknown requests are refused. The
//! number changes with a new kind of message from the host, which sends it to none that is older; [`OLDEST`] changes when a
//! message changes its meaning.

mod circumstance;
mod command;
mod convert;
pub mod entropy;
mod facts;
mod few;
mod frame;
mod id;
mod leaf;
pub mod list;
pub mod message;
pub mod network;
pub mod place;
mod reach;
pub mod request;
mod rule;
mod settings;
pub mod shaping;
pub mod view;

pub use circumstance::WireCircumstance;
pub use command::kind;
pub use facts::Facts;
pub use frame::{Codec, FrameError, MAX_FRAME, Unknown, decode, encode, fuzz_frame};
pub use id::Id;
pub use message::{ClientMessage, HostMessage, Refused, Response};
pub use place::Place;
pub use request::Request;
pub use rule::WireRule;

/// The number of this protocol. Up to 2 the hello brought the agents, and with them keys; up to 3 commands had a form of their
/// own, and no entry was a plan or what a call puts out.
pub const PROTOCOL: u32 = 4;
/// The oldest protocol that is understood, too.
pub const OLDEST: u32 = 4;
