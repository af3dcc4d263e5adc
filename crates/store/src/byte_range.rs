//! The byte range: which bytes of a result somebody wants to read.

use q_core::EntryNo;

/// What of a result is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    pub entry: EntryNo,
    /// The place of the first byte wanted; within a character, that character's.
    pub from: u64,
    /// At most so many bytes, cut between characters; a character at least.
    pub bytes: usize,
}
