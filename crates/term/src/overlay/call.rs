//! The page of one call that waits for the person's consent: all it would do, to be read to its end before it may.

use q_core::{PendingCall, Summary, Wants};
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
        rows(&call.pending, &session.summary, width, context.palette)
    }
}

/// All that a call would do or asks, for whom and where, and how it is answered.
pub(super) fn rows(pending: &PendingCall, of: &Summary, width: usize, palette: Palette) -> Vec<Row> {
    let asked = words::pending(pending);
    let mut rows = if tool_input::changes_files(&pending.tool) {
        changed::rows(&asked, width, Style::new(), palette)
    } else {
        wrap::exact(&asked, width, Style::new())
    };
    let (name, directory) = (sanitize::visible_line(of.name.as_str()), sanitize::exact_line(&of.directory));
    rows.push(Row::default());
    rows.extend(wrap::exact(&format!("{name} in {directory}"), width, Palette::dim()));
    rows.extend(wrap::plain(&format!("asked by {}", words::answering(of)), width, Palette::dim()));
    let ways = match pending.wants {
        Wants::Words => "type the answer, then Enter; /deny gives none".to_owned(),
        Wants::Consent | Wants::Nothing => words::ways(pending),
    };
    rows.extend(wrap::plain(&ways, width, Palette::strong()));
    rows
}
