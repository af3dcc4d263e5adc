//! What a lexer has to know of a language: a row of the table.

use crate::layout::code::languages::LANGUAGES;

/// How one kind of string begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quotes {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    /// Whether a backslash takes the meaning from what follows it.
    pub(super) has_escapes: bool,
    /// Whether it goes on in the next line.
    pub(super) is_long: bool,
}

/// One language, or several that are alike to a lexer.
#[derive(Debug)]
pub(super) struct Language {
    /// How it is called behind the backticks, in lower case.
    pub(super) names: &'static [&'static str],
    /// Its words, with a space between; in lower case where case does not matter.
    pub(super) words: &'static str,
    pub(super) has_case: bool,
    /// What begins a comment that goes to the end of its line.
    pub(super) line_comments: &'static [&'static str],
    /// Whether such a comment begins only where a word could.
    pub(super) comments_part_words: bool,
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    /// What begins with another stands before that one.
    pub(super) quotes: &'static [Quotes],
    /// Whether an apostrophe is a string only around a single character.
    pub(super) has_characters: bool,
    /// Whether its lines are told apart by how they begin.
    pub(super) is_diff: bool,
}

impl Language {
    /// The language that the first word behind the backticks names: `rust`, `rust,ignore`, `{.python}`.
    pub(super) fn named(info: &str) -> Option<&'static Self> {
        let word = info
            .split(|letter: char| letter.is_whitespace() || letter == ',')
            .find(|word| !word.is_empty())?;
        let word = word.trim_matches(['{', '}', '.']).to_lowercase();
        LANGUAGES.iter().find(|language| language.names.contains(&word.as_str()))
    }

    /// Whether that is one of its words.
    pub(super) fn has_word(&self, word: &str) -> bool {
        let is_it =
            |known: &str| if self.has_case { known == word } else { known.eq_ignore_ascii_case(word) };
        self.words.split(' ').any(is_it)
    }
}
