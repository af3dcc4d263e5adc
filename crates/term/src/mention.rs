//! What in a prompt names a file: `@path`, or `@"path with spaces"`. Whether there is such a file, only a client can say.
//!
//! Nothing is taken out of the text or put into it here: a prompt says what was typed.

use std::ops::Range;

/// Longer names are none, in bytes: no system has paths of more.
const LONGEST: usize = 4096;
/// So many characters behind a name may be the sentence's and not the name's.
const MOST_TRAILING: usize = 8;
/// What may stand before an `@` that names something, beside blanks: `me@example.com` names nothing.
const OPENING: [char; 8] = ['(', '[', '{', '<', '"', '\'', '“', '„'];
/// What ends sentences and closes brackets.
const CLOSING: [char; 24] = [
    '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '\'', '`', '”', '’', '»', '…', '。', '，', '、',
    '！', '？', '）', '」',
];

/// An `@` with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// Everything up to the next blank, or between the quotes.
    word: &'a str,
    /// Between quotes: then nothing of it is the sentence's.
    is_quoted: bool,
}

impl<'a> Mention<'a> {
    /// What it may name, the longest first: at the end of a name may stand what is the sentence's.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let most = if self.is_quoted { 0 } else { MOST_TRAILING };
        let shorter = |name: &&'a str| name.strip_suffix(CLOSING).filter(|name| !name.is_empty());
        std::iter::successors(Some(self.word), shorter).take(most + 1)
    }

    /// What it names where no file says more.
    pub fn name(&self) -> &'a str {
        self.names().last().unwrap_or(self.word)
    }

    /// Whether it can hardly mean anything but a file: people are mentioned, too.
    pub fn is_path(&self) -> bool {
        self.is_quoted || self.name().contains(['/', '.'])
    }
}

/// All that may name a file, in order.
pub fn mentions(text: &str) -> impl Iterator<Item = Mention<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + text.get(from..)?.find('@')?;
            from = at + 1;
            if !begins(text, at) {
                continue;
            }
            let behind = text.get(from..)?;
            if let Some(mention) = quoted(behind).or_else(|| bare(behind)) {
                from += mention.word.len();
                return Some(mention);
            }
        }
    })
}

/// Whether an `@` at that place stands where a name can begin.
fn begins(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|before| before.is_whitespace() || OPENING.contains(&before))
}

fn quoted(behind: &str) -> Option<Mention<'_>> {
    let (word, _) = behind.strip_prefix('"')?.split_once('"')?;
    is_name(word).then_some(Mention { word, is_quoted: true })
}

fn bare(behind: &str) -> Option<Mention<'_>> {
    let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
    let word = behind.get(..end).filter(|word| is_name(word) && !word.starts_with('"'))?;
    Some(Mention { word, is_quoted: false })
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.len() <= LONGEST && !word.chars().any(char::is_control)
}

/// The beginning of a name before the cursor, which a key may complete: where it stands behind its `@`, and what it is.
pub(crate) fn begun(text: &str, cursor: usize) -> Option<(Range<usize>, &str)> {
    let before = text.get(..cursor)?;
    let line = before.rfind('\n').map_or(0, |feed| feed + 1);
    // A name in quotes may have blanks in it; any other ends with them.
    let open = before.get(line..)?.rfind("@\"").map(|at| line + at);
    let open = open.filter(|&at| before.get(at + 2..).is_some_and(|name| !name.contains('"')));
    let at = open.or_else(|| {
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        Some(before.len() - word.len() + word.find('@')?)
    })?;
    let name = before.get(at + 1..)?;
    let name = name.strip_prefix('"').unwrap_or(name);
    let is_one = begins(text, at) && name.len() <= LONGEST && !name.chars().any(char::is_control);
    is_one.then_some((at + 1..cursor, name))
}

