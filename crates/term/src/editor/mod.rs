//! The prompt's editor: a text, a cursor, and what keys do to them.
//!
//! Our own, because after a paste of 1 MB the one at hand needs 31 ms for a key, moves by characters where people see
//! one letter, and hides control characters. Here a key costs a memory move and the layout of a window around the
//! cursor.
//!
//! Not here: which key does what (`command::table`), where rows are drawn (`draw`).

mod history;
mod kept;
mod keys;
mod killed;
mod pastes;
mod rows;
mod undo;

pub(crate) use history::History;
pub(crate) use rows::lay_out;

use std::ops::Range;

use killed::KillRing;
use pastes::Pastes;
use undo::UndoLog;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// How far back and forth a word or a letter is looked for: nobody types longer ones, and pasted ones may be endless.
const REACH: usize = 4096;

/// A text being typed. The cursor is a byte that begins a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Editor {
    text: String,
    cursor: usize,
    killed: KillRing,
    log: UndoLog,
    /// What of the text is shown as a word.
    pastes: Pastes,
    /// What the key before did, where the next one can go on with it.
    last: LastEdit,
}

/// What a key goes on with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum LastEdit {
    #[default]
    Other,
    /// Deleted a word or a line.
    Kill,
    /// Put back what was deleted so many deletions before the last one; it stands there.
    Yank(Range<usize>, usize),
}

