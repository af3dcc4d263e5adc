//! Names of sessions: data, never paths.
//!
//! Not here: uniqueness ([`crate::Multiplexer`]'s roster), names made from prompts (`autoname`).

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

/// The longest name, in characters.
pub const MAX_CHARS: usize = 40;

/// A session's name: 1–40 characters, letters and digits of any script, `-`, `_`, `.`; begins with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Who chose a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameOrigin {
    /// `q`, as a placeholder until the first prompt.
    Placeholder,
    /// `q`, from the first prompt.
    Automatic,
    /// The person: never changed by `q` again.
    Chosen,
}

/// What keeps a text from being a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("it is empty")]
    Empty,
    #[error("it has more than 40 characters")]
    TooLong,
    #[error("it must begin with a letter")]
    NoLetterFirst,
    #[error("only letters, digits, `-`, `_` and `.` may stand in it")]
    ForeignCharacter,
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is compared when names must differ: case does not count.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Name {
    type Err = NameFault;

    fn from_str(text: &str) -> Result<Self, NameFault> {
        let first = text.chars().next().ok_or(NameFault::Empty)?;
        if text.chars().nth(MAX_CHARS).is_some() {
            return Err(NameFault::TooLong);
        }
        if !first.is_alphabetic() {
            return Err(NameFault::NoLetterFirst);
        }
        if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            Ok(Self(text.to_string()))
        } else {
            Err(NameFault::ForeignCharacter)
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_and_nothing_else() {
        for good in ["a", "api-handler", "Пример", "日本語", "v1.2_x", "help"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let long = "a".repeat(41);
        for (bad, fault) in [
            ("", NameFault::Empty),
            (long.as_str(), NameFault::TooLong),
            ("1st", NameFault::NoLetterFirst),
            ("../etc", NameFault::NoLetterFirst),
            ("a/b", NameFault::ForeignCharacter),
            ("a b", NameFault::ForeignCharacter),
            ("a\u{1b}[2J", NameFault::ForeignCharacter),
            ("a\u{202e}b", NameFault::ForeignCharacter),
        ] {
            assert_eq!(bad.parse::<Name>(), Err(fault), "{bad:?}");
        }
        assert!("a".repeat(40).parse::<Name>().is_ok());
    }
}
