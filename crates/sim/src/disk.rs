//! The disk, and the writer before it: what is queued, what is written, what would survive.
//!
//! The faults, and why q must survive them: a commit fails and may have reached the disk all the same (a full disk, a
//! dying one: no system tells more); the host dies before or after a commit (kill -9, memory runs out); the power fails
//! (of what was handed over and not synced, the newest part is gone: the journal is written in order); a commit takes
//! long (it happens whenever a step says so).

use std::collections::VecDeque;

use q_core::{Batch, Durability, EntryNo, Record, Seq, SessionId, Stamped};
use q_host::simulation::{CommitNo, CommitReport, GROUP_RECORDS};
use q_store::{ByteRange, MemoryStore, Store, StoreError};

use super::index::Index;
use super::law::{Held, Law};
use super::planted::Planted;
use super::texts;

/// What is on disk survives the host; the queue does not.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// As the host reads it.
    pub(super) store: MemoryStore,
    /// What was written and where it stands.
    pub(super) index: Index,
    batches: Vec<Batch>,
    /// How many of the batches survive the loss of power.
    synced: usize,
    /// How many of the batches the host knows to be written: all but those of a commit that failed.
    known: usize,
    queue: VecDeque<(CommitNo, Batch)>,
    /// The last commit that was confirmed to this host.
    confirmed: u64,
    failed: bool,
    planted: Option<Planted>,
}

/// How the next group fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Written,
    /// It fails, and is on disk.
    FailsWritten,
    /// It fails, and is not.
    FailsLost,
}

impl Disk {
    pub(super) fn new(turn_calls: u32, planted: Option<Planted>) -> Self {
        Self { index: Index::new(turn_calls), planted, ..Self::default() }
    }

    /// Queues a batch for the writer.
    pub(super) fn queue(&mut self, commit: CommitNo, mut batch: Batch) {
        if self.planted == Some(Planted::WritesAnotherHead)
            && let Some(head) = batch.heads.first_mut()
        {
            head.unread += 1;
        }
        if self.planted == Some(Planted::MisfilesResults) {
            for stamped in &mut batch.records {
                if let Record::Resulted { of, .. } = &mut stamped.record {
                    *of = EntryNo(0);
                }
            }
        }
        self.queue.push_back((commit, batch));
    }

    /// How many batches are queued.
    pub(super) fn queued(&self) -> usize {
        if self.failed { 0 } else { self.queue.len() }
    }

    /// How many batches are written.
    pub(super) const fn written(&self) -> usize {
        self.batches.len()
    }

    /// Commits at most `most` batches as one group; gives the writer's report.
    pub(super) fn commit(&mut self, most: usize, fate: Fate) -> Held<Option<CommitReport>> {
        if self.failed {
            return Ok(None);
        }
        if self.planted == Some(Planted::ReportsEarly)
            && let Some((commit, _)) = self.queue.back()
        {
            return Ok(Some(written(*commit)));
        }
        let Some((last, group)) = self.group(most) else { return Ok(None) };
        if fate != Fate::FailsLost {
            self.write(group)?;
        }
        if fate == Fate::Written {
            self.known = self.batches.len();
            self.confirmed = last.0;
            return Ok(Some(written(last)));
        }
        self.failed = true;
        if self.planted == Some(Planted::SwallowsFailures) {
            return Ok(Some(written(last)));
        }
        Ok(Some(CommitReport::Failed(StoreError::Poisoned)))
    }

    /// What the writer takes at once: whole batches, up to a number of records.
    fn group(&mut self, most: usize) -> Option<(CommitNo, Vec<Batch>)> {
        let (mut last, first) = self.queue.pop_front()?;
        let mut records = first.records.len();
        let mut group = vec![first];
        while group.len() < most
            && records < GROUP_RECORDS
            && let Some((commit, batch)) = self.queue.pop_front()
        {
            last = commit;
            records += batch.records.len();
            group.push(batch);
        }
        Some((last, group))
    }

    fn write(&mut self, group: Vec<Batch>) -> Held {
        if self.planted == Some(Planted::WritesTwice) {
            let _first_time = self.store.append(&group);
        }
        let misfit = |error| Law::StoreFits.broken(format!("an append: {error}"));
        match self.planted {
            Some(Planted::CutsForksShort) => {
                self.store.append(&group.iter().map(cut_short).collect::<Vec<_>>())
            }
            Some(Planted::KeepsTheErased) => {
                group.iter().try_for_each(|batch| self.store.append(&[self.without_erasing(batch)]))
            }
            Some(_) | None => self.store.append(&group),
        }
        .map_err(misfit)?;
        self.erased_is_gone(&group)?;
        self.results_are_whole(&group)?;
        let syncs = group.iter().any(|batch| batch.durability == Durability::Synced);
        for batch in group {
            self.index.take(&batch, self.batches.len())?;
            self.batches.push(batch);
        }
        if syncs {
            self.synced = self.batches.len();
        }
        Ok(())
    }

    /// The host dies; what is queued dies with it, except one group that reached the disk just before.
    pub(super) fn lose_host(&mut self, one_more_group: bool) -> Held {
        if one_more_group && !self.failed {
            self.commit(usize::MAX, Fate::Written)?;
        }
        self.begin_again();
        Ok(())
    }

