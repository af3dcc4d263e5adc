//! What the store gives back about one session.

use alloc::vec::Vec;

use crate::entry::Fault;
use crate::session::head::Head;
use crate::stamped::Stamped;

/// A session as recovery takes it in: its head and, for a live one, the records its memory is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its head after its last record.
    pub head: Head,
    /// For an open session, in order: the newest records that reach back at least as far as the tail limit (of a fork
    /// also its parent's, as far as they belong to it), and before them those that the head refers to (waiting prompts,
    /// the last prompt, the draft). Empty otherwise.
    pub tail: Vec<Stamped>,
    /// Whether the tail leaves older entries out.
    pub trimmed: bool,
    /// What the store had to put right, which the session has not been told yet.
    pub fault: Option<Fault>,
}
