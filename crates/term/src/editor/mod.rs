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
    use crate::command::Edit;
    use proptest::prelude::*;

    const EDITS: [Edit; 13] = [
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::LineStart,
        Edit::LineEnd,
        Edit::DeleteBack,
        Edit::DeleteForward,
        Edit::DeleteWordBack,
        Edit::DeleteWordForward,
        Edit::DeleteToStart,
        Edit::DeleteToEnd,
        Edit::Yank,
    ];

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
        for (before, edit, after) in [
            ("ab|c", Edit::Left, "a|bc"),
            ("👨\u{200d}👩\u{200d}👧|", Edit::Left, "|👨\u{200d}👩\u{200d}👧"),
            ("e\u{301}|x", Edit::DeleteBack, "|x"),
            ("|e\u{301}x", Edit::DeleteForward, "|x"),
            ("|", Edit::Left, "|"),
            ("a|", Edit::Right, "a|"),
            ("one two| three", Edit::WordLeft, "one |two three"),
            ("one two, |", Edit::DeleteWordBack, "one |"),
            ("one |two three", Edit::DeleteWordForward, "one | three"),
            ("one| two", Edit::WordRight, "one two|"),
            ("...|", Edit::WordLeft, "|..."),
            ("one\ntwo| three", Edit::DeleteToStart, "one\n| three"),
            ("one| more\ntwo", Edit::DeleteToEnd, "one|\ntwo"),
            ("one|\ntwo", Edit::DeleteToEnd, "one|two"),
            ("one\ntw|o", Edit::LineStart, "one\n|two"),
            ("o|ne\ntwo", Edit::LineEnd, "one|\ntwo"),
        ] {
            let mut editor = at(before);
            editor.edit(edit);
            assert_eq!(marked(&editor), after, "{before}");
        }
    }

    #[test]
    fn what_was_deleted_comes_back() {
        let mut editor = at("one two|");
        editor.edit(Edit::DeleteWordBack);
        editor.edit(Edit::LineStart);
        editor.edit(Edit::Yank);
        assert_eq!(marked(&editor), "two|one ");
    }

    proptest! {
        #[test]
        fn no_sequence_of_keys_breaks_the_cursor(keys in prop::collection::vec((0u8..16, "[a-z \ne\u{301}日👨\u{200d}]{0,4}"), 0..40)) {
            let mut editor = Editor::default();
            for (key, text) in keys {
                match EDITS.get(usize::from(key)) {
                    Some(edit) => editor.edit(*edit),
                    None => editor.insert(&text),
                }
                prop_assert!(editor.text().is_char_boundary(editor.cursor()));
            }
        }
    }
}
