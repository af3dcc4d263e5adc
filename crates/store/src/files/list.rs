//! Lists: which tables a keyspace consists of, and which of its lists is in force.
//!
//! `current` is `number: u64 | check: u128 | 0`; the list itself is the archive `v<number>`, and `check` is over all of it.
//! The engine writes that check and never compares it, though what a damaged list does not name it deletes. The section
//! `tables` holds levels, in each level runs, in each run tables: `levels: u8`, `runs: u8`, `tables: u32` and
//! `number: u64 | 0 | check: u128 | order: u64`.

use super::archive;
use super::cursor::{Cursor, TooShort};
use crate::digest;

/// What the file `current` says: which version counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) number: u64,
    check: u128,
}

/// A table as a list names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedTable {
    pub(crate) number: u64,
    /// Over the whole file.
    pub(crate) check: u128,
}

/// Reads the file `current`.
pub(crate) fn current(bytes: &[u8]) -> Option<Current> {
    let mut cursor = Cursor::new(bytes);
    let number = cursor.u64().ok()?;
    let check = u128::from_le_bytes(cursor.array().ok()?);
    (cursor.rest() == [0]).then_some(Current { number, check })
}

/// Reads a list, if it is as it was written.
pub(crate) fn tables(bytes: &[u8], current: Current) -> Option<Vec<ListedTable>> {
    if digest::wide(bytes) != current.check {
        return None;
    }
    let sections = archive::of(bytes)?;
    levels(archive::section(bytes, &sections, b"tables")?).ok()
}

fn levels(bytes: &[u8]) -> Result<Vec<ListedTable>, TooShort> {
    let mut cursor = Cursor::new(bytes);
    let mut tables = Vec::new();
    for _level in 0..cursor.byte()? {
        for _run in 0..cursor.byte()? {
            for _table in 0..cursor.u32()? {
                let number = cursor.u64()?;
                cursor.byte()?;
                let check = u128::from_le_bytes(cursor.array()?);
                cursor.u64()?;
                tables.push(ListedTable { number, check });
            }
        }
    }
    Ok(tables)
}