impl Editor {
    /// An editor with that text, the cursor behind it.
    pub(crate) fn with(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, ..Self::default() }
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
        self.change(0..self.text.len(), &text.into());
    }

    /// What is typed leaves, and what was done to it is forgotten.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        (self.log, self.pastes, self.last) = (UndoLog::default(), Pastes::default(), LastEdit::Other);
        std::mem::take(&mut self.text)
    }

    /// Puts text in at the cursor.
    pub(crate) fn insert(&mut self, text: &str) {
        self.change(self.cursor..self.cursor, text);
    }

    /// Puts in what came at once: it is one step to undo, and where it is long it is shown as a word. Says whether it is.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        let place = self.cursor;
        self.insert(text);
        self.pastes.fold(place, text);
        self.pastes.behind(place).is_some_and(|paste| paste.start == place)
    }

    /// Shows a paste whole that the cursor stands at; says whether there was one.
    pub(crate) fn unfold(&mut self) -> bool {
        self.pastes.unfold(self.cursor)
    }

    /// Puts text in the place of another one, the cursor behind it. Nothing is done where that is none.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: &str) {
        self.change(range, text);
    }

    /// All that changes the text, so that it can be undone; the cursor goes behind what is put in.
    fn change(&mut self, range: Range<usize>, text: &str) {
        self.last = LastEdit::Other;
        let Some(before) = self.text.get(range.clone()) else { return };
        if before == text {
            self.cursor = range.end;
            return;
        }
        let pastes = self.pastes.change(&range, text.len());
        self.log.note(range.clone(), (before, pastes), text, self.cursor);
        self.cursor = range.start + text.len();
        self.text.replace_range(range, text);
    }

    /// Undoes the last change, or makes the last one again that was undone.
    fn step_in_time(&mut self, is_back: bool) {
        if let Some(cursor) = self.log.step((&mut self.text, &mut self.pastes), self.cursor, is_back) {
            self.go_to(cursor);
        }
    }

    /// Puts the cursor at a place, or at the beginning of the letter, or of the folded paste, it is in.
    pub(crate) fn go_to(&mut self, place: usize) {
        let mut place = place.min(self.text.len());
        while !self.text.is_char_boundary(place) {
            place -= 1;
        }
        self.cursor = self.pastes.around(place).map_or(place, |paste| paste.start);
    }

    fn delete_back(&mut self) {
        self.change(self.before()..self.cursor, "");
    }

    fn delete_forward(&mut self) {
        self.change(self.cursor..self.after(), "");
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

    /// Puts back what was deleted so many deletions before the last one, in the place of what was put back of others.
    fn yank(&mut self, place: Range<usize>, back: usize) {
        let Some(text) = self.killed.before_last(back).map(str::to_owned) else { return };
        let stands = place.start..place.start + text.len();
        self.change(place, &text);
        self.pastes.fold(stands.start, &text);
        self.last = LastEdit::Yank(stands, back);
    }

    fn kill(&mut self, from: usize, to: usize) {
        let goes_on = self.last == LastEdit::Kill;
        if let Some(text) = self.text.get(from..to).filter(|text| !text.is_empty()) {
            self.killed.keep(text, goes_on, to == self.cursor);
            self.change(from..to, "");
            self.last = LastEdit::Kill;
        }
    }

    /// Where the line begins that the cursor is in, as it is seen: a line feed in a folded paste ends none.
    fn start_of_line(&self) -> usize {
        let mut end = self.cursor;
        loop {
            let paste = self.pastes.before(end);
            let from = paste.map_or(0, |paste| paste.end);
            match (self.text.get(from..end).and_then(|seen| seen.rfind('\n')), paste) {
                (Some(feed), _) => return from + feed + 1,
                (None, Some(paste)) => end = paste.start,
                (None, None) => return 0,
            }
        }
    }

    fn end_of_line(&self) -> usize {
        let mut from = self.cursor;
        loop {
            let paste = self.pastes.behind(from);
            let end = paste.map_or(self.text.len(), |paste| paste.start);
            match (self.text.get(from..end).and_then(|seen| seen.find('\n')), paste) {
                (Some(feed), _) => return from + feed,
                (None, Some(paste)) => from = paste.end,
                (None, None) => return self.text.len(),
            }
        }
    }

    /// The text before the cursor, up to a folded paste, and where it begins; nothing but the paste right behind one.
    fn head(&self) -> (usize, &str) {
        let from = match self.pastes.before(self.cursor) {
            Some(paste) if paste.end == self.cursor => paste.start,
            Some(paste) => paste.end,
            None => 0,
        };
        (from, self.text.get(from..self.cursor).unwrap_or_default())
    }

    /// The text behind the cursor, up to a folded paste; nothing but the paste right before one.
    fn tail(&self) -> &str {
        let end = match self.pastes.behind(self.cursor) {
            Some(paste) if paste.start == self.cursor => paste.end,
            Some(paste) => paste.start,
            None => self.text.len(),
        };
        self.text.get(self.cursor..end).unwrap_or_default()
    }

    /// Whether the cursor stands right behind a folded paste, which is a letter and a word then.
    fn is_behind_paste(&self) -> bool {
        self.pastes.before(self.cursor).is_some_and(|paste| paste.end == self.cursor)
    }

    fn is_before_paste(&self) -> bool {
        self.pastes.behind(self.cursor).is_some_and(|paste| paste.start == self.cursor)
    }

    /// The place one letter back.
    fn before(&self) -> usize {
        let (from, head) = self.head();
        if self.is_behind_paste() {
            return from;
        }
        let mut cursor = GraphemeCursor::new(head.len(), head.len(), true);
        match cursor.prev_boundary(head, 0) {
            Ok(Some(place)) => from + place,
            Ok(None) | Err(_) => from,
        }
    }

    /// The place one letter on.
    fn after(&self) -> usize {
        let tail = self.tail();
        if self.is_before_paste() {
            return self.cursor + tail.len();
        }
        let mut cursor = GraphemeCursor::new(0, tail.len(), true);
        match cursor.next_boundary(tail, 0) {
            Ok(Some(place)) => self.cursor + place,
            Ok(None) | Err(_) => self.cursor + tail.len(),
        }
    }

    fn word_before(&self) -> usize {
        let (begin, head) = self.head();
        if self.is_behind_paste() {
            return begin;
        }
        let mut from = head.len().saturating_sub(REACH);
        while !head.is_char_boundary(from) {
            from -= 1;
        }
        let reach = head.get(from..).unwrap_or_default();
        reach.unicode_word_indices().next_back().map_or(begin + from, |(start, _)| begin + from + start)
    }

    fn word_after(&self) -> usize {
        let tail = self.tail();
        let mut to = tail.len().min(REACH);
        while !tail.is_char_boundary(to) {
            to += 1;
        }
        if self.is_before_paste() {
            return self.cursor + tail.len();
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

    const EDITS: [Edit; 16] = [
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
        Edit::YankBefore,
        Edit::Undo,
        Edit::Redo,
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

    /// Does what each letter stands for, and compares what there is behind it.
    fn steps(editor: &mut Editor, steps: &str) {
        for step in steps.split(',') {
            let (edit, after) = step.split_once(' ').unwrap();
            editor.edit(match edit {
                "u" => Edit::Undo,
                "r" => Edit::Redo,
                "y" => Edit::Yank,
                "p" => Edit::YankBefore,
                _end => Edit::LineEnd,
            });
            assert_eq!(marked(editor), after, "{step}");
        }
    }

    #[test]
    fn deletions_that_follow_each_other_are_one_and_the_ones_before_are_not_lost() {
        let mut editor = at("one two three four|");
        for edit in [Edit::DeleteWordBack, Edit::DeleteWordBack, Edit::LineStart, Edit::DeleteWordForward] {
            editor.edit(edit);
        }
        assert_eq!(marked(&editor), "| two ");
        // What was put back is not the last thing that was done any more once the cursor went elsewhere.
        steps(&mut editor, "y one| two ,p three four| two ,p one| two ,e one two |,p one two |");
    }

    #[test]
    fn words_are_undone_one_by_one_and_a_paste_at_once() {
        let mut editor = Editor::default();
        "fix it".chars().for_each(|typed| editor.type_in(typed));
        editor.insert(" and\nthis");
        editor.edit(Edit::DeleteBack);
        editor.edit(Edit::DeleteBack);
        steps(
            &mut editor,
            "u fix it and\nthis|,u fix it|,r fix it and\nthis|,u fix it|,u fix|,u |,u |,r fix|",
        );
        editor.type_in('!');
        editor.edit(Edit::Redo);
        assert_eq!(marked(&editor), "fix!|", "what is typed leads elsewhere");
    }

    proptest! {
        /// However much was done, undoing it all leads to where it began, and doing it all again to where it ended.
        #[test]
        fn whatever_is_done_can_be_undone_and_done_again(keys in prop::collection::vec((0u8..20, "[a-z \ne\u{301}日👨\u{200d}]{0,4}"), 0..40)) {
            let mut editor = Editor::with("begun here");
            let mut naive = vec![editor.text().to_owned()];
            for (key, text) in keys {
                match EDITS.get(usize::from(key)).filter(|edit| !matches!(edit, Edit::Undo | Edit::Redo)) {
                    Some(edit) => editor.edit(*edit),
                    None => editor.insert(&text),
                }
                naive.push(editor.text().to_owned());
            }
            let end = editor.text().to_owned();
            let mut at = naive.len();
            for _ in 0..naive.len() {
                editor.edit(Edit::Undo);
                // Each step leads to something that stood there before what the last one led to.
                at = naive.iter().take(at).rposition(|text| text == editor.text()).unwrap_or(0);
                prop_assert_eq!(&naive[at], editor.text());
            }
            prop_assert_eq!(editor.text(), "begun here");
            for _ in 0..naive.len() {
                editor.edit(Edit::Redo);
            }
            prop_assert_eq!(editor.text(), end);
        }

        #[test]
        fn no_sequence_of_keys_breaks_the_cursor(keys in prop::collection::vec((0u8..20, "[a-z \ne\u{301}日👨\u{200d}]{0,4}"), 0..40)) {
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
