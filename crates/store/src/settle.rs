//! Settling: what of one session's log is to be believed, and what becomes of it.
//!
//! Evidence is the rows that can be read, the head's row, and what the anchor says was acknowledged. Nothing that is linked
//! to the session's acknowledged end is given up for damage before it; where the end itself is damaged, the log is cut at
//! the last record that is linked to the first. Not here: reading rows, writing what was decided.

use q_core::{Head, Seq, SessionId};

use crate::damage::Damage;
use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::{result, wire};

/// Neighbouring records, each linked to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    from: Seq,
    to: Seq,
    /// The last one's check.
    check: u64,
    /// What the first one is linked to.
    prev: u64,
}

/// A session as it was after one of its records.
#[derive(Clone, Debug)]
struct Checkpoint {
    head: Head,
    end: LogEnd,
}

/// What must stand beside a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    pub(crate) seq: Seq,
    pub(crate) check: u64,
    /// The first byte of its result that stands there.
    pub(crate) from: u64,
    /// The byte behind the last one.
    pub(crate) end: u64,
}

/// What a session's readable rows amount to.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Blobs that must be there.
    pub(crate) blobs: Vec<Beside>,
    runs: Vec<Run>,
    /// After the first run, if that begins with the session's creation.
    state: Option<Checkpoint>,
    /// Before the last record of that run.
    before: Option<Checkpoint>,
    /// The check of the record at the acknowledged end, if one can be read there.
    at_anchor: Option<u64>,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: all is as it was written.
    Whole(LogEnd),
    /// Nothing but to tell: the session goes on, with something missing before its end.
    Told(LogEnd, Damage),
    /// It was erased: what is there of it goes, and is nobody's loss.
    Erased,
    /// The log ends here, with this head; nothing behind it is kept. No head: nothing of the session is left.
    Cut(LogEnd, Option<Box<Head>>, Option<Damage>),
}

impl Run {
    const fn len(&self) -> u64 {
        self.to.0 + 1 - self.from.0
    }
}

impl Verdict {
    /// As decided of the records alone, when the blobs beside these ones are not as they were written. Where the log ends
    /// before them they are lost with their records.
    pub(crate) fn without(self, blobs: impl IntoIterator<Item = Seq>, session: SessionId) -> Self {
        let (Self::Whole(end) | Self::Told(end, _) | Self::Cut(end, ..)) = self else { return self };
        let gone: Vec<Seq> = blobs.into_iter().filter(|seq| *seq <= end.seq).collect();
        let (Some(first), Some(last)) = (gone.first(), gone.last()) else { return self };
        let alone = Damage {
            session,
            kept_through: Seq(first.0.saturating_sub(1)),
            resumes_at: Some(last.next()),
            lost: Some(gone.len() as u64),
            quarantine: None,
        };
        match self {
            Self::Whole(end) => Self::Told(end, alone),
            Self::Told(end, damage) => Self::Told(end, damage.and(alone)),
            Self::Cut(end, head, Some(damage)) => Self::Cut(end, head, Some(damage.and(alone))),
            Self::Cut(end, head, None) => Self::Cut(end, head, Some(alone)),
            Self::Erased => Self::Erased,
        }
    }

    /// What is to be told.
    pub(crate) fn into_damage(self) -> Option<Damage> {
        match self {
            Self::Whole(_) | Self::Erased => None,
            Self::Told(_, damage) => Some(damage),
            Self::Cut(_, _, damage) => damage,
        }
    }
}

