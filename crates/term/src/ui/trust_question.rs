//! The question whether a session's directory is trusted, as far as it was put.

use q_core::{Instant, SessionId};

/// What is asked, in which session.
#[derive(Clone, Debug)]
pub(crate) struct TrustQuestion {
    pub(super) session: SessionId,
    pub(super) text: String,
    /// Since when it is on the screen.
    pub(super) seen: Option<Instant>,
    /// Whether the line in the editor was begun when it could be read.
    pub(super) was_read: bool,
}
