//! Wrapping: styled text → rows that fit, broken between words, by display width.

use std::borrow::Cow;

use ratatui::layout::Alignment;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::sanitize;

/// One row of the screen.
pub(crate) type Row = Line<'static>;

/// How the text of a row goes on in the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowEnd {
    /// It does not: a line ends with it.
    Line,
    /// Behind a blank, which no row shows.
    Blank,
    /// Within a word, or within a line of code.
    Cut,
}

/// Notes how a row goes on in what no row of ours uses: all of them stand on the left.
fn ended(row: Row, end: RowEnd) -> Row {
    let alignment = match end {
        RowEnd::Line => None,
        RowEnd::Blank => Some(Alignment::Left),
        RowEnd::Cut => Some(Alignment::Right),
    };
    Row { alignment, ..row }
}

/// How that row goes on.
pub(crate) const fn row_end(row: &Row) -> RowEnd {
    match row.alignment {
        None => RowEnd::Line,
        Some(Alignment::Left | Alignment::Center) => RowEnd::Blank,
        Some(Alignment::Right) => RowEnd::Cut,
    }
}

/// What `q` draws before the text of a row, such as the bar beside code: no text, wherever it stands. It is noted in what no
/// style of ours takes away.
pub(crate) fn drawn(before: Span<'static>) -> Span<'static> {
    before.patch_style(Style::new().remove_modifier(Modifier::HIDDEN))
}

/// What stands before a row so that it is beneath the one before: no text where that one goes on in it.
pub(crate) fn hanging(before: Span<'static>) -> Span<'static> {
    before.patch_style(Style::new().remove_modifier(Modifier::RAPID_BLINK))
}

/// Whether that part of a row is its text; `goes_on` says whether the row before goes on in this one.
pub(crate) const fn is_text(part: &Span<'_>, goes_on: bool) -> bool {
    let away = part.style.sub_modifier;
    !(away.contains(Modifier::HIDDEN) || goes_on && away.contains(Modifier::RAPID_BLINK))
}

/// Rows of one line that was cut: each goes on in the next.
pub(crate) fn cut_rows(mut rows: Vec<Row>) -> Vec<Row> {
    let last = rows.len().saturating_sub(1);
    for row in rows.iter_mut().take(last) {
        *row = ended(std::mem::take(row), RowEnd::Cut);
    }
    rows
}

/// The pieces of a text that take up places on the screen together, each with its columns.
pub(crate) fn clusters(text: &str) -> Clusters<'_> {
    if text.is_ascii() { Clusters::Ascii(text) } else { Clusters::Any(text.graphemes(true)) }
}

/// See [`clusters`]. Most text is ASCII, where a byte is a column.
pub(crate) enum Clusters<'a> {
    Ascii(&'a str),
    Any(unicode_segmentation::Graphemes<'a>),
}

impl<'a> Iterator for Clusters<'a> {
    type Item = (&'a str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Ascii(rest) => {
                let (first, tail) = rest.split_at_checked(1)?;
                *rest = tail;
                let columns = usize::from(!first.as_bytes().iter().any(u8::is_ascii_control));
                Some((first, columns))
            }
            Self::Any(graphemes) => graphemes.next().map(|cluster| (cluster, cluster.width())),
        }
    }
}

