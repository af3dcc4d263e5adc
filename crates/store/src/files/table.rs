//! Tables: sorted rows in blocks, as the engine keeps them once they left the journal.
//!
//! A block is `"LSM\x03" | kind | check: u128 | length: u32 | length unpacked: u32 | check of the above: u32 | data`. Blocks of
//! rows come first, one after the other. In one, every so many rows the key is written out, `kind | order | key length |
//! key | value length | value`, and in the rows up to the next such one only where the key differs from that one, `kind |
//! order | length alike | length different | key | value length | value`; numbers take as few bytes as they need. After the
//! last row there is a 255, then the places of rows with whole keys, then 31 bytes that say where those are.
//!
//! The store's tables are not packed, so a block with one damaged byte still shows its other rows. Whether a row is as it
//! was written is for its envelope to say.

use std::collections::BTreeSet;

use q_core::SessionId;

use super::archive;
use super::cursor::{Cursor, TooShort};
use super::journal::RowKind;
use crate::{digest, key};

const MAGIC: [u8; 4] = *b"LSM\x03";
const HEADER_LEN: usize = 4 + 1 + 16 + 4 + 4 + 4;
const ROWS: u8 = 0;
const LAST_ROW: u8 = 255;
const TRAILER_LEN: usize = 31;
/// Whole keys that are looked for in a damaged block. There are fewer in one: what fills 4 KB ends it, and of ten rows nine
/// share. Text may look like any number.
const MOST_KEYS: usize = 1024;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableRow<'a> {
    pub(crate) key: Vec<u8>,
    pub(crate) value: &'a [u8],
    pub(crate) kind: RowKind,
    /// Of several rows with one key the one with the greatest counts.
    pub(crate) order: u64,
}

/// A block's bytes, as far as they can be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block<'a> {
    data: &'a [u8],
    holds_rows: bool,
    is_whole: bool,
}

/// Whether every block of a table is as it was written.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let Some(sections) = archive::of(bytes) else { return false };
    let all_whole = |name: &[u8]| {
        let Some(mut rest) = archive::section(bytes, &sections, name) else { return true };
        while !rest.is_empty() {
            let Some((block, behind)) = whole_header(rest).and_then(|header| header.split(rest)) else {
                return false;
            };
            if !block.is_whole {
                return false;
            }
            rest = behind;
        }
        true
    };
    [&b"data"[..], b"tli", b"index", b"filter", b"filter_tli", b"meta"].into_iter().all(all_whole)
}

/// Every row of the blocks that are whole, and of the others those that `is_own` vouches for by key and value. `sessions`
/// are those whose rows there can be: one that is not among them may lose rows beside a damaged byte.
pub(crate) fn rows<'a>(
    bytes: &'a [u8],
    sessions: &BTreeSet<SessionId>,
    is_own: impl Fn(&[u8], &[u8]) -> bool,
) -> impl Iterator<Item = TableRow<'a>> {
    let mut last_key = Vec::new();
    blocks(bytes).filter(|block| block.holds_rows).flat_map(move |block| {
        let rows = if block.is_whole {
            rows_of(block.data)
        } else {
            strays(block.data, &last_key, sessions, &is_own)
        };
        if let Some(last) = rows.last() {
            last_key.clone_from(&last.key);
        }
        rows
    })
}

#[derive(Clone, Copy)]
struct Header {
    kind: u8,
    check: u128,
    len: usize,
}

impl Header {
    fn split<'a>(&self, bytes: &'a [u8]) -> Option<(Block<'a>, &'a [u8])> {
        let (data, behind) = bytes.get(HEADER_LEN..)?.split_at_checked(self.len)?;
        let is_whole = digest::wide(data) == self.check;
        Some((Block { data, holds_rows: self.kind == ROWS, is_whole }, behind))
    }
}

/// The header at the beginning of `bytes`, if it is as it was written.
fn whole_header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    if cursor.array().ok()? != MAGIC {
        return None;
    }
    let kind = cursor.byte().ok()?;
    let check = u128::from_le_bytes(cursor.array().ok()?);
    let len = cursor.u32().ok()? as usize;
    cursor.u32().ok()?;
    let checked = bytes.get(..HEADER_LEN - 4)?;
    let is_whole = cursor.u32().ok()? == digest::wide(checked) as u32;
    is_whole.then_some(Header { kind, check, len })
}

