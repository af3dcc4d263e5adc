//! The page of the models that a session's agent can be asked for.

use q_core::SessionId;
use ratatui::style::Style;

use crate::advice;
use crate::layout::wrap::{self, Row};
use crate::overlay::component::OverlayContext;
use crate::overlay::page::Sheet;
use crate::settings;
use crate::way::Way;

#[derive(Debug)]
pub(crate) struct ModelsSheet {
    pub(crate) session: SessionId,
    pub(crate) models: Vec<String>,
}

impl Sheet for ModelsSheet {
    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let here = context.mirror.get(self.session);
        let lines = here.map(|here| settings::models(&here.summary, &self.models)).unwrap_or_default();
        let row = |line: &String| wrap::plain(&advice::render(line, Way::Slash), width, Style::new());
        lines.iter().flat_map(row).collect()
    }
}
