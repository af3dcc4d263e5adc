//! Which rows of a transcript no growth changes any more: those can be written where nothing is painted again.

use q_core::{Body, Entry, EntryNo};

use crate::layout::block::Block;
use crate::layout::cache::Cache;
use crate::layout::entry::EntryLayout;
use crate::layout::flow::{Flow, Spot, beside, mark_block};
use crate::layout::wrap::{RowEnd, row_end};

/// How far behind a call its result is looked for: calls run together, but no more than 64.
const NEAR: usize = 256;
/// What begins code that goes on until the same stands again.
const FENCES: [&str; 2] = ["```", "~~~"];

/// A place in a transcript at any width: so many blocks of an entry, and of the next one so many lines of code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SettledTo {
    pub(crate) entry: EntryNo,
    pub(crate) blocks: usize,
    pub(crate) lines: usize,
}

/// How much of an entry stays as it is.
enum Settled {
    All,
    /// It is an answer that grows.
    Some,
    Nothing,
}

impl Flow<'_, &mut Cache> {
    /// Up to where the transcript stays as it is, however it goes on.
    pub(crate) fn settled(&mut self, from: SettledTo) -> SettledTo {
        let session = self.session;
        let entries = &session.entries;
        let first = entries.partition_point(|known| known.no < from.entry);
        let mut to = from;
        for (index, entry) in entries.iter().enumerate().skip(first) {
            match self.settles(index, entry) {
                // What nothing answers is said beneath a prompt once something else follows it.
                Settled::All if index + 1 < entries.len() => {
                    to = SettledTo { entry: EntryNo(entry.no.0 + 1), blocks: 0, lines: 0 };
                }
                Settled::All => {
                    self.height(index);
                    let blocks = self.shape(entry).map_or(0, |shape| shape.blocks.len());
                    return SettledTo { entry: entry.no, blocks, lines: 0 };
                }
                Settled::Some => {
                    self.height(index);
                    let Some(shape) = self.shape(entry) else { return to };
                    let blocks = shape.closed(entry.text());
                    let lines = shape.blocks.get(blocks).map_or(0, |open| {
                        let is_last = blocks + 1 == shape.blocks.len();
                        let begin = blocks.checked_sub(1).and_then(|before| shape.blocks.get(before));
                        let written = entry.text().get(begin.map_or(0, |before| before.end)..);
                        if is_last { lines_of_code(open, written.unwrap_or_default()) } else { 0 }
                    });
                    return to.max(SettledTo { entry: entry.no, blocks, lines });
                }
                Settled::Nothing => return to,
            }
        }
        to
    }

    /// The row at that place.
    pub(crate) fn row_at(&mut self, place: SettledTo) -> Spot {
        let session = self.session;
        let index = session.entries.partition_point(|known| known.no < place.entry);
        let Some(entry) = session.entries.get(index).filter(|known| known.no == place.entry) else {
            return Spot { entry: index, row: 0 };
        };
        if (place.blocks, place.lines) == (0, 0) {
            return Spot { entry: index, row: 0 };
        }
        let height = self.height(index);
        let mark = mark_block((self.session, &self.folds), self.mark, index, |entry| self.shape(entry));
        let Some(shape) = self.shape(entry) else { return Spot { entry: index, row: 0 } };
        let whole: usize = shape.blocks.iter().take(place.blocks).map(|block| block.rows.len()).sum();
        let part = shape.blocks.get(place.blocks).filter(|_| place.lines > 0);
        let into = part.map_or(0, |open| usize::from(place.blocks > 0) + rows_of(open, place.lines));
        // An empty row stands between any two of them.
        let between = place.blocks.saturating_sub(1);
        let reached = place.blocks + usize::from(place.lines > 0);
        let marked = usize::from(mark.is_some_and(|block| block < reached));
        let row = self.lead(index, entry) + whole + between + into + marked;
        Spot { entry: index, row: row.min(height) }
    }

    /// The row of the first thing that was new when the session was switched to; behind the last one where nothing was.
    pub(crate) fn first_new(&mut self) -> Spot {
        let session = self.session;
        let entries = &session.entries;
        let behind = Spot { entry: entries.len(), row: 0 };
        let Some(mark) = self.mark else { return behind };
        let index = entries.partition_point(|known| known.no < mark.entry);
        let Some(entry) = entries.get(index) else { return behind };
        if entry.no != mark.entry {
            return Spot { entry: index, row: 0 };
        }
        self.height(index);
        let block = mark_block((self.session, &self.folds), self.mark, index, |entry| self.shape(entry));
        match block {
            Some(blocks) => self.row_at(SettledTo { entry: entry.no, blocks, lines: 0 }),
            None => Spot { entry: index + 1, row: 0 },
        }
    }

    /// How many rows stand from one place to another behind it.
    pub(crate) fn rows_between(&mut self, from: Spot, to: Spot) -> usize {
        let whole: usize = (from.entry..to.entry).map(|index| self.height(index)).sum();
        (whole + to.row).saturating_sub(from.row)
    }

    fn shape(&self, entry: &Entry) -> Option<&EntryLayout> {
        self.cache.laid_out(self.session.summary.id, entry.no)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is said is said at once")]
    fn settles(&self, index: usize, entry: &Entry) -> Settled {
        let entries = &self.session.entries;
        let is_over = !self.session.summary.activity.is_busy();
        let has_ended = is_over || index + 1 < entries.len();
        let is_all = match &entry.body {
            Body::Answer(_) if !has_ended => return Settled::Some,
            Body::Answer(_) | Body::Thinking(_) => has_ended,
            // One that waits for the person is in sight until it is answered.
            Body::Call(_) => is_over || self.has_result(index, entry.no),
            Body::Output(output) => is_over || self.has_result(index, output.of),
            _ => true,
        };
        let is_over_for_others = beside(self.session, entry, &self.folds).is_over;
        if is_all || is_over_for_others { Settled::All } else { Settled::Nothing }
    }

    fn has_result(&self, index: usize, call: EntryNo) -> bool {
        let mut near = self.session.entries.iter().skip(index).take(NEAR);
        near.any(|later| matches!(&later.body, Body::Result(result) if result.of == call))
    }
}

/// The lines of a block of code that has not ended which stay as they are: all but the last, and but the empty ones before it.
fn lines_of_code(block: &Block, written: &str) -> usize {
    let written = written.trim_start_matches(['\n', '\r']);
    let (begin, _) = written.split_once('\n').unwrap_or((written, ""));
    let begin = begin.trim_start_matches(' ');
    // What has backticks behind those that begin it is a paragraph.
    let is_code = |fence: &str| begin.starts_with(fence) && !begin.trim_start_matches('`').contains('`');
    if !FENCES.into_iter().any(is_code) {
        return 0;
    }
    let ends = |row: &&crate::layout::wrap::Row| row_end(row) == RowEnd::Line;
    let lines = block.rows.iter().filter(ends).count();
    let empty = written.trim_end_matches(['\n', '\r', ' ', '\t']).len();
    let last = written.get(empty..).unwrap_or_default().matches('\n').count();
    lines.saturating_sub(last.max(1))
}

/// The rows of so many lines of a block.
fn rows_of(block: &Block, lines: usize) -> usize {
    let ends = block.rows.iter().enumerate().filter(|(_, row)| row_end(row) == RowEnd::Line);
    ends.map(|(row, _)| row + 1).take(lines).last().unwrap_or(0)
}
