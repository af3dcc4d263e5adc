//! Choosing from a list: a filter in the first row, beneath it what it leaves, one row chosen.
//!
//! What is listed, what the filter means and what comes of the choice are its owner's business.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::{Action, ScrollStep};
use crate::editor::Editor;
use crate::keymap::Keymap;
use crate::keys::Chord;
use crate::layout::wrap::truncated;
use crate::overlay::line;
use crate::style::Palette;

const LABEL: &str = "filter: ";

#[derive(Debug)]
pub(super) struct Picker {
    /// What is typed to filter the list.
    pub(super) filter: Editor,
    chosen: usize,
}

impl Picker {
    /// With that row chosen.
    pub(super) fn at(chosen: usize) -> Self {
        Self { filter: Editor::default(), chosen }
    }

    /// The rows are others now, of which the first fits best.
    pub(super) fn choose_first(&mut self) {
        self.chosen = 0;
    }

    /// The row that is chosen of so many.
    pub(super) fn chosen(&self, count: usize) -> usize {
        self.chosen.min(count.saturating_sub(1))
    }

    /// A key that moves the choice among so many rows, round and round, or edits the filter.
    pub(super) fn press(&mut self, keymap: &Keymap, chord: Chord, count: usize) {
        let last = count.saturating_sub(1);
        let chosen = self.chosen(count);
        let step = keymap.by_chord(chord, self.filter.is_empty()).and_then(Action::moves);
        self.chosen = match step {
            Some(ScrollStep::LineUp) => chosen.checked_sub(1).unwrap_or(last),
            Some(ScrollStep::LineDown) if chosen >= last => 0,
            Some(ScrollStep::LineDown) => chosen + 1,
            Some(ScrollStep::PageUp | ScrollStep::Top) => 0,
            Some(ScrollStep::PageDown | ScrollStep::End) => last,
            None => {
                let before = self.filter.text().to_owned();
                line::press(&mut self.filter, keymap, chord);
                // Another filter leaves other rows, of which the first fits best.
                if self.filter.text() == before { chosen } else { 0 }
            }
        };
    }

    /// Chooses the row that is there in that place of what was drawn, of so many; whether there is one.
    pub(super) fn choose_at(&mut self, area: Rect, count: usize, at: Position) -> bool {
        let row = usize::from(at.y.saturating_sub(area.y + 1)) + self.first(area, count);
        let is_one = area.contains(at) && at.y > area.y && row < count;
        self.chosen = if is_one { row } else { self.chosen };
        is_one
    }

    /// The first row in sight: the list moves only as far as the chosen one needs.
    fn first(&self, area: Rect, count: usize) -> usize {
        (self.chosen(count) + 1).saturating_sub(area.height.saturating_sub(1).into())
    }

    /// Draws filter and list, and says where the cursor is; `empty` is said where the filter leaves nothing.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        rows: &[(String, Style)],
        empty: &str,
    ) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let (width, height) = (usize::from(area.width), usize::from(area.height - 1));
        let chosen = self.chosen(rows.len());
        let first = self.first(area, rows.len());
        for (place, (row, style)) in rows.iter().enumerate().skip(first).take(height) {
            let y = area.y + 1 + (place - first) as u16;
            let row = truncated(row, width);
            if place == chosen {
                let padded = format!("{row}{}", " ".repeat(width.saturating_sub(row.width())));
                buffer.set_stringn(area.x, y, padded, width, Palette::chosen());
            } else {
                buffer.set_stringn(area.x, y, row, width, *style);
            }
        }
        if rows.is_empty() && height > 0 {
            buffer.set_stringn(area.x, area.y + 1, empty, width, Palette::dim());
        }
        line::draw(buffer, Rect { height: 1, ..area }, (LABEL, Palette::dim()), &self.filter)
    }
}
