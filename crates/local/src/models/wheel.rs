//! A package's file (a zip archive), of which one file is taken out. Nothing else of it is looked at or run.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use crate::error::LocalError;

/// The longest list of what is in an archive, in bytes.
const MAX_LIST: u64 = 4 << 20;
/// The longest end of an archive: its last record and the comment in it.
const MAX_END: u64 = 22 + 65_535;
const END: [u8; 4] = [b'P', b'K', 5, 6];
const LISTED: [u8; 4] = [b'P', b'K', 1, 2];
const LOCAL: [u8; 4] = [b'P', b'K', 3, 4];
/// What is read and written at once, in bytes.
const AT_ONCE: usize = 256 << 10;

/// Where a file stands in an archive.
#[derive(Debug)]
struct Entry {
    offset: u64,
    /// How long it is there, and how long it becomes.
    packed: u64,
    size: u64,
    is_packed: bool,
}

/// Takes the file of that name out, which must become `size` bytes long, and writes it to `into`.
pub(super) fn take_out(
    archive: &mut File,
    name: &str,
    size: u64,
    into: &mut impl Write,
) -> Result<(), LocalError> {
    let unreadable = |error: io::Error| LocalError::new(format!("the package cannot be read: {error}"));
    let entry = find(archive, name).map_err(unreadable)?;
    let entry = entry.ok_or_else(|| LocalError::new(format!("the package has no {name}")))?;
    if entry.size != size {
        return Err(LocalError::new(format!(
            "{name} has {} bytes in the package, and is known to have {size}",
            entry.size
        )));
    }
    let begins = data_offset(archive, &entry).map_err(unreadable)?;
    archive.seek(SeekFrom::Start(begins)).map_err(unreadable)?;
    let from = archive.take(entry.packed);
    let written = if entry.is_packed { unpack(from, size, into) } else { copy(from, size, into) };
    match written {
        Ok(written) if written == size => Ok(()),
        Ok(written) => {
            Err(LocalError::new(format!("{name} ends at byte {written} of {size} in the package")))
        }
        Err(error) => Err(LocalError::new(format!("{name} cannot be taken out of the package: {error}"))),
    }
}

fn copy(from: impl Read, size: u64, into: &mut impl Write) -> io::Result<u64> {
    io::copy(&mut from.take(size), into)
}

/// Unpacks until `size` bytes are there: an archive may announce less than it holds.
fn unpack(mut from: impl Read, size: u64, into: &mut impl Write) -> io::Result<u64> {
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let (mut packed, mut plain) = (vec![0; AT_ONCE], vec![0; AT_ONCE]);
    let (mut begin, mut end, mut written) = (0, 0, 0_u64);
    loop {
        if begin == end {
            (begin, end) = (0, from.read(&mut packed)?);
        }
        let done = inflate(&mut state, &packed[begin..end], &mut plain, MZFlush::None);
        begin += done.bytes_consumed;
        let left = size - written;
        let take = usize::try_from(left).map_or(done.bytes_written, |left| left.min(done.bytes_written));
        into.write_all(&plain[..take])?;
        written += take as u64;
        match done.status {
            Ok(MZStatus::StreamEnd) => return Ok(written),
            Ok(_) if written == size => return Ok(written),
            Ok(_) if done.bytes_consumed > 0 || done.bytes_written > 0 => {}
            Ok(_) => return Ok(written),
            // More is asked for, or it is damaged.
            Err(miniz_oxide::MZError::Buf) if begin == end && end > 0 => {}
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "what is packed is damaged")),
        }
    }
}

fn find(archive: &mut File, name: &str) -> io::Result<Option<Entry>> {
    let length = archive.seek(SeekFrom::End(0))?;
    let end = bytes_at(archive, length.saturating_sub(MAX_END), length.min(MAX_END))?;
    let Some(at) = end.windows(END.len()).rposition(|window| window == END) else { return Ok(None) };
    let (Some(size), Some(offset)) = (number::<4>(&end, at + 12), number::<4>(&end, at + 16)) else {
        return Ok(None);
    };
    let list = bytes_at(archive, offset, size.min(MAX_LIST))?;
    let mut at = 0;
    while list.get(at..at + 4) == Some(&LISTED) {
        let field = |offset: usize| number::<2>(&list, at + offset);
        let long = |offset: usize| number::<4>(&list, at + offset);
        let (Some(name_length), Some(extra), Some(comment)) = (field(28), field(30), field(32)) else {
            break;
        };
        let name_end = at + 46 + name_length as usize;
        if list.get(at + 46..name_end) == Some(name.as_bytes())
            && let (Some(method), Some(packed), Some(size), Some(offset)) =
                (field(10), long(20), long(24), long(42))
        {
            let is_known = matches!(method, 0 | 8);
            return Ok(is_known.then_some(Entry { offset, packed, size, is_packed: method == 8 }));
        }
        at = name_end + (extra + comment) as usize;
    }
    Ok(None)
}

/// Its bytes stand behind a head of their own, whose length only that head tells.
fn data_offset(archive: &mut File, entry: &Entry) -> io::Result<u64> {
    let head = bytes_at(archive, entry.offset, 30)?;
    match (head.get(..4) == Some(&LOCAL), number::<2>(&head, 26), number::<2>(&head, 28)) {
        (true, Some(name), Some(extra)) => Ok(entry.offset + 30 + name + extra),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "its list does not lead to its files")),
    }
}

fn bytes_at(archive: &mut File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    archive.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A number of so many bytes, the lowest first.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + N)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
