//! What of a transcript is selected, by entry and row, so that it stays where it is while the view moves and the end grows.
//!
//! Not here: what the mouse does (`ui::pointing`), how it looks (`draw`).

use std::ops::Range;

use q_core::EntryNo;

use crate::layout::flow::spots::cells;
use crate::layout::markdown::CODE_BAR;
use crate::layout::wrap::{Row, RowEnd, row_end};

/// A place between two columns of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextPoint {
    pub(crate) entry: EntryNo,
    /// Its row in the entry.
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// What lies between two places, of which the second is behind the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextReach {
    pub(crate) begin: TextPoint,
    pub(crate) end: TextPoint,
}

/// From what the button was pressed on to what it is over, both of them whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) from: TextReach,
    pub(crate) to: TextReach,
    /// The columns of the rows it is in: at another width there are other rows, and nothing is selected.
    pub(crate) width: usize,
    /// Whether it grows word by word.
    pub(crate) by_words: bool,
}

impl Selection {
    pub(crate) fn reach(&self) -> TextReach {
        TextReach { begin: self.from.begin.min(self.to.begin), end: self.from.end.max(self.to.end) }
    }
}

impl TextReach {
    /// The columns of it in that row; all there are where it goes on in the next.
    pub(crate) fn columns(&self, entry: EntryNo, row: usize) -> Option<Range<usize>> {
        let place = (entry, row);
        let (first, last) = ((self.begin.entry, self.begin.row), (self.end.entry, self.end.row));
        if place < first || place > last {
            return None;
        }
        let begin = if place == first { self.begin.column } else { 0 };
        let end = if place == last { self.end.column } else { usize::MAX };
        (begin < end).then_some(begin..end)
    }
}

/// The word or the one character that stands in that column of a row.
pub(crate) fn reach_at(row: &Row, column: usize, by_words: bool) -> Range<usize> {
    let one = column..column + 1;
    if !by_words {
        return one;
    }
    let cells = cells(row);
    let is_word = |at: usize| {
        // The second column of a wide character has none of its own, and is as the first.
        let mut here = cells.iter().filter(|(column, _)| *column == at);
        here.all(|(_, c)| c.is_alphanumeric() || "_-./~:@".contains(*c))
    };
    let width = cells.last().map_or(0, |(column, _)| column + 1);
    if column >= width || !is_word(column) {
        return one;
    }
    let begin = (0..column).rev().take_while(|at| is_word(*at)).last().unwrap_or(column);
    let end = (column..width).take_while(|at| is_word(*at)).last().unwrap_or(column);
    begin..end + 1
}

/// The text of rows, put together as it was before they were broken.
#[derive(Debug, Default)]
pub(crate) struct TextOfRows {
    pub(crate) text: String,
    last: Option<RowEnd>,
}

impl TextOfRows {
    /// A row of it, in these columns; an empty one where there is none.
    pub(crate) fn push(&mut self, row: Option<&Row>, columns: &Range<usize>) {
        match self.last {
            Some(RowEnd::Line) => self.text.push('\n'),
            Some(RowEnd::Blank) => self.text.push(' '),
            Some(RowEnd::Cut) | None => {}
        }
        let goes_on = matches!(self.last, Some(RowEnd::Blank | RowEnd::Cut));
        self.last = Some(row.map_or(RowEnd::Line, row_end));
        let Some(row) = row else { return };
        let shown: String =
            cells(row).into_iter().filter(|(column, _)| columns.contains(column)).map(|(_, c)| c).collect();
        let shown = shown.trim_end();
        // What q draws beside code, and before what goes on, is no text.
        let code = shown.trim_start().strip_prefix(CODE_BAR).or_else(|| shown.trim_start().strip_prefix('│'));
        let bare = match code {
            Some(code) => code,
            None if goes_on => shown.trim_start(),
            None => shown,
        };
        self.text.push_str(bare);
        if self.last == Some(RowEnd::Line) {
            self.text.truncate(self.text.trim_end_matches(' ').len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::wrap;
    use proptest::prelude::*;
    use ratatui::style::Style;

    fn point(entry: u64, row: usize, column: usize) -> TextPoint {
        TextPoint { entry: EntryNo(entry), row, column }
    }

    #[test]
    fn a_double_click_takes_the_word_and_paths_are_one() {
        for (text, column, expected) in [
            ("see src/main.rs, now", 8, 4..15),
            ("see src/main.rs, now", 0, 0..3),
            ("see src/main.rs, now", 3, 3..4),
            ("see src/main.rs, now", 15, 15..16),
            ("日本 x", 2, 0..4),
            ("ab", 9, 9..10),
        ] {
            assert_eq!(reach_at(&Row::from(text), column, true), expected, "{text:?} at {column}");
            assert_eq!(reach_at(&Row::from(text), column, false), column..column + 1);
        }
    }

    #[test]
    fn it_is_the_same_whichever_end_was_pressed_first() {
        let reach = |begin, end| TextReach { begin, end };
        let (one, other) = (reach(point(1, 0, 4), point(1, 0, 5)), reach(point(2, 3, 1), point(2, 3, 2)));
        let columns = |from, to, entry, row| {
            Selection { from, to, width: 80, by_words: false }.reach().columns(EntryNo(entry), row)
        };
        for (entry, row, expected) in [
            (1, 0, Some(4..usize::MAX)),
            (1, 9, Some(0..usize::MAX)),
            (2, 3, Some(0..2)),
            (2, 4, None),
            (0, 7, None),
        ] {
            assert_eq!(columns(one, other, entry, row), expected, "{entry} {row}");
            assert_eq!(columns(other, one, entry, row), expected, "{entry} {row}, backwards");
        }
        assert_eq!(columns(one, one, 1, 0), Some(4..5));
    }

    proptest! {
        #[test]
        fn what_was_broken_into_rows_is_whole_again(text in "[a-zé日]{1,9}( [a-zé日]{1,9}){0,12}", width in 2usize..30) {
            let mut whole = TextOfRows::default();
            for row in wrap::plain(&text, width, Style::new()) {
                whole.push(Some(&row), &(0..usize::MAX));
            }
            prop_assert_eq!(whole.text, text);
        }
    }
}
