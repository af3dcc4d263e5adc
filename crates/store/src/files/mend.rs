//! Mending journals: what is readable of a damaged one is written anew, so that the engine stops nowhere in it.
//!
//! Whole batches stay as they are, byte for byte. Of damaged byte ranges the rows are kept that their envelopes vouch for.
//! Behind the last acknowledged row things are different: after a power cut there stands what was being written, as far
//! as it came. A batch is seen whole or not at all, so nothing is picked from such a range.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use q_core::SessionId;

use super::journal::{self, JournalRow, RowKind};
use super::look::{self, VERSION, VERSION_FILE};
use super::pieces::{self, JournalPiece, Survey};
use crate::anchor::Anchored;
use crate::directory::{self, OURS_ONLY_FILE};
use crate::envelope;
use crate::key::{self, Key};
use crate::quarantine::Quarantine;

const DRAFT: &str = "mended.tmp";

/// What mending found, and what it did about it.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Whether anything but an unfinished last write was wrong.
    pub(crate) was_damaged: bool,
    /// Sessions with rows in the journals: whichever of them may have lost one.
    pub(crate) sessions: BTreeSet<SessionId>,
}

/// Writes the engine's version anew.
pub(crate) fn mend_version(dir: &Path) -> io::Result<()> {
    replace(&dir.join(VERSION_FILE), &VERSION)
}

/// Mends the journals in `dir` that need it, after their bytes were kept aside.
pub(crate) fn mend_journals(
    dir: &Path,
    anchored: Option<&Anchored>,
    quarantine: &Quarantine,
) -> io::Result<Mended> {
    let journals = look::journals(dir)?;
    let newest = journals.last().map(|(number, _)| *number);
    let mut mended = Mended::default();
    let mut after = None;
    for (number, path) in journals {
        if let Survey::Whole(last) = look::survey(&path, after)? {
            mended.note_sessions(&path)?;
            after = last;
            continue;
        }
        let bytes = written(&path)?;
        let torn = Torn::of(&bytes, after, Some(number) == newest, anchored);
        mended.was_damaged |= torn.is_damaged();
        // Of an unfinished last write only its own bytes are kept: all before it stays where it is.
        let kept_from = if torn.is_damaged() { 0 } else { start(torn.pieces.get(torn.damaged_at)) };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        quarantine.keep(&name, bytes.get(kept_from..).unwrap_or_default())?;
        let (content, last) = mend(&bytes, &torn.pieces, torn.settled, &mut mended.sessions);
        replace(&path, &content)?;
        after = last.or(after);
    }
    directory::sync(dir)?;
    Ok(mended)
}

/// Whether nothing is wrong with the journals in `dir` but the unfinished last write of the newest one. Changes nothing.
pub(crate) fn are_merely_unfinished(dir: &Path, anchored: Option<&Anchored>) -> io::Result<bool> {
    let mut journals = look::journals(dir)?;
    let newest = journals.pop();
    let mut after = None;
    for (_, path) in journals {
        match look::survey(&path, after)? {
            Survey::Whole(last) => after = last,
            // Synced in whole before the next one was begun.
            Survey::NotWhole => return Ok(false),
        }
    }
    let Some((_, path)) = newest else { return Ok(true) };
    if let Survey::Whole(_) = look::survey(&path, after)? {
        return Ok(true);
    }
    Ok(!Torn::of(&written(&path)?, after, true, anchored).is_damaged())
}

/// A journal that is not whole.
struct Torn<'a> {
    pieces: Vec<JournalPiece<'a>>,
    /// Pieces from here on were never acknowledged.
    settled: usize,
    /// The first one that is not whole.
    damaged_at: usize,
}

impl<'a> Torn<'a> {
    fn of(bytes: &'a [u8], after: Option<u64>, is_newest: bool, anchored: Option<&Anchored>) -> Self {
        let pieces = pieces::of(bytes, after, is_own);
        // An older journal was synced in whole before the next one was begun.
        let acknowledged = |piece| !is_newest || holds_acknowledged(bytes, piece, anchored);
        let settled = pieces.iter().rposition(acknowledged).map_or(0, |last| last + 1);
        let damaged_at = pieces.iter().position(|piece| !is_whole(piece)).unwrap_or(pieces.len());
        Self { pieces, settled, damaged_at }
    }

