//! Content as a model sees it: text with line numbers, within bounds, and what is no text said to be none.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The most that one call says to the model, in bytes.
pub const MAX_OUTPUT: usize = 64 << 10;
/// The most of one line, in bytes.
const MAX_LINE: usize = 2000;
/// How much of a file is looked at to tell whether it is text.
const LOOKED_AT: usize = 8 << 10;

/// What a file begins with that was saved with a byte order mark.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether it is no text: a zero byte in its beginning, as everybody tells.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0)
}

/// Whether all its lines end with a carriage return and a line feed.
pub(crate) fn has_crlf(bytes: &[u8]) -> bool {
    let mut feeds = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).peekable();
    feeds.peek().is_some() && feeds.all(|at| at > 0 && bytes.get(at - 1) == Some(&b'\r'))
}

/// Lines of a text from line `from` on, numbered; at most `most` of them, and within what a call may say.
pub(crate) fn numbered(bytes: &[u8], from: usize, most: usize) -> String {
    let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let all = lines(text).count();
    let (mut shown, mut last) = (String::new(), from.saturating_sub(1));
    for (index, line) in lines(text).enumerate().skip(from.saturating_sub(1)).take(most) {
        let line = visible(line);
        if shown.len() + line.len() + 16 > MAX_OUTPUT {
            break;
        }
        let _never = writeln!(shown, "{:>6}\t{line}", index + 1);
        last = index + 1;
    }
    let mut notes = Vec::new();
    if all == 0 {
        notes.push("the file is empty".to_owned());
    } else if from > all {
        notes.push(format!("it has {all} lines"));
    } else if last < all || from > 1 {
        let on = if last < all { format!("; go on with \"from\": {}", last + 1) } else { String::new() };
        notes.push(format!("lines {from} to {last} of {all}{on}"));
    }
    if text.len() < bytes.len() {
        notes.push("it begins with a byte order mark, which is kept".into());
    }
    if has_crlf(text) {
        notes.push("its lines end with CRLF, which is kept; write them with \\n".into());
    }
    if std::str::from_utf8(text).is_err() {
        notes.push("it is not UTF-8: what cannot be read is shown as \u{fffd}, and kept".into());
    }
    if !notes.is_empty() {
        let _never = writeln!(shown, "({})", notes.join("; "));
    }
    shown
}

/// The lines of a text, without their ends.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let whole = (!text.is_empty()).then(|| text.strip_suffix(b"\n").unwrap_or(text));
    let split = whole.into_iter().flat_map(|whole| whole.split(|byte| *byte == b'\n'));
    split.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// A line within its bound, as text.
pub(crate) fn visible(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    if text.len() <= MAX_LINE {
        return without_tags(text);
    }
    let kept = text.get(..text.floor_char_boundary(MAX_LINE)).unwrap_or_default();
    format!("{}… ({} bytes more in this line)", without_tags(Cow::Borrowed(kept)), text.len() - kept.len())
        .into()
}

/// Characters that no screen shows and models read as letters, made visible.
pub fn without_tags(text: Cow<'_, str>) -> Cow<'_, str> {
    named(text, |c| ('\u{e0000}'..='\u{e007f}').contains(&c))
}

/// A text in which all is seen that it says: tags, what has no width, what turns the direction or moves a cursor. Letters that join
/// others are left, as languages need them.
pub fn without_hidden(text: Cow<'_, str>) -> Cow<'_, str> {
    named(text, |c| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e01ef}')
    })
}

/// A text with some letters by their numbers.
fn named(text: Cow<'_, str>, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            let _never = write!(shown, "<U+{:X}>", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_say_how_to_read_on() {
        for (bytes, from, most, expected) in [
            (b"a\nb\n".as_slice(), 1, 9, "     1\ta\n     2\tb\n"),
            (b"a\nb", 1, 9, "     1\ta\n     2\tb\n"),
            (b"a\nb\nc\n", 2, 1, "     2\tb\n(lines 2 to 2 of 3; go on with \"from\": 3)\n"),
            (b"a\nb\nc\n", 3, 9, "     3\tc\n(lines 3 to 3 of 3)\n"),
            (b"a\n", 5, 9, "(it has 1 lines)\n"),
            (b"", 1, 9, "(the file is empty)\n"),
            (b"\xef\xbb\xbfa\n", 1, 9, "     1\ta\n(it begins with a byte order mark, which is kept)\n"),
            (
                b"a\r\nb\r\n",
                1,
                9,
                "     1\ta\n     2\tb\n(its lines end with CRLF, which is kept; write them with \\n)\n",
            ),
            (
                b"\xff\n",
                1,
                9,
                "     1\t\u{fffd}\n(it is not UTF-8: what cannot be read is shown as \u{fffd}, and kept)\n",
            ),
            ("a\u{e0041}b\n".as_bytes(), 1, 9, "     1\ta<U+E0041>b\n"),
        ] {
            assert_eq!(numbered(bytes, from, most), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_shown_has_a_bound_whatever_the_file() {
        for bytes in [b"a\n".repeat(1 << 20), vec![b'x'; 4 << 20], "\u{e0041}\n".repeat(1 << 16).into_bytes()]
        {
            let shown = numbered(&bytes, 1, usize::MAX);
            assert!(shown.len() <= MAX_OUTPUT + 300, "{}", shown.len());
        }
        assert!(numbered(&b"a\n".repeat(1 << 20), 1, usize::MAX).contains("go on with \"from\": "));
    }

    #[test]
    fn binaries_and_line_ends_are_told() {
        for (bytes, binary, crlf) in [
            (b"abc".as_slice(), false, false),
            (b"a\0c", true, false),
            (b"a\r\nb\r\n", false, true),
            (b"a\r\nb\n", false, false),
            (b"\n", false, false),
            (b"a\r\nb", false, true),
        ] {
            assert_eq!((is_binary(bytes), has_crlf(bytes)), (binary, crlf), "{bytes:?}");
        }
    }
}
