//! Where a terminal was, and where it goes next.

use q_core::SessionId;

/// Where this terminal was, and where it goes next without being asked again.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// Sessions shown, the latest last.
    pub(super) recent: Vec<SessionId>,
    /// Created and not in the mirror yet.
    pub(super) awaited: Option<SessionId>,
    /// The session in front whose closing this terminal asked for.
    pub(super) closing: Option<SessionId>,
    /// The session this terminal was taken to, as the one in front was closed elsewhere: nothing is sent there unasked.
    pub(super) taken_to: Option<SessionId>,
}
