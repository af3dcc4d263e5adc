//! A session's transcript as one flow of rows: entries, the empty rows between them, the mark of what is new.
//!
//! Rows are addressed by entry and row, so that a scrolled view stays where it is while the end grows.

mod beside;
pub(crate) mod settled;
pub(crate) mod spots;

pub(crate) use beside::{fold_of, is_over};

use std::collections::BTreeSet;
use std::ops::Deref;

use q_core::mirror::Mirrored;
use q_core::{Body, CallOutput, Entry, EntryNo, Mark};

use crate::layout::cache::Cache;
use crate::layout::entry::{EntryFold, EntryLayout};
use crate::layout::flow::beside::{beside, shown_before};
use crate::layout::folds::Folds;
use crate::layout::measure::Measure;
use crate::layout::wrap::Row;
use crate::style::Palette;

/// A session's rows at one measure: measured with a cache that takes up what is looked at, drawn from one that has it.
#[derive(Debug)]
pub(crate) struct Flow<'a, C> {
    pub(crate) session: &'a Mirrored,
    cache: C,
    measure: Measure,
    palette: Palette,
    /// What was seen when the session was switched to; what follows is new.
    mark: Option<Mark>,
    /// Prompts that nothing answered: a row beneath each says so.
    unanswered: BTreeSet<EntryNo>,
    /// Which entries are shown whole.
    folds: Folds,
}

impl<'a> Flow<'a, ()> {
    /// The rows of that session, whose prompts of these numbers nothing answered.
    pub(crate) fn new(
        session: &'a Mirrored,
        (measure, palette): (Measure, Palette),
        mark: Option<Mark>,
        unanswered: BTreeSet<EntryNo>,
    ) -> Self {
        Self { session, cache: (), measure, palette, mark, unanswered, folds: Folds::default() }
    }

    /// The same with these entries whole.
    pub(crate) fn folded(self, folds: Folds) -> Self {
        Self { folds, ..self }
    }

    pub(crate) fn with<C>(self, cache: C) -> Flow<'a, C> {
        let Self { session, cache: (), measure, palette, mark, unanswered, folds } = self;
        Flow { session, cache, measure, palette, mark, unanswered, folds }
    }
}

/// Where a row stands: which entry (by its place in the mirror), which of its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) entry: usize,
    pub(crate) row: usize,
}

/// What the rows of an entry follow from: as long as it is the same, each place in it stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryLook {
    index: usize,
    bytes: usize,
    rows: usize,
    measure: Measure,
}

/// What is in sight: the first row, and how many rows are below the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) top: Spot,
    pub(crate) below: usize,
}

/// Where a session's view stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// At the end, and stays there.
    #[default]
    End,
    /// With this row on top.
    At {
        entry: EntryNo,
        /// Its row in the entry.
        row: usize,
    },
}

/// One row to draw.
pub(crate) enum FlowPiece<'a> {
    Blank,
    Mark,
    Row {
        /// Whether it is the first of its entry.
        first: bool,
        row: &'a Row,
    },
    Unanswered,
}

impl<C> Flow<'_, C> {
    /// Rows before an entry's own: none for the first, none between an answer and its stop, a call and its result, or calls that
    /// are a line each.
    fn lead(&self, index: usize, entry: &Entry) -> usize {
        let (session, folds) = (self.session, &self.folds);
        let here = beside(session, entry, folds);
        if here.has_no_rows() || matches!(entry.body, Body::Stop(_)) {
            return 0;
        }
        let Some(before) = shown_before(session, folds, index) else { return 0 };
        let goes_on = entry.body.of_call().is_some_and(|call| belongs_to(before, call));
        let is_line =
            |entry: &Entry, fold: Option<EntryFold>| fold.is_some() && entry.body.of_call().is_some();
        let in_a_row = is_line(entry, here.fold) && is_line(before, beside(session, before, folds).fold);
        usize::from(!goes_on && !in_a_row)
    }
}

/// Whether an entry is that call, or what it put out.
fn belongs_to(entry: &Entry, call: EntryNo) -> bool {
    entry.no == call || matches!(&entry.body, Body::Output(output) if output.of == call)
}

/// Before which of an entry's blocks the mark stands, if in this entry.
fn mark_block<'s>(
    (session, folds): (&Mirrored, &Folds),
    mark: Option<Mark>,
    index: usize,
    shape: impl FnOnce(&Entry) -> Option<&'s EntryLayout>,
) -> Option<usize> {
    let mark = mark.filter(|mark| mark.entry > EntryNo(0))?;
    let entry = session.entries.get(index)?;
    if entry.no == mark.entry {
        return unseen_block(entry, mark, shape);
    }
    let last = session.entries.get(index.checked_sub(1)?)?;
    if entry.no < mark.entry || beside(session, entry, folds).has_no_rows() {
        return None;
    }
    // What has no rows can have no mark above it: that stands above the next entry that has some.
    let before = if last.no > mark.entry { shown_before(session, folds, index)? } else { last };
    if before.no > mark.entry {
        return None;
    }
    let already = before.no == mark.entry && unseen_block(before, mark, shape).is_some();
    (!already).then_some(0)
}

/// The first block of the marked entry that was not seen to its end.
fn unseen_block<'s>(
    entry: &Entry,
    mark: Mark,
    shape: impl FnOnce(&Entry) -> Option<&'s EntryLayout>,
) -> Option<usize> {
    let (Body::Answer(text) | Body::Thinking(text) | Body::Output(CallOutput { text, .. })) = &entry.body
    else {
        return None;
    };
    let seen = usize::try_from(mark.bytes).unwrap_or(usize::MAX);
    if text.len() <= seen {
        return None;
    }
    let says_more = |end: usize| {
        let unseen = text.as_bytes().get(seen..end).unwrap_or_default();
        unseen.iter().any(|byte| !byte.is_ascii_whitespace())
    };
    shape(entry)?.blocks.iter().position(|block| says_more(block.end))
}

