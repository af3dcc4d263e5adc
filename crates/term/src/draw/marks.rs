//! What stands out in a transcript that is drawn: what is selected, and the places of what is looked for.
//!
//! Both are put over the cells of the screen, so they cost what is in sight, however long the session.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use crate::pattern::Pattern;
use crate::style::Palette;

/// Marks these columns of a row as selected.
pub(super) fn select(buffer: &mut Buffer, row: Rect, columns: &Range<usize>) {
    let begin = columns.start.min(row.width.into()) as u16;
    let end = columns.end.min(row.width.into()) as u16;
    let place = Rect { x: row.x + begin, width: end.saturating_sub(begin), ..row };
    buffer.set_style(place, Palette::selected());
}

/// Marks each place of what is looked for, and most of all the one at that row and column.
pub(super) fn found(
    buffer: &mut Buffer,
    area: Rect,
    pattern: &Pattern,
    current: Option<(u16, usize)>,
    palette: Palette,
) {
    let rows: Vec<Vec<(usize, char)>> = (area.top()..area.bottom()).map(|y| cells(buffer, area, y)).collect();
    for place in pattern.in_rows(&rows) {
        let y = |row: usize| area.y + row as u16;
        let style = match current {
            Some(current) if current == (y(place.row), place.column) => Palette::chosen(),
            Some(_) | None => palette.found(),
        };
        for row in place.row..=place.end.0 {
            let cells = rows.get(row).map_or(&[][..], Vec::as_slice);
            let begin = if row == place.row { place.column } else { 0 };
            let end = if row == place.end.0 { place.end.1 } else { usize::MAX };
            let marked = cells.iter().filter(|(column, _)| (begin..end).contains(column));
            for (column, _) in marked {
                buffer.set_style(Rect { x: area.x + *column as u16, y: y(row), width: 1, height: 1 }, style);
            }
        }
    }
}

/// The characters of a row of the screen, each with its column, without the blanks at its end.
fn cells(buffer: &Buffer, area: Rect, y: u16) -> Vec<(usize, char)> {
    let mut cells = Vec::new();
    let mut x = area.x;
    while x < area.right() {
        let symbol = buffer.cell(Position { x, y }).map_or(" ", |cell| cell.symbol());
        cells.extend(symbol.chars().map(|c| (usize::from(x - area.x), c)));
        x += (symbol.width() as u16).max(1);
    }
    let end = cells.iter().rposition(|(_, c)| *c != ' ').map_or(0, |last| last + 1);
    cells.truncate(end);
    cells
}