/// Every block; where a header is damaged, all up to the next whole one is taken for a block of rows.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.len() < HEADER_LEN {
            return None;
        }
        if let Some((block, behind)) = whole_header(rest).and_then(|header| header.split(rest)) {
            rest = behind;
            return Some(block);
        }
        let next =
            (1..rest.len()).find(|at| rest.get(*at..).is_some_and(|rest| whole_header(rest).is_some()));
        let (range, behind) = rest.split_at_checked(next.unwrap_or(rest.len()))?;
        rest = behind;
        Some(Block { data: range.get(HEADER_LEN..).unwrap_or_default(), holds_rows: true, is_whole: false })
    })
}

fn rows_of(data: &[u8]) -> Vec<TableRow<'_>> {
    let mut rows = Vec::new();
    if let Some((interval, starts)) = starts(data) {
        for start in starts {
            rows_sharing_a_key(data.get(start..).unwrap_or_default(), interval, &mut rows);
        }
    }
    rows
}

/// Rows in a block with damaged bytes, found wherever they begin. Keys are made whole with any that is known: a wrong one
/// gives a row that nothing vouches for. What says that a row is gone is vouched for by nothing.
///
/// A byte may not cost two sessions. One in what leads to the whole keys leaves all of those where they stand; one in a
/// whole key leaves the rows of its own session without it, and those of others share no more with it than of their
/// session's id.
fn strays<'a>(
    data: &'a [u8],
    nearby: &[u8],
    sessions: &BTreeSet<SessionId>,
    is_own: &impl Fn(&[u8], &[u8]) -> bool,
) -> Vec<TableRow<'a>> {
    let vouched = |row: &TableRow<'_>| row.kind == RowKind::Value && is_own(&row.key, row.value);
    let mut keys = vec![nearby.to_vec()];
    keys.extend(whole_keys(data, sessions, &vouched));
    keys.extend(sessions.iter().map(|session| key::head(*session).to_vec()));
    let mut rows = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let found = |form, keys: &[Vec<u8>]| {
            let (it, len) = encoded_row(rest, form).filter(|(it, _)| it.may_be_own())?;
            keys.iter().filter_map(|key| it.row(key)).find(vouched).map(|row| (row, len))
        };
        let found = found(Form::Whole, &[Vec::new()]).or_else(|| found(Form::Shared, &keys));
        let len = found.as_ref().map_or(1, |(_, len)| *len);
        rows.extend(found.map(|(row, _)| row));
        rest = rest.get(len..).unwrap_or_default();
    }
    rows
}

/// Whole keys in a block with damaged bytes: those it leads to itself, and those of rows that something vouches for, be it
/// only that there is such a session. A row that is gone shares its key with others, too.
fn whole_keys(
    data: &[u8],
    sessions: &BTreeSet<SessionId>,
    vouched: &impl Fn(&TableRow<'_>) -> bool,
) -> BTreeSet<Vec<u8>> {
    let at = |at: usize| encoded_row(data.get(at..)?, Form::Whole)?.0.row(&[]);
    let named = starts(data).map(|(_, starts)| starts).unwrap_or_default();
    let mut keys: BTreeSet<Vec<u8>> = named.into_iter().filter_map(at).map(|row| row.key).collect();
    for row in (0..data.len()).filter_map(at) {
        let is_known = || key::read(&row.key).is_some_and(|key| sessions.contains(&key.session()));
        if keys.len() < MOST_KEYS && (vouched(&row) || is_known()) {
            keys.insert(row.key);
        }
    }
    keys
}

/// How many rows share a whole key, and where the rows with whole keys stand.
fn starts(data: &[u8]) -> Option<(u8, Vec<usize>)> {
    let mut trailer = Cursor::new(data.last_chunk::<TRAILER_LEN>()?);
    let interval = trailer.byte().ok()?;
    let width = trailer.byte().ok()?;
    let count = trailer.u32().ok()? as usize;
    let from = trailer.u32().ok()? as usize;
    let places = data.get(from..from.checked_add(count.checked_mul(width.into())?)?)?;
    let mut cursor = Cursor::new(places);
    let next = |_| match width {
        2 => cursor.u16().ok().map(usize::from),
        4 => cursor.u32().ok().map(|place| place as usize),
        _ => None,
    };
    Some((interval, (0..count).map_while(next).collect()))
}

/// Reads rows until something else comes; what was read before stays.
fn rows_sharing_a_key<'a>(data: &'a [u8], interval: u8, rows: &mut Vec<TableRow<'a>>) {
    let mut rest = data;
    let mut whole_key: &[u8] = &[];
    for n in 0..interval {
        let Some((it, len)) = encoded_row(rest, if n == 0 { Form::Whole } else { Form::Shared }) else {
            return;
        };
        let Some(row) = it.row(whole_key) else { return };
        if n == 0 {
            whole_key = it.own;
        }
        rows.push(row);
        rest = rest.get(len..).unwrap_or_default();
    }
}

