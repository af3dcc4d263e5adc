//! What the store gives back about one session.

use alloc::vec::Vec;

use crate::record::Stamped;
use crate::session::head::Head;

/// A session as recovery takes it in: its head and, for a live one, the records its memory is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its head after its last record.
    pub head: Head,
    /// For a live session, in order: the newest records that reach back at least as far as the tail limit, and before
    /// them those that the head refers to (waiting prompts, the last prompt, the draft). Empty otherwise.
    pub tail: Vec<Stamped>,
    /// Whether the tail leaves older entries out.
    pub trimmed: bool,
}
