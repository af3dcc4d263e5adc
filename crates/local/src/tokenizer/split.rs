//! Where a text is cut before anything is merged: no token reaches over a cut. Files name one of a few rules; a wrong rule makes
//! other tokens than the model learned, and its answers worse without any sign.
//!
//! Letters are what the standard library takes for alphabetic. That differs from the rules' own class in marks that combine,
//! which few vocabularies keep with their letters.

/// A rule of cutting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreTokenizer {
    /// Of GPT-2: words with the blank before them, numbers, signs.
    Words,
    /// The same, and each digit by itself (`SmolLM`).
    WordsAndDigits,
    /// Of Llama 3: at most three digits together, any one sign before a word, line ends by themselves.
    Llama3,
}

impl PreTokenizer {
    /// The rule of that name in a file.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "default" | "gpt-2" => Self::Words,
            "smollm" => Self::WordsAndDigits,
            "llama-bpe" | "llama3" | "llama-v3" => Self::Llama3,
            _ => return None,
        })
    }

    /// The pieces of a text, in order; put together they are the text.
    pub fn pieces(self, text: &str) -> impl Iterator<Item = &str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let length = match self {
                Self::Words => words(rest, rest.len()),
                Self::WordsAndDigits => {
                    // Digits are cut out first, so that what stands before one is looked at as if it ended the text.
                    let digit = rest.find(char::is_numeric).unwrap_or(rest.len());
                    if digit == 0 { first(rest) } else { words(&rest[..digit], digit) }
                }
                Self::Llama3 => llama3(rest),
            };
            let (piece, after) = rest.split_at_checked(length)?;
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// How long the first character is.
fn first(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// How long the beginning is of which every character is so.
fn run(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

fn is_sign(c: char) -> bool {
    !c.is_whitespace() && !c.is_alphabetic() && !c.is_numeric()
}

/// How long the first piece is by the rule `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
fn words(text: &str, end: usize) -> usize {
    for short in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"] {
        if text.starts_with(short) {
            return short.len();
        }
    }
    let blank = usize::from(text.starts_with(' '));
    let behind = &text[blank..end];
    for is in [char::is_alphabetic as fn(char) -> bool, char::is_numeric, is_sign] {
        let length = run(behind, is);
        if length > 0 {
            return blank + length;
        }
    }
    blanks(&text[..end])
}

/// White space at the beginning: without its last character where a word follows, which takes that along.
fn blanks(text: &str) -> usize {
    let length = run(text, char::is_whitespace);
    let last = text[..length].chars().next_back().map_or(0, char::len_utf8);
    if length < text.len() && length > last { length - last } else { length }
}

/// How long the first piece is by the rule
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
fn llama3(text: &str) -> usize {
    for short in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"] {
        if text.get(..short.len()).is_some_and(|start| start.eq_ignore_ascii_case(short)) {
            return short.len();
        }
    }
    let lead = text.chars().next().filter(|c| !matches!(c, '\r' | '\n') && !c.is_alphanumeric());
    let lead = lead.map_or(0, char::len_utf8);
    let letters = run(&text[lead..], char::is_alphabetic);
    if letters > 0 {
        return lead + letters;
    }
    let digits = text.chars().take(3).take_while(|c| c.is_numeric()).map(char::len_utf8).sum();
    if digits > 0 {
        return digits;
    }
    let blank = usize::from(text.starts_with(' '));
    let signs = run(&text[blank..], is_sign);
    if signs > 0 {
        let signs = blank + signs;
        return signs + run(&text[signs..], |c| matches!(c, '\r' | '\n'));
    }
    let white = run(text, char::is_whitespace);
    match text[..white].rfind(['\r', '\n']) {
        Some(last) => last + 1,
        None => blanks(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_cuts_as_its_model_learned() {
        use PreTokenizer::{Llama3, Words, WordsAndDigits};
        for (rule, text, pieces) in [
            (Words, "Hello  world, it's 123!", vec!["Hello", " ", " world", ",", " it", "'s", " 123", "!"]),
            (WordsAndDigits, "Hello  world 123!", vec!["Hello", " ", " world", " ", "1", "2", "3", "!"]),
            (WordsAndDigits, "a  1", vec!["a", "  ", "1"]),
            (Words, "a\n\n  b ", vec!["a", "\n\n ", " b", " "]),
            (Words, "äöü 中文…", vec!["äöü", " 中文", "…"]),
            (
                Llama3,
                "Hello  world, IT'S 12345!\n\nx",
                vec!["Hello", " ", " world", ",", " IT", "'S", " ", "123", "45", "!\n\n", "x"],
            ),
            (Llama3, "a \n b", vec!["a", " \n", " b"]),
            (Llama3, "(x)", vec!["(x", ")"]),
            (Words, "", vec![]),
        ] {
            assert_eq!(rule.pieces(text).collect::<Vec<_>>(), pieces, "{rule:?} {text:?}");
        }
    }

    #[test]
    fn pieces_are_the_text_again() {
        let text = "Mixed: 12 ½ ٣ \t\u{a0}\u{3000}x\r\n\r\n 'S''ll -- éa\u{301} 🙂🙂  ";
        for rule in [PreTokenizer::Words, PreTokenizer::WordsAndDigits, PreTokenizer::Llama3] {
            assert_eq!(rule.pieces(text).collect::<String>(), text, "{rule:?}");
        }
    }
}
