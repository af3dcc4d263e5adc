//! A letter of which each half stands in a frame of its own: whoever counts in UTF-16 cuts an emoji so, and each half alone is none.

/// The halves with which texts of one frame begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Halves {
    second: Option<u16>,
    first: Option<u16>,
}

impl Halves {
    /// Those of this frame: a first half at the end of a text, a second one at the beginning of one.
    pub(super) fn of(frame: &str) -> Self {
        if !frame.contains("\\ud") && !frame.contains("\\uD") {
            return Self::default();
        }
        let second = |at: usize| unit(frame.get(at..)?.strip_prefix('"')?, 0xdc00);
        let first = |at: usize| {
            let half = frame.get(at.checked_sub(6)?..at)?;
            // Behind an odd number of backslashes it is a text about one.
            let before = frame.get(..at - 6)?;
            let slashes = before.len() - before.trim_end_matches('\\').len();
            unit(half, 0xd800).filter(|_| slashes % 2 == 0)
        };
        let quotes = || frame.match_indices('"').map(|(at, _)| at);
        Self { second: quotes().find_map(second), first: quotes().find_map(first) }
    }
}

/// The number that a text begins with as an escape, if it is a half of this kind.
fn unit(text: &str, kind: u16) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| unit & 0xfc00 == kind)
}

/// What stands for a half that is alone.
const ALONE: char = '\u{fffd}';

/// A first half that waits for its second.
#[derive(Debug, Default)]
pub(super) struct HalfLetter {
    of_frame: Halves,
    waiting: Option<u16>,
}

impl HalfLetter {
    /// The frame is read next that these are of.
    pub(super) const fn begin(&mut self, of_frame: Halves) {
        self.of_frame = of_frame;
    }

    /// The words, with a whole letter in the place of two halves; what waits for its second half is left out.
    pub(super) fn join(&mut self, mut words: String) -> String {
        if words.is_empty() {
            return words;
        }
        if let Some(first) = self.waiting.take() {
            let second = self.of_frame.second.filter(|_| words.starts_with(ALONE));
            let whole = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
            match whole {
                Some(whole) => words.replace_range(..ALONE.len_utf8(), whole.encode_utf8(&mut [0; 4])),
                None => words.insert(0, ALONE),
            }
        }
        if words.ends_with(ALONE) && self.of_frame.first.is_some() {
            self.waiting = self.of_frame.first;
            words.truncate(words.len() - ALONE.len_utf8());
        }
        words
    }

    /// What is left of one whose second half never came.
    pub(super) fn rest(&mut self) -> String {
        self.waiting.take().map_or_else(String::new, |_| ALONE.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_find_each_other() {
        for (frames, said) in [
            (vec![(r#"{"a":"x\ud83d"}"#, "x\u{fffd}"), (r#"{"a":"\ude00y"}"#, "\u{fffd}y")], "x😀y"),
            (vec![(r#"{"a":"x\ud83d"}"#, "x\u{fffd}"), (r#"{"a":"y"}"#, "y")], "x\u{fffd}y"),
            (vec![(r#"{"a":"x\uD83D"}"#, "x\u{fffd}")], "x\u{fffd}"),
            (vec![(r#"{"a":"\ude00y"}"#, "\u{fffd}y")], "\u{fffd}y"),
            (
                vec![(r#"{"a":"x\\ud83d"}"#, r"x\ud83d"), (r#"{"a":"\ude00"}"#, "\u{fffd}")],
                "x\\ud83d\u{fffd}",
            ),
            (vec![("{}", "x\u{fffd}"), ("{}", "\u{fffd}")], "x\u{fffd}\u{fffd}"),
        ] {
            let mut half = HalfLetter::default();
            let mut whole = String::new();
            for (frame, words) in &frames {
                half.begin(Halves::of(frame));
                whole.push_str(&half.join((*words).to_owned()));
            }
            whole.push_str(&half.rest());
            assert_eq!(whole, said, "{frames:?}");
        }
    }
}
