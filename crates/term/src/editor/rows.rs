//! The editor's rows: what is shown of its text at a width, and where the cursor stands in it.
//!
//! Only a window around the cursor is laid out, so that a key costs the same in a pasted novel as in one line.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::editor::Editor;
use crate::editor::pastes::FoldedPaste;
use crate::layout::wrap::{self, clusters};
use crate::sanitize;

/// Texts up to this many bytes are laid out whole; of longer ones, this many around the cursor.
const WINDOW: usize = 8 << 10;
/// Where a window may begin in a line without end: so that typing does not shift its rows.
const STEP: usize = 2 << 10;

/// The rows around the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Viewport {
    /// In order; never empty.
    pub(crate) rows: Vec<EditRow>,
    /// Which of them the cursor is in.
    pub(crate) row: usize,
    /// The cursor's column there.
    pub(crate) column: usize,
    /// Whether text before the first row is left out.
    cut: bool,
    /// Whether text after the last row is left out.
    cut_after: bool,
}

/// One row of the editor, after wrapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EditRow {
    /// Where it begins in the text.
    pub(crate) start: usize,
    /// Where the cursor stands behind its last letter.
    pub(crate) end: usize,
    pub(crate) shown: String,
    /// The words in it that stand for folded pastes.
    pub(crate) pastes: Vec<ShownPaste>,
}

/// A word that stands for a folded paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownPaste {
    pub(crate) columns: Range<usize>,
    /// Where that begins in what is shown, and how many bytes it has there.
    start: usize,
    label: usize,
    /// What it stands for in the text.
    text: Range<usize>,
}

/// Lays out the window around the cursor.
pub(crate) fn lay_out(editor: &Editor, width: usize) -> Viewport {
    let (from, to) = window(editor);
    let row = EditRow { start: from, end: from, ..EditRow::default() };
    let mut rows =
        RowBuilder { cursor: editor.cursor, width: width.max(1), done: Vec::new(), row, used: 0, at: None };
    let mut place = from;
    for paste in editor.pastes.iter().filter(|paste| paste.range.start >= from && paste.range.end <= to) {
        rows.add_text(editor.text.get(place..paste.range.start).unwrap_or_default(), place);
        rows.add_paste(paste);
        place = paste.range.end;
    }
    rows.add_text(editor.text.get(place..to).unwrap_or_default(), place);
    rows.finish(to, (from > 0, to < editor.text.len()))
}

struct RowBuilder {
    cursor: usize,
    width: usize,
    done: Vec<EditRow>,
    row: EditRow,
    used: usize,
    /// The row and the column of the cursor, once it was come by.
    at: Option<(usize, usize)>,
}

impl RowBuilder {
    fn add_text(&mut self, text: &str, mut place: usize) {
        for (cluster, _) in clusters(text) {
            let next = place + cluster.len();
            let shown = if cluster == "\n" { "".into() } else { sanitize::visible_line(cluster) };
            self.add(&shown, place, next);
            if cluster == "\n" {
                self.row.end = place;
                self.end_row(next);
            }
            place = next;
        }
    }

    /// It is never broken: where a row has no room for it, it is cut.
    fn add_paste(&mut self, paste: &FoldedPaste) {
        let label = wrap::truncated(&paste.label, self.width);
        self.make_room(label.width(), paste.range.start);
        let columns = self.used..self.used + label.width();
        let start = self.row.shown.len();
        self.add(&label, paste.range.start, paste.range.end);
        self.row.pastes.push(ShownPaste { columns, start, label: label.len(), text: paste.range.clone() });
    }

    fn add(&mut self, shown: &str, place: usize, next: usize) {
        self.make_room(shown.width(), place);
        if self.at.is_none() && self.cursor < next {
            self.at = Some((self.done.len(), self.used));
        }
        self.row.shown.push_str(shown);
        self.row.end = next;
        self.used += shown.width();
    }

    fn make_room(&mut self, columns: usize, place: usize) {
        if self.used + columns > self.width && self.used > 0 {
            self.end_row(place);
        }
    }

    fn end_row(&mut self, next: usize) {
        let row = std::mem::replace(&mut self.row, EditRow { start: next, end: next, ..EditRow::default() });
        self.done.push(row);
        self.used = 0;
    }

    fn finish(mut self, end: usize, (cut, cut_after): (bool, bool)) -> Viewport {
        if self.at.is_none() {
            self.make_room(1, end);
        }
        let (row, column) = self.at.unwrap_or((self.done.len(), self.used));
        self.end_row(end);
        Viewport { rows: self.done, row, column, cut, cut_after }
    }
}

