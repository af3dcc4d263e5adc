//! What an answer said in pieces, compared with what the server says of the whole behind them: a piece that never came is in there.

use crate::http::answer::AnswerBuilder;

/// The longest text that is kept to compare with, in bytes: of a longer one nobody knows what is missing.
const LONGEST: usize = 1 << 20;

/// Words as they were told.
#[derive(Debug, Default)]
pub(super) struct ToldText {
    text: String,
    is_too_long: bool,
}

impl ToldText {
    /// More words that are told.
    pub(super) fn add(&mut self, words: &str) {
        // A letter that came by half is another one here.
        self.is_too_long |= self.text.len() + words.len() > LONGEST || words.contains('\u{fffd}');
        if !self.is_too_long {
            self.text.push_str(words);
        }
    }

    /// How much there is, in bytes.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    /// What of this text, which began at that byte, was not told; `from` is behind it then. Nothing where the two contradict each
    /// other: that is noted, since what was said cannot be taken back.
    pub(super) fn missing<'w>(
        &self,
        from: &mut usize,
        whole: &'w str,
        answer: &mut AnswerBuilder,
    ) -> Option<&'w str> {
        let told = self.text.get(*from..).filter(|_| !self.is_too_long)?;
        if let Some(rest) = whole.strip_prefix(told) {
            *from = self.text.len();
            return Some(rest);
        }
        if told.starts_with(whole) {
            *from += whole.len();
            return Some("");
        }
        // Some servers leave blanks out, or what they said before.
        let Some(at) = told.find(whole.trim()) else {
            answer.on_contradiction();
            return None;
        };
        *from += at + whole.trim().len();
        Some("")
    }
}
