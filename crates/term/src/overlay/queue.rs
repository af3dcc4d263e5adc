//! The page of the prompts that wait in a session.

use q_core::SessionId;

use crate::command;
use crate::command::table::Action;
use crate::layout::Row;
use crate::overlay::OverlayContext;
use crate::overlay::page::{self, Sheet};

#[derive(Debug)]
pub(crate) struct QueueSheet {
    pub(crate) session: SessionId,
}

impl Sheet for QueueSheet {
    const TITLE: &'static str = " queue ";

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let lines = context.mirror.get(self.session).map(command::queue).unwrap_or_default();
        let commands = [Action::Unqueue, Action::EditQueued, Action::Move, Action::SendNow];
        page::waiting(lines, &commands, None, width)
    }
}
