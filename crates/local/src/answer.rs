//! One answer as it is made: the conversation is read in slices, then token follows token until the model ends it or it is long
//! enough. Characters are handed on whole.

use crate::error::LocalError;
use crate::sampling::{Sampler, Sampling};
use crate::tokenizer::Tokenizer;
use crate::weights::Sequence;

/// Tokens of a conversation that are read at once: others have their turn behind it.
const READ_AT_ONCE: usize = 32;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The conversation, written for the model. There is at least one token.
    pub tokens: Vec<u32>,
    /// The most tokens of the answer.
    pub most: usize,
    /// How freely they are chosen.
    pub sampling: Sampling,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerPiece {
    Said(String),
    Over(Finish),
    /// Nothing more comes, since something went wrong.
    Failed(LocalError),
}

/// Why an answer ended, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// It was long enough, in place of the model's own end.
    pub is_cut: bool,
    /// Tokens of the conversation.
    pub read: usize,
    /// Tokens of the answer.
    pub written: usize,
}

/// An answer under way.
pub(crate) struct Answering {
    sequence: Box<dyn Sequence>,
    asked: Asked,
    sampler: Sampler,
    /// Tokens of the conversation that were read.
    read: usize,
    written: usize,
    /// The newest token, which the model has not read itself.
    newest: Option<u32>,
    /// Bytes that are no whole character yet.
    rest: Vec<u8>,
}

impl Answering {
    pub(crate) fn new(sequence: Box<dyn Sequence>, asked: Asked) -> Self {
        let sampler = Sampler::new(asked.sampling.clone());
        Self { sequence, asked, sampler, read: 0, written: 0, newest: None, rest: Vec::new() }
    }

    /// Whether the conversation is not read yet, which makes a step a long one.
    pub(crate) const fn is_reading(&self) -> bool {
        self.newest.is_none()
    }

    /// Goes on by one step; what comes of it may be nothing yet.
    pub(crate) fn step(&mut self, tokenizer: &Tokenizer) -> Vec<AnswerPiece> {
        match self.next(tokenizer) {
            Ok(pieces) => pieces,
            Err(error) => vec![AnswerPiece::Failed(error)],
        }
    }

    fn next(&mut self, tokenizer: &Tokenizer) -> Result<Vec<AnswerPiece>, LocalError> {
        let unread = &self.asked.tokens[self.read..];
        let (unread, is_last) = if self.newest.is_some() {
            (self.newest.as_slice(), true)
        } else {
            (&unread[..unread.len().min(READ_AT_ONCE)], unread.len() <= READ_AT_ONCE)
        };
        let logits = self.sequence.read(unread)?;
        if self.newest.is_none() {
            self.read += unread.len();
        }
        if !is_last {
            return Ok(Vec::new());
        }
        let token = self
            .sampler
            .choose(logits)
            .ok_or_else(|| LocalError::new("the model computes no numbers; its file may be damaged"))?;
        self.written += 1;
        if tokenizer.is_end(token) {
            return Ok(self.over(false, String::new()));
        }
        self.rest.extend(tokenizer.bytes(token));
        let words = whole(&mut self.rest);
        if self.written >= self.asked.most {
            return Ok(self.over(true, words));
        }
        self.newest = Some(token);
        Ok(if words.is_empty() { Vec::new() } else { vec![AnswerPiece::Said(words)] })
    }

    fn over(&mut self, is_cut: bool, mut words: String) -> Vec<AnswerPiece> {
        words.push_str(&String::from_utf8_lossy(&std::mem::take(&mut self.rest)));
        let finish = Finish { is_cut, read: self.read, written: self.written };
        let said = (!words.is_empty()).then_some(AnswerPiece::Said(words));
        said.into_iter().chain([AnswerPiece::Over(finish)]).collect()
    }
}

/// Takes what is whole characters out of bytes; what can be none any more is told as such.
fn whole(bytes: &mut Vec<u8>) -> String {
    let mut words = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(all) => {
                words.push_str(all);
                bytes.clear();
                return words;
            }
            Err(error) => {
                let end = error.valid_up_to();
                words.push_str(&String::from_utf8_lossy(&bytes[..end]));
                let Some(length) = error.error_len() else {
                    bytes.drain(..end);
                    return words;
                };
                words.push(char::REPLACEMENT_CHARACTER);
                bytes.drain(..end + length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_whole() {
        let mut rest = Vec::new();
        let mut said = Vec::new();
        for byte in "a🙂é".bytes().chain([0xff, b'b', 0xe2]) {
            rest.push(byte);
            said.push(whole(&mut rest));
        }
        said.retain(|words| !words.is_empty());
        assert_eq!(said, ["a", "🙂", "é", "\u{fffd}", "b"]);
        assert_eq!(rest, [0xe2]);
    }
}
