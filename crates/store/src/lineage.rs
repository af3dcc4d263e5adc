//! Lineage: a session's records and, where it is a fork, those of the sessions whose history it took over.

use q_core::{EntryNo, Fork, Seq, SessionId, Stamped};

use crate::error::StoreError;
use crate::log::Log;

/// Records from the newest back, over as many sessions as the history goes through.
pub(crate) struct Lineage<'a, L: Log> {
    log: &'a L,
    rows: Box<dyn Iterator<Item = Result<Stamped, StoreError>> + 'a>,
    /// Where it goes on when these are read, and which session began there.
    fork: Option<(SessionId, Fork)>,
    /// The last entry that belongs to the session that was asked for.
    last: EntryNo,
}

impl<'a, L: Log> Lineage<'a, L> {
    /// The history of `session` from `from` back.
    pub(crate) fn new(log: &'a L, session: SessionId, from: Seq) -> Result<Self, StoreError> {
        let mut lineage =
            Self { log, rows: Box::new(std::iter::empty()), fork: None, last: EntryNo(u64::MAX) };
        lineage.go_on_in(session, from)?;
        Ok(lineage)
    }

    /// The first session of the lineage that has records at or before `from`.
    fn go_on_in(&mut self, mut session: SessionId, mut from: Seq) -> Result<(), StoreError> {
        loop {
            let fork = self.log.fork(session)?;
            match fork {
                Some(fork) if from <= fork.through => {
                    self.leave(session, fork)?;
                    session = fork.parent;
                    from = from.min(fork.through);
                }
                Some(_) | None => {
                    self.rows = Box::new(self.log.newest_first(session, from)?);
                    self.fork = fork.map(|fork| (session, fork));
                    return Ok(());
                }
            }
        }
    }

    /// From a fork to what it took over.
    fn leave(&mut self, session: SessionId, fork: Fork) -> Result<(), StoreError> {
        self.last = self.last.min(fork.last);
        self.log.verify_root(session, fork)
    }

    fn next_of_any(&mut self) -> Option<Result<Stamped, StoreError>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(row);
            }
            let (session, fork) = self.fork.take()?;
            let went_on = self.leave(session, fork).and_then(|()| self.go_on_in(fork.parent, fork.through));
            if let Err(error) = went_on {
                return Some(Err(error));
            }
        }
    }
}

impl<L: Log> Iterator for Lineage<'_, L> {
    type Item = Result<Stamped, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_of_any()? {
                Ok(stamped) if stamped.entry().is_some_and(|entry| entry > self.last) => {}
                row => return Some(row),
            }
        }
    }
}
