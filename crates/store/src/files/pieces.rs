//! Pieces: what a journal consists of when not all of it is whole.

use std::ops::Range;

use super::journal::{self, JournalBatch, JournalRow, NoBatch};

/// The number of a batch made of rows that stood alone: newer than what may be in tables, far from the counter's end.
const ORDER_OF_STRAYS: u64 = 1 << 30;

/// A byte range of a journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum JournalPiece<'a> {
    Whole {
        at: Range<usize>,
        order: u64,
    },
    /// Bytes in which no whole batch stands.
    Damaged {
        at: Range<usize>,
        /// Where a batch of what is readable among them belongs.
        order: u64,
        /// The rows among them that are vouched for.
        rows: Vec<JournalRow<'a>>,
    },
}

/// Takes a journal apart. `after` is the number of the last batch in an older one; `is_own` vouches for a row.
pub(crate) fn of(
    bytes: &[u8],
    after: Option<u64>,
    is_own: impl Fn(&JournalRow<'_>) -> bool,
) -> Vec<JournalPiece<'_>> {
    let mut pieces: Vec<JournalPiece<'_>> = Vec::new();
    let mut orders = vec![after];
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.iter().any(|byte| *byte != 0)) {
        let last = orders.last().copied().flatten();
        match journal::batch(rest) {
            Ok(batch) if journal::follows(last, batch.order) => {
                pieces.push(JournalPiece::Whole { at: at..at + batch.len, order: batch.order });
                orders.push(Some(batch.order));
                at += batch.len;
            }
            Ok(batch)
                if the_last_was_misnumbered(
                    &orders,
                    batch.order,
                    rest.get(batch.len..).unwrap_or_default(),
                ) =>
            {
                orders.pop();
                if let Some(JournalPiece::Whole { at, .. }) = pieces.pop() {
                    let after = orders.last().copied().flatten();
                    pieces.push(damaged(bytes, at, after, Some(batch.order), &is_own));
                }
            }
            Ok(_) | Err(_) => {
                let next = next_whole(bytes, at, last);
                let end = next.map_or(bytes.len(), |(end, _)| end);
                pieces.push(damaged(bytes, at..end, last, next.map(|(_, order)| order), &is_own));
                at = end;
            }
        }
    }
    pieces
}

/// Every readable row of a journal, in the batches they were written in where those are whole.
pub(crate) fn readable(
    bytes: &[u8],
    is_own: impl Fn(&JournalRow<'_>) -> bool,
) -> impl Iterator<Item = JournalBatch<'_>> {
    of(bytes, None, is_own).into_iter().map(|piece| match piece {
        JournalPiece::Whole { at, order } => {
            let batch = bytes.get(at.clone()).and_then(|bytes| journal::batch(bytes).ok());
            batch.unwrap_or_else(|| JournalBatch { order, rows: Vec::new(), len: at.len() })
        }
        JournalPiece::Damaged { at, order, rows } => JournalBatch { order, rows, len: at.len() },
    })
}

/// Numbers stand under no check. Of two whole batches whose numbers do not fit, the earlier one is wrong if the later
/// one fits to what was before both and the earlier one does not fit better: numbers mostly have no gaps.
fn the_last_was_misnumbered(orders: &[Option<u64>], order: u64, behind: &[u8]) -> bool {
    match orders {
        [.., before, Some(last)] if journal::follows(*before, order) => match before {
            Some(before) => *last != before + 1,
            None => journal::beginning(behind).is_ok_and(|(_, next)| next <= *last),
        },
        _ => false,
    }
}

/// The byte range `at`, between whole batches numbered `after` and `before`.
fn damaged<'a>(
    bytes: &'a [u8],
    at: Range<usize>,
    after: Option<u64>,
    before: Option<u64>,
    is_own: &impl Fn(&JournalRow<'_>) -> bool,
) -> JournalPiece<'a> {
    let range = bytes.get(at.clone()).unwrap_or_default();
    let mut rows = Vec::new();
    let mut rest = range;
    while !rest.is_empty() {
        let row = journal::lone_row(rest).filter(|(row, _)| is_own(row));
        // What stands inside a row is text, whatever it looks like.
        let len = row.map_or(1, |(_, len)| len);
        rows.extend(row.map(|(row, _)| row));
        rest = rest.get(len..).unwrap_or_default();
    }
    let own = journal::beginning(range).ok().map(|(_, order)| order);
    let order = own
        .filter(|order| journal::follows(after, *order) && before.is_none_or(|before| *order < before))
        .or_else(|| after.map(|after| after + 1))
        .or_else(|| before.map(|before| before.saturating_sub(1)))
        .unwrap_or(ORDER_OF_STRAYS);
    JournalPiece::Damaged { at, order, rows }
}

/// Where the next whole batch begins that fits to the last one, and its number.
fn next_whole(bytes: &[u8], from: usize, after: Option<u64>) -> Option<(usize, u64)> {
    (from + 1..bytes.len()).find_map(|at| {
        let rest = bytes.get(at..)?;
        let (_, order) = journal::beginning(rest).ok()?;
        (journal::follows(after, order) && journal::batch(rest).is_ok()).then_some((at, order))
    })
}

/// What is known of a journal after one pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survey {
    /// Whole batches and nothing else; the last one's number.
    Whole(Option<u64>),
    NotWhole,
}

