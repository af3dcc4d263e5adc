//! Overlays: a box on top of the session.

use q_core::{Mirror, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};

use crate::draw::{Cursor, help, switcher};
use crate::editor;
use crate::layout::wrap;
use crate::style::Palette;
use crate::ui::{Ending, Overlay, Ui};

/// Draws what lies on top, if anything does, and says where its cursor is.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    ui: &mut Ui,
    mirror: &Mirror,
    now: WallTime,
) -> Option<Cursor> {
    let mut overlay = ui.overlay.take()?;
    let cursor = match &mut overlay {
        Overlay::End { session, ending } => {
            let name = switcher::name_of(mirror, *session);
            ask_end(buffer, area, &name, *ending);
            None
        }
        Overlay::Page { title, lines, scroll } => {
            draw_page(buffer, area, title, lines, scroll);
            None
        }
        Overlay::Rename { editor, .. } => {
            let inner = frame(buffer, area, " rename ", " Enter renames · Esc leaves ", (60, 1));
            let view = editor::lay_out(editor.text(), editor.cursor(), usize::from(u16::MAX));
            let shown = view.rows.first().map_or("", |row| row.shown.as_str());
            buffer.set_stringn(inner.x, inner.y, shown, inner.width.into(), Style::new());
            let column = (view.column as u16).min(inner.width.saturating_sub(1));
            (!inner.is_empty()).then_some(Position { x: inner.x + column, y: inner.y })
        }
        Overlay::Switcher { filter, selected } => {
            let keys = " Enter goes there · Ctrl+R renames · Ctrl+W closes · Esc leaves ";
            let rows = mirror.len().max(1) as u16 + 1;
            let inner = frame(buffer, area, " sessions ", keys, (area.width.saturating_sub(4), rows));
            switcher::draw(buffer, inner, ui, mirror, (filter, *selected), now)
        }
        Overlay::Help { topic, scroll } => {
            let size = (area.width.saturating_sub(4).min(120), area.height.saturating_sub(2));
            let inner = frame(buffer, area, " help ", " ↑ ↓ PgUp PgDn scroll · Esc leaves ", size);
            let rows = help::rows(topic.as_deref(), inner.width.into());
            let most = rows.len().saturating_sub(inner.height.into());
            *scroll = (*scroll).min(most);
            for (y, row) in (inner.top()..inner.bottom()).zip(rows.iter().skip(*scroll)) {
                buffer.set_line(inner.x, y, row, inner.width);
            }
            None
        }
    };
    ui.overlay = Some(overlay);
    Some(cursor)
}

/// Lines to read, in a box no larger than they need.
fn draw_page(buffer: &mut Buffer, area: Rect, title: &str, lines: &[String], scroll: &mut usize) {
    let width = area.width.saturating_sub(8).clamp(1, 100);
    let rows: Vec<_> = lines.iter().flat_map(|line| wrap::plain(line, width.into(), Style::new())).collect();
    let height = (rows.len() as u16).min(area.height.saturating_sub(4));
    let keys =
        if rows.len() > height.into() { " ↑ ↓ PgUp PgDn scroll · Esc leaves " } else { " Esc leaves " };
    let inner = frame(buffer, area, &format!(" {title} "), keys, (width, height));
    *scroll = (*scroll).min(rows.len().saturating_sub(inner.height.into()));
    for (y, row) in (inner.top()..inner.bottom()).zip(rows.iter().skip(*scroll)) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
}

fn ask_end(buffer: &mut Buffer, area: Rect, name: &str, ending: Ending) {
    let (question, title, keys) = match ending {
        Ending::Close => (
            format!("{name} is still working. Close it anyway? The answer stops here; the history stays."),
            " close ",
            " y closes it · n keeps it ",
        ),
        Ending::Delete => (
            format!(
                "{name} is still working. Delete it anyway? The answer stops here; /restore {name} takes it out of the trash."
            ),
            " delete ",
            " y deletes it · n keeps it ",
        ),
    };
    let width = area.width.saturating_sub(8).clamp(1, 60);
    let rows = wrap::plain(&question, width.into(), Style::new());
    let inner = frame(buffer, area, title, keys, (width, rows.len() as u16));
    for (y, row) in (inner.top()..inner.bottom()).zip(&rows) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
}

/// An empty box in the middle, with room for so many columns and rows; what is inside it.
fn frame(buffer: &mut Buffer, area: Rect, title: &str, keys: &str, (columns, rows): (u16, u16)) -> Rect {
    let width = columns.saturating_add(4).min(area.width);
    let height = rows.saturating_add(2).min(area.height);
    let outer =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(outer, buffer);
    // Too small for a border: what is inside matters more.
    if width < 8 || height < 3 {
        return outer;
    }
    Block::bordered().title(title).title_bottom(keys).border_style(Palette::dim()).render(outer, buffer);
    outer.inner(Margin::new(2, 1))
}
