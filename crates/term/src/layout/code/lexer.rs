//! The lexer: a line in, its tokens out, with what of a string or a comment goes on in the next line.

use crate::layout::code::language::{Language, Quotes};

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenClass {
    Plain,
    Keyword,
    String,
    Number,
    Comment,
    /// A line that a diff adds, and one that it takes away.
    Added,
    Removed,
}

/// What goes on from the line before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    /// A comment, up to this.
    Comment(&'static str),
    String(Quotes),
}

/// Reads lines one after the other.
#[derive(Debug)]
pub(super) struct Lexer {
    language: &'static Language,
    within: Within,
}

impl Lexer {
    pub(super) const fn new(language: &'static Language) -> Self {
        Self { language, within: Within::Nothing }
    }

    /// The tokens of the next line, which are all of it. Work grows with the line and with nothing else.
    pub(super) fn line<'a>(
        &mut self,
        line: &'a str,
    ) -> impl Iterator<Item = (&'a str, TokenClass)> + use<'a> {
        let mut tokens: Vec<(&str, TokenClass)> = Vec::new();
        if self.language.is_diff {
            tokens.push((line, of_diff(line)));
        }
        let mut at = if self.language.is_diff { line.len() } else { 0 };
        let mut plain = at;
        while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let (length, class) = self.token(rest, before);
            if class != TokenClass::Plain {
                tokens.extend(
                    line.get(plain..at).filter(|text| !text.is_empty()).map(|text| (text, TokenClass::Plain)),
                );
                tokens.extend(line.get(at..at + length).map(|text| (text, class)));
                plain = at + length;
            }
            at += length;
        }
        tokens
            .extend(line.get(plain..).filter(|text| !text.is_empty()).map(|text| (text, TokenClass::Plain)));
        if let Within::String(quotes) = self.within
            && !quotes.is_long
        {
            self.within = Within::Nothing; // nobody closed it; the next line is not meant
        }
        tokens.into_iter()
    }

    /// How long the token is that `rest` begins with, and what it is; at least one character.
    fn token(&mut self, rest: &str, before: Option<char>) -> (usize, TokenClass) {
        match self.within {
            Within::Comment(close) => return (self.until_closed(rest, 0, close), TokenClass::Comment),
            Within::String(quotes) => return (self.string(rest, 0, quotes), TokenClass::String),
            Within::Nothing => {}
        }
        let language = self.language;
        let parts = !language.comments_part_words
            || before.is_none_or(|before| before.is_whitespace() || before == ';');
        if parts && language.line_comments.iter().any(|mark| rest.starts_with(mark)) {
            return (rest.len(), TokenClass::Comment);
        }
        if let Some((open, close)) = language.block_comment
            && rest.starts_with(open)
        {
            return (self.until_closed(rest, open.len(), close), TokenClass::Comment);
        }
        let goes_on = before.is_some_and(is_of_word);
        let begins = |quotes: &&Quotes| {
            // A letter in front of quotes is a mark of theirs only where a word begins.
            rest.starts_with(quotes.open) && !(goes_on && quotes.open.starts_with(char::is_alphabetic))
        };
        if let Some(quotes) = language.quotes.iter().find(begins) {
            return (self.string(rest, quotes.open.len(), *quotes), TokenClass::String);
        }
        if language.has_characters
            && let Some(length) = character(rest)
        {
            return (length, TokenClass::String);
        }
        let first = rest.chars().next().unwrap_or_default();
        if !is_of_word(first) {
            return (first.len_utf8(), TokenClass::Plain);
        }
        let is_number = first.is_ascii_digit();
        let of_it = |letter: char| is_of_word(letter) || (is_number && letter == '.');
        let length = rest.find(|letter| !of_it(letter)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or(rest);
        let class = match () {
            () if is_number => TokenClass::Number,
            () if language.has_word(word) => TokenClass::Keyword,
            () => TokenClass::Plain,
        };
        (length, class)
    }

    /// Up to the end of a comment, or of the line.
    fn until_closed(&mut self, rest: &str, from: usize, close: &'static str) -> usize {
        let end = rest.get(from..).and_then(|inner| inner.find(close)).map(|at| from + at + close.len());
        self.within = if end.is_some() { Within::Nothing } else { Within::Comment(close) };
        end.unwrap_or(rest.len())
    }

    /// Up to the end of a string, or of the line.
    fn string(&mut self, rest: &str, from: usize, quotes: Quotes) -> usize {
        let mut at = from;
        while let Some(inner) = rest.get(at..).filter(|inner| !inner.is_empty()) {
            if inner.starts_with(quotes.close) {
                self.within = Within::Nothing;
                return at + quotes.close.len();
            }
            let mut letters = inner.chars();
            let first = letters.next().map_or(1, char::len_utf8);
            let escaped = quotes.has_escapes && inner.starts_with('\\');
            at += first + if escaped { letters.next().map_or(0, char::len_utf8) } else { 0 };
        }
        self.within = Within::String(quotes);
        rest.len()
    }
}

const fn of_diff_marks() -> [(&'static str, TokenClass); 5] {
    [
        ("+++", TokenClass::Comment),
        ("---", TokenClass::Comment),
        ("@@", TokenClass::Keyword),
        ("+", TokenClass::Added),
        ("-", TokenClass::Removed),
    ]
}

fn of_diff(line: &str) -> TokenClass {
    let marks = of_diff_marks();
    marks.iter().find(|(mark, _)| line.starts_with(mark)).map_or(TokenClass::Plain, |(_, class)| *class)
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// How long a character in apostrophes is; nothing where the apostrophe is something else, as in a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let end = match inner.strip_prefix('\\') {
        // The longest escape has ten: `\u{10FFFF}`.
        Some(escape) => 1 + escape.char_indices().skip(1).take(10).find(|(_, letter)| *letter == '\'')?.0,
        None => inner.chars().next()?.len_utf8(),
    };
    inner.get(end..)?.starts_with('\'').then_some(end + 2)
}
