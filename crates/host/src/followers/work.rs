//! A follower's thread: what waits for it, made into records without gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;

use q_core::{Record, Seq, SessionId, Stamped};
use q_store::{Store, StoreError};

use super::feed::{Feed, Missed, MissedFrom, Next, cuts};
use super::follower::{Follower, Resume};

/// Records read from the store at once.
const AT_ONCE: u64 = 256;

/// The host is gone.
struct Gone;

/// One follower, and how far it is with each session that it was told of.
pub(super) struct Work<F> {
    follower: F,
    store: Weak<dyn Store>,
    reached: BTreeMap<SessionId, Seq>,
}

impl<F: Follower> Work<F> {
    /// Compares what it has with what is there: what is not there any more it is told at once, what it lacks comes first.
    pub(super) fn resume(follower: F, store: Weak<dyn Store>, feed: &Feed) -> Result<Self, StoreError> {
        let mut work = Self { reached: BTreeMap::new(), follower, store };
        if let (Resume::Behind(reached), Some(store)) = (work.follower.resume(), work.store.upgrade()) {
            work.reached = reached;
            feed.begin_with(work.compare(&*store)?);
        }
        Ok(work)
    }

    fn compare(&mut self, store: &dyn Store) -> Result<Missed, StoreError> {
        let mut ends: BTreeMap<SessionId, Seq> =
            store.heads()?.into_iter().map(|head| (head.id, head.seq)).collect();
        let gone: BTreeSet<SessionId> =
            self.reached.keys().filter(|session| !ends.contains_key(session)).copied().collect();
        for session in gone {
            self.forget(session);
        }
        // Of a log that was cut nobody has been told, what stands behind the cut is other than it was.
        let cuts = store.damage().into_iter().filter(|damage| damage.resumes_at.is_none());
        let kept = cuts.map(|damage| (damage.session, damage.kept_through));
        let ends_and_cuts: Vec<_> = ends.iter().map(|(session, end)| (*session, *end)).chain(kept).collect();
        for (session, end) in ends_and_cuts {
            if self.reached.get(&session).is_some_and(|reached| *reached > end) {
                self.take(session, end.next(), &[]);
            }
        }
        ends.retain(|session, end| self.reached.get(session).is_none_or(|reached| reached < end));
        let beginning = |session| self.reached.get(&session).map_or(Seq(1), |reached| reached.next());
        let sessions = ends
            .into_keys()
            .map(|session| (session, MissedFrom { seq: beginning(session), cut: None }))
            .collect();
        Ok(Missed { sessions, erased: BTreeSet::new() })
    }

    /// Works until the host is gone, or the follower panics.
    pub(super) fn run(mut self, feed: &Feed) {
        let name = self.follower.name();
        let work = || {
            while let Some((next, commits)) = feed.next() {
                let Ok(()) = self.go_on(next) else { break };
                feed.took(commits);
            }
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!(target: "q::host", follower = name, "a follower panicked; it is not told anything more");
        }
        feed.over();
    }

    fn go_on(&mut self, next: Next) -> Result<(), Gone> {
        match next {
            Next::Records(records) => {
                for run in records.chunk_by(|one, other| one.session == other.session) {
                    self.take_run(run)?;
                }
            }
            Next::Missed(Missed { sessions, erased }) => {
                for session in erased {
                    self.forget(session);
                }
                for (session, MissedFrom { seq, cut }) in sessions {
                    let next = self.reached.get(&session).map_or(seq, |reached| reached.next());
                    self.read_on(session, cut.map_or(next, |cut| cut.min(next)), Seq(u64::MAX))?;
                }
            }
        }
        Ok(())
    }

    /// Records of one session, one behind the other. Some may have been read already.
    fn take_run(&mut self, run: &[Stamped]) -> Result<(), Gone> {
        let Some(session) = run.first().map(|stamped| stamped.session) else { return Ok(()) };
        if run.last().is_some_and(|last| last.record == Record::Erased) {
            self.forget(session);
            return Ok(());
        }
        let reached = self.reached.get(&session).copied();
        let is_new =
            |stamped: &Stamped| reached.is_none_or(|reached| reached < stamped.seq) || cuts(&stamped.record);
        let known = run.iter().position(is_new).unwrap_or(run.len());
        let new = run.get(known..).unwrap_or_default();
        let Some(first) = new.first() else { return Ok(()) };
        if let Some(reached) = reached.filter(|reached| reached.next() < first.seq) {
            self.read_on(session, reached.next(), first.seq)?;
        }
        self.take(session, first.seq, new);
        Ok(())
    }

