//! The page of what tools changed in files, to be read before it is reversed.

use q_core::SessionId;
use ratatui::style::Style;

use crate::command::UserCommand;
use crate::layout::changed;
use crate::layout::wrap::{self, Row};
use crate::overlay::component::OverlayContext;
use crate::overlay::page::Sheet;
use crate::sanitize;
use crate::style::Palette;

/// What tools changed, to be read, and what a yes does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesPage {
    pub session: SessionId,
    /// A file after the other, each with its lines.
    pub text: String,
    /// What is done on a yes, and the word for it; nothing where it is only to be read.
    pub on_yes: Option<(UserCommand, &'static str)>,
}

impl Sheet for ChangesPage {
    fn on_yes(&self) -> Option<(UserCommand, SessionId)> {
        self.on_yes.as_ref().map(|(command, _)| (command.clone(), self.session))
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let mut rows = changed::rows(&sanitize::exact(&self.text), width, Style::new(), context.palette);
        if let Some((_, word)) = &self.on_yes {
            rows.push(Row::default());
            rows.extend(wrap::plain(&format!("y {word} · Esc leaves it as it is"), width, Palette::strong()));
        }
        rows
    }
}
