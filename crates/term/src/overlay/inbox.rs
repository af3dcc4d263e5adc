//! The page of all that needs the person, over all sessions.

use crate::command::table::Action;
use crate::layout::Row;
use crate::overlay::OverlayContext;
use crate::overlay::page::{self, Sheet};

#[derive(Debug)]
pub(crate) struct InboxSheet;

impl Sheet for InboxSheet {
    const TITLE: &'static str = " inbox ";

    fn shows_calls(&self) -> bool {
        true
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let lines = context.inbox.lines(context.mirror, context.now);
        let commands = [Action::Approve, Action::Always, Action::Deny, Action::Switch, Action::Answer];
        page::waiting(lines, &commands, Some("A question is answered in its session."), width)
    }
}
