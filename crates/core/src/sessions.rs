//! All sessions by id, and the few indexes that keep a call's cost at what is live rather than at what is stored.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::budget::{Spending, days_counting_for};
use crate::id::SessionId;
use crate::presence::Presence;
use crate::record::Record;
use crate::session::Session;
use crate::stamped::Stamped;
use crate::time::WallTime;

/// All sessions. Durable state changes only through [`Sessions::apply`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    live: BTreeSet<SessionId>,
    trash: BTreeSet<(WallTime, SessionId)>,
    /// How many sessions read their history from this one.
    forks: BTreeMap<SessionId, usize>,
    /// What all of them cost, by the day; of each its newest day.
    spent: BTreeMap<u64, u64>,
}

impl Sessions {
    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.all.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    /// Those that are live, by id.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Session> {
        self.live.iter().filter_map(|id| self.all.get(id))
    }

    pub(crate) fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Those in the trash, the longest first.
    pub(crate) fn trash(&self) -> impl Iterator<Item = (WallTime, SessionId)> {
        self.trash.iter().copied()
    }

    /// How many sessions read their history from this one.
    pub(crate) fn forks_of(&self, id: SessionId) -> usize {
        self.forks.get(&id).copied().unwrap_or_default()
    }

    /// Tokens that all of them cost on that day of UTC. What an erased one cost is no longer among them.
    pub(crate) fn spent_on(&self, day: u64) -> u64 {
        self.spent.range(days_counting_for(day)).fold(0, |all, (_, tokens)| all.saturating_add(*tokens))
    }

    /// One session's spending is another one from here on.
    fn count_spending(&mut self, before: Spending, now: Spending) {
        if before == now {
            return;
        }
        if let Some(tokens) = self.spent.get_mut(&before.day) {
            *tokens = tokens.saturating_sub(before.on_day);
            if *tokens == 0 {
                self.spent.remove(&before.day);
            }
        }
        if now.on_day > 0 {
            let tokens = self.spent.entry(now.day).or_default();
            *tokens = tokens.saturating_add(now.on_day);
        }
    }

    fn spending(&self, id: SessionId) -> Spending {
        self.get(id).map(|session| session.head().spending).unwrap_or_default()
    }

    /// Takes one back as it was stored; gives whether it is new.
    pub(crate) fn restore(&mut self, session: Session) -> bool {
        let id = session.head().id;
        let is_new = self.all.insert(id, session).is_none();
        self.index(id);
        if is_new {
            self.count_fork(id);
            self.count_spending(Spending::default(), self.spending(id));
        }
        is_new
    }

    /// The only way durable state changes.
    pub(crate) fn apply(&mut self, stamped: &Stamped, tail_bytes: usize) {
        let id = stamped.session;
        if matches!(stamped.record, Record::Erased) {
            self.erase(id);
            return;
        }
        // Before it changes: a record that takes it out of the trash does not say since when it was in there.
        if let Some(trashed) = self.get(id).and_then(|session| session.head().trashed) {
            self.trash.remove(&(trashed, id));
        }
        let spent = self.spending(id);
        if let Some(known) = self.all.get_mut(&id) {
            known.apply(stamped, tail_bytes);
            self.count_spending(spent, self.spending(id));
        } else if let Some(created) = Session::created(stamped) {
            self.all.insert(id, created);
            self.count_fork(id);
        }
        self.index(id);
    }

    fn index(&mut self, id: SessionId) {
        let Some(head) = self.all.get(&id).map(Session::head) else { return };
        if head.presence == Presence::Live {
            self.live.insert(id);
        } else {
            self.live.remove(&id);
        }
        self.trash.extend(head.trashed.map(|since| (since, id)));
    }

    fn count_fork(&mut self, id: SessionId) {
        if let Some(fork) = self.get(id).and_then(|session| session.head().fork) {
            *self.forks.entry(fork.parent).or_default() += 1;
        }
    }

    fn erase(&mut self, id: SessionId) {
        self.count_spending(self.spending(id), Spending::default());
        let Some(gone) = self.all.remove(&id) else { return };
        self.live.remove(&id);
        if let Some(since) = gone.head().trashed {
            self.trash.remove(&(since, id));
        }
        if let Some(fork) = gone.head().fork
            && let Some(forks) = self.forks.get_mut(&fork.parent)
        {
            *forks = forks.saturating_sub(1);
            if *forks == 0 {
                self.forks.remove(&fork.parent);
            }
        }
    }
}
