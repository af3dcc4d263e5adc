//! A store in memory: the same contract without a disk, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use q_core::{Batch, EntryNo, Fork, Head, Seq, SessionId, Stamped, Stored};

use crate::byte_range::ByteRange;
use crate::damage::Damage;
use crate::error::StoreError;
use crate::log::Log;
use crate::page::Page;
use crate::result;
use crate::store::Store;
use crate::{order, page, tail};

/// Keeps everything until it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    sessions: Mutex<Sessions>,
}

type Sessions = BTreeMap<SessionId, MemorySession>;

#[derive(Debug)]
struct MemorySession {
    head: Head,
    records: Vec<Stamped>,
    /// What stands beside them.
    blobs: BTreeMap<Seq, String>,
}

impl MemorySession {
    fn new(head: &Head) -> Self {
        Self { head: head.clone(), records: Vec::new(), blobs: BTreeMap::new() }
    }
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn sessions(&self) -> Result<MutexGuard<'_, Sessions>, StoreError> {
        self.sessions.lock().map_err(|_| StoreError::Poisoned)
    }
}

impl Store for MemoryStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut sessions = self.sessions()?;
        let order::Verified { heads, erased } = order::verify(batches, |session| sessions.last(session))?;
        for (id, head) in heads {
            let kept = sessions.entry(id).or_insert_with(|| MemorySession::new(head));
            kept.head = head.clone();
        }
        for stamped in batches.iter().flat_map(|batch| &batch.records) {
            if let Some(kept) = sessions.get_mut(&stamped.session) {
                kept.records.push(stamped.clone());
            }
        }
        for blob in batches.iter().flat_map(|batch| &batch.blobs) {
            if let Some(kept) = sessions.get_mut(&blob.session) {
                kept.blobs.insert(blob.seq, blob.text.clone());
            }
        }
        // Last: a batch may write to a session and erase it.
        sessions.retain(|id, _| !erased.contains(id));
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        Ok(self.sessions()?.values().map(|kept| kept.head.clone()).collect())
    }

    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        Ok(self.sessions()?.get(&session).map(|kept| kept.head.clone()))
    }

    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError> {
        tail::read(&*self.sessions()?, head, tail_bytes).map(|(stored, _)| stored)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        page::read(&*self.sessions()?, session, before, bytes).map(|(page, _)| page)
    }

    fn result(&self, session: SessionId, range: ByteRange) -> Result<String, StoreError> {
        result::read(&*self.sessions()?, session, range)
    }

    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError> {
        let sessions = self.sessions()?;
        let records = sessions.get(&session).map_or(&[][..], |kept| &kept.records);
        Ok(records.iter().filter(|stamped| stamped.seq >= from).take(limit).cloned().collect())
    }

    fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        Ok(Vec::new())
    }

    fn is_worth_compacting(&self) -> bool {
        false
    }

    fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }
}

impl Log for Sessions {
    fn last(&self, session: SessionId) -> Result<Seq, StoreError> {
        Ok(self.get(&session).map_or(Seq(0), |kept| kept.head.seq))
    }

    fn fork(&self, session: SessionId) -> Result<Option<Fork>, StoreError> {
        Ok(self.get(&session).and_then(|kept| kept.head.fork))
    }

    fn verify_root(&self, _session: SessionId, _fork: Fork) -> Result<(), StoreError> {
        Ok(())
    }

    fn newest_first(
        &self,
        session: SessionId,
        from: Seq,
    ) -> Result<impl Iterator<Item = Result<Stamped, StoreError>>, StoreError> {
        let records = self.get(&session).map_or(&[][..], |kept| &kept.records);
        Ok(records.iter().rev().skip_while(move |stamped| stamped.seq > from).cloned().map(Ok))
    }

    fn record(&self, session: SessionId, seq: Seq) -> Result<Stamped, StoreError> {
        let found = self.newest_first(session, seq)?.next().transpose()?;
        found.filter(|stamped| stamped.seq == seq).ok_or(StoreError::Damaged { session, seq })
    }

    fn rest(&self, record: &Stamped, range: ByteRange) -> Result<String, StoreError> {
        let kept = self.get(&record.session).and_then(|kept| kept.blobs.get(&record.seq));
        let rest = kept.map_or("", String::as_str);
        let at = range.from.saturating_sub(record.text().len() as u64) as usize;
        let (_, rest) = rest.split_at(rest.floor_char_boundary(at));
        Ok(rest[..rest.floor_char_boundary(range.bytes)].to_owned())
    }
}
