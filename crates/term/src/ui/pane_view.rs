//! A pane as it is drawn: of which session, and whether what is typed goes there.

use q_core::mirror::Mirrored;
use q_core::{Mirror, SessionId};

use crate::ui::pane::Pane;
use crate::ui::state::Ui;

/// One of the panes on the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaneView<'a> {
    pub(crate) ui: &'a Ui,
    /// Whose it is; nothing while there is no session.
    pub(crate) session: Option<SessionId>,
    pub(crate) pane: &'a Pane,
    /// Whether what is typed stands there: so it is in exactly one.
    pub(crate) has_keyboard: bool,
}

impl PaneView<'_> {
    /// Its session, while it is open.
    pub(crate) fn mirrored(self, mirror: &Mirror) -> Option<&Mirrored> {
        self.session.and_then(|id| mirror.get(id))
    }
}
