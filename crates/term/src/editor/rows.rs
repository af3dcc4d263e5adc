//! The editor's rows: what is shown of its text at a width, and where the cursor stands in it.
//!
//! Only a window around the cursor is laid out, so that a key costs the same in a pasted novel as in one line.

use unicode_width::UnicodeWidthStr;

use crate::layout::wrap::clusters;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EditRow {
    /// Where it begins in the text.
    pub(crate) start: usize,
    /// Where the cursor stands behind its last letter.
    pub(crate) end: usize,
    pub(crate) shown: String,
}

/// Lays out the window around the cursor.
pub(crate) fn lay_out(text: &str, cursor: usize, width: usize) -> Viewport {
    let (from, to) = window(text, cursor);
    let mut rows = RowBuilder {
        width: width.max(1),
        done: Vec::new(),
        row: EditRow { start: from, end: from, shown: String::new() },
        used: 0,
    };
    let mut place = from;
    let mut at = None;
    for (cluster, _) in clusters(text.get(from..to).unwrap_or_default()) {
        let next = place + cluster.len();
        let shown = if cluster == "\n" { "".into() } else { sanitize::visible_line(cluster) };
        rows.make_room(shown.width(), place);
        if at.is_none() && cursor < next {
            at = Some((rows.done.len(), rows.used));
        }
        rows.add(&shown, next);
        if cluster == "\n" {
            rows.row.end = place;
            rows.end_row(next);
        }
        place = next;
    }
    if at.is_none() {
        rows.make_room(1, place);
    }
    let (row, column) = at.unwrap_or((rows.done.len(), rows.used));
    rows.end_row(place);
    Viewport { rows: rows.done, row, column, cut: from > 0, cut_after: to < text.len() }
}

struct RowBuilder {
    width: usize,
    done: Vec<EditRow>,
    row: EditRow,
    used: usize,
}

impl RowBuilder {
    fn make_room(&mut self, columns: usize, place: usize) {
        if self.used + columns > self.width && self.used > 0 {
            self.end_row(place);
        }
    }

    fn add(&mut self, shown: &str, next: usize) {
        self.row.shown.push_str(shown);
        self.row.end = next;
        self.used += shown.width();
    }

    fn end_row(&mut self, next: usize) {
        let row = std::mem::replace(&mut self.row, EditRow { start: next, end: next, shown: String::new() });
        self.done.push(row);
        self.used = 0;
    }
}

/// Where the window begins and ends: at line feeds where there are some near, else at fixed steps.
fn window(text: &str, cursor: usize) -> (usize, usize) {
    if text.len() <= WINDOW {
        return (0, text.len());
    }
    let before = cursor.saturating_sub(WINDOW / 2);
    let from = floor(text, before - before % STEP);
    let feed = text.get(from..cursor).and_then(|head| head.find('\n'));
    let from = if from == 0 { 0 } else { feed.map_or(from, |feed| from + feed + 1) };
    let to = floor(text, (cursor + WINDOW / 2).min(text.len()));
    (from, to.max(cursor))
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
        for (cluster, width) in clusters(&row.shown) {
            if column >= self.column || place + cluster.len() > row.end {
                break;
            }
            place += cluster.len();
            column += width;
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, cursor: usize, width: usize) -> (Vec<String>, usize, usize) {
        let view = lay_out(text, cursor, width);
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
                let view = lay_out(&text, cursor, 80);
                let row = &view.rows[view.row];
                assert!(row.start <= cursor && cursor <= row.end);
                assert!(view.rows.len() < 2_000);
            }
        }
    }
}
