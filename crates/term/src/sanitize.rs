//! Hostile text → visible text. Everything from models, servers, names and pastes goes through here before it is drawn.
//!
//! What could move the cursor, hide, reorder or smuggle is shown as `<U+XXXX>`: nothing is dropped silently, so two
//! different texts never look the same by way of an invisible character. Joiners and variation selectors stay where
//! scripts and emoji need them.

use std::borrow::Cow;
use std::fmt::Write;

/// Columns between tab stops.
const TAB: usize = 4;

/// Ranges of characters that are never drawn as they are, each with what they are.
const VISIBLE: [(char, char); 21] = [
    ('\u{0}', '\u{8}'),         // C0 before tab
    ('\u{b}', '\u{1f}'),        // C0 after line feed, escape among them
    ('\u{7f}', '\u{9f}'),       // delete and C1
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // invisible Khmer vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian selectors and vowel separator
    ('\u{200b}', '\u{200f}'),   // zero width space, joiners, direction marks
    ('\u{2028}', '\u{202e}'),   // separators, bidirectional embeddings and overrides
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, isolates
    ('\u{2800}', '\u{2800}'),   // blank Braille pattern
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // half-width Hangul filler
    ('\u{fff0}', '\u{fffb}'),   // interlinear annotation
    ('\u{1bca0}', '\u{1bca3}'), // shorthand format controls
    ('\u{1d173}', '\u{1d17a}'), // musical format controls
    ('\u{e0000}', '\u{e0fff}'), // tags and more variation selectors
];

/// Text whose every character can be seen; line feeds and tabs stay. `\r\n` becomes `\n`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    Cow::Owned(with_signs(&text, |before, c, rest| is_hidden(c) && !needed(before, c, rest.chars().next())))
}

/// Text as whoever consents to it reads it: besides what [`visible`] shows, carriage returns, spaces that are none of
/// ASCII, and what looks like one of these signs already, so that two different texts never look the same.
pub fn exact(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) && !text.contains("<U+") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(with_signs(text, |before, c, rest| {
        let is_sign = c == '<' && rest.starts_with("U+");
        is_sign || is_space(c) || is_hidden(c) && !needed(before, c, rest.chars().next())
    }))
}

/// The text with a sign like `<U+202E>` for each character of which that is said; what stands before it and the rest behind
/// it are told.
fn with_signs(text: &str, has_sign: impl Fn(Option<char>, char, &str) -> bool) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        if has_sign(before, c, rest) {
            // Writing to a string does not fail.
            let _written = write!(shown, "<U+{:04X}>", u32::from(c));
        } else {
            shown.push(c);
        }
        before = Some(c);
    }
    shown
}

/// One line of such text: a line feed and a tab are shown as well.
pub fn exact_line(text: &str) -> Cow<'_, str> {
    let shown = exact(text);
    if shown.contains(['\n', '\t']) {
        Cow::Owned(shown.replace('\n', "<U+000A>").replace('\t', "<U+0009>"))
    } else {
        shown
    }
}

/// Whether it looks like a space and is none of ASCII.
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// One line of visible text: line feeds and tabs become spaces.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if shown.contains(['\n', '\t']) { Cow::Owned(shown.replace(['\n', '\t'], " ")) } else { shown }
}

/// A line with its tabs turned into spaces up to the next stop, counted in characters.
pub fn expand_tabs(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + TAB);
    let mut column = 0;
    for c in line.chars() {
        if c == '\t' {
            let stop = TAB - column % TAB;
            shown.extend(std::iter::repeat_n(' ', stop));
            column += stop;
        } else {
            shown.push(c);
            column += 1;
        }
    }
    Cow::Owned(shown)
}

/// Whether a character moves, hides, reorders or smuggles, unless it does honest work between its neighbours.
pub fn is_hidden(c: char) -> bool {
    !matches!(c, ' '..='~' | '\n' | '\t') && VISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Whether a joiner or selector does honest work between its neighbours.
fn needed(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        // Joins emoji into one, or shapes letters of joining and Indic scripts.
        '\u{200d}' => (pictographic(before) && after.is_some_and(pictographic)) || shaped(before),
        '\u{200c}' => shaped(before) && after.is_some_and(shaped),
        // Text or emoji presentation of the one symbol before.
        '\u{fe0e}' | '\u{fe0f}' => pictographic(before) && before != '\u{fe0f}' || keycap(before, after),
        // Which form of the one ideograph before.
        '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => ideograph(before),
        _ => false,
    }
}

