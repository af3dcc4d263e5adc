//! Archives: the container of the engine's tables and lists. Sections, then their names and places, then where those are.
//!
//! The end of the file is `"SFA!" | 1 | 0 | check: u128 | place: u64 | length: u64`, what it points to `"TOC!" | sections: u32`
//! and for each section `place: u64 | length: u64 | name length: u16 | name`. `check` is over the latter. The engine
//! reserves memory for as many sections as it reads, before it compares the check.

use std::ops::Range;

use super::cursor::Cursor;
use crate::digest;

/// Bytes of the end of the file.
pub(crate) const END_LEN: usize = 4 + 1 + 1 + 16 + 8 + 8;
const END_BEGINS: [u8; 6] = *b"SFA!\x01\x00";
const CONTENTS_MAGIC: [u8; 4] = *b"TOC!";

/// What the end of an archive says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveEnd {
    check: u128,
    /// Where names and places of sections stand.
    pub(crate) contents: Range<u64>,
}

/// A section's name and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: Vec<u8>,
    pub(crate) at: Range<u64>,
}

/// Reads the last [`END_LEN`] bytes of an archive of `len` bytes.
pub(crate) fn end(bytes: &[u8], len: u64) -> Option<ArchiveEnd> {
    let mut cursor = Cursor::new(bytes);
    if cursor.array().ok()? != END_BEGINS {
        return None;
    }
    let check = u128::from_le_bytes(cursor.array().ok()?);
    let from = cursor.u64().ok()?;
    let to = from.checked_add(cursor.u64().ok()?)?;
    (to <= len).then_some(ArchiveEnd { check, contents: from..to })
}

/// Reads names and places of sections, if they are as they were written.
pub(crate) fn sections(bytes: &[u8], end: &ArchiveEnd) -> Option<Vec<Section>> {
    if digest::wide(bytes) != end.check {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    if cursor.array().ok()? != CONTENTS_MAGIC {
        return None;
    }
    let count = cursor.u32().ok()?;
    (0..count)
        .map(|_| {
            let from = cursor.u64().ok()?;
            let to = from.checked_add(cursor.u64().ok()?).filter(|to| *to <= end.contents.start)?;
            let name_len = cursor.u16().ok()?;
            Some(Section { name: cursor.take(name_len.into()).ok()?.to_vec(), at: from..to })
        })
        .collect()
}

/// The sections of an archive that is in memory.
pub(crate) fn of(bytes: &[u8]) -> Option<Vec<Section>> {
    let end = end(bytes.last_chunk::<END_LEN>()?, bytes.len() as u64)?;
    sections(slice(bytes, &end.contents)?, &end)
}

/// The bytes of the section of this name.
pub(crate) fn section<'a>(bytes: &'a [u8], sections: &[Section], name: &[u8]) -> Option<&'a [u8]> {
    let section = sections.iter().find(|section| section.name == name)?;
    slice(bytes, &section.at)
}

fn slice<'a>(bytes: &'a [u8], at: &Range<u64>) -> Option<&'a [u8]> {
    bytes.get(usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?)
}
