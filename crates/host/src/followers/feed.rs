//! What waits for one follower: records, or only where it was told nothing from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use q_core::{Fault, Record, Seq, SessionId, Stamped};

/// How much may wait for one follower, in bytes; it reads what comes then in the store.
pub(super) const WAITING_BYTES: usize = 1 << 20;

/// Between the writer, who must not wait, and one follower.
#[derive(Debug, Default)]
pub(super) struct Feed {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Arc<Vec<Stamped>>>,
    bytes: usize,
    /// What does not wait any more, and comes before what does.
    missed: Missed,
    /// Commits put here, and those that were taken in.
    put: u64,
    taken: u64,
    /// Nothing more is put here.
    is_closed: bool,
    /// Nothing more is taken.
    is_over: bool,
}

/// What a follower was not told.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) sessions: BTreeMap<SessionId, MissedFrom>,
    pub(super) erased: BTreeSet<SessionId>,
}

/// Where in a session's log a follower was told nothing from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MissedFrom {
    pub(super) seq: Seq,
    /// Where the log was cut off meanwhile, and goes on with other records.
    pub(super) cut: Option<Seq>,
}

/// What a follower is to take next.
#[derive(Debug)]
pub(super) enum Next {
    Records(Arc<Vec<Stamped>>),
    Missed(Missed),
}

impl Missed {
    /// Forgets these records, but for their places.
    fn add(&mut self, records: &[Stamped]) {
        for Stamped { session, seq, record, .. } in records {
            if *record == Record::Erased {
                self.sessions.remove(session);
                self.erased.insert(*session);
                continue;
            }
            let from = self.sessions.entry(*session).or_insert(MissedFrom { seq: *seq, cut: None });
            if cuts(record) {
                from.cut = Some(from.cut.map_or(*seq, |cut| cut.min(*seq)));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.erased.is_empty()
    }
}

/// Whether what stood in this record's place, and behind it, may be cut off.
pub(super) const fn cuts(record: &Record) -> bool {
    matches!(record, Record::Repaired { fault: Fault::LogCut { .. } })
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked did so elsewhere: nothing here is left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One commit's records. Waits for nothing but the lock, which nobody holds for long.
    pub(super) fn put(&self, records: &Arc<Vec<Stamped>>) {
        let mut state = self.state();
        if state.is_over {
            return;
        }
        state.put += 1;
        state.bytes += records.iter().map(weight).sum::<usize>();
        state.waiting.push_back(Arc::clone(records));
        if state.bytes > WAITING_BYTES {
            let State { waiting, missed, bytes, .. } = &mut *state;
            waiting.drain(..).for_each(|records| missed.add(&records));
            *bytes = 0;
        }
        self.changed.notify_all();
    }

    /// What the follower was not told before it began. Counts as a commit.
    pub(super) fn begin_with(&self, missed: Missed) {
        let mut state = self.state();
        state.put += u64::from(!missed.is_empty());
        state.missed = missed;
    }

    /// What comes next, and how many commits are taken in with it. Waits for that; nothing when nothing comes any more.
    pub(super) fn next(&self) -> Option<(Next, u64)> {
        let is_idle =
            |state: &mut State| state.waiting.is_empty() && state.missed.is_empty() && !state.is_closed;
        let idle = self.changed.wait_while(self.state(), is_idle);
        let mut state = idle.unwrap_or_else(PoisonError::into_inner);
        if !state.missed.is_empty() {
            let commits = state.put - state.taken - state.waiting.len() as u64;
            return Some((Next::Missed(std::mem::take(&mut state.missed)), commits));
        }
        let records = state.waiting.pop_front()?;
        state.bytes = state.bytes.saturating_sub(records.iter().map(weight).sum());
        Some((Next::Records(records), 1))
    }

    /// So many commits were taken in.
    pub(super) fn took(&self, commits: u64) {
        self.state().taken += commits;
        self.changed.notify_all();
    }

    /// Nothing more is taken.
    pub(super) fn over(&self) {
        let mut state = self.state();
        *state = State { is_over: true, ..State::default() };
        self.changed.notify_all();
    }

    /// Nothing more is put here.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits until all that was put here before is taken in, or nothing is any more.
    pub(super) fn caught_up(&self) {
        let state = self.state();
        let put = state.put;
        let is_behind = |state: &mut State| !state.is_over && state.taken < put;
        drop(self.changed.wait_while(state, is_behind));
    }

    /// How many bytes wait.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

fn weight(stamped: &Stamped) -> usize {
    size_of::<Stamped>() + usize::try_from(stamped.weight()).unwrap_or(usize::MAX)
}