fn pictographic(c: char) -> bool {
    matches!(c, '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '\u{2190}'..='\u{2bff}' | '〰' | '〽' | '㊗' | '㊙' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
        && c != '\u{2800}'
}

fn keycap(before: char, after: Option<char>) -> bool {
    matches!(before, '0'..='9' | '#' | '*') && after == Some('\u{20e3}')
}

fn shaped(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{603}' | '\u{620}'..='\u{74f}' | '\u{750}'..='\u{7bf}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}')
}

fn ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_shown(way: fn(&str) -> Cow<'_, str>, texts: &[(&str, &str)]) {
        for (text, shown) in texts {
            assert_eq!(way(text), *shown, "{text:?}");
        }
    }

    #[test]
    fn what_hides_is_shown_and_what_speaks_is_kept() {
        assert_shown(
            visible,
            &[
                ("plain — naïve 日本語 ✓", "plain — naïve 日本語 ✓"),
                ("a\u{1b}]52;c;aGk=\u{7}b", "a<U+001B>]52;c;aGk=<U+0007>b"),
                ("a\u{9b}31mb", "a<U+009B>31mb"),
                ("one\r\ntwo\rthree", "one\ntwo<U+000D>three"),
                ("col\tumn\n", "col\tumn\n"),
                ("\u{202e}gnp.exe", "<U+202E>gnp.exe"),
                ("a\u{200b}b\u{feff}", "a<U+200B>b<U+FEFF>"),
                ("hi\u{e0041}\u{e0042}", "hi<U+E0041><U+E0042>"),
                ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
                ("❤\u{fe0f}", "❤\u{fe0f}"),
                ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
                ("a\u{fe0f}", "a<U+FE0F>"),
                ("❤\u{fe0f}\u{fe0f}\u{fe01}", "❤\u{fe0f}<U+FE0F><U+FE01>"),
                ("a\u{200d}b", "a<U+200D>b"),
                ("می\u{200c}خواهم", "می\u{200c}خواهم"),
                ("क्\u{200d}ष", "क्\u{200d}ष"),
                ("葛\u{e0100}", "葛\u{e0100}"),
            ],
        );
        assert_eq!(visible_line("a\nb\tc"), "a b c");
        assert_eq!(expand_tabs("a\tbc\t."), "a   bc  .");
    }

    #[test]
    fn what_is_consented_to_is_told_apart_from_what_looks_like_it() {
        assert_shown(
            exact,
            &[
                ("plain\t日本", "plain\t日本"),
                ("one\r\ntwo", "one<U+000D>\ntwo"),
                ("<U+202E> \u{202e} <U", "<U+003C>U+202E> <U+202E> <U"),
                ("a\u{a0}b\u{3000}c", "a<U+00A0>b<U+3000>c"),
                ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ],
        );
        assert_eq!(exact_line("a\nb\tc"), "a<U+000A>b<U+0009>c");
    }

    proptest! {
        #[test]
        fn nothing_exact_looks_like_something_else(one in "[<U+0-2E>\r\u{202e}\u{a0} ]{0,9}", other in "[<U+0-2E>\r\u{202e}\u{a0} ]{0,9}") {
            prop_assert_eq!(exact(&one) == exact(&other), one == other);
        }

        #[test]
        fn nothing_that_controls_comes_through(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
            let hides = ['\u{202e}', '\u{200b}', '\u{e0001}', '\u{2066}'];
            prop_assert!(!shown.contains(hides));
            prop_assert_eq!(visible(&shown), shown.clone());
        }

        #[test]
        fn a_stray_character_is_never_lost(before in "[a-z]{0,3}", c: char, after in "[a-z]{0,3}") {
            let text = format!("{before}{c}{after}");
            let shown = visible(&text);
            let escaped = format!("{before}<U+{:04X}>{after}", u32::from(c));
            prop_assert!(shown == text || shown == escaped);
        }

        #[test]
        fn plain_text_is_not_touched(text in "[ -~\n\t]{0,80}") {
            prop_assert_eq!(visible(&text), text.as_str());
        }
    }
}
