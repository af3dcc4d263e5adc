//! A text of one row being typed in an overlay.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::{Action, Edit};
use crate::editor::{self, Editor};
use crate::keymap::Keymap;
use crate::keys::Chord;
use crate::layout::wrap::{self, Row};
use crate::overlay::component::OverlayContext;
use crate::sanitize;

/// A key in the text.
pub(super) fn press(editor: &mut Editor, keymap: &Keymap, chord: Chord) {
    // The keys that manage sessions on an empty prompt edit here, whatever the line holds.
    match keymap.by_chord(chord, false).map(Action::edits) {
        // There is one row, and what is not about texts is left alone.
        Some(Some(Edit::Newline) | None) => {}
        Some(Some(edit)) => editor.edit(edit),
        None => {
            if let Some(typed) = chord.typed() {
                editor.type_in(typed);
            }
        }
    }
}

/// What stands beneath what an overlay shows: room for the text while it is typed, else why the last one was refused.
pub(super) fn foot(editor: &Editor, context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
    match context.fault {
        _ if !editor.is_empty() => vec![Row::default()],
        Some(fault) => wrap::plain(&sanitize::visible_line(fault), width, context.palette.alarm()),
        None => Vec::new(),
    }
}

/// Draws it behind a label, following its cursor; says where that is.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    (label, style): (&str, Style),
    editor: &Editor,
) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let indent = (label.width() as u16).min(area.width - 1);
    buffer.set_stringn(area.x, area.y, label, indent.into(), style);
    let room = area.width - indent;
    let view = editor::lay_out(editor, room.into());
    let shown = view.rows.get(view.row).map_or("", |row| row.shown.as_str());
    buffer.set_stringn(area.x + indent, area.y, shown, room.into(), Style::new());
    let column = (view.column as u16).min(room - 1);
    Some(Position { x: area.x + indent + column, y: area.y })
}