/// Where the window begins and ends: at line feeds where there are some near, else at fixed steps. A folded paste counts as nothing.
fn window(editor: &Editor) -> (usize, usize) {
    let Editor { text, cursor, pastes, .. } = editor;
    let ranges = || pastes.iter().map(|paste| &paste.range);
    let hidden: usize = ranges().map(ExactSizeIterator::len).sum();
    if text.len() - hidden <= WINDOW {
        return (0, text.len());
    }
    let before: usize = ranges().filter(|range| range.end <= *cursor).map(ExactSizeIterator::len).sum();
    let seen = cursor - before;
    // Where in the text so much of it is seen.
    let place = |seen: usize| {
        let gone =
            ranges().fold(seen, |place, range| if range.start < place { place + range.len() } else { place });
        floor(text, gone.min(text.len()))
    };
    let begin = seen.saturating_sub(WINDOW / 2);
    let from = place(begin - begin % STEP);
    let is_seen = |feed: &usize| pastes.around(*feed).is_none() && ranges().all(|range| range.start != *feed);
    let head = text.get(from..*cursor).unwrap_or_default();
    let feed = head.match_indices('\n').map(|(feed, _)| from + feed).find(is_seen);
    let from = if from == 0 { 0 } else { feed.map_or(from, |feed| feed + 1) };
    (from, place(seen + WINDOW / 2).max(*cursor))
}

fn floor(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

impl Viewport {
    /// The place in the row before that is under the cursor's column, if there is such a row.
    pub(crate) fn above(&self) -> Option<usize> {
        self.row.checked_sub(1).and_then(|row| self.place(row))
    }

    /// The place in the row after, if there is one.
    pub(crate) fn below(&self) -> Option<usize> {
        self.place(self.row + 1)
    }

    /// Whether rows in front of the first are left out.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether rows behind the last are left out.
    pub(crate) const fn is_cut_after(&self) -> bool {
        self.cut_after
    }

    fn place(&self, row: usize) -> Option<usize> {
        let row = self.rows.get(row)?;
        let mut place = row.start;
        let mut column = 0;
        // Shown text is as long as the text unless something was made visible; the cursor then stops before it.
        let mut shown = 0;
        while let Some((cluster, width)) = clusters(row.shown.get(shown..).unwrap_or_default()).next() {
            let paste = row.pastes.iter().find(|paste| paste.start == shown);
            let len = paste.map_or(cluster.len(), |paste| paste.text.len());
            if column >= self.column || place + len > row.end {
                break;
            }
            place += len;
            column = paste.map_or(column + width, |paste| paste.columns.end);
            shown += paste.map_or(cluster.len(), |paste| paste.label);
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, cursor: usize, width: usize) -> Viewport {
        let mut editor = Editor::with(text);
        editor.go_to(cursor);
        lay_out(&editor, width)
    }

    fn shown(text: &str, cursor: usize, width: usize) -> (Vec<String>, usize, usize) {
        let view = at(text, cursor, width);
        (view.rows.iter().map(|row| row.shown.clone()).collect(), view.row, view.column)
    }

    #[test]
    fn rows_and_cursor() {
        for (text, cursor, width, rows, row, column) in [
            ("", 0, 5, vec![""], 0, 0),
            ("abc", 3, 5, vec!["abc"], 0, 3),
            ("abcde", 5, 5, vec!["abcde", ""], 1, 0),
            ("abcdefg", 5, 5, vec!["abcde", "fg"], 1, 0),
            ("ab\ncd", 3, 5, vec!["ab", "cd"], 1, 0),
            ("ab\n", 3, 5, vec!["ab", ""], 1, 0),
            ("ab\ncd", 2, 5, vec!["ab", "cd"], 0, 2),
            ("日本語", 3, 5, vec!["日本", "語"], 0, 2),
            ("a\u{1b}b", 2, 20, vec!["a<U+001B>b"], 0, 9),
        ] {
            let rows: Vec<String> = rows.into_iter().map(str::to_owned).collect();
            assert_eq!(shown(text, cursor, width), (rows, row, column), "{text:?} at {cursor}");
        }
    }

    #[test]
    fn a_window_of_a_long_text_holds_the_cursor() {
        for text in ["word ".repeat(200_000), "some words in a line\n".repeat(50_000), "é".repeat(500_000)] {
            for cursor in [0, text.len() / 2, text.len()] {
                let cursor = floor(&text, cursor);
                let view = at(&text, cursor, 80);
                let row = &view.rows[view.row];
                assert!(row.start <= cursor && cursor <= row.end);
                assert!(view.rows.len() < 2_000);
            }
        }
    }
}
