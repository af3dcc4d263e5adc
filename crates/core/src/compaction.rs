//! Compaction: from some entry on, a summary stands for all that is before it wherever a model is asked. The entries
//! themselves stay where they are, to be read, and count again once the summary is undone.
//!
//! Not here: when a session is compacted (`multiplexer/compaction.rs`); how the rest becomes messages
//! ([`crate::conversation`]).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::entry::{Body, Compaction, Entry};
use crate::usage::Usage;

/// The longest summary, in bytes: some eight thousand tokens. A longer one ends its turn, and replaces nothing.
pub const SUMMARY_BYTES: usize = 32 << 10;

/// Bytes of a text that make a token, about: what is counted with until a server has counted.
const BYTES_PER_TOKEN: u64 = 4;

/// What an agent is asked for a summary. It stands behind the conversation, as the person's words.
pub const INSTRUCTION: &str = "\
Summarise the conversation above. Your summary will take its place: whoever goes on has nothing else of it. Write down, \
under short headings and in the language of the conversation:
1. What the person wants, and every wish, rule and preference that still holds, in their own words where those matter.
2. What was done and decided so far, and why; what was tried and did not work.
3. Facts that will be needed: names, paths, commands, numbers, identifiers, errors and code, exactly as they stand.
4. What is open, and the next step.
Leave out greetings, repetitions and what no longer matters. Call no tool, ask nothing, answer nothing of it: write the \
summary alone, much shorter than what it replaces.";

/// How a summary begins a conversation: framed, so that nobody takes it for the person's own words.
pub fn framed(summary: &str) -> String {
    format!(
        "[The conversation so far, in summary. The messages themselves are no longer here.]\n\n{summary}\n\n[End of the summary.]"
    )
}

/// Takes a next entry in: `standing` are the places of the summaries that count, oldest first. The last one is sent.
pub fn note<T>(standing: &mut Vec<T>, place: T, body: &Body) {
    if let Body::Compaction(compaction) = body {
        match compaction {
            Compaction::Summary { .. } => standing.push(place),
            Compaction::Undone => drop(standing.pop()),
            Compaction::Stopped(_) => {}
        }
    }
}

/// What an agent is sent of these entries: the newest summary that counts, and what is behind it.
pub fn sent_of(entries: &[Entry]) -> (Option<&str>, &[Entry]) {
    let mut standing = Vec::new();
    entries.iter().enumerate().for_each(|(place, entry)| note(&mut standing, place, &entry.body));
    let split = standing.last().and_then(|&place| entries.get(place..)?.split_first());
    split.map_or((None, entries), |(summary, rest)| (Some(summary.text()), rest))
}

/// Tokens in so many bytes, where nobody has counted.
pub(crate) const fn guessed(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// How much of its model's window a conversation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    pub tokens: u64,
    /// Whether a server counted them; if not, they are guessed by the bytes.
    pub is_counted: bool,
    /// What the window holds, in tokens; 0 where nobody says.
    pub of: u64,
    /// Bytes of the texts that take so many tokens: what comes to them is guessed by that. 0 where nobody knows.
    pub bytes: u64,
}

impl WindowUse {
    /// After an ask that cost this, with so many bytes in it and in what was said to it; nothing where neither is known. What
    /// no server counted is guessed by what was known `before`.
    pub fn after(usage: Usage, bytes: u64, of: u64, before: Option<Self>) -> Option<Self> {
        if usage.input > 0 {
            let tokens = usage.input.saturating_add(usage.output);
            Some(Self { tokens, is_counted: true, of, bytes })
        } else if bytes > 0 {
            let nothing = Self { tokens: 0, is_counted: false, of, bytes: 0 };
            Some(Self { of, ..before.unwrap_or(nothing).moved_to(bytes) })
        } else {
            None
        }
    }

    /// With so many bytes more.
    #[must_use]
    pub fn with(self, more: u64) -> Self {
        Self {
            tokens: self.tokens.saturating_add(self.tokens_of(more)),
            is_counted: self.is_counted && more == 0,
            of: self.of,
            bytes: self.bytes.saturating_add(more),
        }
    }

    /// With `by` bytes in the place of `of` bytes.
    #[must_use]
    pub fn replacing(self, of: u64, by: u64) -> Self {
        self.moved_to(self.bytes.saturating_sub(of).saturating_add(by))
    }

