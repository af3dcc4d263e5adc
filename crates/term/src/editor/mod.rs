//! The prompt's editor: a text, a cursor, and what keys do to them.
//!
//! Our own, because after a paste of 1 MB the one at hand needs 31 ms for a key, moves by characters where people see
//! one letter, and hides control characters. Here a key costs a memory move and the layout of a window around the
//! cursor.
//!
//! Not here: which key does what (`command::table`), where rows are drawn (`draw`).

mod history;
mod keys;
mod rows;

pub(crate) use history::History;
pub(crate) use rows::lay_out;

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// How far back and forth a word or a letter is looked for: nobody types longer ones, and pasted ones may be endless.
const REACH: usize = 4096;

/// A text being typed. The cursor is a byte that begins a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Editor {
    text: String,
    cursor: usize,
    /// What was deleted last.
    killed: String,
}

impl Editor {
    /// An editor with that text, the cursor behind it.
    pub(crate) fn with(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, killed: String::new() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) const fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces everything; the cursor goes behind it.
    pub(crate) fn set(&mut self, text: impl Into<String>) {
        self.text = text.into();
        self.cursor = self.text.len();
    }

    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text in at the cursor.
    pub(crate) fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Puts text in the place of another one, the cursor behind it. Nothing is done where that is none.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: &str) {
        if self.text.get(range.clone()).is_some() {
            self.cursor = range.start + text.len();
            self.text.replace_range(range, text);
        }
    }

    /// Puts the cursor at a place, or at the beginning of the letter it is in.
    pub(crate) fn go_to(&mut self, place: usize) {
        let mut place = place.min(self.text.len());
        while !self.text.is_char_boundary(place) {
            place -= 1;
        }
        self.cursor = place;
    }

    fn left(&mut self) {
        self.cursor = self.before();
    }

    fn right(&mut self) {
        self.cursor = self.after();
    }

    fn word_left(&mut self) {
        self.cursor = self.word_before();
    }

    fn word_right(&mut self) {
        self.cursor = self.word_after();
    }

    fn line_start(&mut self) {
        self.cursor = self.start_of_line();
    }

    fn line_end(&mut self) {
        self.cursor = self.end_of_line();
    }

    fn delete_back(&mut self) {
        let from = self.before();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    fn delete_forward(&mut self) {
        let to = self.after();
        self.text.drain(self.cursor..to);
    }

    fn delete_word_back(&mut self) {
        self.kill(self.word_before(), self.cursor);
    }

    fn delete_word_forward(&mut self) {
        self.kill(self.cursor, self.word_after());
    }

    fn delete_to_start(&mut self) {
        self.kill(self.start_of_line(), self.cursor);
    }

    fn delete_to_end(&mut self) {
        let end = self.end_of_line();
        // At the end of a line its line feed goes.
        let end = if end == self.cursor { self.after() } else { end };
        self.kill(self.cursor, end);
    }

    /// Puts back what was deleted last.
    fn yank(&mut self) {
        let killed = std::mem::take(&mut self.killed);
        self.insert(&killed);
        self.killed = killed;
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            self.killed = self.text.drain(from..to).collect();
            self.cursor = from;
        }
    }

    fn start_of_line(&self) -> usize {
        self.head().rfind('\n').map_or(0, |feed| feed + 1)
    }

    fn end_of_line(&self) -> usize {
        self.tail().find('\n').map_or(self.text.len(), |feed| self.cursor + feed)
    }

    fn head(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn tail(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// The place one letter back.
    fn before(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        match cursor.prev_boundary(&self.text, 0) {
            Ok(Some(place)) => place,
            Ok(None) | Err(_) => 0,
        }
    }

    /// The place one letter on.
    fn after(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        match cursor.next_boundary(&self.text, 0) {
            Ok(Some(place)) => place,
            Ok(None) | Err(_) => self.text.len(),
        }
    }

    fn word_before(&self) -> usize {
        let head = self.head();
        let mut from = head.len().saturating_sub(REACH);
        while !head.is_char_boundary(from) {
            from -= 1;
        }
        let reach = head.get(from..).unwrap_or_default();
        reach.unicode_word_indices().next_back().map_or(from, |(start, _)| from + start)
    }

    fn word_after(&self) -> usize {
        let tail = self.tail();
        let mut to = tail.len().min(REACH);
        while !tail.is_char_boundary(to) {
            to += 1;
        }
        let reach = tail.get(..to).unwrap_or_default();
        reach
            .unicode_word_indices()
            .next()
            .map_or(self.cursor + to, |(start, word)| self.cursor + start + word.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `|` is the cursor.
    fn at(marked: &str) -> Editor {
        let cursor = marked.find('|').unwrap();
        let mut editor = Editor::with(marked.replacen('|', "", 1));
        editor.go_to(cursor);
        editor
    }

    fn marked(editor: &Editor) -> String {
        let mut text = editor.text().to_owned();
        text.insert(editor.cursor(), '|');
        text
    }

    #[test]
    fn keys_move_and_delete() {
        type Key = fn(&mut Editor);
        for (before, key, after) in [
            ("ab|c", Editor::left as Key, "a|bc"),
            ("👨\u{200d}👩\u{200d}👧|", Editor::left, "|👨\u{200d}👩\u{200d}👧"),
            ("e\u{301}|x", Editor::delete_back, "|x"),
            ("|e\u{301}x", Editor::delete_forward, "|x"),
            ("|", Editor::left, "|"),
            ("a|", Editor::right, "a|"),
            ("one two| three", Editor::word_left, "one |two three"),
            ("one two, |", Editor::delete_word_back, "one |"),
            ("one |two three", Editor::delete_word_forward, "one | three"),
            ("one| two", Editor::word_right, "one two|"),
            ("...|", Editor::word_left, "|..."),
            ("one\ntwo| three", Editor::delete_to_start, "one\n| three"),
            ("one| more\ntwo", Editor::delete_to_end, "one|\ntwo"),
            ("one|\ntwo", Editor::delete_to_end, "one|two"),
            ("one\ntw|o", Editor::line_start, "one\n|two"),
            ("o|ne\ntwo", Editor::line_end, "one|\ntwo"),
        ] {
            let mut editor = at(before);
            key(&mut editor);
            assert_eq!(marked(&editor), after, "{before}");
        }
    }

    #[test]
    fn what_was_deleted_comes_back() {
        let mut editor = at("one two|");
        editor.delete_word_back();
        editor.line_start();
        editor.yank();
        assert_eq!(marked(&editor), "two|one ");
    }

    proptest! {
        #[test]
        fn no_sequence_of_keys_breaks_the_cursor(keys in prop::collection::vec((0u8..16, "[a-z \ne\u{301}日👨\u{200d}]{0,4}"), 0..40)) {
            let mut editor = Editor::default();
            for (key, text) in keys {
                match key {
                    0 => editor.left(),
                    1 => editor.right(),
                    2 => editor.word_left(),
                    3 => editor.word_right(),
                    4 => editor.line_start(),
                    5 => editor.line_end(),
                    6 => editor.delete_back(),
                    7 => editor.delete_forward(),
                    8 => editor.delete_word_back(),
                    9 => editor.delete_word_forward(),
                    10 => editor.delete_to_start(),
                    11 => editor.delete_to_end(),
                    12 => editor.yank(),
                    _ => editor.insert(&text),
                }
                prop_assert!(editor.text().is_char_boundary(editor.cursor()));
            }
        }
    }
}
