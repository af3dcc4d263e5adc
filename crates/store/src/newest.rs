//! Reading back: the records that the newest entries are made of, as far as wanted.
//!
//! An entry may be many records (an answer and its pieces) and may need an older one (a prompt and its text).

use std::collections::BTreeMap;

use q_core::{Body, Entry, EntryNo, Record, Seq, SessionId, Stamped};

use crate::error::StoreError;
use crate::lineage::Lineage;
use crate::log::Log;

/// What a page has of seals at most, in bytes.
const SEALED_BYTES: usize = 1 << 20;

/// How far to read back. At least one entry is read, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TailReach {
    /// Not further than entries of that many bytes.
    AtMost(usize),
    /// Until entries of that many bytes are read.
    AtLeast(usize),
}

/// A record by its place: a session, which may be one whose history a fork took over, and where in its log.
pub(crate) type RecordPlace = (SessionId, Seq);

/// The records of the newest entries.
#[derive(Debug, Default)]
pub(crate) struct Newest {
    /// By place, those that older entries' ranges hold included only where they are needed.
    pub(crate) records: BTreeMap<Seq, Stamped>,
    /// Whether older entries exist.
    pub(crate) trimmed: bool,
    /// The damaged record at which reading stopped. What is newer is whole.
    pub(crate) damaged: Option<RecordPlace>,
}

/// Reads back from `from`. Of drafts only the one at `draft` is of use, of seals the newest ones.
///
/// Damage ends the reading once there is an entry to give, and is an error before.
pub(crate) fn read<L: Log>(
    log: &L,
    session: SessionId,
    from: Seq,
    reach: TailReach,
    draft: Seq,
) -> Result<Newest, StoreError> {
    let mut measure = Measure { reach, weight: 0, first: None, growing: None };
    let mut records = BTreeMap::new();
    let mut texts = BTreeMap::new();
    let mut trimmed = false;
    let mut sealed = 0;
    let mut damaged = None;
    for stamped in Lineage::new(log, session, from)? {
        let stamped = match stamped.and_then(|stamped| with_text(log, stamped, &mut texts)) {
            Ok(stamped) => stamped,
            Err(StoreError::Damaged { session, seq }) if measure.first.is_some() => {
                (trimmed, damaged) = (true, Some((session, seq)));
                break;
            }
            Err(error) => return Err(error),
        };
        if !measure.takes(&stamped, &texts) {
            trimmed = true;
            break;
        }
        let superseded = matches!(stamped.record, Record::Drafted { .. }) && stamped.seq != draft;
        let is_too_much = if let Record::Sealed { seal, .. } = &stamped.record {
            sealed += seal.bytes();
            sealed > SEALED_BYTES
        } else {
            false
        };
        if !superseded && !is_too_much {
            records.insert(stamped.seq, stamped);
        }
    }
    if let (true, Some(first)) = (trimmed, measure.first) {
        // What is older are pieces of an entry that begins out of reach.
        records = records.split_off(&Seq(first.0));
    }
    let needed: Vec<Seq> = records.values().filter_map(text_of).collect();
    records.extend(needed.into_iter().filter_map(|queued| texts.remove_entry(&queued)));
    Ok(Newest { records, trimmed, damaged })
}

/// A record, with the text of its prompt read too where it refers to one.
fn with_text<L: Log>(
    log: &L,
    stamped: Stamped,
    texts: &mut BTreeMap<Seq, Stamped>,
) -> Result<Stamped, StoreError> {
    if let Record::Began { queued, .. } = stamped.record {
        texts.insert(queued, log.record(stamped.session, queued)?);
    }
    Ok(stamped)
}

/// Where the text of the prompt stands that this record puts into the conversation.
fn text_of(stamped: &Stamped) -> Option<Seq> {
    if let Record::Began { queued, .. } = &stamped.record { Some(*queued) } else { None }
}

/// How much was read, in whole entries and the one being read.
#[derive(Debug)]
struct Measure {
    reach: TailReach,
    weight: usize,
    /// The oldest entry that is complete.
    first: Option<EntryNo>,
    /// The answer whose later pieces are read.
    growing: Option<EntryNo>,
}

impl Measure {
    /// Whether this record is still within reach.
    fn takes(&mut self, stamped: &Stamped, texts: &BTreeMap<Seq, Stamped>) -> bool {
        let Some(entry) = stamped.entry() else { return true };
        let text = text_of(stamped).map_or(stamped, |queued| texts.get(&queued).unwrap_or(stamped));
        self.takes_piece(entry, EntryNo(stamped.seq.0), text.readable())
    }

    fn takes_piece(&mut self, entry: EntryNo, own: EntryNo, bytes: usize) -> bool {
        if self.growing != Some(entry) {
            if self.has_enough() {
                return false;
            }
            self.growing = Some(entry);
            self.weight += empty_weight();
        }
        self.weight += bytes;
        if self.has_too_much() {
            return false;
        }
        if own == entry {
            self.first = Some(entry);
            self.growing = None;
        }
        true
    }

    fn has_enough(&self) -> bool {
        match self.reach {
            TailReach::AtLeast(bytes) => self.first.is_some() && self.weight >= bytes,
            TailReach::AtMost(_) => false,
        }
    }

    fn has_too_much(&self) -> bool {
        match self.reach {
            TailReach::AtMost(bytes) => self.first.is_some() && self.weight > bytes,
            TailReach::AtLeast(_) => false,
        }
    }
}

/// What an entry weighs beside its text.
fn empty_weight() -> usize {
    Entry { no: EntryNo(0), at: q_core::WallTime(0), body: Body::Answer(String::new()) }.weight()
}