    /// The same with so many bytes in all. What a server counts beside the texts stays in it, since only the difference is
    /// guessed.
    fn moved_to(self, bytes: u64) -> Self {
        let tokens = if self.bytes == 0 {
            guessed(bytes)
        } else if bytes >= self.bytes {
            self.tokens.saturating_add(self.tokens_of(bytes - self.bytes))
        } else {
            self.tokens.saturating_sub(self.tokens_of(self.bytes - bytes))
        };
        Self { tokens, is_counted: self.is_counted && bytes == self.bytes, of: self.of, bytes }
    }

    /// Tokens of so many further bytes, as many of these were. A count that leaves out what is cached, or has much beside the
    /// texts, says little of a text: between two and eight bytes a token are believed.
    fn tokens_of(self, bytes: u64) -> u64 {
        if self.bytes == 0 {
            return guessed(bytes);
        }
        let tokens = (u128::from(bytes) * u128::from(self.tokens)).div_ceil(u128::from(self.bytes));
        u64::try_from(tokens).unwrap_or(u64::MAX).clamp(bytes.div_ceil(8), bytes.div_ceil(2))
    }

    /// Bytes that can still come until it is as full as that, in percent; of a window that nobody knows any number.
    pub fn room(self, percent: u64) -> u64 {
        if self.of == 0 {
            return u64::MAX;
        }
        let most = u128::from(self.of) * u128::from(percent) / 100;
        let tokens = u64::try_from(most).unwrap_or(u64::MAX).saturating_sub(self.tokens);
        // As many as a thousand bytes are tokens, the other way round.
        let bytes = u128::from(tokens) * 1000 / u128::from(self.tokens_of(1000).max(1));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Whether with so many more bytes it is as full as that, in percent; of a window that nobody knows never.
    pub fn reaches(self, percent: u64, more: u64) -> bool {
        let tokens = u128::from(self.tokens) + u128::from(self.tokens_of(more));
        self.of > 0 && percent > 0 && tokens * 100 >= u128::from(self.of) * u128::from(percent)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    const COUNTED: WindowUse = WindowUse { tokens: 1500, is_counted: true, of: 8000, bytes: 4500 };

    #[test]
    fn what_is_not_counted_is_guessed_by_what_was() {
        let nothing = Usage::default();
        for (usage, bytes, before, expected) in [
            (Usage { input: 1400, output: 100, ..nothing }, 4500, None, Some((1500, true))),
            (nothing, 0, Some(COUNTED), None),
            (nothing, 4000, None, Some((1000, false))),
            (nothing, 4500, Some(COUNTED), Some((1500, true))),
            (nothing, 7500, Some(COUNTED), Some((2500, false))),
            (nothing, 1500, Some(COUNTED), Some((500, false))),
            // What is counted beside the texts stays, and says nothing of further texts.
            (nothing, 110, Some(WindowUse { bytes: 10, ..COUNTED }), Some((1550, false))),
            (nothing, 16_500, Some(WindowUse { tokens: 1, ..COUNTED }), Some((1501, false))),
        ] {
            let after = WindowUse::after(usage, bytes, 8000, before);
            assert_eq!(after.map(|after| (after.tokens, after.is_counted)), expected, "{usage:?} {bytes}");
        }
        let huge = WindowUse { tokens: u64::MAX, ..COUNTED };
        assert_eq!((huge.with(u64::MAX).tokens, huge.room(90)), (u64::MAX, 0));
    }

    #[test]
    fn a_summary_takes_the_place_of_texts_and_not_of_what_is_sent_beside_them() {
        let after = COUNTED.replacing(3000, 300);
        assert_eq!((after.tokens, after.is_counted, after.bytes), (600, false, 1800));
    }

    #[test]
    fn the_room_that_is_left_is_what_still_fits() {
        let room = COUNTED.room(90);
        assert!((17_000..17_100).contains(&room), "{room}");
        assert!(!COUNTED.reaches(91, room) && COUNTED.reaches(89, room));
        assert_eq!(WindowUse { of: 0, ..COUNTED }.room(90), u64::MAX);
        assert_eq!(COUNTED.with(room).room(89), 0);
    }
}
