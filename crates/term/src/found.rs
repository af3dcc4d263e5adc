//! What is being looked for in the session in view: the places at hand, counted entry by entry, and the one that was gone to.

use std::collections::BTreeMap;

use q_core::EntryNo;
use q_core::mirror::Mirrored;

use crate::layout::flow::{self, EntryLook, Spot};
use crate::pattern::Pattern;
use crate::searched;

/// How many of the newest entries are looked at again when something changed: what grows is among them.
const GROWING: usize = 64;
/// How many pages of older entries are asked for at once, one after the other, by one key.
const PAGES: u32 = 64;

/// A place: which of those in an entry, from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlaceInEntry {
    pub(crate) entry: EntryNo,
    pub(crate) number: usize,
}

/// The places in an entry as it was when they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CountedEntry {
    len: usize,
    is_over: bool,
    count: usize,
}

/// A search in one session.
#[derive(Debug, Default)]
pub(crate) struct TranscriptSearch {
    pub(crate) pattern: Option<Pattern>,
    /// That, as it was typed.
    pub(crate) typed: String,
    counts: BTreeMap<EntryNo, CountedEntry>,
    total: usize,
    /// The newest entry in sight when the search began: from there it goes back.
    origin: EntryNo,
    pub(crate) at: Option<PlaceInEntry>,
    /// Where that is on the screen: its row, and the column in it.
    pub(crate) spot: Option<(Spot, usize)>,
    /// For which place that holds, and as long as its entry looks so.
    pub(crate) spot_of: Option<(PlaceInEntry, EntryLook)>,
    /// Before which entry older ones are being waited for, and how many pages more may be asked for.
    older: Option<(EntryNo, u32)>,
    /// Whether older entries are not searched.
    is_partial: bool,
}

impl TranscriptSearch {
    /// Nothing is looked for yet; what is will be looked for from that entry back.
    pub(crate) fn from(origin: EntryNo) -> Self {
        Self { origin, ..Self::default() }
    }

    /// Looks for something else, from the same entry back.
    pub(crate) fn begin(&mut self, session: &Mirrored, typed: String) {
        *self = Self { pattern: Pattern::typed(&typed), typed, ..Self::from(self.origin) };
        self.count(session);
        let behind = PlaceInEntry { entry: EntryNo(self.origin.0.saturating_add(1)), number: 0 };
        self.at = self.before(behind).or_else(|| self.behind(behind));
    }

    /// Counts what is new, what has grown, and what came in front; forgets what is at hand no longer.
    pub(crate) fn count(&mut self, session: &Mirrored) {
        self.is_partial = session.trimmed;
        let Some(first) = session.entries.front().map(|entry| entry.no) else { return };
        while let Some(oldest) = self.counts.first_entry().filter(|oldest| *oldest.key() < first) {
            self.total -= oldest.remove().count;
        }
        let ends = self.counts.first_key_value().zip(self.counts.last_key_value());
        let known = ends.map(|((first, _), (last, _))| (*first, *last));
        let older =
            session.entries.iter().take_while(|entry| known.is_some_and(|(first, _)| entry.no < first));
        let newest = session.entries.iter().rev().enumerate();
        let newer = newest
            .take_while(|(place, entry)| *place < GROWING || known.is_none_or(|(_, last)| entry.no > last));
        for entry in older.chain(newer.map(|(_, entry)| entry)) {
            let (len, is_over) = (entry.body.readable(), flow::is_over(session, entry));
            let before = self.counts.get(&entry.no).copied();
            if before.is_some_and(|before| (before.len, before.is_over) == (len, is_over)) {
                continue;
            }
            let places = |pattern: &Pattern| pattern.places(&searched::text(entry)).count();
            let count = self.pattern.as_ref().filter(|_| !is_over).map_or(0, places);
            self.total = self.total + count - before.map_or(0, |before| before.count);
            self.counts.insert(entry.no, CountedEntry { len, is_over, count });
        }
    }