/// How a row's key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Whole,
    /// Where it differs from the last whole one.
    Shared,
}

/// A row as it stands in a block.
#[derive(Clone, Copy, Debug)]
struct EncodedRow<'a> {
    kind: RowKind,
    order: u64,
    /// How many bytes of its key are those of the last whole one.
    alike: usize,
    own: &'a [u8],
    value: &'a [u8],
}

impl<'a> EncodedRow<'a> {
    /// Whether it has a value, under a key as long as one of the store's.
    fn may_be_own(&self) -> bool {
        self.kind == RowKind::Value
            && self.alike.checked_add(self.own.len()).is_some_and(|len| key::LENGTHS.contains(&len))
    }

    /// The row, if `whole_key` may be what it shares with.
    fn row(&self, whole_key: &[u8]) -> Option<TableRow<'a>> {
        let key = [whole_key.get(..self.alike)?, self.own].concat();
        Some(TableRow { key, value: self.value, kind: self.kind, order: self.order })
    }
}

/// The row at the beginning of `bytes`, and its length.
fn encoded_row(bytes: &[u8], form: Form) -> Option<(EncodedRow<'_>, usize)> {
    let mut cursor = Cursor::new(bytes);
    let row = read(&mut cursor, form).ok()??;
    Some((row, bytes.len() - cursor.rest().len()))
}

