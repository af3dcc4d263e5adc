//! Loads: sessions that are to wake, being read. In any order, late, in vain, and again for a waking that is over.

use std::collections::VecDeque;

use q_core::{Record, SessionId, Stored};
use q_host::simulation::Loaded;
use q_store::Store;

use super::disk::Disk;
use super::law::{Held, Law};
use super::planted::Planted;

/// Answers that may come again.
const REMEMBERED: usize = 4;

/// What the host wants read, and what was.
#[derive(Debug, Default)]
pub(super) struct Loads {
    wanted: Vec<SessionId>,
    /// On its way to the loop.
    pub(super) read: VecDeque<Loaded>,
    answers: VecDeque<(SessionId, Stored)>,
}

impl Loads {
    pub(super) fn want(&mut self, session: SessionId) {
        self.wanted.push(session);
    }

    fn take(&mut self, which: usize) -> Option<SessionId> {
        let place = which.checked_rem(self.wanted.len())?;
        Some(self.wanted.remove(place))
    }

    /// Reads one of those that are wanted, as the disk has it now. Whether there was one.
    pub(super) fn read(
        &mut self,
        which: usize,
        disk: &Disk,
        tail_bytes: usize,
        planted: Option<Planted>,
    ) -> Held<bool> {
        let Some(session) = self.take(which) else { return Ok(false) };
        let misfit = |error| Law::StoreFits.broken(format!("a waking: {error}"));
        let head = disk.store.head(session).map_err(misfit)?;
        let stored = match head {
            Some(head) => {
                let mut stored = disk.store.stored(head, tail_bytes).map_err(misfit)?;
                if planted == Some(Planted::ForgetsDrafts) {
                    stored.tail.retain(|stamped| !matches!(stamped.record, Record::Drafted { .. }));
                }
                self.answers.push_back((session, stored.clone()));
                Ok(Box::new(stored))
            }
            None => Err("it is not in the store".to_owned()),
        };
        if self.answers.len() > REMEMBERED {
            self.answers.pop_front();
        }
        self.read.push_back(Loaded { session, stored });
        Ok(true)
    }

    /// One of those that are wanted cannot be read. Whether there was one.
    pub(super) fn fail(&mut self, which: usize) -> bool {
        let session = self.take(which);
        let why = || Err("the disk cannot be read".to_owned());
        self.read.extend(session.map(|session| Loaded { session, stored: why() }));
        session.is_some()
    }

    /// An earlier answer comes again. Whether there was one.
    pub(super) fn answer_again(&mut self, which: usize) -> bool {
        let place = which.checked_rem(self.answers.len());
        let again = place.and_then(|place| self.answers.get(place)).cloned();
        let had_one = again.is_some();
        self.read.extend(again.map(|(session, stored)| Loaded { session, stored: Ok(Box::new(stored)) }));
        had_one
    }
}
