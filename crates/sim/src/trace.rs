//! What was observed in a run: always as one number, in which two runs of a seed must agree; as lines when a person reads.

use std::fmt::{Arguments, Write};

/// The longest line kept, in characters.
const LINE_CHARS: usize = 400;

/// A running hash, and lines if wanted.
#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    text: String,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(super) fn new(keeps_lines: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, text: String::new(), lines: keeps_lines.then(Vec::new) }
    }

    pub(super) fn saw(&mut self, what: Arguments<'_>) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        // Writing into a string cannot fail.
        let _written = text.write_fmt(what);
        self.bytes(text.as_bytes());
        if let Some(lines) = &mut self.lines {
            lines.push(text.chars().take(LINE_CHARS).collect());
        }
        self.text = text;
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        for &byte in rest {
            self.mix(byte.into());
        }
        self.mix(bytes.len() as u64);
    }

    const fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