    /// The last place before that one.
    pub(crate) fn before(&self, place: PlaceInEntry) -> Option<PlaceInEntry> {
        if place.number > 0 {
            return Some(PlaceInEntry { number: place.number - 1, ..place });
        }
        let mut older = self.counts.range(..place.entry).rev().filter(|(_, counted)| counted.count > 0);
        older.next().map(|(entry, counted)| PlaceInEntry { entry: *entry, number: counted.count - 1 })
    }

    /// The first place behind that one, or there.
    fn behind(&self, place: PlaceInEntry) -> Option<PlaceInEntry> {
        let mut newer = self.counts.range(place.entry..).filter(|(_, counted)| counted.count > 0);
        newer.next().map(|(entry, _)| PlaceInEntry { entry: *entry, number: 0 })
    }

    /// The place behind the one that was gone to.
    pub(crate) fn after(&self, place: PlaceInEntry) -> Option<PlaceInEntry> {
        let here = self.counts.get(&place.entry).map_or(0, |counted| counted.count);
        if place.number + 1 < here {
            return Some(PlaceInEntry { number: place.number + 1, ..place });
        }
        self.behind(PlaceInEntry { entry: EntryNo(place.entry.0.saturating_add(1)), number: 0 })
    }

    /// The newest place, or the oldest at hand.
    pub(crate) fn outermost(&self, newest: bool) -> Option<PlaceInEntry> {
        if newest {
            return self.before(PlaceInEntry { entry: EntryNo(u64::MAX), number: 0 });
        }
        self.behind(PlaceInEntry { entry: EntryNo(0), number: 0 })
    }

    /// Where older entries are to be asked for, so that what is older than all that is at hand is found; nothing where no more are
    /// taken.
    pub(crate) fn look_further(&mut self, session: &Mirrored) -> Option<EntryNo> {
        let first = session.entries.front().filter(|_| session.trimmed && !session.is_full())?.no;
        self.older = Some((first, PAGES));
        Some(first)
    }

    /// Whether entries came for which it was waited; then the pages that may be asked for after them.
    pub(crate) fn came(&mut self, session: &Mirrored) -> Option<u32> {
        let (before, left) = self.older?;
        let first = session.entries.front()?.no;
        (first < before || !session.trimmed).then(|| {
            self.older = None;
            left
        })
    }

    /// Whether it is waited for entries that will not come: those at hand begin later by now, so that no page is joined to them.
    pub(crate) fn waits_in_vain(&self, session: &Mirrored) -> bool {
        let first = session.entries.front().map(|entry| entry.no);
        self.older.is_some_and(|(before, _)| first.is_none_or(|first| first > before))
    }

    /// Waits for older entries no more.
    pub(crate) const fn give_up(&mut self) {
        self.older = None;
    }

    /// Waits for the entries before that one, and for so many pages more.
    pub(crate) fn wait_for(&mut self, before: EntryNo, left: u32) {
        self.older = Some((before, left));
    }

    /// `3 of 17`, counted from the newest; `+` says that there may be older ones.
    pub(crate) fn said(&self) -> String {
        let more = if self.is_partial { "+" } else { "" };
        match (self.at, self.older) {
            _ if self.pattern.is_none() => String::new(),
            (_, Some(_)) => "looking further back …".to_owned(),
            (Some(place), None) => {
                let here = self.counts.get(&place.entry).map_or(0, |counted| counted.count);
                let behind = EntryNo(place.entry.0.saturating_add(1));
                let newer: usize = self.counts.range(behind..).map(|(_, counted)| counted.count).sum();
                format!("{} of {}{more}", newer + here.saturating_sub(place.number), self.total)
            }
            (None, None) if self.is_partial => "nothing at hand; Enter looks further back".to_owned(),
            (None, None) => "nothing found".to_owned(),
        }
    }
}