impl<C: Deref<Target = Cache>> Flow<'_, C> {
    /// Calls `draw` for the rows of an entry from `from` on, until it says stop. An entry that was not laid out has none.
    pub(crate) fn rows(&self, index: usize, from: usize, mut draw: impl FnMut(FlowPiece<'_>) -> bool) {
        let Some(entry) = self.session.entries.get(index) else { return };
        let shape_of = |entry: &Entry| self.cache.laid_out(self.session.summary.id, entry.no);
        let lead = self.lead(index, entry);
        let mark = mark_block((self.session, &self.folds), self.mark, index, shape_of);
        let Some(shape) = shape_of(entry) else { return };
        let mut pieces: Vec<FlowPiece<'_>> = Vec::new();
        pieces.extend((0..lead).map(|_| FlowPiece::Blank));
        let mut first = true;
        for (number, block) in shape.blocks.iter().enumerate() {
            if number > 0 {
                pieces.push(FlowPiece::Blank);
            }
            if mark == Some(number) {
                pieces.push(FlowPiece::Mark);
            }
            for row in &block.rows {
                pieces.push(FlowPiece::Row { first, row });
                first = false;
            }
        }
        pieces.extend(self.unanswered.contains(&entry.no).then_some(FlowPiece::Unanswered));
        for piece in pieces.into_iter().skip(from) {
            if !draw(piece) {
                return;
            }
        }
    }
}

impl Flow<'_, &mut Cache> {
    /// Rows of one entry, with the empty one before it and the mark.
    pub(crate) fn height(&mut self, index: usize) -> usize {
        let Some(entry) = self.session.entries.get(index) else { return 0 };
        let (id, measure, palette) = (self.session.summary.id, self.measure, self.palette);
        let lead = self.lead(index, entry);
        let unanswered = usize::from(self.unanswered.contains(&entry.no));
        let (cache, session, folds) = (&mut *self.cache, self.session, &self.folds);
        let mark = mark_block((session, folds), self.mark, index, move |entry| {
            Some(cache.shape(id, (entry, beside(session, entry, folds)), measure, palette))
        });
        let shape = self.cache.shape(id, (entry, beside(session, entry, folds)), measure, palette);
        lead + usize::from(mark.is_some()) + shape.height() + unanswered
    }

    /// What a view of `height` rows shows.
    pub(crate) fn window(&mut self, scroll: Scroll, height: usize) -> Window {
        match scroll {
            Scroll::End => self.end_window(height),
            Scroll::At { entry, row } => {
                let index = self.session.entries.partition_point(|known| known.no < entry);
                let exact = self.session.entries.get(index).is_some_and(|known| known.no == entry);
                let row = if exact { row.min(self.height(index).saturating_sub(1)) } else { 0 };
                let top = Spot { entry: index, row };
                match self.rows_from(top).checked_sub(height) {
                    Some(below) if below > 0 => Window { top, below },
                    Some(_) | None => self.end_window(height),
                }
            }
        }
    }

    /// The calls of which all rows are among the first `rows` in sight.
    pub(crate) fn whole_calls(&mut self, window: Window, rows: usize) -> Vec<EntryNo> {
        let mut whole = Vec::new();
        // Of the first entry some rows are above what is in sight.
        let (mut above, mut used) = (window.top.row, 0);
        for index in window.top.entry..self.session.entries.len() {
            let height = self.height(index);
            used += height.saturating_sub(above);
            if used > rows {
                break;
            }
            let Some(entry) = self.session.entries.get(index) else { break };
            if matches!(entry.body, Body::Call(_)) && above <= self.lead(index, entry) {
                whole.push(entry.no);
            }
            above = 0;
        }
        whole
    }

    /// Whether there are more rows than so many from that one on; no more entries than need be are laid out for it.
    fn has_more_than(&mut self, rows: usize, top: Spot) -> bool {
        let mut gathered = 0;
        (top.entry..self.session.entries.len()).any(|index| {
            gathered += self.height(index);
            gathered > top.row.saturating_add(rows)
        })
    }

    fn rows_from(&mut self, top: Spot) -> usize {
        let all: usize = (top.entry..self.session.entries.len()).map(|index| self.height(index)).sum();
        all.saturating_sub(top.row)
    }

    fn end_window(&mut self, height: usize) -> Window {
        let mut index = self.session.entries.len();
        let mut gathered = 0;
        while gathered < height && index > 0 {
            index -= 1;
            gathered += self.height(index);
        }
        Window { top: Spot { entry: index, row: gathered.saturating_sub(height) }, below: 0 }
    }

    /// Where a view stands after moving by `rows`, down if positive.
    pub(crate) fn moved(&mut self, scroll: Scroll, rows: isize, height: usize) -> Scroll {
        let Window { mut top, .. } = self.window(scroll, height);
        let steps = rows.unsigned_abs();
        if rows < 0 {
            top = self.above(top, steps);
        } else {
            top = self.below(top, steps);
        }
        self.at(top, height)
    }

    /// The view with that row on top, or the end where nothing would be below.
    pub(crate) fn at(&mut self, top: Spot, height: usize) -> Scroll {
        match self.session.entries.get(top.entry) {
            Some(entry) if self.has_more_than(height, top) => Scroll::At { entry: entry.no, row: top.row },
            Some(_) | None => Scroll::End,
        }
    }
}
