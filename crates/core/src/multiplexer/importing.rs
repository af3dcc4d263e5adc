//! A session that comes in, as far as it has come.

use crate::id::{ClientId, Seq};
use crate::import::{Import, Thread};

/// A session that comes in.
#[derive(Clone, Debug)]
pub(super) struct Importing {
    pub(super) client: ClientId,
    pub(super) facts: Import,
    pub(super) progress: ImportProgress,
}

/// How far a session has come in.
#[derive(Clone, Debug)]
pub(super) struct ImportProgress {
    /// Its last record, if nobody else has changed it.
    pub(super) reaches: Seq,
    pub(super) so_far: Thread,
    /// Prompts that wait in it, and what they weigh.
    pub(super) waiting: (usize, usize),
}
