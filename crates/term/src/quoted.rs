//! Files quoted in a prompt: how they stand behind what was typed, and how they are found there again.
//!
//! A quoted file is text of its prompt, so whoever reads a transcript has it: models, forks, exports, searches. Screens
//! alone show one line for it. Its content stands between two fences of back-ticks, longer than any in it, so nothing in
//! a file ends its quotation.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sanitize;
use crate::words;

/// Before the name of a quoted file.
const FILE: &str = "File ";
/// A fence has at least so many back-ticks.
const SHORTEST_FENCE: usize = 3;

/// A file as it stands in a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedFile<'a> {
    /// What it was named by, where that can be shown as it is.
    pub name: &'a str,
    /// `120 lines, 4 KB`
    size: &'a str,
    /// Without the line feed at its end.
    pub content: &'a str,
}

/// How a file of this content is quoted behind a prompt.
pub fn block(name: &str, content: &str) -> String {
    let fence = "`".repeat((longest_run(content) + 1).max(SHORTEST_FENCE));
    let body = content.strip_suffix('\n').unwrap_or(content);
    let (name, size) = (sanitize::visible_line(name), size(content));
    let feed = if content.is_empty() { "" } else { "\n" };
    format!("\n\n{FILE}{name} ({size}):\n{fence}\n{body}{feed}{fence}")
}

/// What is said of a file instead of its content.
pub fn line(name: &str, content: &str) -> String {
    format!("+ {} ({})", sanitize::visible_line(name), size(content))
}

/// `120 lines, 4 KB`
fn size(content: &str) -> String {
    format!("{}, {}", words::counted(content.lines().count(), "line"), words::size(content.len() as u64))
}

/// A prompt without the files quoted behind it, and these, in order. Costs what it steps over, whatever the text.
pub fn split(prompt: &str) -> (&str, Vec<QuotedFile<'_>>) {
    let mut typed = prompt;
    let mut files = Vec::new();
    while let Some((before, file)) = last(typed) {
        typed = before;
        files.push(file);
    }
    files.reverse();
    (typed, files)
}

/// A prompt with one line for each file quoted behind it.
pub fn folded(prompt: &str) -> Cow<'_, str> {
    let (typed, files) = split(prompt);
    if files.is_empty() {
        return Cow::Borrowed(prompt);
    }
    let mut shown = typed.to_owned();
    for QuotedFile { name, size, .. } in files {
        // Writing to a string does not fail.
        let _written = write!(shown, "\n+ {name} ({size})");
    }
    Cow::Owned(shown)
}

/// The file quoted at the very end, and all that stands before it.
fn last(text: &str) -> Option<(&str, QuotedFile<'_>)> {
    let (rest, fence) = text.rsplit_once('\n')?;
    if fence.len() < SHORTEST_FENCE || fence.bytes().any(|byte| byte != b'`') {
        return None;
    }
    // Nothing in the content is as long as its fence: the next one before it has begun it.
    let opening = rest.rfind(fence)?;
    let content = match rest.get(opening + fence.len()..)? {
        "" => "",
        content => content.strip_prefix('\n')?,
    };
    let before = rest.get(..opening)?.strip_suffix('\n')?;
    let (before, header) = before.rsplit_once("\n\n")?;
    let (name, size) = header.strip_prefix(FILE)?.strip_suffix("):")?.rsplit_once(" (")?;
    let is_one = !header.contains('\n') && !name.is_empty() && is_size(size);
    is_one.then_some((before, QuotedFile { name, size, content }))
}

/// Whether somebody's words look like those of [`size`]: they are shown as they are.
fn is_size(said: &str) -> bool {
    let Some((lines, bytes)) = said.split_once(", ") else { return false };
    let counts = |said: &str, units: &[&str]| {
        said.split_once(' ').is_some_and(|(count, unit)| {
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            count.len() <= 20 && count.split('.').all(is_number) && units.contains(&unit)
        })
    };
    counts(lines, &["line", "lines"]) && counts(bytes, &["B", "KB", "MB"])
}

/// The most back-ticks in a row.
fn longest_run(content: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for byte in content.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_stands_behind_what_was_typed() {
        let prompt = format!(
            "explain @a.rs and @b.md{}{}",
            block("a.rs", "fn main() {}\n"),
            block("b.md", "```\ncode\n```\n")
        );
        assert_eq!(
            prompt,
            "explain @a.rs and @b.md\n\nFile a.rs (1 line, 13 B):\n```\nfn main() {}\n```\n\n\
             File b.md (3 lines, 13 B):\n````\n```\ncode\n```\n````"
        );
        assert_eq!(folded(&prompt), "explain @a.rs and @b.md\n+ a.rs (1 line, 13 B)\n+ b.md (3 lines, 13 B)");
        assert_eq!(line("a.rs", "fn main() {}\n"), "+ a.rs (1 line, 13 B)");
    }

    #[test]
    fn what_only_looks_like_a_quoted_file_stays_as_it_is() {
        for text in [
            "",
            "```",
            "\n```",
            "a\n```\nb\n```",
            "\n\nFile a:\n```\nb\n```",
            "\n\nFile a (many lines, 3 B):\n```\nb\n```",
            "\n\nFile a (1 line, 3 \u{1b}B):\n```\nb\n```",
            "\n\nFile  (1 line, 1 B):\n```\nb\n```",
            "\n\nFile a (1 line, 1 B):\n```rust\nb\n```",
            "\n\nFile a (1 line, 1 B):\n```\nb\n```\nand more",
            "\n\nFile a (1 line, 1 B):\n``\nb\n``",
        ] {
            assert_eq!(split(text), (text, Vec::new()), "{text}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_can_be_read() {
        let prompt = format!("x{}", block("a\u{1b}[2J (1 line, 1 B):\u{202e}.rs", "b"));
        let (typed, files) = split(&prompt);
        assert_eq!(typed, "x");
        assert_eq!(files[0].name, "a<U+001B>[2J (1 line, 1 B):<U+202E>.rs");
    }

    #[test]
    fn a_long_text_of_quotations_that_are_none_costs_little() {
        let text = "\n\nFile a (9 lines, 3 B):\n```\n".repeat(40_000);
        assert_eq!(split(&text).1.len(), 0);
        let text = format!("{text}```");
        assert!(split(&text).1.len() <= 1);
    }

    proptest! {
        /// Nothing in a file ends its quotation, and none is lost or made up.
        #[test]
        fn what_is_quoted_is_found_again(
            typed in "[a-z` \n]{1,30}",
            files in prop::collection::vec(("[a-z()., /]{1,12}", "(`{1,6}|\n|[a-z]|File a \\(1 line, 1 B\\):|é){0,40}"), 1..4),
        ) {
            let typed = format!("{}x", typed.trim());
            let mut prompt = typed.clone();
            for (name, content) in &files {
                prompt.push_str(&block(name, content));
            }
            let (found_typed, found) = split(&prompt);
            prop_assert_eq!(found_typed, typed);
            prop_assert_eq!(found.len(), files.len());
            for (found, (name, content)) in found.iter().zip(&files) {
                prop_assert_eq!(found.name, name);
                prop_assert_eq!(found.content, content.strip_suffix('\n').unwrap_or(content));
            }
        }

        #[test]
        fn a_text_without_quoted_files_is_shown_as_it_is(text in "[a-zA-Z`\n ():,0-9é]{0,80}") {
            prop_assume!(!text.contains(FILE));
            prop_assert_eq!(folded(&text), text.as_str());
        }
    }
}