fn read<'a>(cursor: &mut Cursor<'a>, form: Form) -> Result<Option<EncodedRow<'a>>, TooShort> {
    let kind = match cursor.byte()? {
        0 => RowKind::Value,
        1 | 2 => RowKind::Gone,
        LAST_ROW => return Ok(None),
        _ => RowKind::Foreign,
    };
    let order = cursor.varint()?;
    let alike = match form {
        Form::Whole => 0,
        Form::Shared => cursor.varint()? as usize,
    };
    let own_len = cursor.varint()?;
    let own = cursor.take(own_len as usize)?;
    let value = match kind {
        RowKind::Value | RowKind::Foreign => {
            let value_len = cursor.varint()?;
            cursor.take(value_len as usize)?
        }
        RowKind::Gone => &[],
    };
    Ok(Some(EncodedRow { kind, order, alike, own, value }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use q_core::Seq;

    use super::*;
    use crate::envelope;

    /// Sessions whose ids begin alike, by how many bytes.
    const A: u128 = 0x0190_0000_0000_0000_0000_0000_0000_0001;
    const B: u128 = 0x0190_0000_0000_0000_0000_0000_0000_0002;
    const C: u128 = 0x0190_0000_00ff_0000_0000_0000_0000_0003;
    const D: u128 = 0x2190_0000_0000_0000_0000_0000_0000_0004;
    /// One that was erased.
    const ERASED: u128 = 0x0180_0000_0000_0000_0000_0000_0000_0009;
    const INTERVAL: u8 = 4;

    fn value(session: u128, seq: u64) -> Option<(Vec<u8>, Vec<u8>)> {
        let (session, seq) = (SessionId(session), Seq(seq));
        let (value, _) = envelope::seal::<()>(session, seq, 7, |value| {
            value.extend_from_slice(format!("what {seq} says").as_bytes());
            Ok(())
        })
        .ok()?;
        Some((key::record(session, seq).to_vec(), value))
    }

    /// Records of a block: a session, places in it, and whether they are there or gone.
    type Records = &'static [(u128, std::ops::RangeInclusive<u64>, bool)];

    fn each(records: Records) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        records.iter().flat_map(|(session, places, is_there)| {
            let rows = places.clone().filter_map(|seq| value(*session, seq));
            rows.map(|(key, value)| (key, is_there.then_some(value)))
        })
    }

    /// A block as the engine writes it.
    fn block(records: Records) -> Vec<u8> {
        let (mut data, mut starts) = (Vec::new(), Vec::new());
        let mut whole_key = Vec::new();
        for (n, (key, value)) in each(records).enumerate() {
            let is_whole = n % usize::from(INTERVAL) == 0;
            let alike = key.iter().zip(&whole_key).take_while(|(one, other)| one == other).count();
            let start = data.len() as u16;
            data.extend_from_slice(&[u8::from(value.is_none()), 5]);
            let own = if is_whole {
                starts.extend_from_slice(&start.to_le_bytes());
                &key[..]
            } else {
                data.push(alike as u8);
                &key[alike..]
            };
            data.push(own.len() as u8);
            data.extend_from_slice(own);
            if let Some(value) = value {
                data.push(value.len() as u8);
                data.extend_from_slice(&value);
            }
            if is_whole {
                whole_key = key;
            }
        }
        data.push(LAST_ROW);
        let places_at = data.len() as u32;
        data.extend_from_slice(&starts);
        let mut trailer = vec![INTERVAL, 2];
        trailer.extend_from_slice(&(starts.len() as u32 / 2).to_le_bytes());
        trailer.extend_from_slice(&places_at.to_le_bytes());
        trailer.resize(TRAILER_LEN, 0);
        data.extend_from_slice(&trailer);
        let mut block = MAGIC.to_vec();
        block.push(ROWS);
        block.extend_from_slice(&digest::wide(&data).to_le_bytes());
        block.extend_from_slice(&(data.len() as u32).to_le_bytes());
        block.extend_from_slice(&(data.len() as u32).to_le_bytes());
        block.extend_from_slice(&(digest::wide(&block) as u32).to_le_bytes());
        block.extend_from_slice(&data);
        block
    }

    /// Sessions of which a row that is there is not found.
    fn losing(bytes: &[u8], records: Records) -> BTreeSet<SessionId> {
        let sessions = [A, B, C, D].map(SessionId).into();
        let found: BTreeSet<(Vec<u8>, Vec<u8>)> = rows(bytes, &sessions, envelope::is_own)
            .filter(|row| row.kind == RowKind::Value)
            .map(|row| (row.key, row.value.to_vec()))
            .collect();
        each(records)
            .filter_map(|(key, value)| Some((key, value?)))
            .filter(|row| !found.contains(row))
            .filter_map(|(key, _)| key::read(&key).map(key::Key::session))
            .collect()
    }

    #[test]
    fn a_flipped_bit_costs_one_session_at_most() {
        let blocks: &[(&str, Records)] = &[
            ("each key leads to the next session's", &[(A, 1..=2, true), (B, 1..=2, true), (D, 1..=3, true)]),
            (
                "one whole key, and every session shares with it",
                &[(A, 9..=9, true), (B, 1..=1, true), (C, 1..=1, true), (D, 1..=1, true)],
            ),
            (
                "an erased session's keys lead to all others",
                &[
                    (ERASED, 1..=2, false),
                    (A, 1..=2, true),
                    (ERASED, 5..=5, false),
                    (B, 1..=3, true),
                    (ERASED, 7..=8, false),
                    (D, 1..=1, true),
                ],
            ),
            (
                "keys that are gone lead to their own sessions'",
                &[
                    (A, 1..=2, false),
                    (A, 3..=4, true),
                    (B, 1..=1, false),
                    (B, 0x1fe..=0x200, true),
                    (C, 1..=1, false),
                    (C, 2..=4, true),
                ],
            ),
            ("one row", &[(B, 1..=1, true)]),
        ];
        for (what, records) in blocks {
            let whole = block(records);
            assert!(losing(&whole, records).is_empty(), "{what}");
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let losing = losing(&flipped, records);
                assert!(losing.len() <= 1, "{what}: bit {} of byte {}: {losing:?}", bit % 8, bit / 8);
            }
        }
    }
}
