//! The words of a line, read one after another.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use super::words;
use crate::id::{ClientId, Digest, SessionId, TurnNo};

/// A line that is being read.
pub(super) struct WordReader {
    words: Vec<String>,
    at: usize,
}

impl WordReader {
    pub(super) fn new(line: &str) -> Result<Self, String> {
        Ok(Self { words: words::split(line)?, at: 0 })
    }

    /// The next word; without one it says what is missing.
    pub(super) fn word(&mut self, what: &str) -> Result<String, String> {
        let word = self.words.get(self.at).cloned().ok_or_else(|| format!("{what} is missing"))?;
        self.at += 1;
        Ok(word)
    }

    /// Whether the next word is this one, which is then read.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let there = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(there);
        there
    }

    /// The next word, if it begins with one of these.
    pub(super) fn take_signed(&mut self, signs: [char; 2]) -> Option<String> {
        let word = self.words.get(self.at).filter(|word| word.starts_with(signs)).cloned()?;
        self.at += 1;
        Some(word)
    }

    /// The word behind this name, where the name comes next.
    pub(super) fn option(&mut self, name: &str) -> Result<Option<String>, String> {
        if self.take(name) { self.word(&format!("a word after `{name}`")).map(Some) } else { Ok(None) }
    }

    /// The same, as a number.
    pub(super) fn number_option<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        self.option(name)?.map(|text| number(&text)).transpose()
    }

    /// One of the words that are known, as what it means.
    pub(super) fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, String> {
        let word = self.word("a word")?;
        let found = known.iter().find(|(name, _)| *name == word);
        found.map(|&(_, value)| value).ok_or_else(|| format!("`{word}` is not expected"))
    }

    pub(super) fn number<N: FromStr>(&mut self) -> Result<N, String> {
        number(&self.word("a number")?)
    }

    pub(super) fn session(&mut self) -> Result<SessionId, String> {
        words::read_session(&self.word("a session")?)
    }

    pub(super) fn client(&mut self) -> Result<ClientId, String> {
        let word = self.word("a client")?;
        let number = word.strip_prefix('c').and_then(|digits| digits.parse().ok());
        number.map(ClientId).ok_or_else(|| format!("`{word}` is not a client, like c1"))
    }

    /// The turn that is written, or the first one.
    pub(super) fn turn(&mut self) -> Result<TurnNo, String> {
        Ok(TurnNo(self.number_option("turn")?.unwrap_or(1)))
    }

    /// The digest that is written, or the one that goes with the call's number.
    pub(super) fn digest(&mut self, call: u64) -> Result<Digest, String> {
        let written = self.option("digest")?;
        written.map_or_else(|| Ok(Digest::numbered(call)), |word| words::read_digest(&word))
    }

    /// Fails if words are left.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.words.get(self.at) {
            None => Ok(()),
            Some(surplus) => Err(format!("`{surplus}` is not expected")),
        }
    }
}

fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
