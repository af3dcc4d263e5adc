//! Seals: what providers give along with their models' thoughts or calls, shut to everybody else, and want back to go on from there.
//!
//! Not here: which of them a request carries ([`crate::conversation`] for the turns, the agent for the maker).

use alloc::string::String;

use crate::id::Seq;

/// The longest seal that is kept, and all of one turn, in bytes. Of a turn with more nothing goes back: the model thinks anew.
///
/// A thought of 16,384 tokens, which is the most that is asked for by a word, has about 64 KB, and its signature as much.
pub const SEAL_BYTES: usize = 256 << 10;
pub const SEALED_TURN_BYTES: usize = 1 << 20;
/// The longest name of who made one, in bytes.
pub const SEAL_MAKER_BYTES: usize = 512;

/// What a provider sealed. Hostile bytes, shown nowhere: only who made it reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Who made it: protocol, server and model in one word. It goes back to exactly that one.
    pub by: String,
    /// What goes back, unchanged, as that protocol writes it; nothing where that was too long to be handed on.
    pub content: String,
}

impl Seal {
    /// What it takes, in bytes.
    pub const fn bytes(&self) -> usize {
        self.by.len() + self.content.len()
    }

    /// Whether it is there, and short enough to be kept.
    const fn is_kept(&self) -> bool {
        let length = self.content.len();
        0 < length && length <= SEAL_BYTES && self.by.len() <= SEAL_MAKER_BYTES
    }
}

/// What is kept of the seals of one turn: all of them, or none. A provider takes what it sealed as it was or not at all, and one
/// of several missing is no longer that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnSeals {
    bytes: usize,
    is_too_much: bool,
}

impl TurnSeals {
    /// Whether the next one is kept.
    pub const fn takes(&mut self, seal: &Seal) -> bool {
        let bytes = self.bytes.saturating_add(seal.bytes());
        self.is_too_much |= !seal.is_kept() || bytes > SEALED_TURN_BYTES;
        if !self.is_too_much {
            self.bytes = bytes;
        }
        !self.is_too_much
    }

    /// Whether there was too much of them: nothing of the turn goes back.
    pub const fn is_too_much(&self) -> bool {
        self.is_too_much
    }
}

/// A seal and where it stands among the entries: behind those with a lower number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedSeal {
    pub at: Seq,
    pub seal: Seal,
}