/// A name as it is written behind an `@`.
pub(crate) fn written(name: &str, is_whole: bool) -> String {
    match (name.contains(char::is_whitespace), is_whole) {
        (true, true) => format!("\"{name}\""),
        (true, false) => format!("\"{name}"),
        (false, _) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_where_they_can_begin() {
        let nameless = [
            "",
            "no name",
            "@",
            "@ a",
            "mail me@example.com",
            "\\@types/node",
            "`@types/node`",
            "@\"\" @\"open",
            "@a\u{1b}[31m",
            "@a\u{0}b",
        ];
        for text in nameless {
            assert_eq!(mentions(text).count(), 0, "{text}");
        }
        for (text, named) in [
            ("@@a", &["@a"] as &[&str]),
            ("explain @src/main.rs", &["src/main.rs"]),
            ("@a.rs,", &["a.rs,", "a.rs"]),
            ("(see @a.rs).", &["a.rs).", "a.rs)", "a.rs"]),
            ("\"@a.rs\"", &["a.rs\"", "a.rs"]),
            ("@a.rs…", &["a.rs…", "a.rs"]),
            ("看 @a.rs。", &["a.rs。", "a.rs"]),
            ("@.", &["."]),
            ("@...", &["...", "..", "."]),
            ("@..", &["..", "."]),
            ("@~/notes.txt", &["~/notes.txt"]),
            ("@/etc/hosts\nnext", &["/etc/hosts"]),
            ("@\"my notes.txt\", then", &["my notes.txt"]),
            ("@日本.txt", &["日本.txt"]),
            ("@e\u{301}.txt", &["e\u{301}.txt"]),
            ("@a @b", &["a", "b"]),
            (
                "@a!!!!!!!!!!!!",
                &[
                    "a!!!!!!!!!!!!",
                    "a!!!!!!!!!!!",
                    "a!!!!!!!!!!",
                    "a!!!!!!!!!",
                    "a!!!!!!!!",
                    "a!!!!!!!",
                    "a!!!!!!",
                    "a!!!!!",
                    "a!!!!",
                ],
            ),
        ] {
            let found: Vec<&str> = mentions(text).flat_map(|mention| mention.names()).collect();
            assert_eq!(found, named, "{text}");
        }
        assert_eq!(mentions(&format!("@{}", "x".repeat(LONGEST + 1))).count(), 0);
    }

    #[test]
    fn people_are_told_from_paths() {
        for (text, is_path) in [
            ("@bob", false),
            ("@bob.", false),
            ("@bob,", false),
            ("@a.rs", true),
            ("@src/", true),
            ("@types/node", true),
            ("@\"my notes\"", true),
            ("@Makefile", false),
        ] {
            let found: Vec<bool> = mentions(text).map(|mention| mention.is_path()).collect();
            assert_eq!(found, [is_path], "{text}");
        }
    }

    #[test]
    fn what_is_begun_before_the_cursor_can_be_completed() {
        // `|` is the cursor.
        for (marked, begun_there) in [
            ("|", None),
            ("a|", None),
            ("@|", Some("")),
            ("see @src/ma|", Some("src/ma")),
            ("see @src/ma|in.rs", Some("src/ma")),
            ("see @src |", None),
            ("me@exam|", None),
            ("(@a|", Some("a")),
            ("@\"my no|", Some("my no")),
            ("@\"my notes\" |", None),
            ("@\"my\n|", None),
            ("日本 @日|", Some("日")),
            ("one\u{3000}@a|", Some("a")),
        ] {
            let cursor = marked.find('|').unwrap();
            let text = marked.replacen('|', "", 1);
            assert_eq!(begun(&text, cursor).map(|(_, name)| name), begun_there, "{marked}");
        }
        assert_eq!(written("a b", true), "\"a b\"");
        assert_eq!(written("a b/", false), "\"a b/");
        assert_eq!(written("a", true), "a");
    }

    proptest! {
        #[test]
        fn a_text_without_an_at_names_nothing(text in "[^@]{0,80}", cursor in 0usize..80) {
            prop_assert_eq!(mentions(&text).count(), 0);
            prop_assert_eq!(begun(&text, cursor), None);
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "[@\"a./ \\n,é日\\\\(]{0,60}", cursor in 0usize..80) {
            for mention in mentions(&text) {
                prop_assert!(mention.names().count() <= MOST_TRAILING + 1);
                prop_assert!(text.contains(mention.name()));
            }
            let _any: Option<_> = begun(&text, cursor);
        }
    }
}
