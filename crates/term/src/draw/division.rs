//! What tells panes apart: a title above each, and a line between those that stand side by side. The one with the keyboard has the
//! heavier line and its name in brackets, so that it is known without any colour.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::draw::bar;
use crate::style::Palette;
use crate::ui::{PaneView, SessionPlaces};

/// Columns of the line before a name.
const BEFORE: u16 = 2;
/// Columns that stay for the line and the signs.
const AROUND: u16 = 12;

pub(super) fn draw(buffer: &mut Buffer, view: PaneView<'_>, mirror: &Mirror) {
    let SessionPlaces { whole, title, .. } = view.pane.frame.places;
    if title.is_empty() {
        return;
    }
    let (line, style) = if view.has_keyboard { ("━", Style::new()) } else { ("─", Palette::dim()) };
    let width = usize::from(title.width);
    buffer.set_stringn(title.x, title.y, line.repeat(width), width, style);
    if let Some(session) = view.mirrored(mirror) {
        let most = usize::from(title.width.saturating_sub(BEFORE + AROUND).max(1));
        let label = bar::label(view.ui, &session.summary, view.has_keyboard, most);
        let room = title.width.saturating_sub(BEFORE);
        buffer.set_line(title.x + BEFORE.min(title.width), title.y, &label.into(), room);
    }
    let between = whole.right();
    if between < buffer.area.right() {
        for y in whole.top()..whole.bottom() {
            buffer.set_stringn(between, y, "│", 1, Palette::dim());
        }
    }
}
