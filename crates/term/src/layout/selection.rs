//! What of a transcript is selected, by entry and row, so that it stays where it is while the view moves and the end grows.
//!
//! Not here: what the mouse does (`ui::pointing`), how it looks (`draw`).

use std::ops::Range;

use q_core::EntryNo;

use crate::layout::flow::spots::cells;
use crate::layout::wrap::{Row, RowEnd, clusters, is_text, row_end};

/// A place between two columns of a row, which is named by its entry and its place in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextPoint {
    pub(crate) row: (EntryNo, usize),
    pub(crate) column: usize,
}

/// What lies between two places, of which the second is behind the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextReach(pub(crate) TextPoint, pub(crate) TextPoint);

/// All from what the button was pressed on to what it is over, and both of them whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    reach: TextReach,
    width: usize,
}

impl Selection {
    /// Between these two, whichever comes first, in rows of that width.
    pub(crate) fn between(one: TextReach, other: TextReach, width: usize) -> Self {
        Self { reach: TextReach(one.0.min(other.0), one.1.max(other.1)), width }
    }

    /// What it is in rows of that width: at another one there are other rows, and nothing is selected.
    pub(crate) fn reach(&self, width: usize) -> Option<TextReach> {
        (self.width == width).then_some(self.reach)
    }
}

impl TextReach {
    /// The columns of it in that row; all there are where it goes on in the next.
    pub(crate) fn columns(&self, row: (EntryNo, usize)) -> Option<Range<usize>> {
        let Self(begin, end) = self;
        if row < begin.row || row > end.row {
            return None;
        }
        let first = if row == begin.row { begin.column } else { 0 };
        let last = if row == end.row { end.column } else { usize::MAX };
        (first < last).then_some(first..last)
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
        let mut column = 0;
        for part in &row.spans {
            let is_text = is_text(part, goes_on);
            for (cluster, width) in clusters(&part.content) {
                if is_text && columns.contains(&column) {
                    self.text.push_str(cluster);
                }
                column += width;
            }
        }
        // Where a line was cut its blanks are no padding.
        if self.last == Some(RowEnd::Line) {
            self.text.truncate(self.text.trim_end_matches(' ').len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::entry::{EntryContext, EntryLayout};
    use crate::layout::measure::Measure;
    use crate::layout::wrap;
    use crate::style::Palette;
    use proptest::prelude::*;
    use q_core::{Body, CallOutput, Entry, WallTime};

    #[test]
    fn a_double_click_takes_the_word_and_paths_are_one() {
        let path = "see src/main.rs, now";
        let at = |text: &'static str, column| reach_at(&Row::from(text), column, true);
        assert_eq!([8, 0, 3, 15].map(|column| at(path, column)), [4..15, 0..3, 3..4, 15..16]);
        assert_eq!([at("日本 x", 2), at("ab", 9)], [0..4, 9..10]);
        assert_eq!(reach_at(&Row::from(path), 8, false), 8..9);
    }

    #[test]
    fn it_is_the_same_whichever_end_was_pressed_first() {
        let point = |row: (u64, usize), column| TextPoint { row: (EntryNo(row.0), row.1), column };
        let one = TextReach(point((1, 0), 4), point((1, 0), 5));
        let other = TextReach(point((2, 3), 1), point((2, 3), 2));
        for selection in [Selection::between(one, other, 80), Selection::between(other, one, 80)] {
            let reach = selection.reach(80).unwrap();
            let rows = [(1, 0), (1, 9), (2, 3), (2, 4), (0, 7)];
            let columns = rows.map(|(entry, row)| reach.columns((EntryNo(entry), row)));
            assert_eq!(columns, [Some(4..usize::MAX), Some(0..usize::MAX), Some(0..2), None, None]);
            assert_eq!(selection.reach(81), None, "in other rows");
        }
        assert_eq!(one.columns((EntryNo(1), 0)), Some(4..5));
    }

    fn copied(rows: &[Row]) -> String {
        let mut whole = TextOfRows::default();
        for row in rows {
            whole.push(Some(row), &(0..usize::MAX));
        }
        whole.text
    }

    fn laid_out(body: Body, width: usize) -> Vec<Row> {
        let entry = Entry { no: EntryNo(1), at: WallTime(0), body };
        let measure = Measure::new(width, None);
        let layout = EntryLayout::of(&entry, EntryContext::default(), measure, Palette { color: true }, None);
        layout.blocks.into_iter().flat_map(|block| block.rows).collect()
    }

    #[test]
    fn what_q_draws_is_no_text_and_what_looks_like_it_is() {
        for (answer, expected) in [
            ("```\n│ a\n├─ b\n```", "│ a\n├─ b"),
            ("- one\n\n  ```\n  │ a\n    b\n  ```", "• one\n\n│ a\n  b"),
            ("> quoted words that go on and on", "quoted words that go on and on"),
            (
                "- a point that goes on and on\n  and has lines",
                "• a point that goes on and on\n  and has lines",
            ),
        ] {
            assert_eq!(copied(&laid_out(Body::Answer(answer.to_owned()), 20)), expected);
        }
        let put_out = "│   ├── a\n    indented\n└── b";
        let output = CallOutput { of: EntryNo(1), text: put_out.to_owned() };
        assert_eq!(copied(&laid_out(Body::Output(output), 30)), put_out);
    }

    proptest! {
        #[test]
        fn each_blank_of_what_was_cut_is_kept(line in "[a-z│] {0,3}([a-z│日] {0,3}){0,30}[a-z]", width in 12usize..30) {
            prop_assert_eq!(copied(&wrap::exact(&line, width, Palette::dim())), line.as_str());
            let code = laid_out(Body::Answer(format!("```\n{line}\n```")), width);
            prop_assert_eq!(copied(&code), line.as_str());
        }

        #[test]
        fn what_was_broken_into_rows_is_whole_again(text in "[a-zé日]{1,9}( [a-zé日]{1,9}){0,12}", width in 2usize..30) {
            prop_assert_eq!(copied(&wrap::plain(&text, width, Palette::dim())), text);
        }
    }
}
