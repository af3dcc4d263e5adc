//! What a command put out, as a terminal would have left it: of a line that was written over only its last state, without
//! colours. Whatever else controls is shown, and nothing is carried out.

use std::borrow::Cow;

use crate::sanitize;

/// More lines than this are folded.
const MANY: usize = 24;
/// How many lines of the beginning, and as many of the end, show of what is folded.
const SHOWN: usize = 10;

/// All of it, with nothing hidden in it.
pub(crate) fn rendered(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(line).collect();
    sanitize::visible(&lines.join("\n")).into_owned()
}

/// Whether a text is folded where it is not wanted whole: no more of it is read for that than shows.
pub(crate) fn is_long(text: &str) -> bool {
    text.trim_end().lines().nth(MANY).is_some()
}

/// Beginning and end of what is long, and how many lines are left out between; all of what is to be whole.
pub(crate) fn folded(rendered: &str, is_whole: bool) -> (Vec<&str>, Option<usize>, Vec<&str>) {
    let lines: Vec<&str> = rendered.trim_end().lines().collect();
    if is_whole || lines.len() <= MANY {
        return (lines, None, Vec::new());
    }
    let (head, rest) = lines.split_at(SHOWN);
    let (middle, tail) = rest.split_at(rest.len().saturating_sub(SHOWN));
    (head.to_vec(), Some(middle.len()), tail.to_vec())
}

/// One line, as it was when it ended.
fn line(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches('\r');
    let last = line.rsplit('\r').find(|state| !state.is_empty()).unwrap_or_default();
    without_colours(last)
}

/// A text without the escapes that choose colours or clear the rest of a line.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        kept.push_str(before);
        let parameters = after.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).unwrap_or(after.len());
        let end = after.get(parameters..).and_then(|end| end.strip_prefix(['m', 'K']));
        if end.is_none() {
            kept.push_str("\u{1b}[");
        }
        rest = end.unwrap_or(after);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_what_a_terminal_would_have_left() {
        for (text, shown) in [
            ("a\r\nb\n", "a\nb\n"),
            ("10%\r50%\r100%\ndone", "100%\ndone"),
            ("10%\r100%\r", "100%"),
            ("\u{1b}[1;31mred\u{1b}[0m plain\u{1b}[K", "red plain"),
            ("\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[", "<U+001B>]0;title<U+0007><U+001B>[2J<U+001B>["),
            ("\u{1b}[\u{1b}[31m31m", "<U+001B>[31m"),
            ("\u{202e}", "<U+202E>"),
        ] {
            assert_eq!(rendered(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_long_is_folded() {
        let lines: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let text = lines.join("\n");
        let (head, more, tail) = folded(&text, false);
        assert_eq!((head.len(), more, tail.first(), tail.last()), (10, Some(10), Some(&"20"), Some(&"29")));
        assert_eq!(folded(&text, true).0.len(), 30);
        assert_eq!(folded("a\nb\n", false), (vec!["a", "b"], None, vec![]));
    }
}
