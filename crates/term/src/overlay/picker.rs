//! Choosing from a list: a filter in the first row, beneath it what it leaves, one row chosen.
//!
//! What is listed, what the filter means and what comes of the choice are its owner's business.

use std::ops::Range;

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

    /// Chooses that row; one that is not there is settled when it is looked up.
    pub(super) const fn choose(&mut self, row: usize) {
        self.chosen = row;
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
        let in_sight = self.in_sight(count, area.height.saturating_sub(1).into());
        let row = usize::from(at.y.saturating_sub(area.y + 1)) + in_sight.start;
        let is_one = area.contains(at) && at.y > area.y && row < count;
        self.chosen = if is_one { row } else { self.chosen };
        is_one
    }

    /// Which of so many rows are in sight of so many: the list moves only as far as the chosen row needs.
    pub(super) fn in_sight(&self, count: usize, height: usize) -> Range<usize> {
        let first = (self.chosen(count) + 1).saturating_sub(height);
        first..first.saturating_add(height).min(count)
    }

    /// Draws the filter and what is in sight of a list of that length, of which only these rows are made; says where the
    /// cursor is. `empty` is said where the filter leaves nothing.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        count: usize,
        row: impl Fn(usize) -> (String, Style),
        empty: &str,
    ) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let (width, height) = (usize::from(area.width), usize::from(area.height - 1));
        let chosen = self.chosen(count);
        let shown = self.in_sight(count, height);
        for (y, place) in (area.y + 1..area.bottom()).zip(shown) {
            let (row, style) = row(place);
            let row = truncated(&row, width);
            if place == chosen {
                let padded = format!("{row}{}", " ".repeat(width.saturating_sub(row.width())));
                buffer.set_stringn(area.x, y, padded, width, Palette::chosen());
            } else {
                buffer.set_stringn(area.x, y, row, width, style);
            }
        }
        if count == 0 && height > 0 {
            buffer.set_stringn(area.x, area.y + 1, empty, width, Palette::dim());
        }
        line::draw(buffer, Rect { height: 1, ..area }, (LABEL, Palette::dim()), &self.filter)
    }
}
