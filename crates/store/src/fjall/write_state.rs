//! What a store knows about the ends of its logs while it is written to, and whether writes may go on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use q_core::{Durability, Head, SessionId};

use crate::anchor::Anchor;
use crate::envelope::LogEnd;
use crate::error::StoreError;

use super::closing;
use super::database::Database;
use super::reader::SnapshotReader;

/// The ends of logs, and all that is lost with them when a commit fails.
#[derive(Debug)]
pub(super) struct WriteState {
    /// Sessions written to since the store was opened.
    pub(super) ends: BTreeMap<SessionId, LogEnd>,
    /// `None` once it is closed.
    pub(super) anchor: Option<Anchor>,
    /// Every head as opening read it, until it is asked for or something is written: a start reads heads once.
    pub(super) heads: Option<Vec<Head>>,
    /// Sessions whose last records were not synced when they were written.
    pub(super) unanchored: BTreeSet<SessionId>,
    /// A commit failed, so nothing in memory tells any longer what the disk holds.
    pub(super) poisoned: bool,
}

impl WriteState {
    /// Of a store that was just opened, whose heads were read for that.
    pub(super) const fn new(anchor: Anchor, heads: Vec<Head>) -> Self {
        Self {
            ends: BTreeMap::new(),
            anchor: Some(anchor),
            heads: Some(heads),
            unanchored: BTreeSet::new(),
            poisoned: false,
        }
    }

    /// The session's end, looked up at its first append.
    pub(super) fn end(
        &mut self,
        reader: &SnapshotReader<'_>,
        session: SessionId,
    ) -> Result<LogEnd, StoreError> {
        if let Some(end) = self.ends.get(&session) {
            return Ok(*end);
        }
        let end = reader.verified_end(session)?;
        self.ends.insert(session, end);
        Ok(end)
    }

    pub(super) fn known_end(&self, session: SessionId) -> LogEnd {
        self.ends.get(&session).copied().unwrap_or_default()
    }

    /// Takes the ends of a commit that was written. What is synced is acknowledged, with all that came before it.
    pub(super) fn advance(
        &mut self,
        ends: BTreeMap<SessionId, LogEnd>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.unanchored.extend(ends.keys());
        self.ends.extend(ends);
        match durability {
            Durability::Buffered => Ok(()),
            Durability::Synced => self.note_all(),
        }
    }

    /// Stops expecting sessions that are about to be erased.
    pub(super) fn forget(&mut self, erased: &BTreeSet<SessionId>) -> Result<(), StoreError> {
        if erased.is_empty() {
            return Ok(());
        }
        self.ends.retain(|session, _| !erased.contains(session));
        self.unanchored.retain(|session| !erased.contains(session));
        self.anchor.as_mut().map_or(Ok(()), |anchor| anchor.forget(erased))
    }

    pub(super) fn note_all(&mut self) -> Result<(), StoreError> {
        let unanchored = std::mem::take(&mut self.unanchored);
        let ends = unanchored.into_iter().map(|session| (session, self.known_end(session)));
        let ends: Vec<_> = ends.collect();
        self.anchor.as_mut().map_or(Ok(()), |anchor| anchor.note(ends))
    }

    /// Leaves everything in good order. `held` is the store's directory; that of a shadow goes, with all that is in it.
    pub(super) fn close(&mut self, database: &Database, held: Option<&File>) -> Result<(), StoreError> {
        database.sync()?;
        self.note_all()?;
        held.map_or(Ok(()), |held| closing::empty_large_journal(database, held))?;
        // Last: whoever is killed before this looks closer at the next opening.
        self.anchor.take().map_or(Ok(()), Anchor::close)
    }
}
