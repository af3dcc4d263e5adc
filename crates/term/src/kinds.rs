//! The kinds of session known here, each with its colour: those `q` brings and those the person defined.
//!
//! Not here: what a kind tells its agent (the client's configuration).

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use q_core::{Kind, Policy, Summary};
use ratatui::style::Color;

/// One of the terminal's own colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    White,
    Gray,
}

impl Colour {
    pub const ALL: [Self; 8] = [
        Self::Red,
        Self::Green,
        Self::Yellow,
        Self::Blue,
        Self::Magenta,
        Self::Cyan,
        Self::White,
        Self::Gray,
    ];

    /// The words for them, in the same order.
    pub const WORDS: [&str; 8] = ["red", "green", "yellow", "blue", "magenta", "cyan", "white", "gray"];

    /// The word for it in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Blue => "blue",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::White => "white",
            Self::Gray => "gray",
        }
    }

    pub(crate) const fn shown(self) -> Color {
        match self {
            Self::Red => Color::Red,
            Self::Green => Color::Green,
            Self::Yellow => Color::Yellow,
            Self::Blue => Color::Blue,
            Self::Magenta => Color::Magenta,
            Self::Cyan => Color::Cyan,
            Self::White => Color::White,
            Self::Gray => Color::Gray,
        }
    }
}

/// The word is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAColour;

impl fmt::Display for NotAColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a colour; the colours are ")?;
        f.write_str(&Colour::WORDS.join(", "))
    }
}

impl core::error::Error for NotAColour {}

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(word: &str) -> Result<Self, NotAColour> {
        Self::ALL.into_iter().find(|colour| colour.word() == word).ok_or(NotAColour)
    }
}

/// The kinds by their words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    colours: BTreeMap<String, Colour>,
    /// The words in the order in which they are told to people.
    words: Vec<String>,
}

impl Default for Kinds {
    /// Those that `q` brings.
    fn default() -> Self {
        let mut kinds = Self { colours: BTreeMap::new(), words: Vec::new() };
        for kind in Kind::BUILT_IN {
            kinds.define(kind.word(), usual(&kind));
        }
        kinds
    }
}

impl Kinds {
    /// One more, or another colour for one that is known.
    pub fn define(&mut self, word: &str, colour: Colour) {
        if self.colours.insert(word.to_owned(), colour).is_none() {
            self.words.push(word.to_owned());
        }
    }

    /// Whether `word` is one of them, as it is written.
    pub fn knows(&self, word: &str) -> bool {
        self.colours.contains_key(word)
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// The colour of a kind, also of one that only another terminal's configuration knows.
    pub fn colour(&self, kind: &Kind) -> Colour {
        self.colours.get(kind.word()).copied().unwrap_or_else(|| usual(kind))
    }
}

/// The colour of a kind that nobody gave one.
pub const fn usual(kind: &Kind) -> Colour {
    match kind {
        Kind::Development => Colour::Cyan,
        Kind::Debug => Colour::Red,
        Kind::Planning => Colour::Magenta,
        Kind::Review => Colour::Yellow,
        Kind::Custom(_) => Colour::Blue,
    }
}

/// What whoever opens a session is told where its tools change nothing, with the way out.
pub fn looks_only(session: &Summary) -> Option<String> {
    let kind = &session.kind;
    (session.policy == Policy::Deny).then(|| {
        format!(
            "Tools only look here ({kind}). New ones ask with [kinds.{kind}] tools = \"ask\" in config.toml."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_they_are_written() {
        assert_eq!(Colour::ALL.map(Colour::word), Colour::WORDS);
        for colour in Colour::ALL {
            assert_eq!(colour.word().parse(), Ok(colour));
        }
        assert_eq!("cyann".parse::<Colour>(), Err(NotAColour));
    }

    #[test]
    fn a_kind_has_the_colour_it_was_given() {
        let mut kinds = Kinds::default();
        kinds.define("writing", Colour::Green);
        kinds.define("debug", Colour::White);
        let custom = |word: &str| word.parse().map(Kind::Custom);
        assert_eq!(custom("writing").map(|kind| kinds.colour(&kind)), Ok(Colour::Green));
        assert_eq!(custom("elsewhere").map(|kind| kinds.colour(&kind)), Ok(Colour::Blue));
        assert_eq!(kinds.colour(&Kind::Debug), Colour::White);
        assert_eq!(
            kinds.words().collect::<Vec<_>>(),
            ["development", "debug", "planning", "review", "writing"]
        );
        assert!(kinds.knows("writing") && !kinds.knows("Writing"));
    }
}