/// Reads a journal batch by batch, in little memory. `more` appends the next bytes to what it is given, none at the end.
pub(crate) fn survey<E>(
    after: Option<u64>,
    mut more: impl FnMut(&mut Vec<u8>) -> Result<usize, E>,
) -> Result<Survey, E> {
    let mut window = Vec::new();
    let mut last = after;
    let mut ended = false;
    loop {
        let mut at = 0;
        let stopped = loop {
            match journal::batch(window.get(at..).unwrap_or_default()) {
                Ok(batch) if journal::follows(last, batch.order) => {
                    last = Some(batch.order);
                    at += batch.len;
                }
                Ok(_) => return Ok(Survey::NotWhole),
                Err(why) => break why,
            }
        };
        window.drain(..at);
        if ended || stopped == NoBatch::Broken {
            // Behind the last batch there may be room that was never written to.
            while window.iter().all(|byte| *byte == 0) {
                window.clear();
                if more(&mut window)? == 0 {
                    return Ok(Survey::Whole(last));
                }
            }
            return Ok(Survey::NotWhole);
        }
        ended = more(&mut window)? == 0;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::files::journal::{RowKind, write_batch};
    use std::convert::Infallible;

    const VALUES: [&[u8]; 3] = [b"one", b"", b"three is a little longer"];

    fn row(value: &[u8]) -> JournalRow<'_> {
        JournalRow { keyspace: 7, key: b"key", value, kind: RowKind::Value }
    }

    fn is_own(found: &JournalRow<'_>) -> bool {
        VALUES.map(row).contains(found)
    }

    fn journal(orders: &[u64]) -> (Vec<u8>, Vec<Range<usize>>) {
        let mut bytes = Vec::new();
        let mut places = Vec::new();
        for order in orders {
            let from = bytes.len();
            write_batch(*order, &VALUES.map(row), &mut bytes);
            places.push(from..bytes.len());
        }
        (bytes, places)
    }

    fn surveyed(bytes: &[u8], chunk: usize) -> Survey {
        let mut chunks = bytes.chunks(chunk);
        let more = |window: &mut Vec<u8>| {
            let chunk = chunks.next().unwrap_or_default();
            window.extend_from_slice(chunk);
            Ok::<_, Infallible>(chunk.len())
        };
        survey(None, more).unwrap()
    }

    #[test]
    fn a_whole_journal_is_whole_however_it_is_read() {
        let (mut bytes, places) = journal(&[4, 5, 9]);
        for zeros in [0, 1, 1000] {
            bytes.truncate(places[2].end);
            bytes.resize(places[2].end + zeros, 0);
            for chunk in 1..200 {
                assert_eq!(
                    surveyed(&bytes, chunk),
                    Survey::Whole(Some(9)),
                    "{zeros} zeros, {chunk} at a time"
                );
            }
            let whole = |at: &Range<usize>, order| JournalPiece::Whole { at: at.clone(), order };
            assert_eq!(
                of(&bytes, Some(3), is_own),
                [whole(&places[0], 4), whole(&places[1], 5), whole(&places[2], 9)]
            );
        }
        assert_eq!(surveyed(&[], 1), Survey::Whole(None));
        assert_eq!(surveyed(&[0; 90], 7), Survey::Whole(None));
    }

    #[test]
    fn every_flipped_bit_is_told_and_the_batches_around_it_are_whole() {
        let (bytes, places) = journal(&[4, 5, 6]);
        for bit in places[1].start * 8..places[1].end * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let pieces = of(&flipped, None, is_own);
            let [
                JournalPiece::Whole { order: 4, .. },
                JournalPiece::Damaged { at, order, rows },
                JournalPiece::Whole { order: 6, .. },
            ] = &pieces[..]
            else {
                panic!("bit {bit}: {pieces:?}")
            };
            assert_eq!(*at, places[1], "bit {bit}");
            assert_eq!(*order, 5, "bit {bit}");
            let found = VALUES.iter().filter(|value| rows.contains(&row(value))).count();
            assert!(found >= 2, "bit {bit}: {rows:?}");
            assert_eq!(surveyed(&flipped, 64), Survey::NotWhole, "bit {bit}");
        }
    }

    #[test]
    fn a_flipped_number_is_found_in_the_batch_it_belongs_to() {
        let orders = [4, 5, 6, 7];
        for (wrong, bit) in (0..3).flat_map(|wrong| (0..40).map(move |bit| (wrong, bit))) {
            let mut flipped = orders;
            flipped[wrong] ^= 1 << bit;
            let (bytes, places) = journal(&flipped);
            for (n, piece) in of(&bytes, Some(3), is_own).iter().enumerate() {
                let expected = orders[n];
                match piece {
                    JournalPiece::Whole { at, order } => assert_eq!((at, *order), (&places[n], expected)),
                    JournalPiece::Damaged { at, order, rows } => {
                        assert_eq!((n, at, *order), (wrong, &places[n], expected), "bit {bit}");
                        assert_eq!(rows[..], VALUES.map(row));
                    }
                }
            }
        }
    }

    #[test]
    fn every_cut_leaves_the_batches_before_it() {
        let (bytes, places) = journal(&[4, 5, 6]);
        for end in places[2].start + 1..places[2].end {
            for rest in [vec![], vec![0; 40], vec![0xa5; 40]] {
                let torn = [&bytes[..end], &rest[..]].concat();
                let pieces = of(&torn, None, is_own);
                assert!(
                    matches!(
                        pieces[..],
                        [
                            JournalPiece::Whole { .. },
                            JournalPiece::Whole { .. },
                            JournalPiece::Damaged { order: 6, .. }
                        ]
                    ),
                    "{end}: {pieces:?}"
                );
                assert_eq!(surveyed(&torn, 64), Survey::NotWhole);
            }
        }
    }
}