/// Cuts a text to `columns`, with `…` in the last one where something is missing.
pub(crate) fn truncated(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 0;
    for (cluster, width) in clusters(text) {
        if used + width + 1 > columns {
            break;
        }
        kept.push_str(cluster);
        used += width;
    }
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// Text cut to so many columns in its middle: of names that begin alike the end tells more than the middle.
pub(crate) fn without_middle(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let fitting = |clusters: &mut dyn Iterator<Item = (&str, usize)>, room: usize| {
        let mut used = 0;
        let fits = clusters.take_while(|(_, width)| {
            used += width;
            used <= room
        });
        fits.map(|(cluster, _)| cluster.len()).sum::<usize>()
    };
    let all: Vec<(&str, usize)> = clusters(text).collect();
    let head = fitting(&mut all.iter().copied(), room.div_ceil(2));
    let tail = fitting(&mut all.iter().rev().copied(), room / 2);
    let (begin, end) =
        (text.get(..head).unwrap_or_default(), text.get(text.len() - tail..).unwrap_or_default());
    Cow::Owned(format!("{begin}…{end}"))
}

/// Collects styled text and breaks it into rows.
#[derive(Debug)]
pub(crate) struct Wrapper {
    width: usize,
    first: Vec<Span<'static>>,
    rest: Vec<Span<'static>>,
    rows: Vec<Row>,
    row: Vec<Span<'static>>,
    used: usize,
    /// Columns of the prefix in the row being filled.
    indent: usize,
    gap: Vec<(String, Style)>,
    gap_width: usize,
    word: Vec<(String, Style)>,
    word_width: usize,
}

impl Wrapper {
    /// Rows of at most `width` columns; the first begins with `first`, the others with `rest`.
    pub(crate) fn new(width: usize, first: Vec<Span<'static>>, rest: Vec<Span<'static>>) -> Self {
        let mut wrapper = Self {
            width: width.max(1),
            first: Vec::new(),
            rest,
            rows: Vec::new(),
            row: Vec::new(),
            used: 0,
            indent: 0,
            gap: Vec::new(),
            gap_width: 0,
            word: Vec::new(),
            word_width: 0,
        };
        wrapper.first = first;
        wrapper.row = wrapper.first.clone();
        wrapper.indent = columns(&wrapper.row);
        wrapper.used = wrapper.indent;
        wrapper
    }

    /// Adds text; a line feed ends the row.
    pub(crate) fn push(&mut self, text: &str, style: Style) {
        for (cluster, width) in clusters(text) {
            match cluster {
                "\n" => self.newline(),
                " " | "\t" => {
                    self.end_word();
                    append(&mut self.gap, " ", style);
                    self.gap_width += 1;
                }
                // Between wide characters a row may end.
                _ if width > 1 => {
                    self.end_word();
                    append(&mut self.word, cluster, style);
                    self.word_width += width;
                    self.end_word();
                }
                _ => {
                    append(&mut self.word, cluster, style);
                    self.word_width += width;
                }
            }
        }
    }

    /// Ends the row, also an empty one.
    pub(crate) fn newline(&mut self) {
        self.end_word();
        self.end_row(RowEnd::Line);
    }

    /// The rows so far.
    pub(crate) fn finish(mut self) -> Vec<Row> {
        self.end_word();
        if self.used > self.indent || self.rows.is_empty() {
            self.end_row(RowEnd::Line);
        }
        self.rows
    }

    fn end_row(&mut self, end: RowEnd) {
        let rest = self.rest.clone();
        self.rows.push(ended(Row::from(std::mem::replace(&mut self.row, rest)), end));
        self.indent = columns(&self.row);
        self.used = self.indent;
        self.gap.clear();
        self.gap_width = 0;
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let word_width = std::mem::take(&mut self.word_width);
        if self.used + self.gap_width + word_width > self.width && self.used > self.indent {
            self.end_row(if self.gap_width > 0 { RowEnd::Blank } else { RowEnd::Cut });
        }
        let gap = std::mem::take(&mut self.gap);
        let gap_width = std::mem::take(&mut self.gap_width);
        if self.used + gap_width + word_width <= self.width {
            self.place(gap, gap_width);
            self.place(word, word_width);
        } else {
            self.break_word(&word);
        }
    }

    /// Breaks a word longer than a row wherever a row ends.
    fn break_word(&mut self, word: &[(String, Style)]) {
        for (text, style) in word {
            for (cluster, width) in clusters(text) {
                if self.used + width > self.width && self.used > self.indent {
                    self.end_row(RowEnd::Cut);
                }
                self.place(vec![(cluster.to_owned(), *style)], width);
            }
        }
    }

    fn place(&mut self, pieces: Vec<(String, Style)>, width: usize) {
        for (text, style) in pieces {
            match self.row.last_mut() {
                Some(span) if span.style == style && self.used > self.indent => {
                    span.content.to_mut().push_str(&text);
                }
                Some(_) | None => self.row.push(Span::styled(text, style)),
            }
        }
        self.used += width;
    }
}

fn append(pieces: &mut Vec<(String, Style)>, text: &str, style: Style) {
    match pieces.last_mut() {
        Some((last, of)) if *of == style => last.push_str(text),
        Some(_) | None => pieces.push((text.to_owned(), style)),
    }
}

/// A line in pieces of at most `room` columns; code is not broken between words.
pub(crate) fn cut(line: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut used = 0;
    for (cluster, width) in clusters(line) {
        if used + width > room && used > 0 {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.push_str(cluster);
        used += width;
    }
    pieces.push(piece);
    pieces
}

/// Rows of a text of which every character counts: broken wherever a row ends, with all its spaces.
pub(crate) fn exact(text: &str, width: usize, style: Style) -> Vec<Row> {
    let row = |piece| Row::from(Span::styled(piece, style));
    let rows =
        |line| cut_rows(cut(&sanitize::expand_tabs(line), width.max(1)).into_iter().map(row).collect());
    text.split('\n').flat_map(rows).collect()
}

/// Lines of at most `width` columns made of whole items, two spaces between them; only an item wider than a line is cut.
pub(crate) fn filled<'a>(items: impl IntoIterator<Item = &'a str>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.width() + 2 + item.width() <= width => {
                line.push_str("  ");
                line.push_str(item);
            }
            Some(_) | None => lines.push(truncated(item, width).into_owned()),
        }
    }
    lines
}