/// Reads a session's rows in order, those that can be read.
pub(crate) fn walk<V: AsRef<[u8]>>(
    session: SessionId,
    anchored: Option<LogEnd>,
    rows: impl Iterator<Item = Result<(Seq, V), StoreError>>,
) -> Result<Walk, StoreError> {
    let mut walk = Walk::default();
    for row in rows {
        let (seq, value) = row?;
        let opened = match envelope::open(session, seq, value.as_ref()) {
            Ok(opened) => opened,
            Err(StoreError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        if anchored.is_some_and(|end| end.seq == seq) {
            walk.at_anchor = Some(opened.check);
        }
        let stamped = wire::decode_record(session, seq, opened.payload);
        if let Ok(stamped) = &stamped
            && stamped.beside() > 0
        {
            let from = stamped.text().len() as u64;
            walk.blobs.push(Beside { seq, check: opened.check, from, end: result::end(stamped) });
        }
        let end = LogEnd { seq, check: opened.check };
        match walk.runs.last_mut() {
            Some(run) if run.to.next() == seq && run.check == opened.prev => {
                (run.to, run.check) = (seq, opened.check);
                if walk.runs.len() == 1 && walk.state.is_some() {
                    walk.before.clone_from(&walk.state);
                    if let Some(state) = &mut walk.state {
                        state.head.apply(&stamped?);
                        state.end = end;
                    }
                }
            }
            Some(_) | None => {
                if walk.runs.is_empty() && (seq > Seq(1) || opened.prev == 0) {
                    let head = Head::created(&stamped?);
                    walk.state = head.map(|head| Checkpoint { head, end });
                }
                walk.runs.push(Run { from: seq, to: seq, check: opened.check, prev: opened.prev });
            }
        }
    }
    Ok(walk)
}

impl Walk {
    /// The session after the records that are linked to its first one.
    ///
    /// The last of them is not believed if the run that leads to the session's end follows it and is linked to another:
    /// it is whole, but of another time.
    fn beginning(&self, ending: Option<&Run>) -> Option<&Checkpoint> {
        let state = self.state.as_ref()?;
        match ending {
            Some(run) if run.from == state.end.seq.next() && run.prev != state.end.check => {
                self.before.as_ref()
            }
            Some(_) | None => Some(state),
        }
    }

    /// The run that leads to the session's end, where that can be told.
    fn ending(&self, anchored: Option<LogEnd>, head: Option<LogEnd>) -> Option<&Run> {
        let acknowledged = |run: &&Run| {
            self.is_what_was_acknowledged(anchored)
                && anchored.is_some_and(|end| (run.from..=run.to).contains(&end.seq))
        };
        let named = |run: &&Run| head.is_some_and(|end| run.to == end.seq && run.check == end.check);
        self.runs.iter().find(named).or_else(|| self.runs.iter().find(acknowledged))
    }

    /// Decides. `head` is the head's row, if it can be read, with the end it names; `serves` says whether the session can
    /// go on from it with what is readable.
    pub(crate) fn judge(
        &self,
        session: SessionId,
        anchored: Option<LogEnd>,
        head: Option<(&Head, LogEnd)>,
        serves: impl FnOnce(&Head) -> bool,
    ) -> Verdict {
        let damage = |kept_through, resumes_at, lost| Damage {
            session,
            kept_through,
            resumes_at,
            lost,
            quarantine: None,
        };
        let acknowledged = anchored.map_or(Seq(0), |end| end.seq);
        let named = head.map(|(_, end)| end).filter(|end| end.seq >= acknowledged);
        let ending = self.ending(anchored, named);
        let beginning = self.beginning(ending);
        let kept_through = beginning.map_or(Seq(0), |state| state.end.seq);
        // A fork's records are numbered on from its parent's.
        let of_others = |head: &Head| head.fork.map_or(0, |fork| fork.through.0);
        let inherited = match (beginning, head) {
            (Some(state), _) => of_others(&state.head),
            (None, Some((head, _))) => of_others(head),
            (None, None) => 0,
        };
        let reached = |end: LogEnd| ending.is_some_and(|run| run.to == end.seq && run.check == end.check);
        if let Some((head, end)) = head.filter(|(_, end)| named.is_some() && reached(*end))
            && let Some(run) = ending
        {
            if beginning.is_some() && self.runs.first() == Some(run) {
                return if self.is_what_was_acknowledged(anchored) {
                    Verdict::Whole(end)
                } else {
                    Verdict::Told(end, damage(end.seq, None, None))
                };
            }
            if serves(head) {
                let readable: u64 = self.runs.iter().filter(|other| other.to <= run.to).map(Run::len).sum();
                let lost = end.seq.0.saturating_sub(inherited + readable).max(1);
                return Verdict::Told(end, damage(kept_through, Some(run.from), Some(lost)));
            }
        }
        let expected = match anchored {
            Some(end) => end.seq,
            None => named.map_or(Seq(0), |end| end.seq).max(self.runs.last().map_or(Seq(0), |run| run.to)),
        };
        let told = if kept_through < expected {
            Some(damage(kept_through, None, Some(expected.0.saturating_sub(kept_through.0.max(inherited)))))
        } else if self.is_what_was_acknowledged(anchored) {
            None
        } else {
            Some(damage(kept_through, None, None))
        };
        let end = beginning.map(|state| state.end).unwrap_or_default();
        Verdict::Cut(end, beginning.map(|state| Box::new(state.head.clone())), told)
    }

    /// Whether the record at the acknowledged end is the one that was acknowledged, as far as it can be read.
    fn is_what_was_acknowledged(&self, anchored: Option<LogEnd>) -> bool {
        anchored.zip(self.at_anchor).is_none_or(|(end, found)| end.check == found)
    }
}
