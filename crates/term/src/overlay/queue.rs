//! The page of the prompts that wait in a session.

use q_core::SessionId;

use crate::command;
use crate::command::CoreCommand;
use crate::command::table::{Action, CommandRow as ActionRow, ROWS};
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
        let is_about_it = |row: &&ActionRow| matches!(row.core, Some(CoreCommand::Prompt(..)));
        let commands: Vec<Action> = ROWS.iter().filter(is_about_it).map(|row| row.action).collect();
        page::waiting(lines, &commands, None, width)
    }
}
