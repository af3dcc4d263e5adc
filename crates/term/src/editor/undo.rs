//! What was changed in a text, to be undone and done again. Of each change is kept what stood there before: what stands there now is
//! in the text.

use std::ops::Range;

use crate::editor::kept::keep_newest;
use crate::editor::pastes::{FoldedPaste, Pastes};

/// A change of a text, seen from behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextChange {
    /// Where it is in the text as it is now.
    pub(super) range: Range<usize>,
    /// What stood there before the change.
    pub(super) before: String,
    /// What of that was shown as a word, by its place there.
    pub(super) pastes: Vec<FoldedPaste>,
    /// Where the cursor stood then.
    pub(super) cursor: usize,
}

/// Changes that follow one on the other, and those of them that were undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UndoLog {
    done: Vec<TextChange>,
    undone: Vec<TextChange>,
    /// Whether the last one was typed, so that the next letter is part of it.
    is_typed: bool,
}

/// So many changes can be undone, as far as what stood there is kept.
const MOST: usize = 1_000;

impl UndoLog {
    /// Notes a change that is about to be made: `text` is put into the place of what stands in the range. What is typed letter by
    /// letter, up to the end of a word, is one change, and so is what is deleted so.
    pub(super) fn note(
        &mut self,
        range: Range<usize>,
        (before, pastes): (&str, Vec<FoldedPaste>),
        text: &str,
        cursor: usize,
    ) {
        self.undone.clear();
        let was_typed = std::mem::replace(&mut self.is_typed, is_one(before) != is_one(text));
        let now = range.start..range.start + text.len();
        if let Some(last) = self.done.last_mut().filter(|_| was_typed) {
            let goes_on = before.is_empty() && last.range.end == range.start && !last.range.is_empty();
            if goes_on && is_letter(text) {
                last.range.end = now.end;
                return;
            }
            let goes_back = text.is_empty() && last.range.is_empty() && range.end == last.range.start;
            if goes_back && is_letter(before) {
                last.before.insert_str(0, before);
                last.range = now;
                return;
            }
        }
        self.done.push(TextChange { range: now, before: before.to_owned(), pastes, cursor });
        keep_newest(&mut self.done, MOST, |change| change.before.len());
    }

    /// Undoes the last change of a text, or makes the last one again that was undone; where the cursor stands then. Nothing where there
    /// is none.
    pub(super) fn step(
        &mut self,
        (text, folded): (&mut String, &mut Pastes),
        cursor: usize,
        is_back: bool,
    ) -> Option<usize> {
        let (from, to) =
            if is_back { (&mut self.done, &mut self.undone) } else { (&mut self.undone, &mut self.done) };
        self.is_typed = false;
        let TextChange { range, before, pastes, cursor: then } = from.pop()?;
        let now = range.start..range.start + before.len();
        let stood = text.get(range.clone())?.to_owned();
        let stood_folded = folded.change(&range, before.len());
        folded.put(range.start, pastes);
        text.replace_range(range, &before);
        to.push(TextChange { range: now, before: stood, pastes: stood_folded, cursor });
        Some(then)
    }
}

/// Whether it is one letter of a word: a blank begins another change.
fn is_letter(text: &str) -> bool {
    is_one(text) && !text.starts_with(char::is_whitespace)
}

fn is_one(text: &str) -> bool {
    text.chars().take(2).count() == 1
}
