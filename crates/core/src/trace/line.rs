//! A line of a script: what is to be done, and how much time has passed before.

use alloc::string::String;
use core::time::Duration;

use crate::id::{Seq, SessionId};
use crate::input::Input;
use crate::time::WallTime;

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How long since the line before.
    pub after: Duration,
    /// What the calendar says, where it does not go with that.
    pub wall: Option<WallTime>,
    pub directive: Directive,
}

/// What a line has the player do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    Input(Input),
    /// The core, what the disk has of a session.
    Loaded(SessionId),
    /// The host dies and starts again from what it wrote.
    Crash,
    /// The disk loses one record.
    Lose(SessionId, Seq),
    /// The disk loses all records of a session after this one, and knows it.
    Cut(SessionId, Seq),
    /// Nothing; what a client sees of a session is written down.
    Look(SessionId),
    /// Nothing; what waits for the person is written down, and who needs the person.
    Inbox,
    /// Nothing; when the core next wants to be called is written down, and why.
    Due,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{line}`: {fault}")]
pub struct Faulty {
    pub line: String,
    /// What is wrong with it.
    pub fault: String,
}
