//! What was deleted by words and lines, to be put back: the last first, and then those before it.

use crate::editor::kept::keep_newest;

/// So many are kept.
const MOST: usize = 16;

/// The texts, the last one at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KillRing {
    texts: Vec<String>,
}

impl KillRing {
    /// Keeps what was deleted; right behind another deletion as one text with that, in the order in which both stood.
    pub(super) fn keep(&mut self, text: &str, goes_on: bool, is_before: bool) {
        match self.texts.last_mut().filter(|_| goes_on) {
            Some(last) if is_before => last.insert_str(0, text),
            Some(last) => last.push_str(text),
            None => self.texts.push(text.to_owned()),
        }
        keep_newest(&mut self.texts, MOST, String::len);
    }

    /// The one that was deleted so many deletions before the last, round and round.
    pub(super) fn before_last(&self, back: usize) -> Option<&str> {
        let place = back.checked_rem(self.texts.len())?;
        self.texts.iter().rev().nth(place).map(String::as_str)
    }
}
