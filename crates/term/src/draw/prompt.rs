//! The prompt: `[name] > ` and what is typed, in as many rows as it needs.

use q_core::mirror::Mirrored;
use q_core::{Mirror, Wants};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::editor;
use crate::layout::wrap::{self, without_middle};
use crate::sanitize;
use crate::style::Palette;
use crate::ui::PaneView;

/// The least that stays for typing beside a name.
const TYPING: usize = 16;
/// Columns of a name on any screen: the same line holds what is typed.
const NAME: usize = 32;
/// What stands around a name.
const AROUND: usize = "[] > ".len();
/// Of a name that is cut shorter than this nothing can be told.
const SHORTEST: usize = 5;

/// Columns for what is typed.
pub(super) fn columns(area: Rect, view: PaneView<'_>, mirror: &Mirror) -> usize {
    let width = usize::from(area.width);
    width.saturating_sub(wrap::columns(&label(width, view, mirror))).max(1)
}

/// Rows it takes, of at most `most`.
pub(super) fn rows(view: PaneView<'_>, columns: usize, most: usize) -> usize {
    editor::lay_out(&view.pane.editor, columns).rows.len().clamp(1, most)
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>, mirror: &Mirror) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let label = label(area.width.into(), view, mirror);
    let indent = wrap::columns(&label) as u16;
    buffer.set_line(area.x, area.y, &label.into(), area.width);
    let x = area.x + indent.min(area.width - 1);
    let room = usize::from(area.right() - x);
    let editor = &view.pane.editor;
    if editor.is_empty() && view.has_keyboard && view.ui.overlay.is_none() {
        buffer.set_stringn(x, area.y, placeholder(view, mirror), room, Palette::dim());
    }
    let palette = view.ui.palette();
    let view = editor::lay_out(editor, room.max(1));
    let height = usize::from(area.height);
    // The cursor's row is in sight, with as much before it as there is room for.
    let first = view.row.saturating_sub(height - 1).min(view.rows.len().saturating_sub(height));
    for (y, row) in (area.top()..area.bottom()).zip(view.rows.iter().skip(first)) {
        buffer.set_stringn(x, y, &row.shown, room, ratatui::style::Style::new());
        for paste in &row.pastes {
            let columns =
                Rect { x: x + paste.columns.start as u16, y, width: paste.columns.len() as u16, height: 1 };
            buffer.set_style(columns.intersection(area), palette.folded());
        }
    }
    if indent > 1 && (view.is_cut() || first > 0) {
        let y = area.y + u16::from(area.height > 1);
        buffer.set_stringn(area.x, y, "↑", 1, Palette::dim());
    }
    if indent > 1 && (view.is_cut_after() || first + height < view.rows.len()) && area.height > 1 {
        buffer.set_stringn(area.x, area.bottom() - 1, "↓", 1, Palette::dim());
    }
    let column = (view.column as u16).min(area.right() - 1 - x);
    Some(Position { x: x + column, y: area.y + (view.row - first) as u16 })
}

/// `[name] > ` in the colour of the session's kind, the name without its middle where it is long; `> ` where there is room for none.
fn label(width: usize, view: PaneView<'_>, mirror: &Mirror) -> Vec<Span<'static>> {
    let short = vec![Span::styled("> ", Palette::strong())];
    if width <= short.len() + 2 {
        return Vec::new();
    }
    let Some(session) = view.mirrored(mirror) else { return short };
    let room = width.saturating_sub(AROUND + TYPING).min(NAME);
    if room < SHORTEST {
        return short;
    }
    let name = sanitize::visible_line(session.summary.name.as_str());
    let name = without_middle(&name, room);
    let style = view.ui.kind_style(&session.summary.kind).patch(Palette::strong());
    vec![Span::styled(format!("[{name}]"), style), Span::styled(" > ", Palette::strong())]
}

/// What can be typed, where nothing is.
fn placeholder(view: PaneView<'_>, mirror: &Mirror) -> &'static str {
    match view.mirrored(mirror) {
        Some(session) if asks_words(session) => "the answer, or /deny",
        Some(session) if !session.entries.is_empty() => "",
        Some(_) => "ask something, or /help",
        None => "ask something to begin, or /help",
    }
}

/// Whether what is typed answers a question.
fn asks_words(session: &Mirrored) -> bool {
    let mut calls = session.pending.iter();
    !session.pending.is_empty() && calls.all(|call| call.wants == Wants::Words)
}
