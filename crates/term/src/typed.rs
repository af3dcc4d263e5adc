//! Text as people hand it in: typed, pasted, piped, from a file. At every door it becomes the same.

use std::borrow::Cow;

/// What systems put in front of a text to say how it is encoded. No part of what somebody says.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text that was meant: line ends of all kinds become line feeds, and a byte order mark in front goes.
pub fn text(handed_in: &str) -> Cow<'_, str> {
    let text = handed_in.trim_start_matches(BYTE_ORDER_MARK);
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_writes_the_same_text() {
        for (handed_in, meant) in [
            ("one\ntwo", "one\ntwo"),
            ("one\r\ntwo\r\n", "one\ntwo\n"),
            ("one\rtwo", "one\ntwo"),
            ("one\r\r\ntwo", "one\n\ntwo"),
            ("\u{feff}one", "one"),
            ("\u{feff}\u{feff}one", "one"),
            ("one\u{feff}two", "one\u{feff}two"),
            ("\u{feff}", ""),
            ("", ""),
        ] {
            assert_eq!(text(handed_in), meant, "{handed_in:?}");
            assert_eq!(text(meant), meant, "it is done once");
        }
    }
}
