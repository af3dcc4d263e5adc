//! What a core wrote, kept in memory and never failing: what a script recovers from.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::effect::Batch;
use crate::entry::Fault;
use crate::id::{EntryNo, Seq, SessionId};
use crate::record::Record;
use crate::session::head::Head;
use crate::session::stored::Stored;
use crate::stamped::Stamped;

/// Every record in the order it was written, and each session's newest head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Every record of every session that was not erased.
    pub log: Vec<Stamped>,
    /// What stands beside results.
    pub blobs: BTreeMap<(SessionId, Seq), String>,
    /// The heads, as last written.
    pub heads: BTreeMap<SessionId, Head>,
    /// What was put right and no record says yet.
    pub faults: BTreeMap<SessionId, Fault>,
}

impl Disk {
    pub fn write(&mut self, batch: &Batch) {
        for stamped in &batch.records {
            if matches!(stamped.record, Record::Erased) {
                self.log.retain(|one| one.session != stamped.session);
                self.blobs.retain(|place, _| place.0 != stamped.session);
                self.heads.remove(&stamped.session);
                self.faults.remove(&stamped.session);
            } else {
                if matches!(stamped.record, Record::Repaired { .. }) {
                    self.faults.remove(&stamped.session);
                }
                self.log.push(stamped.clone());
            }
        }
        let alive = |session: SessionId| self.log.iter().any(|one| one.session == session);
        let blobs = batch.blobs.iter().filter(|blob| alive(blob.session));
        self.blobs.extend(blobs.map(|blob| ((blob.session, blob.seq), blob.text.clone())));
        self.heads.extend(batch.heads.iter().map(|head| (head.id, head.clone())));
    }

    /// All that is stored of a session: of an open one every record it is made of, whole.
    pub fn stored(&self, id: SessionId) -> Option<Stored> {
        let head = self.heads.get(&id)?.clone();
        let tail = if head.presence.is_open() { self.records(&head) } else { Vec::new() };
        Some(Stored { head, tail, trimmed: false, fault: self.faults.get(&id).copied() })
    }

    /// What stands beside the result in that entry; empty where nothing does.
    pub fn beside(&self, id: SessionId, entry: EntryNo) -> &str {
        let seq = Seq(entry.0);
        let own = self.blobs.get(&(id, seq)).map(String::as_str);
        let fork = || self.heads.get(&id)?.fork.filter(|fork| seq <= fork.through);
        own.or_else(|| Some(self.beside(fork()?.parent, entry))).unwrap_or_default()
    }

    /// All that is stored, as recovery takes it.
    pub fn all(&self) -> Vec<Stored> {
        self.heads.keys().filter_map(|&id| self.stored(id)).collect()
    }

    /// Loses one record, and does not know it.
    pub fn lose(&mut self, id: SessionId, seq: Seq) {
        self.log.retain(|one| (one.session, one.seq) != (id, seq));
    }

    /// Loses all records of a session after one of them, and goes back to how it stood then.
    pub fn cut(&mut self, id: SessionId, after: Seq) {
        let all = self.log.len();
        self.log.retain(|one| one.session != id || one.seq <= after);
        self.blobs.retain(|place, _| place.0 != id || place.1 <= after);
        let lost = Some((all - self.log.len()) as u64);
        let mut kept = self.log.iter().filter(|one| one.session == id);
        if let Some(mut head) = kept.next().and_then(Head::created) {
            kept.for_each(|one| head.apply(one));
            self.heads.insert(id, head);
            self.faults.insert(id, Fault::LogCut { lost });
        }
    }

    /// A session's records, in front of them those of other sessions that a fork took over.
    fn records(&self, head: &Head) -> Vec<Stamped> {
        let mut records = Vec::new();
        if let Some(fork) = head.fork
            && let Some(parent) = self.heads.get(&fork.parent)
        {
            records = self.records(parent);
            records.retain(|stamped| fork.takes_over(stamped));
        }
        records.extend(self.log.iter().filter(|stamped| stamped.session == head.id).cloned());
        records
    }
}