/// Columns that spans take.
pub(crate) fn columns(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| span.content.width()).sum()
}

/// Rows of plain text in one style.
pub(crate) fn plain(text: &str, width: usize, style: Style) -> Vec<Row> {
    let mut wrapper = Wrapper::new(width, Vec::new(), Vec::new());
    wrapper.push(text, style);
    wrapper.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        plain(text, width, Style::new()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_break_between_words() {
        for (text, width, rows) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("one  two", 4, vec!["one", "two"]),
            ("abcdefgh ij", 3, vec!["abc", "def", "gh", "ij"]),
            ("日本語です", 4, vec!["日本", "語で", "す"]),
            ("a日", 2, vec!["a", "日"]),
            ("  indented", 20, vec!["  indented"]),
            ("a\n\nb", 9, vec!["a", "", "b"]),
            ("", 9, vec![""]),
            ("e\u{301}e\u{301}e\u{301}", 2, vec!["e\u{301}e\u{301}", "e\u{301}"]),
            ("日", 1, vec!["日"]),
        ] {
            assert_eq!(wrapped(text, width), rows, "{text:?} in {width}");
        }
        assert_eq!(truncated("debug-api", 6), "debug…");
        assert_eq!(truncated("日本語", 4), "日…");
        assert_eq!(truncated("ab", 2), "ab");
    }

    #[test]
    fn a_row_says_how_it_goes_on() {
        let ends = |rows: Vec<Row>| rows.iter().map(row_end).collect::<Vec<_>>();
        let (line, blank, cut) = (RowEnd::Line, RowEnd::Blank, RowEnd::Cut);
        for (text, width, expected) in [
            ("one two three", 7, vec![blank, line]),
            ("one\ntwo", 7, vec![line, line]),
            ("abcdefgh", 3, vec![cut, cut, line]),
            ("日本語", 4, vec![cut, line]),
        ] {
            assert_eq!(ends(plain(text, width, Style::new())), expected, "{text:?}");
        }
        assert_eq!(ends(exact("ab cd\nef", 4, Style::new())), [cut, line, line]);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_told_and_no_word_is_lost(text in "[a-z日é 👨\n]{0,60}", width in 2usize..30) {
            let rows = wrapped(&text, width);
            prop_assert!(rows.iter().all(|row| row.width() <= width));
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&rows.concat()), squeeze(&text));
        }
    }
}
