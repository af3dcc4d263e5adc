//! The archive as far as the host told it: sessions that are in no mirror, for the list to find and reopen. It is asked for
//! when something is looked for, and let go of with the list.

use std::collections::BTreeMap;

use q_core::mirror::Mirrored;
use q_core::{Presence, SessionId, Summary};

/// More of them are not kept: nobody looks through more, and what is typed finds those that are here.
const MOST: usize = 20_000;

/// Sessions that are closed.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    told: BTreeMap<SessionId, Mirrored>,
    /// How often it changed.
    changes: u64,
    /// Whether it was asked for since it was last known to have changed.
    asked: bool,
    /// How many sessions are open, as last seen.
    open: usize,
}

impl Archive {
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Mirrored> {
        self.told.get(&id)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Mirrored> {
        self.told.values()
    }

    /// Whether it is to be asked for now, which it is once.
    pub(crate) const fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.asked, true)
    }

    /// So many sessions are open: where they are fewer or more than before, some were closed or opened since it was asked for.
    pub(crate) const fn note_open(&mut self, count: usize) {
        if self.open != count {
            self.open = count;
            self.is_stale();
        }
    }

    /// It is another one by now: what is here stays until it is told anew.
    pub(crate) const fn is_stale(&mut self) {
        self.asked = false;
    }

    /// A page of all sessions, of which those that are closed are kept; with the first page what was here goes.
    pub(crate) fn take(&mut self, page: Vec<Summary>, is_first: bool) {
        if is_first {
            self.told.clear();
        }
        let room = MOST.saturating_sub(self.told.len());
        let closed = page.into_iter().filter(|line| line.presence == Presence::Closed).take(room);
        self.told.extend(closed.map(|line| (line.id, Mirrored::of_line(line))));
        self.changes += 1;
    }

    /// Nobody looks for anything in it any more.
    pub(crate) fn let_go(&mut self) {
        *self = Self { changes: self.changes + 1, open: self.open, ..Self::default() };
    }
}
