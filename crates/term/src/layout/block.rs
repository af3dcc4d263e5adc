//! A block: the part of an entry that is laid out at once.

use crate::layout::wrap::Row;

/// A part of an entry that no later text changes, unless it is the last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    /// Where it ends in the entry's text.
    pub(crate) end: usize,
    pub(crate) rows: Vec<Row>,
}
