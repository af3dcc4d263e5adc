//! Blobs: the rest of a large result, in pieces of its text beside its record.
//!
//! A piece stands under session, record and the place of its first byte in the result, so any byte range is found without the
//! others. Each is sealed as linked to its record: one of another time does not fit. Where they begin and end, the record
//! says. Not here: how much of a result is a blob (the core decides), and which rows are read (`fjall/reader`).

use q_core::{Seq, SessionId};

use crate::envelope;
use crate::error::StoreError;
use crate::key;

/// A piece's text, at most. Larger rows would be one block each, and read whole for a screenful.
const PIECE_BYTES: usize = 32 << 10;

/// A row: key and value.
type BlobRow = ([u8; key::BLOB_LEN], Vec<u8>);

/// The rows of a blob: `rest` begins at byte `from` of the result in the record with that check.
pub(crate) fn rows(
    session: SessionId,
    seq: Seq,
    check: u64,
    from: u64,
    rest: &str,
) -> impl Iterator<Item = BlobRow> {
    pieces(from, rest).map(move |(at, text)| {
        (key::blob(session, seq, at), envelope::seal_piece(session, seq, at, check, text.as_bytes()))
    })
}

/// Pieces of whole characters, and where each begins.
fn pieces(mut at: u64, mut rest: &str) -> impl Iterator<Item = (u64, &str)> {
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at_checked(rest.floor_char_boundary(PIECE_BYTES))?;
        let begins = at;
        (rest, at) = (behind, at + piece.len() as u64);
        (!piece.is_empty()).then_some((begins, piece))
    })
}

/// Opens a blob's pieces, one after the other.
#[derive(Debug)]
pub(crate) struct BlobReader {
    session: SessionId,
    seq: Seq,
    /// The check of its record.
    check: u64,
    /// Where the next one begins, once that is known.
    due: Option<u64>,
}

impl BlobReader {
    /// From whichever comes first; `from` is where that must begin, if it is known.
    pub(crate) const fn new(session: SessionId, seq: Seq, check: u64, from: Option<u64>) -> Self {
        Self { session, seq, check, due: from }
    }

    /// The text of the next piece, and where it begins.
    pub(crate) fn open<'a>(&mut self, key: &[u8], value: &'a [u8]) -> Result<(u64, &'a str), StoreError> {
        let damaged = || StoreError::Damaged { session: self.session, seq: self.seq };
        let at = key::place_in_result(key)
            .filter(|at| self.due.is_none_or(|due| due == *at))
            .ok_or_else(damaged)?;
        let opened = envelope::open_piece(self.session, self.seq, at, value)?;
        let text = str::from_utf8(opened.payload).map_err(|_| damaged())?;
        if opened.prev != self.check || text.is_empty() {
            return Err(damaged());
        }
        self.due = Some(at + text.len() as u64);
        Ok((at, text))
    }

    /// Verifies that the last piece ended where the blob does.
    pub(crate) fn finish(&self, end: u64) -> Result<(), StoreError> {
        if self.due == Some(end) {
            Ok(())
        } else {
            Err(StoreError::Damaged { session: self.session, seq: self.seq })
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: (SessionId, Seq) = (SessionId(7), Seq(3));

    fn opened(rows: &[BlobRow], check: u64, from: Option<u64>, end: u64) -> Result<String, StoreError> {
        let mut pieces = BlobReader::new(PLACE.0, PLACE.1, check, from);
        let mut text = String::new();
        for (key, value) in rows {
            text += pieces.open(key, value)?.1;
        }
        pieces.finish(end).map(|()| text)
    }

    proptest! {
        /// Broken by: cutting within a character, forgetting the last piece, numbering pieces by their count.
        #[test]
        fn a_blob_is_its_pieces_in_order(unit in "\\PC{1,9}", times in 1..20_000usize, from: u32) {
            let text = unit.repeat(times);
            let from = u64::from(from);
            let rows: Vec<BlobRow> = rows(PLACE.0, PLACE.1, 5, from, &text).collect();
            prop_assert!(rows.is_sorted());
            prop_assert!(rows.len() <= text.len() / (PIECE_BYTES - 3) + 1);
            let end = from + text.len() as u64;
            prop_assert_eq!(opened(&rows, 5, Some(from), end).unwrap(), text.clone());
            prop_assert!(opened(&rows, 6, Some(from), end).is_err(), "another record's");
            prop_assert!(opened(&rows, 5, Some(from + 1), end).is_err(), "begins too early");
            prop_assert!(opened(&rows, 5, Some(from), end + 1).is_err(), "ends too early");
            for gone in 0..rows.len() {
                let rest: Vec<BlobRow> = (0..).zip(&rows).filter(|(n, _)| *n != gone).map(|(_, row)| row.clone()).collect();
                prop_assert!(opened(&rest, 5, Some(from), end).is_err(), "without piece {}", gone);
            }
        }
    }
}
