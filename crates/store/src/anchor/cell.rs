//! Cells: what the anchor's file is made of. Each stands alone, so that damage to one says nothing about the others.
//!
//! `fact: 32 bytes | check: u64 LE`. `check` is over the cell's number and the fact, so a cell in another's place fails
//! too. Two neighbouring cells belong together and are written in turn: while one is being written the other is whole.
//! Numbers in facts are little-endian.

use q_core::{Seq, SessionId};

use crate::digest;
use crate::envelope::LogEnd;

pub(super) const CELL_LEN: usize = 40;
const FACT_LEN: usize = 32;

const MAGIC: [u8; 8] = *b"q-anchor";
/// The version of these bytes, and the newest one known here.
pub(super) const VERSION: u32 = 1;

/// The file's first fact: what it is, and how the store was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Title {
    /// The version of the file.
    pub(super) version: u32,
    /// The layout of the store it belongs to.
    pub(super) layout: u32,
    /// Grows with every title: the greater one holds.
    pub(super) generation: u64,
    pub(super) state: ShutdownState,
}

/// How the store was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShutdownState {
    /// In use, or its user died.
    Open = 1,
    /// Everything was written and synced, and nobody has opened it since.
    Closed = 2,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellContent<T> {
    Whole(T),
    Blank,
    /// Something else than what was written.
    Broken,
}

impl Title {
    pub(super) fn encode(&self, number: u64) -> [u8; CELL_LEN] {
        let Self { version, layout, generation, state } = *self;
        let [version, layout] = [version, layout].map(u32::to_le_bytes);
        cell(number, &[&MAGIC, &version, &layout, &generation.to_le_bytes(), &(state as u64).to_le_bytes()])
    }

    pub(super) fn decode(number: u64, cell: &[u8; CELL_LEN]) -> CellContent<Self> {
        fact(number, cell).and_then(|fact| {
            let [magic, versions, generation, state] = words(fact);
            let (version, layout) = (versions as u32, (versions >> 32) as u32);
            let state = if state == ShutdownState::Closed as u64 {
                ShutdownState::Closed
            } else {
                ShutdownState::Open
            };
            (magic.to_le_bytes() == MAGIC).then_some(Self { version, layout, generation, state })
        })
    }
}

impl<T> CellContent<T> {
    fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> CellContent<U> {
        match self {
            Self::Whole(it) => read(it).map_or(CellContent::Broken, CellContent::Whole),
            Self::Blank => CellContent::Blank,
            Self::Broken => CellContent::Broken,
        }
    }
}

/// A session's acknowledged end.
pub(super) fn encode_end(number: u64, session: SessionId, end: LogEnd) -> [u8; CELL_LEN] {
    let [seq, check] = [end.seq.0, end.check].map(u64::to_le_bytes);
    cell(number, &[&session.0.to_le_bytes(), &seq, &check])
}

/// Reads back what [`encode_end`] wrote.
pub(super) fn decode_end(number: u64, cell: &[u8; CELL_LEN]) -> CellContent<(SessionId, LogEnd)> {
    fact(number, cell).and_then(|fact| {
        let [low, high, seq, check] = words(fact);
        let session = SessionId(u128::from(high) << 64 | u128::from(low));
        Some((session, LogEnd { seq: Seq(seq), check }))
    })
}

fn cell(number: u64, parts: &[&[u8]]) -> [u8; CELL_LEN] {
    let mut cell = [0; CELL_LEN];
    let (fact, check) = cell.split_at_mut(FACT_LEN);
    for (byte, part) in fact.iter_mut().zip(parts.iter().copied().flatten()) {
        *byte = *part;
    }
    check.copy_from_slice(&digest::of(&[&number.to_le_bytes(), fact]).to_le_bytes());
    cell
}

fn fact(number: u64, cell: &[u8; CELL_LEN]) -> CellContent<&[u8; FACT_LEN]> {
    let Some((fact, check)) = cell.split_first_chunk::<FACT_LEN>() else { return CellContent::Broken };
    if digest::of(&[&number.to_le_bytes(), fact]).to_le_bytes() == *check {
        CellContent::Whole(fact)
    } else if cell.iter().all(|byte| *byte == 0) {
        CellContent::Blank
    } else {
        CellContent::Broken
    }
}

fn words(fact: &[u8; FACT_LEN]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(fact.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_in_its_place_only(session: u128, seq: u64, check: u64, number: u64, elsewhere in 1u64..) {
            let (session, end) = (SessionId(session), LogEnd { seq: Seq(seq), check });
            let cell = encode_end(number, session, end);
            prop_assert_eq!(decode_end(number, &cell), CellContent::Whole((session, end)));
            prop_assert_eq!(decode_end(number ^ elsewhere, &cell), CellContent::Broken);
        }
    }

    #[test]
    fn every_flipped_bit_is_told() {
        let title = Title { version: VERSION, layout: 1, generation: 7, state: ShutdownState::Closed };
        let (title_cell, end_cell) =
            (title.encode(0), encode_end(5, SessionId(9), LogEnd { seq: Seq(3), check: 4 }));
        assert_eq!(Title::decode(0, &title_cell), CellContent::Whole(title));
        for bit in 0..CELL_LEN * 8 {
            let flipped = |cell: [u8; CELL_LEN]| {
                let mut cell = cell;
                cell[bit / 8] ^= 1 << (bit % 8);
                cell
            };
            assert_eq!(Title::decode(0, &flipped(title_cell)), CellContent::Broken, "bit {bit}");
            assert_eq!(decode_end(5, &flipped(end_cell)), CellContent::Broken, "bit {bit}");
        }
        assert_eq!(decode_end(5, &[0; CELL_LEN]), CellContent::Blank);
    }
}
