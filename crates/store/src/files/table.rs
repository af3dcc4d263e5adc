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

use super::archive;
use super::cursor::{Cursor, TooShort};
use super::journal::Kind;
use crate::digest;

const MAGIC: [u8; 4] = *b"LSM\x03";
const HEADER_LEN: usize = 4 + 1 + 16 + 4 + 4 + 4;
const ROWS: u8 = 0;
const LAST_ROW: u8 = 255;
const TRAILER_LEN: usize = 31;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) key: Vec<u8>,
    pub(crate) value: &'a [u8],
    pub(crate) kind: Kind,
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

/// Every row of the blocks that are whole, and of the others those that `is_own` vouches for by key and value.
pub(crate) fn rows(bytes: &[u8], is_own: impl Fn(&[u8], &[u8]) -> bool) -> impl Iterator<Item = Row<'_>> {
    let mut last_key = Vec::new();
    blocks(bytes).filter(|block| block.holds_rows).flat_map(move |block| {
        let rows = if block.is_whole { rows_of(block.data) } else { strays(block.data, &last_key, &is_own) };
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
        let (stretch, behind) = rest.split_at_checked(next.unwrap_or(rest.len()))?;
        rest = behind;
        Some(Block { data: stretch.get(HEADER_LEN..).unwrap_or_default(), holds_rows: true, is_whole: false })
    })
}

fn rows_of(data: &[u8]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    if let Some((interval, starts)) = starts(data) {
        for start in starts {
            rows_sharing_a_key(data.get(start..).unwrap_or_default(), interval, &mut rows);
        }
    }
    rows
}

/// Rows in a block with damaged bytes, found wherever they begin. Keys are made whole with any that is known nearby: a
/// wrong one gives a row that nothing vouches for. What says that a row is gone is vouched for by nothing.
fn strays<'a>(data: &'a [u8], nearby: &[u8], is_own: &impl Fn(&[u8], &[u8]) -> bool) -> Vec<Row<'a>> {
    let vouched = |row: &Row<'_>| row.kind == Kind::Value && is_own(&row.key, row.value);
    let mut keys = vec![nearby.to_vec()];
    // Those that the block itself names: also of rows that are gone, which share theirs with others.
    let named = starts(data).map(|(_, starts)| starts).unwrap_or_default();
    keys.extend(named.into_iter().filter_map(|at| {
        let (_, row) = row(&mut Cursor::new(data.get(at..)?), None).ok()??;
        Some(row.key)
    }));
    keys.extend((0..data.len()).filter_map(|at| {
        let (_, row) = row(&mut Cursor::new(data.get(at..)?), None).ok()??;
        vouched(&row).then_some(row.key)
    }));
    let mut rows = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let whole_keys = std::iter::once(None).chain(keys.iter().map(|key| Some(&key[..])));
        let found = whole_keys.into_iter().find_map(|whole_key| {
            let mut cursor = Cursor::new(rest);
            let (_, row) = row(&mut cursor, whole_key).ok()??;
            vouched(&row).then_some((row, rest.len() - cursor.rest().len()))
        });
        let len = found.as_ref().map_or(1, |(_, len)| *len);
        rows.extend(found.map(|(row, _)| row));
        rest = rest.get(len..).unwrap_or_default();
    }
    rows
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
fn rows_sharing_a_key<'a>(data: &'a [u8], interval: u8, rows: &mut Vec<Row<'a>>) {
    let mut cursor = Cursor::new(data);
    let mut whole_key = None;
    for _ in 0..interval {
        let Ok(Some((own, row))) = row(&mut cursor, whole_key) else { return };
        whole_key.get_or_insert(own);
        rows.push(row);
    }
}

/// The next row, and what is written out of its key. `whole_key` is what it may share with.
fn row<'a>(
    cursor: &mut Cursor<'a>,
    whole_key: Option<&[u8]>,
) -> Result<Option<(&'a [u8], Row<'a>)>, TooShort> {
    let kind = match cursor.byte()? {
        0 => Kind::Value,
        1 | 2 => Kind::Gone,
        LAST_ROW => return Ok(None),
        _ => Kind::Foreign,
    };
    let order = cursor.varint()?;
    let alike = match whole_key {
        Some(whole_key) => whole_key.get(..cursor.varint()? as usize).ok_or(TooShort)?,
        None => &[],
    };
    let own_len = cursor.varint()?;
    let own = cursor.take(own_len as usize)?;
    let value = match kind {
        Kind::Value | Kind::Foreign => {
            let value_len = cursor.varint()?;
            cursor.take(value_len as usize)?
        }
        Kind::Gone => &[],
    };
    Ok(Some((own, Row { key: [alike, own].concat(), value, kind, order })))
}
