//! The envelope around a stored payload: which format, after which record, and a check over all of it.
//!
//! `format: u8 | prev: u64 LE | check: u64 LE | payload`. `check` is the xxh3 of the row's key, format, `prev` and payload,
//! so a row that was copied to another key fails too. `prev` is the check of the session's previous record, 0 for the
//! first; a fork's first record comes after the last one that it took over from its parent. A head is sealed as record 0,
//! and its `prev` is the check of the session's last record. That of a piece of a blob is its record's check, and its payload
//! is bare text.
//!
//! This shape is the same for every format of the payload. One that changes it must change the directory's marker.

use q_core::{Seq, SessionId};

use crate::error::StoreError;
use crate::key::{self, HEAD_SEQ, Key};
use crate::{digest, wire};

const HEADER_LEN: usize = 1 + 8 + 8;

/// A session's last record: its place, and its check, to which the next one links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) seq: Seq,
    pub(crate) check: u64,
}

/// A payload whose check held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) prev: u64,
    pub(crate) check: u64,
    pub(crate) payload: &'a [u8],
}

/// Wraps what `write` appends. Gives the value to store and its check.
pub(crate) fn seal<E>(
    session: SessionId,
    seq: Seq,
    prev: u64,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(Vec<u8>, u64), E> {
    let mut value = vec![0; HEADER_LEN];
    write(&mut value)?;
    let check = close(&key::record(session, seq), prev, &mut value);
    Ok((value, check))
}

/// Wraps a piece of the blob beside the record with that check.
pub(crate) fn seal_piece(session: SessionId, seq: Seq, at: u64, record: u64, piece: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER_LEN + piece.len());
    value.resize(HEADER_LEN, 0);
    value.extend_from_slice(piece);
    close(&key::blob(session, seq, at), record, &mut value);
    value
}

/// Fills the header in front of a payload. Gives the check.
fn close(key: &[u8], prev: u64, value: &mut [u8]) -> u64 {
    let (header, payload) = value.split_at_mut(HEADER_LEN);
    let check = check(key, wire::FORMAT, prev, payload);
    let (format, links) = header.split_at_mut(1);
    let (prev_at, check_at) = links.split_at_mut(8);
    format.copy_from_slice(&[wire::FORMAT]);
    prev_at.copy_from_slice(&prev.to_le_bytes());
    check_at.copy_from_slice(&check.to_le_bytes());
    check
}

/// Whether a row is one of the store's, as it was written, in whatever format.
pub(crate) fn is_own(key: &[u8], value: &[u8]) -> bool {
    let opened = match key::read(key) {
        Some(Key::Head(session)) => open(session, HEAD_SEQ, value),
        Some(Key::Record(session, seq)) => open(session, seq, value),
        Some(Key::Blob(session, seq, at)) => open_piece(session, seq, at, value),
        None => return false,
    };
    !matches!(opened, Err(StoreError::Damaged { .. }))
}

/// The check of the record that a value comes after; of a head, that of the session's last record.
pub(crate) fn linked_to(value: &[u8]) -> Option<u64> {
    let (prev, _) = value.get(1..)?.split_first_chunk()?;
    Some(u64::from_le_bytes(*prev))
}

/// Unwraps a stored value, if it is what was sealed for this place and in a format known here.
pub(crate) fn open(session: SessionId, seq: Seq, value: &[u8]) -> Result<Envelope<'_>, StoreError> {
    unwrap((session, seq), &key::record(session, seq), value)
}

/// Unwraps a piece of a blob. Its `prev` is the check of its record.
pub(crate) fn open_piece(
    session: SessionId,
    seq: Seq,
    at: u64,
    value: &[u8],
) -> Result<Envelope<'_>, StoreError> {
    unwrap((session, seq), &key::blob(session, seq, at), value)
}

fn unwrap<'a>(
    (session, seq): (SessionId, Seq),
    key: &[u8],
    value: &'a [u8],
) -> Result<Envelope<'a>, StoreError> {
    let damaged = StoreError::Damaged { session, seq };
    let Some((header, payload)) = value.split_first_chunk::<HEADER_LEN>() else { return Err(damaged) };
    let [format, links @ ..] = header;
    let (Some((prev, _)), Some((_, stored))) = (links.split_first_chunk(), links.split_last_chunk()) else {
        return Err(damaged);
    };
    let prev = u64::from_le_bytes(*prev);
    let check = check(key, *format, prev, payload);
    if check != u64::from_le_bytes(*stored) {
        return Err(damaged);
    }
    // Only after the check: a flipped bit in the format is damage, not the future.
    if *format != wire::FORMAT {
        return Err(StoreError::FutureVersion {
            found: format!("session {session}, record {seq}, format {format}"),
        });
    }
    Ok(Envelope { prev, check, payload })
}

fn check(key: &[u8], format: u8, prev: u64, payload: &[u8]) -> u64 {
    digest::of(&[key, &[format], &prev.to_le_bytes(), payload])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(session: SessionId, seq: Seq, prev: u64, payload: &[u8]) -> (Vec<u8>, u64) {
        seal::<()>(session, seq, prev, |value| {
            value.extend_from_slice(payload);
            Ok(())
        })
        .unwrap()
    }

    /// As [`seal`] would in another format.
    fn sealed_in(format: u8, session: SessionId, seq: Seq, prev: u64, payload: &[u8]) -> Vec<u8> {
        let check = check(&key::record(session, seq), format, prev, payload);
        [&[format][..], &prev.to_le_bytes(), &check.to_le_bytes(), payload].concat()
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_only(
            session: u128, seq: u64, prev: u64, payload: Vec<u8>, elsewhere: u128, later in 1u64..,
        ) {
            let (session, seq) = (SessionId(session), Seq(seq));
            let (value, check) = sealed(session, seq, prev, &payload);
            prop_assert_eq!(&value, &sealed_in(wire::FORMAT, session, seq, prev, &payload));
            let opened = open(session, seq, &value).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(opened, Envelope { prev, check, payload: &payload });
            let other = SessionId(session.0 ^ elsewhere.max(1));
            prop_assert!(open(other, seq, &value).is_err());
            prop_assert!(open(session, Seq(seq.0 ^ later), &value).is_err());
        }

        #[test]
        fn every_flipped_bit_and_every_cut_is_damage(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (session, seq) = (SessionId(7), Seq(3));
            let (value, _) = sealed(session, seq, 5, &payload);
            for bit in 0..value.len() * 8 {
                let mut flipped = value.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(matches!(open(session, seq, &flipped), Err(StoreError::Damaged { .. })), "bit {}", bit);
            }
            for len in 0..value.len() {
                prop_assert!(matches!(open(session, seq, &value[..len]), Err(StoreError::Damaged { .. })), "cut at {}", len);
            }
        }
    }

    #[test]
    fn a_whole_value_in_a_newer_format_is_the_future() {
        let (session, seq) = (SessionId(7), Seq(3));
        let value = sealed_in(wire::FORMAT + 1, session, seq, 5, b"new");
        assert!(matches!(open(session, seq, &value), Err(StoreError::FutureVersion { .. })));
    }
}
