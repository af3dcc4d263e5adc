//! Overlays: a box on top of the session.

use q_core::Mirror;
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
pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) -> Option<Cursor> {
    let overlay = ui.overlay.as_ref()?;
    let hints = overlay.hints();
    let keys = footer(hints, true);
    Some(match overlay {
        Overlay::End { session, ending } => {
            let name = switcher::name_of(mirror, *session);
            ask_end(buffer, area, &name, *ending, &keys);
            None
        }
        Overlay::Page { sheet, line, scroll } => {
            draw_page(buffer, area, ui, mirror, (sheet, line, *scroll), hints)
        }
        Overlay::Rename { editor, .. } => {
            let inner = frame(buffer, BoxPlace::of(area, (60, 1)), " rename ", &keys);
            draw_line(buffer, inner, "", editor)
        }
        Overlay::Switcher { filter, selected } => {
            let rows = mirror.len().max(1) as u16 + 1;
            let inner =
                frame(buffer, BoxPlace::of(area, (area.width.saturating_sub(4), rows)), " sessions ", &keys);
            switcher::draw(buffer, inner, ui, mirror, (filter, *selected))
        }
    })
}

/// A page is scrolled no further than its text goes.
pub(super) fn lay_out(area: Rect, ui: &mut Ui, mirror: &Mirror) {
    let last = match &ui.overlay {
        Some(Overlay::Page { sheet, line, .. }) => PageLayout::of(area, ui, mirror, sheet, line).last(),
        Some(Overlay::End { .. } | Overlay::Rename { .. } | Overlay::Switcher { .. }) | None => return,
    };
    if let Some(Overlay::Page { scroll, .. }) = &mut ui.overlay {
        *scroll = (*scroll).min(last);
    }
}

/// A page in a box no larger than it needs.
struct PageLayout {
    title: &'static str,
    place: BoxPlace,
    rows: Vec<Row>,
    /// What stands beneath its rows: room for the command being typed, or why the last one was refused.
    foot: Vec<Row>,
    /// Rows of the box for its text; the others are for what stands beneath.
    body: u16,
}

impl PageLayout {
    fn of(area: Rect, ui: &Ui, mirror: &Mirror, sheet: &Sheet, line: &Editor) -> Self {
        let (title, width, most) = match sheet {
            Sheet::Queue(_) => {
                (" queue ", area.width.saturating_sub(8).clamp(1, 100), area.height.saturating_sub(4))
            }
            Sheet::Inbox => {
                (" inbox ", area.width.saturating_sub(8).clamp(1, 100), area.height.saturating_sub(4))
            }
            Sheet::Help(_) => {
                (" help ", area.width.saturating_sub(4).min(120), area.height.saturating_sub(2))
            }
        };
        let rows = page_rows(ui, mirror, sheet, width.into());
        let foot = match &ui.notice {
            _ if !line.is_empty() => vec![Row::default()],
            Some(notice) if notice.fault => {
                wrap::plain(&sanitize::visible_line(&notice.text), width.into(), ui.palette().alarm())
            }
            Some(_) | None => Vec::new(),
        };
        let foot_height = (foot.len() as u16).min(most.saturating_sub(1));
        let height = (rows.len() as u16).min(most - foot_height);
        let place = BoxPlace::of(area, (width, height + foot_height));
        let body = place.inner.height - foot_height.min(place.inner.height);
        Self { title, place, rows, foot, body }
    }

    /// How far its text can be scrolled.
    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.body.into())
    }
}

/// Something to read, and beneath it a line.
fn draw_page(
    buffer: &mut Buffer,
    area: Rect,
    ui: &Ui,
    mirror: &Mirror,
    (sheet, line, scroll): (&Sheet, &Editor, usize),
    hints: &[Hint],
) -> Cursor {
    let layout = PageLayout::of(area, ui, mirror, sheet, line);
    let PageLayout { title, place, rows, foot, body } = &layout;
    let inner = frame(buffer, *place, title, &footer(hints, layout.last() > 0));
    for (y, row) in (inner.top()..inner.top() + body).zip(rows.iter().skip(scroll)) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
    for (y, row) in (inner.top() + body..inner.bottom()).zip(foot) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
    if line.is_empty() || *body == inner.height {
        return None;
    }
    draw_line(buffer, Rect { y: inner.top() + body, height: 1, ..inner }, "> ", line)
}

fn page_rows(ui: &Ui, mirror: &Mirror, sheet: &Sheet, width: usize) -> Vec<Row> {
    let mut lines = match sheet {
        Sheet::Help(topic) => return help::rows(topic.as_deref(), width),
        Sheet::Queue(session) => mirror.get(*session).map(wish::queue).unwrap_or_default(),
        Sheet::Inbox => ui.inbox.lines(mirror, ui.now),
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
    let inner = frame(buffer, BoxPlace::of(area, (width, rows.len() as u16)), title, keys);
    for (y, row) in (inner.top()..inner.bottom()).zip(&rows) {
        buffer.set_line(inner.x, y, row, inner.width);
    }
}

/// Where a box in the middle is, and what is inside it.
#[derive(Clone, Copy)]
struct BoxPlace {
    outer: Rect,
    inner: Rect,
}

impl BoxPlace {
    /// With room for so many columns and rows, as far as there is.
    fn of(area: Rect, (columns, rows): (u16, u16)) -> Self {
        let width = columns.saturating_add(4).min(area.width);
        let height = rows.saturating_add(2).min(area.height);
        let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
        let outer = Rect { x, y, width, height };
        let place = Self { outer, inner: outer };
        if place.is_bare() { place } else { Self { inner: outer.inner(Margin::new(2, 1)), ..place } }
    }

    /// Too small for a border: what is inside matters more.
    const fn is_bare(self) -> bool {
        self.outer.width < 8 || self.outer.height < 3
    }
}

/// An empty box; what is inside it.
fn frame(buffer: &mut Buffer, place: BoxPlace, title: &str, keys: &str) -> Rect {
    Clear.render(place.outer, buffer);
    if !place.is_bare() {
        let border = Block::bordered().title(title).title_bottom(keys).border_style(Palette::dim());
        border.render(place.outer, buffer);
    }
    place.inner
}
