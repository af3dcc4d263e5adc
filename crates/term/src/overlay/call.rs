//! The page of one call that waits for the person's consent: all it would do, to be read to its end before it may.

use ratatui::style::Style;

use crate::layout::changed;
use crate::layout::wrap::{self, Row};
use crate::overlay::component::OverlayContext;
use crate::overlay::page::Sheet;
use crate::sanitize;
use crate::style::Palette;
use crate::tool_input;
use crate::words;

#[derive(Debug)]
pub(crate) struct CallSheet {
    /// The number that the call was shown with.
    pub(crate) number: usize,
}

impl Sheet for CallSheet {
    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        let call = context.inbox.get(self.number);
        let session = call.and_then(|call| context.mirror.get(call.session));
        let Some((call, session)) = call.zip(session) else {
            return wrap::plain("it waits no longer", width, Style::new());
        };
        let asked = words::pending(&call.pending);
        let mut rows = if tool_input::changes_files(&call.pending.tool) {
            changed::rows(&asked, width, Style::new(), context.palette)
        } else {
            wrap::exact(&asked, width, Style::new())
        };
        let (name, directory) = (session.summary.name.as_str(), session.summary.directory.as_str());
        let place = format!("{} in {}", sanitize::visible_line(name), sanitize::exact_line(directory));
        rows.push(Row::default());
        rows.extend(wrap::exact(&place, width, Palette::dim()));
        let ways = format!("{} · then Enter", words::ways(&call.pending));
        rows.extend(wrap::plain(&ways, width, Palette::strong()));
        rows
    }
}
