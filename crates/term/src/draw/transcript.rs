//! The transcript: who said it on the left, what was said beside it.

use q_core::mirror::Mirrored;
use q_core::{Body, EntryNo, Mirror, Wants};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::draw::marks;
use crate::layout::flow::{FlowPiece, Spot};
use crate::layout::wrap::truncated;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::PaneView;
use crate::words;

const YOU: &str = "you";
/// The widest name of an agent beside its answers.
const AGENT: usize = 10;
/// Narrower screens have signs instead of names on the left.
const WITH_NAMES: u16 = 40;

/// Columns for texts in that area.
pub(super) fn text_columns(area: Rect, view: PaneView<'_>, mirror: &Mirror) -> usize {
    usize::from(area.width).saturating_sub(gutter_columns(area, view, mirror) + 1).max(1)
}

/// Columns to the left of them.
pub(super) fn gutter_columns(area: Rect, view: PaneView<'_>, mirror: &Mirror) -> usize {
    view.mirrored(mirror).map_or(0, |session| gutter(area, session))
}

fn gutter(area: Rect, session: &Mirrored) -> usize {
    if area.width < WITH_NAMES { 2 } else { YOU.width().max(agent(session).width()) + 3 }
}

fn agent(session: &Mirrored) -> String {
    truncated(&sanitize::visible_line(&session.summary.agent), AGENT).into_owned()
}

/// Draws what is in sight.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>, mirror: &Mirror) {
    let ui = view.ui;
    let Some(flow) = view.session.and_then(|id| ui.laid_out(mirror, id)) else { return };
    if area.is_empty() {
        return;
    }
    let session = flow.session;
    let gutter = gutter(area, session) as u16;
    let palette = ui.palette();
    let names = area.width >= WITH_NAMES;
    let agent = if names { agent(session) } else { String::new() };
    let top = view.pane.frame.window.top;
    let mut y = area.y;
    let mut from = top.row;
    let selected = view.pane.selected();
    let mut found = None;
    for index in top.entry..session.entries.len() {
        let mut number = from;
        let no = session.entries.get(index).map_or(EntryNo(0), |entry| entry.no);
        let body = session.entries.get(index).map(|entry| &entry.body);
        let (label, label_style) = label(body, palette, (names, &agent));
        flow.rows(index, from, |piece| {
            match piece {
                FlowPiece::Blank => {}
                FlowPiece::Mark => draw_mark(buffer, area, y, palette.mark()),
                FlowPiece::Unanswered => {
                    let (x, room) = (area.x.saturating_add(gutter), area.width.saturating_sub(gutter));
                    let said = format!("— {}", words::NOT_ANSWERED);
                    buffer.set_stringn(x, y, said, room.into(), palette.alarm());
                }
                FlowPiece::Row { first, row } => {
                    if first {
                        let at = area.x + u16::from(names);
                        buffer.set_stringn(at, y, label, gutter.into(), label_style);
                    }
                    let x = area.x.saturating_add(gutter);
                    if x < area.right() {
                        buffer.set_line(x, y, row, area.right() - x);
                    }
                }
            }
            let cells = Rect { x: area.x.saturating_add(gutter), y, height: 1, ..area }.intersection(area);
            if let Some(columns) = selected.and_then(|reach| reach.columns((no, number))) {
                marks::select(buffer, cells, &columns);
            }
            let here = Spot { entry: index, row: number };
            found = ui
                .found
                .spot
                .filter(|(spot, _)| view.has_keyboard && *spot == here)
                .map(|(_, column)| (y, column))
                .or(found);
            number += 1;
            y += 1;
            y < area.bottom()
        });
        from = 0;
        if y >= area.bottom() {
            break;
        }
    }
    if let Some(pattern) = ui.found.pattern.as_ref().filter(|_| view.has_keyboard && ui.is_searching()) {
        let text = Rect { x: area.x.saturating_add(gutter), ..area }.intersection(area);
        marks::found(buffer, text, pattern, found, palette);
    }
}

/// What stands beside an entry: who said it, or what it is.
fn label<'a>(body: Option<&Body>, palette: Palette, (names, agent): (bool, &'a str)) -> (&'a str, Style) {
    match body {
        Some(Body::Prompt(_)) => (if names { YOU } else { "›" }, palette.person()),
        Some(Body::Answer(_)) => (agent, palette.agent()),
        Some(Body::Thinking(_)) => ("…", Palette::dim()),
        Some(Body::Call(call)) => (asked(call.wants), palette.agent()),
        Some(Body::Plan(_)) => ("plan", palette.agent()),
        Some(Body::Sources(_)) => ("from", palette.agent()),
        Some(
            Body::Output(_)
            | Body::Result(_)
            | Body::Stop(_)
            | Body::Continued
            | Body::Repair(_)
            | Body::LeftOut(_)
            | Body::ProjectFiles(_)
            | Body::Compaction(_)
            | Body::Reversed(_),
        )
        | None => ("", Style::new()),
    }
}

/// What a call is, in a word.
const fn asked(wants: Wants) -> &'static str {
    match wants {
        Wants::Nothing | Wants::Consent => "call",
        Wants::Words => "ask",
    }
}

fn draw_mark(buffer: &mut Buffer, area: Rect, y: u16, style: Style) {
    let width = usize::from(area.width);
    let line = format!("── new {}", "─".repeat(width.saturating_sub(8)));
    buffer.set_stringn(area.x, y, line, width.saturating_sub(1), style);
}
