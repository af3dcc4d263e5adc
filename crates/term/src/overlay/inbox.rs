//! The page of all that needs the person, over all sessions.

use crate::command::Action;
use crate::layout::wrap::Row;
use crate::overlay::component::OverlayContext;
use crate::overlay::page::{self, Sheet};

#[derive(Debug)]
pub(crate) struct InboxSheet {
    /// What can be done about what stands there.
    pub(crate) commands: &'static [Action],
}

impl Sheet for InboxSheet {
    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let lines = context.inbox.lines(context.mirror, context.now);
        page::waiting(lines, self.commands, Some("A question is answered in its session."), width)
    }
}