    /// The host ends in good order: the writer writes what it was given.
    pub(super) fn drain(&mut self) -> Held {
        while self.queued() > 0 && self.planted != Some(Planted::ReportsEarly) {
            self.commit(usize::MAX, Fate::Written)?;
        }
        self.begin_again();
        Ok(())
    }

    fn begin_again(&mut self) {
        self.queue.clear();
        self.known = self.batches.len();
        self.confirmed = 0;
        self.failed = false;
    }

    /// The power fails: the newest batches that were not synced are lost, at most `most`. Gives how many were.
    pub(super) fn lose_power(&mut self, most: usize) -> Held<usize> {
        let at_stake = match self.planted {
            Some(Planted::LosesWhatIsSynced) => self.batches.len(),
            _ => self.batches.len() - self.synced,
        };
        let lost = at_stake.min(most);
        if lost > 0 {
            let mut kept = std::mem::take(&mut self.batches);
            kept.truncate(kept.len() - lost);
            (self.store, self.index) = (MemoryStore::new(), self.index.emptied());
            let synced = self.synced.min(kept.len());
            self.write(kept)?;
            self.synced = synced;
        }
        self.known = self.batches.len();
        Ok(lost)
    }

    /// Whether the host knows this commit to be written.
    pub(super) const fn has_confirmed(&self, commit: CommitNo) -> bool {
        commit.0 <= self.confirmed
    }

    /// Whether the host knows the batch at this place to be written, and it survives the loss of power.
    pub(super) fn holds(&self, place: usize) -> bool {
        place < self.synced.min(self.known)
    }

    /// Whether a commit failed since this host started.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Of each result, all that its record says is there.
    fn results_are_whole(&self, group: &[Batch]) -> Held {
        let misfit = |error| Law::StoreFits.broken(format!("a read: {error}"));
        for stamped in group.iter().flat_map(|batch| &batch.records).filter(|one| one.beside() > 0) {
            let (session, entry, text) = (stamped.session, EntryNo(stamped.seq.0), stamped.text());
            if self.store.head(session).map_err(misfit)?.is_some() {
                let from = |from| ByteRange { entry, from, bytes: usize::MAX };
                let all = self.store.result(session, from(0)).map_err(misfit)?;
                let rest = self.store.result(session, from(text.len() as u64)).map_err(misfit)?;
                Law::StoreFits.check(all == text && rest.len() as u64 == stamped.beside(), || {
                    format!("of the result {session}.{entry} there is {all:?} and {rest:?}")
                })?;
                texts::is_at_home(&rest, session, &self.index)?;
            }
        }
        Ok(())
    }

    /// Of what the group erased, nothing is left.
    fn erased_is_gone(&self, group: &[Batch]) -> Held {
        let misfit = |error| Law::StoreFits.broken(format!("a read: {error}"));
        for stamped in group.iter().flat_map(|batch| &batch.records) {
            if matches!(stamped.record, Record::Erased) {
                let session = stamped.session;
                let head = self.store.head(session).map_err(misfit)?;
                let records = self.store.records(session, Seq(0), usize::MAX).map_err(misfit)?;
                let entries = self.transcript(session)?;
                Law::ErasedGone.check(head.is_none() && records.is_empty() && entries.is_empty(), || {
                    format!("of session {session} the store has {head:?} {records:?} {entries:?}")
                })?;
            }
        }
        Ok(())
    }

    /// A planted fault: what erases a session does not.
    fn without_erasing(&self, batch: &Batch) -> Batch {
        let mut batch = batch.clone();
        for stamped in &mut batch.records {
            if matches!(stamped.record, Record::Erased)
                && let Ok(Some(mut head)) = self.store.head(stamped.session)
                && head.seq.next() == stamped.seq
            {
                stamped.record = Record::MarkedUnread;
                head.apply(stamped);
                batch.heads.push(head);
            }
        }
        batch
    }

    /// The records of a session are read back, to be compared with its head.
    pub(super) fn heads_are_replays(&self) -> Held {
        let read = |error: StoreError| Law::StoreFits.broken(format!("a read: {error}"));
        for head in self.store.heads().map_err(read)? {
            let records = self.store.records(head.id, Seq(1), usize::MAX).map_err(read)?;
            let mut replayed = records.first().and_then(q_core::Head::created);
            if let Some(replayed) = &mut replayed {
                records.iter().skip(1).for_each(|record| replayed.apply(record));
            }
            Law::HeadIsReplay.check(replayed.as_ref() == Some(&head), || {
                format!("the head is {head:?}\nits records say {replayed:?}")
            })?;
        }
        Ok(())
    }

    /// The whole transcript of a session, as far as it is written.
    pub(super) fn transcript(&self, session: SessionId) -> Held<Vec<q_core::Entry>> {
        let page = self.store.page(session, None, usize::MAX);
        page.map(|page| page.entries).map_err(|error| Law::StoreFits.broken(format!("a page: {error}")))
    }
}

/// A planted fault: forks begin with nothing.
fn cut_short(batch: &Batch) -> Batch {
    let mut batch = batch.clone();
    for Stamped { record, .. } in &mut batch.records {
        if let Record::Created { fork: Some(fork), .. } = record {
            fork.last = EntryNo(0);
        }
    }
    for fork in batch.heads.iter_mut().filter_map(|head| head.fork.as_mut()) {
        fork.last = EntryNo(0);
    }
    batch
}

const fn written(commit: CommitNo) -> CommitReport {
    CommitReport::UpTo { commit, took: std::time::Duration::ZERO }
}
