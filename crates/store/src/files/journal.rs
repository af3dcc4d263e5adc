//! The journal: batches of rows one after the other, as the engine writes them before anything else.
//!
//! `1 | rows: u32 | order: u64`, then each row, then `3 | check: u64 | "FJL\x03"`, where `check` is over the rows and not
//! over the first part. A row is `2 | kind | compression | keyspace: u64 | key length: u16 | value length: u32 | stored
//! length: u32 | key | value`, a cleared keyspace `4 | keyspace: u64`. All numbers are little-endian. After the last
//! batch the file ends, or goes on with zeros.
//!
//! The engine stops at the first byte that it does not understand and cuts the rest off. Here the rest is looked at.

use super::cursor::{Cursor, TooShort};
use crate::digest;

const START: u8 = 1;
const ROW: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const END_MAGIC: [u8; 4] = *b"FJL\x03";
const UNCOMPRESSED: u8 = 0;
const COMPRESSED: u8 = 1;
/// The greatest kind of a row known to the engine.
const LAST_KIND: u8 = 4;
/// Batches are numbered by one counter that grows by little: one that leaps this far was not written so.
const LEAP: u64 = 1 << 31;
/// No counter comes this far.
const BEYOND: u64 = 1 << 62;

/// A batch of which the end was found as well.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JournalBatch<'a> {
    /// Greater than that of every batch before it.
    pub(crate) order: u64,
    pub(crate) rows: Vec<JournalRow<'a>>,
    pub(crate) len: usize,
}

/// A row to write, or a mark that one is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JournalRow<'a> {
    pub(crate) keyspace: u64,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) kind: RowKind,
}

/// What a row says of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// This is its value.
    Value,
    /// It has none any longer.
    Gone,
    /// Something that the store never writes.
    Foreign,
}

/// Why no whole batch stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBatch {
    /// Bytes are missing, as far as it is known.
    Short,
    /// No further bytes could make it whole.
    Broken,
}

/// Whether a batch with the number `order` can come after one with the number `after`.
pub(crate) const fn follows(after: Option<u64>, order: u64) -> bool {
    match after {
        Some(after) => after < order && order - after < LEAP,
        None => order < BEYOND,
    }
}

impl From<TooShort> for NoBatch {
    fn from(TooShort: TooShort) -> Self {
        Self::Short
    }
}

/// The number of rows and of the batch that begins here.
fn opening(cursor: &mut Cursor<'_>) -> Result<(u32, u64), NoBatch> {
    if cursor.byte()? != START {
        return Err(NoBatch::Broken);
    }
    Ok((cursor.u32()?, cursor.u64()?))
}

/// What follows a row's tag.
fn row<'a>(cursor: &mut Cursor<'a>) -> Result<JournalRow<'a>, NoBatch> {
    let kind = cursor.byte()?;
    let compression = cursor.byte()?;
    if kind > LAST_KIND || compression > COMPRESSED {
        return Err(NoBatch::Broken);
    }
    let keyspace = cursor.u64()?;
    let key_len = cursor.u16()?;
    let value_len = cursor.u32()?;
    let stored_len = cursor.u32()?;
    if compression == UNCOMPRESSED && stored_len != value_len {
        return Err(NoBatch::Broken);
    }
    let key = cursor.take(key_len.into())?;
    let value = cursor.take(stored_len as usize)?;
    let kind = match kind {
        0 if compression == UNCOMPRESSED => RowKind::Value,
        1 => RowKind::Gone,
        _ => RowKind::Foreign,
    };
    Ok(JournalRow { keyspace, key, value, kind })
}

/// The number of rows and of the batch that begins with the first byte of `bytes`, whatever follows.
pub(crate) fn beginning(bytes: &[u8]) -> Result<(u32, u64), NoBatch> {
    opening(&mut Cursor::new(bytes))
}

/// The batch at the beginning of `bytes`. Its number is covered by no check: see [`follows`].
pub(crate) fn batch(bytes: &[u8]) -> Result<JournalBatch<'_>, NoBatch> {
    let mut cursor = Cursor::new(bytes);
    let (count, order) = opening(&mut cursor)?;
    let rows_at = cursor.rest();
    let mut rows = Vec::new();
    for _ in 0..count {
        match cursor.byte()? {
            ROW => rows.push(row(&mut cursor)?),
            CLEAR => {
                cursor.u64()?;
            }
            _ => return Err(NoBatch::Broken),
        }
    }
    let checked = &rows_at[..rows_at.len() - cursor.rest().len()];
    if cursor.byte()? != END {
        return Err(NoBatch::Broken);
    }
    let is_whole = cursor.u64()? == digest::of(&[checked]) && cursor.array()? == END_MAGIC;
    if !is_whole {
        return Err(NoBatch::Broken);
    }
    Ok(JournalBatch { order, rows, len: bytes.len() - cursor.rest().len() })
}

/// The row that begins with the first byte of `bytes`, tag and all, whatever stands around it; and its length.
pub(crate) fn lone_row(bytes: &[u8]) -> Option<(JournalRow<'_>, usize)> {
    let mut cursor = Cursor::new(bytes);
    let row = (cursor.byte() == Ok(ROW)).then(|| row(&mut cursor).ok()).flatten()?;
    Some((row, bytes.len() - cursor.rest().len()))
}

/// Appends a batch as the engine would write it.
pub(crate) fn write_batch(order: u64, rows: &[JournalRow<'_>], out: &mut Vec<u8>) {
    out.push(START);
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    out.extend_from_slice(&order.to_le_bytes());
    let rows_at = out.len();
    for row in rows {
        let kind = match row.kind {
            RowKind::Value => 0,
            RowKind::Gone | RowKind::Foreign => 1,
        };
        let value_len = (row.value.len() as u32).to_le_bytes();
        out.extend_from_slice(&[ROW, kind, UNCOMPRESSED]);
        out.extend_from_slice(&row.keyspace.to_le_bytes());
        out.extend_from_slice(&(row.key.len() as u16).to_le_bytes());
        out.extend_from_slice(&value_len);
        out.extend_from_slice(&value_len);
        out.extend_from_slice(row.key);
        out.extend_from_slice(row.value);
    }
    let check = digest::of(&[&out[rows_at..]]);
    out.push(END);
    out.extend_from_slice(&check.to_le_bytes());
    out.extend_from_slice(&END_MAGIC);
}
