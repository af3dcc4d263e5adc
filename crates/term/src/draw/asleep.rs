//! What the screen of a session says while that hibernates: there is nothing of it here but its line.

use q_core::mirror::Mirrored;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::layout::wrap;
use crate::style::Palette;
use crate::ui::{Ui, Waking};

const ASKED: &[&str] = &["Waking …", "", "This session hibernates; its history is being read back."];

const REFUSED: &[&str] = &[
    "This session hibernates and could not be woken.",
    "",
    "Its history is kept. Go to another session and come back to try again; sending a prompt wakes it too.",
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, session: &Mirrored) {
    let lines = match ui.pane().waking {
        Waking::Unasked | Waking::Asked => ASKED,
        Waking::Refused => REFUSED,
    };
    let margin = u16::from(area.width > 40) * 2;
    let width = usize::from(area.width.saturating_sub(margin * 2)).clamp(1, 90);
    let mut rows = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let style = if number == 0 { Palette::strong() } else { Style::new() };
        rows.extend(wrap::plain(line, width, style));
    }
    if !session.summary.preview.is_empty() {
        let last = crate::sanitize::visible_line(&session.summary.preview).into_owned();
        rows.push(wrap::Row::default());
        rows.extend(wrap::plain(&format!("Last: {last}"), width, Palette::dim()));
    }
    let top = area.y + u16::from(usize::from(area.height) > rows.len());
    for (y, row) in (top..area.bottom()).zip(&rows) {
        buffer.set_line(area.x + margin, y, row, area.width.saturating_sub(margin));
    }
}
