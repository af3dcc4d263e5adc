//! The pure core of `q`: what is decided, and nothing that touches the world.
//!
//! One synchronous state machine, [`Multiplexer`], is told facts and wishes ([`Input`]) and answers with [`Effects`].
//! It does no I/O, reads no clock, draws no random number, starts no thread and logs nothing. Four rules hold it:
//!
//! 1. **Total.** Every input in every state has a named arm. An impossible wish is a [`Refusal`], which is data; a late
//!    fact is ignored by an arm that says so. No input panics.
//! 2. **Decide, then apply.** Durable state changes only in `apply(&Record)`, which recovery uses too, so a restart
//!    equals a replay by construction.
//! 3. **Persist first.** One call yields at most one [`Batch`]; what must not be seen before it is durable stands
//!    behind it in [`Effects::after`].
//! 4. **Isolated.** A session cannot name its siblings. What sessions share (names, slots, limits) stands in
//!    [`Multiplexer`]'s own modules `roster` and `limits`, and nowhere else.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod agent;
pub mod deadline;
pub mod effect;
pub mod id;
pub mod input;
pub mod kind;
pub mod limits;
pub mod mirror;
pub mod name;
pub mod record;
pub mod refusal;
pub mod session;
pub mod time;
pub mod trace;
pub mod view;

mod autoname;
mod focus;
mod invariant;
mod multiplexer;
mod roster;

pub use agent::{AgentEvent, AgentFailure, FailureKind, Usage};
pub use deadline::{Deadline, Reason};
pub use effect::{Batch, Durability, Effect, Effects, Reply, Tag};
pub use id::{ClientId, EntryNo, PromptNo, RequestId, Seq, SessionId, Token, TurnNo};
pub use input::{Command, Input};
pub use kind::Kind;
pub use limits::Limits;
pub use mirror::Mirror;
pub use multiplexer::{Multiplexer, RecoverError};
pub use name::{Name, NameFault, NameOrigin};
pub use record::{Ending, Interrupter, Record, Stamped};
pub use refusal::Refusal;
pub use session::head::{Activity, Head, Mark, Presence};
pub use session::stored::Stored;
pub use session::transcript::{Body, Entry, Stop, Transcript};
pub use time::{Instant, Now, WallTime};
pub use view::{QueuedPrompt, Snapshot, Summary, Update, View};
