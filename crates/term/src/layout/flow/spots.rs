//! Places in a transcript: the row that stands so far below another, and the row in which something looked for stands.

use q_core::EntryNo;

use crate::layout::cache::Cache;
use crate::layout::ended_call::{self, ResultHeader};
use crate::layout::flow::beside::beside;
use crate::layout::flow::{EntryLook, Flow, Spot, mark_block};
use crate::layout::wrap::{Row, clusters};
use crate::pattern::Pattern;

impl Flow<'_, &mut Cache> {
    /// The row that stands so many above that one; the first where there are not so many.
    pub(crate) fn above(&mut self, below: Spot, rows: usize) -> Spot {
        let (mut spot, mut left) = (below, rows);
        while left > spot.row && spot.entry > 0 {
            left -= spot.row;
            spot.entry -= 1;
            spot.row = self.height(spot.entry);
        }
        spot.row = spot.row.saturating_sub(left);
        spot
    }

    /// The row that stands so many below that one; behind the last entry where there are not so many.
    pub(crate) fn below(&mut self, top: Spot, rows: usize) -> Spot {
        let mut spot = Spot { row: top.row + rows, ..top };
        while spot.entry < self.session.entries.len() && spot.row >= self.height(spot.entry) {
            spot.row -= self.height(spot.entry);
            spot.entry += 1;
        }
        spot
    }

    /// How an entry looks now; costs no more than to know its height.
    pub(crate) fn look_of(&mut self, entry: EntryNo) -> Option<EntryLook> {
        let index = self.session.entries.partition_point(|known| known.no < entry);
        let known = self.session.entries.get(index).filter(|known| known.no == entry)?;
        Some(EntryLook { index, bytes: known.text().len(), rows: self.height(index), measure: self.measure })
    }

    /// The row and column where the place of that number in an entry's text stands on the screen. Of what is not shown as it
    /// is written, the row where its block begins.
    pub(crate) fn place_of(
        &mut self,
        entry: EntryNo,
        number: usize,
        pattern: &Pattern,
    ) -> Option<(Spot, usize)> {
        let index = self.session.entries.partition_point(|known| known.no < entry);
        let known = self.session.entries.get(index).filter(|known| known.no == entry)?;
        self.height(index); // lays it out
        let (session, cache) = (self.session, &*self.cache);
        let shape_of = |entry: EntryNo| cache.laid_out(session.summary.id, entry);
        let mark = mark_block((session, &self.folds), self.mark, index, |entry| shape_of(entry.no));
        let shape = shape_of(entry)?;
        let (mut row, mut begin, mut left) = (self.lead(index, known), 0, number);
        let header = ended_call::result_header(known, beside(session, known, &self.folds), self.measure);
        for (block_number, block) in shape.blocks.iter().enumerate() {
            row += usize::from(block_number > 0) + usize::from(mark == Some(block_number));
            let is_last = block_number + 1 == shape.blocks.len();
            let written = known.text().get(begin..block.end).unwrap_or_default();
            let here = if is_last { usize::MAX } else { pattern.places(written).count() };
            if left < here {
                let rows: Vec<_> = block.rows.iter().map(cells).collect();
                let (beneath, column) = match &header {
                    Some(header) => in_result(&rows, header, left, pattern),
                    None => pattern.in_rows(&rows).get(left).map(|place| (place.row, place.column)),
                }
                .unwrap_or_default();
                return Some((Spot { entry: index, row: row + beneath }, column));
            }
            left -= here;
            row += block.rows.len();
            begin = block.end;
        }
        None
    }
}

/// The row and column of a place of a result: its header is `q`'s own, but for the end of the command, which its text begins with.
fn in_result(
    rows: &[Vec<(usize, char)>],
    header: &ResultHeader<'_>,
    number: usize,
    pattern: &Pattern,
) -> Option<(usize, usize)> {
    let Some(beneath) = number.checked_sub(pattern.places(header.said).count()) else {
        return Some((0, 0));
    };
    let place = pattern.in_rows(rows.get(header.rows..)?).get(beneath).copied();
    Some(place.map_or((0, 0), |place| (header.rows + place.row, place.column)))
}

/// The characters of a row, each with its column.
pub(crate) fn cells(row: &Row) -> Vec<(usize, char)> {
    let mut column = 0;
    let mut cells = Vec::new();
    for span in &row.spans {
        for (cluster, width) in clusters(&span.content) {
            cells.extend(cluster.chars().map(|c| (column, c)));
            column += width;
        }
    }
    cells
}
