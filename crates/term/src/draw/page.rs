//! A page of text where a transcript would be: its first line stands out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::layout::wrap;
use crate::style::Palette;

/// Lines longer than this, in columns, are hard to read.
const WIDEST: usize = 90;

/// Draws the lines, and beneath them a quiet one.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, lines: &[&str], quiet: Option<&str>) {
    let margin = u16::from(area.width > 40) * 2;
    let width = usize::from(area.width.saturating_sub(margin * 2)).clamp(1, WIDEST);
    let mut rows = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let style = if number == 0 { Palette::strong() } else { Style::new() };
        rows.extend(wrap::plain(line, width, style));
    }
    if let Some(quiet) = quiet {
        rows.push(wrap::Row::default());
        rows.extend(wrap::plain(quiet, width, Palette::dim()));
    }
    let top = area.y + u16::from(usize::from(area.height) > rows.len());
    for (y, row) in (top..area.bottom()).zip(&rows) {
        buffer.set_line(area.x + margin, y, row, area.width.saturating_sub(margin));
    }
}
