//! Overlays: a box on top of the session.

use q_core::{Mirror, WallTime};
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};

use crate::action::{self, ROWS};
use crate::draw::{Cursor, help, switcher};
use crate::editor::{self, Editor};
use crate::layout::wrap::{self, Row};
use crate::sanitize;
use crate::style::Palette;
use crate::ui::{Ending, Hint, Overlay, Sheet, Ui, footer};
use crate::wish;

/// Draws what lies on top, if anything does, and says where its cursor is.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    ui: &mut Ui,
    mirror: &Mirror,
    now: WallTime,
) -> Option<Cursor> {
    let mut overlay = ui.overlay.take()?;
    let hints = overlay.hints();
    let keys = footer(hints, true);
    let cursor = match &mut overlay {
        Overlay::End { session, ending } => {
            let name = switcher::name_of(mirror, *session);
            ask_end(buffer, area, &name, *ending, &keys);
            None
        }
        Overlay::Page { sheet, line, scroll } => {
            draw_page(buffer, area, ui, mirror, (sheet, line, scroll), hints, now)
        }
        Overlay::Rename { editor, .. } => {
            let inner = frame(buffer, area, " rename ", &keys, (60, 1));
            draw_line(buffer, inner, "", editor)
        }
        Overlay::Switcher { filter, selected } => {
            let rows = mirror.len().max(1) as u16 + 1;
            let inner = frame(buffer, area, " sessions ", &keys, (area.width.saturating_sub(4), rows));
            switcher::draw(buffer, inner, ui, mirror, (filter, *selected), now)
        }
    };
    ui.overlay = Some(overlay);
    Some(cursor)
}

/// Something to read, in a box no larger than it needs; beneath it the command being typed, or why the last one was
/// refused.
fn draw_page(
    buffer: &mut Buffer,
    area: Rect,
    ui: &mut Ui,
    mirror: &Mirror,
    (sheet, line, scroll): (&Sheet, &Editor, &mut usize),
    hints: &[Hint],
    now: WallTime,
) -> Cursor {
    let (title, width, most) = match sheet {
        Sheet::Queue(_) => {
            (" queue ", area.width.saturating_sub(8).clamp(1, 100), area.height.saturating_sub(4))
        }
        Sheet::Inbox => {
            (" inbox ", area.width.saturating_sub(8).clamp(1, 100), area.height.saturating_sub(4))
        }
        Sheet::Help(_) => (" help ", area.width.saturating_sub(4).min(120), area.height.saturating_sub(2)),
    };
    let rows = page_rows(ui, mirror, sheet, width.into(), now);
    let foot = match &ui.notice {
        _ if !line.is_empty() => vec![Row::default()],
        Some(notice) if notice.fault => {
            wrap::plain(&sanitize::visible_line(&notice.text), width.into(), ui.palette().alarm())
        }
        Some(_) | None => Vec::new(),
    };
    let foot_height = (foot.len() as u16).min(most.saturating_sub(1));
    let height = (rows.len() as u16).min(most - foot_height);
    let keys = footer(hints, rows.len() > height.into());
    let inner = frame(buffer, area, title, &keys, (width, height + foot_height));
    let foot_height = foot_height.min(inner.height);
    let body = inner.height - foot_height;
    *scroll = (*scroll).min(rows.len().saturating_sub(body.into()));
    for (y, row) in (inner.top()..inner.top() + body).zip(rows.iter().skip(*scroll)) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
    for (y, row) in (inner.top() + body..inner.bottom()).zip(&foot) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
    if line.is_empty() || foot_height == 0 {
        return None;
    }
    let place = Rect { y: inner.top() + body, height: 1, ..inner };
    draw_line(buffer, place, "> ", line)
}

fn page_rows(ui: &mut Ui, mirror: &Mirror, sheet: &Sheet, width: usize, now: WallTime) -> Vec<Row> {
    let mut lines = match sheet {
        Sheet::Help(topic) => return help::rows(topic.as_deref(), width),
        Sheet::Queue(session) => mirror.get(*session).map(wish::queue).unwrap_or_default(),
        Sheet::Inbox => ui.inbox.list(mirror, now),
    };
    if lines.is_empty() {
        lines.push("nothing waits here any more".to_owned());
    }
    let commands: Vec<String> = sheet
        .commands()
        .iter()
        .filter_map(|action| ROWS.iter().find(|row| row.action == *action))
        .map(action::Row::command)
        .collect();
    lines.extend([String::new(), commands.join(" · ")]);
    if *sheet == Sheet::Inbox {
        lines.push("A question is answered in its session.".to_owned());
    }
    lines.iter().flat_map(|line| wrap::plain(line, width, Style::new())).collect()
}

/// A text being typed, in one row that follows its cursor.
fn draw_line(buffer: &mut Buffer, area: Rect, before: &str, editor: &Editor) -> Cursor {
    if area.is_empty() {
        return None;
    }
    let indent = (before.len() as u16).min(area.width - 1);
    buffer.set_stringn(area.x, area.y, before, indent.into(), Palette::strong());
    let room = area.width - indent;
    let view = editor::lay_out(editor.text(), editor.cursor(), room.into());
    let shown = view.rows.get(view.row).map_or("", |row| row.shown.as_str());
    buffer.set_stringn(area.x + indent, area.y, shown, room.into(), Style::new());
    let column = (view.column as u16).min(room - 1);
    Some(Position { x: area.x + indent + column, y: area.y })
}

fn ask_end(buffer: &mut Buffer, area: Rect, name: &str, ending: Ending, keys: &str) {
    let (question, title) = match ending {
        Ending::Close => (
            format!("{name} is still working. Close it anyway? The answer stops here; the history stays."),
            " close ",
        ),
        Ending::Delete => (
            format!(
                "{name} is still working. Delete it anyway? The answer stops here; it stays in the trash for a while."
            ),
            " delete ",
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
