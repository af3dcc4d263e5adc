//! Pages: a session's entries, some at a time, from the newest back.

use q_core::{Body, Entry, EntryNo, Fault, PlacedSeal, Seals, Seq, SessionId, Transcript, WallTime};

use crate::error::StoreError;
use crate::log::Log;
use crate::newest::{self, RecordPlace, TailReach};

/// Some neighbouring entries of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// What was sealed between them, in order, in turns that ended well: the newest of at most 1 MB. For
    /// agents alone.
    pub seals: Vec<PlacedSeal>,
    /// Whether older ones exist; the next page is the one before the first of these.
    pub trimmed: bool,
}

/// See [`crate::Store::page`]. Also the first damaged record that was met, if one was.
///
/// What is damaged right before the page is passed by: an entry stands there that says so, under its number.
pub(crate) fn read_across<L: Log>(
    log: &L,
    session: SessionId,
    before: Option<EntryNo>,
    bytes: usize,
) -> Result<(Page, Option<RecordPlace>), StoreError> {
    let mut gap: Option<Gap> = None;
    loop {
        let before = gap.as_ref().map_or(before, |gap| Some(EntryNo(gap.first.0)));
        match read(log, session, before, bytes) {
            Err(StoreError::Damaged { session: whose, seq }) if seq > Seq(0) => {
                let place = (whose, seq);
                let known = gap.get_or_insert(Gap { place, first: seq.next(), lost: 0 });
                if known.first <= seq {
                    // Nothing older leads on, whatever is there: it is not this session's history.
                    return Ok((
                        Page { entries: vec![known.entry(WallTime(0))], ..Page::default() },
                        Some(place),
                    ));
                }
                (known.first, known.lost) = (seq, known.lost + 1);
            }
            read => {
                let (mut page, damaged) = read?;
                if let Some(gap) = &gap {
                    let at = page.entries.last().map_or(WallTime(0), |entry| entry.at);
                    page.entries.push(gap.entry(at));
                }
                return Ok((page, gap.map(|gap| gap.place).or(damaged)));
            }
        }
    }
}

/// Neighbouring records that are damaged.
struct Gap {
    /// The newest of them.
    place: RecordPlace,
    /// The place of the oldest.
    first: Seq,
    lost: u64,
}

impl Gap {
    fn entry(&self, at: WallTime) -> Entry {
        let (_, newest) = self.place;
        Entry { no: EntryNo(newest.0), at, body: Body::Repair(Fault::LogCut { lost: Some(self.lost) }) }
    }
}

/// As [`read_across`], but damage right before the page is an error.
pub(crate) fn read<L: Log>(
    log: &L,
    session: SessionId,
    before: Option<EntryNo>,
    bytes: usize,
) -> Result<(Page, Option<RecordPlace>), StoreError> {
    let last = log.last(session)?;
    // An entry has the number of its first record, so whatever is older than that is older than the entry.
    let from = before.map_or(last, |before| Seq(before.0.saturating_sub(1)).min(last));
    let newest = newest::read(log, session, from, TailReach::AtMost(bytes), Seq(0))?;
    let mut transcript = Transcript::default();
    let mut seals = Seals::default();
    for stamped in newest.records.into_values() {
        transcript.apply(&stamped);
        seals.take(stamped);
    }
    let (entries, seals) = (transcript.entries().cloned().collect(), seals.into_whole());
    let page = Page { entries, seals, trimmed: newest.trimmed };
    Ok((page, newest.damaged))
}