    /// Reads a session's records in the store, up to the one `before`.
    fn read_on(&mut self, session: SessionId, from: Seq, before: Seq) -> Result<(), Gone> {
        let mut behind = Behind { from, before, limit: AT_ONCE };
        while let Some((from, limit)) = behind.wanted() {
            // Not held longer than for one read: the host may want to close it.
            let read = self.store.upgrade().ok_or(Gone)?.records(session, from, limit as usize);
            match behind.read(read) {
                Ok(records) => {
                    if let Some(first) = records.first() {
                        self.take(session, first.seq, &records);
                    }
                }
                Err(error) => {
                    tracing::error!(target: "q::store", %session, %error, follower = self.follower.name(), "a session cannot be followed");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, session: SessionId, from: Seq, records: &[Stamped]) {
        let reached = records.last().map_or(Seq(from.0.saturating_sub(1)), |last| last.seq);
        self.reached.insert(session, reached);
        self.follower.take(session, from, records);
    }

    fn forget(&mut self, session: SessionId) {
        self.reached.remove(&session);
        self.follower.forget(session);
    }
}

/// A session's records that are read one piece after the other. What is damaged is passed by.
struct Behind {
    from: Seq,
    before: Seq,
    /// Records in the next piece.
    limit: u64,
}

impl Behind {
    /// From where the next piece is wanted, and how many records.
    fn wanted(&self) -> Option<(Seq, u64)> {
        let left = self.before.0.saturating_sub(self.from.0);
        (left > 0).then_some((self.from, self.limit.min(left)))
    }

    /// What came of that. An error is one that ends it.
    fn read(&mut self, read: Result<Vec<Stamped>, StoreError>) -> Result<Vec<Stamped>, StoreError> {
        let Some((from, wanted)) = self.wanted() else { return Ok(Vec::new()) };
        match read {
            Ok(records) => {
                self.from = records.last().map_or(self.before, |last| last.seq.next());
                self.limit = AT_ONCE;
                return Ok(records);
            }
            Err(StoreError::Damaged { seq, .. }) if seq == from => {
                (self.from, self.limit) = (from.next(), AT_ONCE);
            }
            Err(StoreError::Damaged { seq, .. }) if seq > from && wanted > 1 => {
                self.limit = (seq.0 - from.0).min(wanted - 1);
            }
            Err(error) => return Err(error),
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_core::WallTime;

    use super::*;

    /// The places that are read of a log that ends at `end`, where these are damaged.
    fn read(end: u64, damaged: &[u64]) -> Result<Vec<u64>, StoreError> {
        let session = SessionId(1);
        let mut behind = Behind { from: Seq(1), before: Seq(u64::MAX), limit: AT_ONCE };
        let mut places = Vec::new();
        while let Some((from, limit)) = behind.wanted() {
            let piece = from.0..(from.0 + limit).min(end + 1);
            let found = match damaged.iter().find(|place| **place == 0 || piece.contains(place)) {
                Some(place) => Err(StoreError::Damaged { session, seq: Seq(*place) }),
                None => Ok(piece.map(|seq| Stamped {
                    session,
                    seq: Seq(seq),
                    at: WallTime(0),
                    record: Record::Woken,
                })),
            };
            places.extend(behind.read(found.map(Iterator::collect))?.iter().map(|stamped| stamped.seq.0));
        }
        Ok(places)
    }

    #[test]
    fn damaged_records_are_passed_by() {
        let last = 2 * AT_ONCE + 3;
        for damaged in [&[][..], &[1], &[last], &[7, 8, 9], &[AT_ONCE, AT_ONCE + 1, AT_ONCE + 5], &[1, 3, 5]]
        {
            let left: Vec<u64> = (1..=last).filter(|place| !damaged.contains(place)).collect();
            assert_eq!(read(last, damaged).unwrap(), left, "{damaged:?}");
        }
        assert!(matches!(read(last, &[0]), Err(StoreError::Damaged { .. })), "its head is");
    }
}
