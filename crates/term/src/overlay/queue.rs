//! The page of the prompts that wait in a session.

use q_core::SessionId;

use crate::command::table::{CommandRow, ROWS};
use crate::command::{self, Action, CoreCommand};
use crate::layout::wrap::Row;
use crate::overlay::component::OverlayContext;
use crate::overlay::page::{self, Sheet};

#[derive(Debug)]
pub(crate) struct QueueSheet {
    pub(crate) session: SessionId,
}

impl Sheet for QueueSheet {
    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let lines = context.mirror.get(self.session).map(command::queue).unwrap_or_default();
        let is_about_it = |row: &&CommandRow| matches!(row.core, Some(CoreCommand::Prompt(_)));
        let commands: Vec<Action> = ROWS.iter().filter(is_about_it).map(|row| row.action).collect();
        page::waiting(lines, &commands, width)
    }
}