    /// Whether more is wrong with it than an unfinished last write.
    const fn is_damaged(&self) -> bool {
        self.damaged_at < self.settled
    }
}

/// The journal without its damage, and the number of its last batch. Pieces from `settled` on were never acknowledged.
fn mend(
    bytes: &[u8],
    pieces: &[JournalPiece<'_>],
    settled: usize,
    sessions: &mut BTreeSet<SessionId>,
) -> (Vec<u8>, Option<u64>) {
    let mut content = Vec::with_capacity(bytes.len());
    let mut last = None;
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            JournalPiece::Whole { at, order } => {
                content.extend_from_slice(bytes.get(at.clone()).unwrap_or_default());
                sessions.extend(rows_of(bytes, piece).iter().filter_map(session_of));
                last = Some(*order);
            }
            JournalPiece::Damaged { rows, order, .. } if place < settled && !rows.is_empty() => {
                // Of several rows with one key the last one counts.
                let rows: BTreeMap<&[u8], JournalRow<'_>> = rows.iter().map(|row| (row.key, *row)).collect();
                let rows: Vec<JournalRow<'_>> = rows.into_values().collect();
                sessions.extend(rows.iter().filter_map(session_of));
                journal::write_batch(*order, &rows, &mut content);
                last = Some(*order);
            }
            // What was never acknowledged ends where the first of it is missing: the rest would stand on nothing.
            JournalPiece::Damaged { .. } if place >= settled => break,
            JournalPiece::Damaged { .. } => {}
        }
    }
    (content, last)
}

fn rows_of<'a>(bytes: &'a [u8], piece: &JournalPiece<'a>) -> Vec<JournalRow<'a>> {
    match piece {
        JournalPiece::Whole { at, .. } => {
            let batch = bytes.get(at.clone()).and_then(|bytes| journal::batch(bytes).ok());
            batch.map(|batch| batch.rows).unwrap_or_default()
        }
        JournalPiece::Damaged { rows, .. } => rows.clone(),
    }
}

fn holds_acknowledged(bytes: &[u8], piece: &JournalPiece<'_>, anchored: Option<&Anchored>) -> bool {
    rows_of(bytes, piece).iter().any(|row| is_acknowledged(row, anchored))
}

fn start(piece: Option<&JournalPiece<'_>>) -> usize {
    match piece {
        Some(JournalPiece::Whole { at, .. } | JournalPiece::Damaged { at, .. }) => at.start,
        None => 0,
    }
}

const fn is_whole(piece: &JournalPiece<'_>) -> bool {
    matches!(piece, JournalPiece::Whole { .. })
}

fn session_of(row: &JournalRow<'_>) -> Option<SessionId> {
    key::read(row.key).map(Key::session)
}

/// Whether the store wrote this row, and it is as it was written.
fn is_own(row: &JournalRow<'_>) -> bool {
    row.kind == RowKind::Value && envelope::is_own(row.key, row.value)
}

/// Whether a row was acknowledged. Without an anchor nobody knows, and it is taken for one that was.
fn is_acknowledged(row: &JournalRow<'_>, anchored: Option<&Anchored>) -> bool {
    let Some(anchored) = anchored else { return true };
    let Some(key) = key::read(row.key) else { return false };
    let Some(end) = anchored.end(key.session()) else { return false };
    match key {
        Key::Record(_, seq) | Key::Blob(_, seq, _) => seq <= end.seq,
        Key::Head(_) => envelope::linked_to(row.value) == Some(end.check),
    }
}

/// A file's bytes up to where they are not zero.
fn written(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = look::read(path)?.unwrap_or_default();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    Ok(bytes)
}

impl Mended {
    fn note_sessions(&mut self, path: &Path) -> io::Result<()> {
        let bytes = look::read(path)?.unwrap_or_default();
        let mut rest = &bytes[..];
        while let Ok(batch) = journal::batch(rest) {
            self.sessions.extend(batch.rows.iter().filter_map(session_of));
            rest = rest.get(batch.len..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Puts content in a file's place at once.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_file_name(DRAFT);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OURS_ONLY_FILE).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}
