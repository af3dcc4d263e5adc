//! The store on fjall. Nothing outside this folder names it.
//!
//! Four keyspaces for all sessions (one each would cost 45 ms to create), two workers (one deadlocks fjall under bulk
//! writes), small caches. Not here: what rows look like (`key`, `envelope`, `wire`), where the directory comes from, what
//! fjall's files look like to others (`files`).

mod closing;
mod compacting;
mod database;
mod failure;
mod opening;
mod reader;
mod rebuild;
mod settling;
mod shared;
mod write_state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use q_core::{Batch, Durability, EntryNo, Fault, Fork, Head, Record, Seq, SessionId, Stamped, Stored};

use crate::anchor::Anchor;
use crate::byte_range::ByteRange;
use crate::damage::Damage;
use crate::envelope::LogEnd;
use crate::error::StoreError;
use crate::page::Page;
use crate::prober::Prober;
use crate::quarantine::{self, DamageReport, Quarantine};
use crate::result;
use crate::settle::Verdict;
use crate::shadow::Shadow;
use crate::store::Store;
use crate::{blob, disk, envelope, erased, key, order, page, tail, wire};

use compacting::Compacting;
use database::{Database, KeyspaceRow, Purpose};
use opening::OpenStore;
use reader::SnapshotReader;
use shared::SharedDatabase;
use write_state::WriteState;

/// The store on disk, held by one process at a time. Dropping it closes it in good order.
pub struct FjallStore {
    // Before the database: behind that the store may be another process's, and the anchor's file with it.
    writer: Mutex<WriteState>,
    database: SharedDatabase,
    compacting: Compacting,
    /// How many records sessions lost of which the person was not told yet, where that is known.
    unreported: Mutex<BTreeMap<SessionId, Option<u64>>>,
    /// Where it is one. Its place goes last.
    shadow: Option<Shadow>,
}

impl FjallStore {
    /// Opens the store in `dir`, which is created if there is nothing yet. What is damaged in it is repaired as far as it
    /// can be, and told by [`Store::damage`].
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::opened(dir, None, None)
    }

    /// Opens a store that cannot be written (no room, no permission, a later version's) to be read. It is laid out a second
    /// time at `place`, where nobody else may be; what is written goes there, and is gone with it.
    pub fn open_shadow(dir: &Path, place: &Path) -> Result<Self, StoreError> {
        let shadow = Shadow::of(dir, place)?;
        Self::opened(place, None, Some(shadow))
    }

    /// As [`Self::open`], but after an unclean end the engine gets the files only once `prober` has survived them.
    pub fn open_probed(dir: &Path, prober: Prober<'_>) -> Result<Self, StoreError> {
        Self::opened(dir, Some(prober), None)
    }

    fn opened(dir: &Path, prober: Option<Prober<'_>>, shadow: Option<Shadow>) -> Result<Self, StoreError> {
        let purpose = if shadow.is_some() { Purpose::Read } else { Purpose::Write };
        let OpenStore { database, anchor, heads, held } = opening::open(dir, prober, purpose)?;
        let store = Self {
            database: SharedDatabase::new(dir, held, database),
            compacting: Compacting::default(),
            writer: Mutex::new(WriteState::new(anchor, heads)),
            unreported: Mutex::default(),
            shadow,
        };
        quarantine::reports(dir)
            .iter()
            .flat_map(DamageReport::unreported)
            .for_each(|damage| store.note_loss(damage));
        Ok(store)
    }

    /// Notes what the person is to be told of.
    fn note_loss(&self, damage: &Damage) {
        let mut unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = unreported.entry(damage.session).or_insert(Some(0));
        *lost = lost.zip(damage.lost).map(|(one, other)| one + other);
    }

    /// What the person is to be told of in this session.
    fn unreported_loss(&self, session: SessionId) -> Option<Fault> {
        let unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
        unreported.get(&session).map(|&lost| Fault::LogCut { lost })
    }

    /// The session says it itself from now on.
    fn mark_reported(&self, session: SessionId) {
        let was_owed =
            self.unreported.lock().unwrap_or_else(PoisonError::into_inner).remove(&session).is_some();
        if was_owed && let Err(error) = quarantine::mark_reported(self.database.path(), session) {
            tracing::error!(target: "q::store", %session, %error, "that damage was told cannot be noted");
        }
    }

    /// Opens and closes the database in `dir`, reading what every opening reads.
    pub(crate) fn try_open(dir: &Path) -> Result<(), StoreError> {
        let database = Database::open(dir, Purpose::Write)?;
        settling::heads(&database).map(drop)
    }

    /// Reads one moment of the store, and notes the damage that is met.
    fn read<T>(
        &self,
        read: impl FnOnce(&SnapshotReader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (result, went_round) = self.database.with(|database| {
            let reader = SnapshotReader::new(database);
            let result = read(&reader);
            Ok((result, reader.went_round()))
        })?;
        if let Err(StoreError::Damaged { session, seq }) = result {
            self.met(session, seq);
        } else if went_round {
            self.database.suspect();
        }
        result
    }

    /// The last record that a fork takes over. It is its parent's newest, or on the disk by now.
    fn root(
        &self,
        fork: &Fork,
        ends: &BTreeMap<SessionId, LogEnd>,
        writer: &WriteState,
    ) -> Result<LogEnd, StoreError> {
        let newest = ends.get(&fork.parent).or_else(|| writer.ends.get(&fork.parent));
        if let Some(end) = newest.filter(|end| end.seq == fork.through) {
            return Ok(*end);
        }
        let check = self.read(|reader| reader.check_of(fork.parent, fork.through))?;
        Ok(LogEnd { seq: fork.through, check })
    }

    fn writer(&self) -> Result<MutexGuard<'_, WriteState>, StoreError> {
        let writer = self.writer.lock().map_err(|_| StoreError::Poisoned)?;
        if writer.poisoned { Err(StoreError::Poisoned) } else { Ok(writer) }
    }

    /// Notes a damaged record, unless it was reported before.
    fn met(&self, session: SessionId, seq: Seq) {
        let is_known = |damage: &Damage| {
            let resumes = damage.resumes_at.unwrap_or(Seq(u64::MAX));
            damage.session == session && (damage.kept_through.next()..resumes).contains(&seq)
        };
        if !quarantine::reports(self.database.path()).iter().flat_map(|report| &report.damage).any(is_known) {
            tracing::error!(target: "q::store", %session, %seq, "a record is damaged");
            self.database.suspect();
        }
    }

    /// Reads one session's log, decides what of it is to be believed, and makes that so. Gives its head.
    fn settle(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        let mut writer = self.writer()?;
        writer.heads = None;
        let anchored = writer.anchor.as_ref().and_then(|anchor| anchor.end(session));
        let judged = self.database.with(|database| settling::judge(database, session, anchored))?;
        if judged.was_blind {
            // More can be saved when the store is opened next: nothing is given up before.
            self.database.suspect();
            let detail = format!("records of session {session}; start q again, which repairs them");
            return Err(StoreError::Unreadable { detail });
        }
        if let Verdict::Cut(..) = judged.verdict {
            let cut = self.cut(&mut writer, session, judged.verdict);
            writer.poisoned |= cut.is_err();
            cut?;
        }
        Ok(self.read(|reader| reader.head(session))?.map(|(head, _)| head))
    }

    /// See [`Store::compact`], with so much free on the disk.
    fn compact_within(&self, free: Option<u64>) -> Result<(), StoreError> {
        let _alone = self.compacting.alone();
        let erasures = compacting::merge(&self.database, &self.compacting, free)?;
        let renewed = compacting::renew(&self.database, &self.compacting, erasures);
        if renewed.is_err() {
            // What is not open takes nothing; opening it tells what is wrong.
            self.writer()?.poisoned = true;
        }
        renewed
    }

    /// Cuts a session's log, reports what is lost by it, and only then no longer expects that.
    fn cut(&self, writer: &mut WriteState, session: SessionId, verdict: Verdict) -> Result<(), StoreError> {
        let quarantine = Quarantine::new(self.database.path());
        let end =
            self.database.with(|database| settling::carry_out(database, session, &verdict, &quarantine))?;
        let end = end.unwrap_or_default();
        if let Some(damage) = verdict.into_damage() {
            tracing::error!(target: "q::store", %session, lost = damage.lost, "acknowledged records are gone");
            self.note_loss(&damage);
            quarantine
                .report(&[], &[damage])
                .map_err(|error| StoreError::from_io(self.database.path(), error))?;
        }
        writer.ends.insert(session, end);
        writer.unanchored.remove(&session);
        writer.anchor.as_mut().map_or(Ok(()), |anchor| anchor.set_back(session, end))
    }
}

impl Store for FjallStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        if let Err(vanished) = self.database.must_be_in_place() {
            // The engine would go on writing files that nobody finds again.
            writer.poisoned = true;
            return Err(vanished);
        }
        writer.heads = None;
        let order::Verified { heads, erased } = self.read(|reader| {
            order::verify(batches, |session| writer.end(reader, session).map(|end| end.seq))
        })?;
        let mut ends = BTreeMap::new();
        let mut rows = Vec::new();
        for &session in &erased {
            // What this very append adds to an erased session is never written.
            let places = self.read(|reader| reader.places(session))?;
            rows.extend(places.map(|seq| KeyspaceRow::Record(key::record(session, seq), None)));
            let pieces =
                self.read(|reader| reader.blob_keys(session, Seq(0)).collect::<Result<Vec<_>, _>>())?;
            rows.extend(pieces.into_iter().map(|key| KeyspaceRow::Blob(key, None)));
            rows.push(KeyspaceRow::Head(key::head(session), None));
        }
        let mut blobs = batches.iter().flat_map(|batch| &batch.blobs);
        let kept = |stamped: &&Stamped| !erased.contains(&stamped.session);
        for stamped in batches.iter().flat_map(|batch| &batch.records).filter(kept) {
            let session = stamped.session;
            let before = if let Record::Created { fork: Some(fork), .. } = &stamped.record {
                self.root(fork, &ends, &writer)?
            } else {
                ends.get(&session).copied().unwrap_or_else(|| writer.known_end(session))
            };
            let (value, check) =
                envelope::seal(session, stamped.seq, before.check, |out| wire::encode_record(stamped, out))?;
            ends.insert(session, LogEnd { seq: stamped.seq, check });
            rows.push(KeyspaceRow::Record(key::record(session, stamped.seq), Some(value)));
            if stamped.beside() > 0
                && let Some(blob) = blobs.find(|blob| (blob.session, blob.seq) == (session, stamped.seq))
            {
                let from = stamped.text().len() as u64;
                let pieces = blob::rows(session, stamped.seq, check, from, &blob.text);
                rows.extend(pieces.map(|(key, value)| KeyspaceRow::Blob(key, Some(value))));
            }
        }
        for (session, head) in heads {
            let end = ends.get(&session).copied().unwrap_or_else(|| writer.known_end(session));
            let (value, _) =
                envelope::seal(session, key::HEAD_SEQ, end.check, |out| wire::encode_head(head, out))?;
            rows.push(KeyspaceRow::Head(key::head(session), Some(value)));
        }
        let durability = batches.iter().map(|batch| batch.durability).max().unwrap_or(Durability::Buffered);
        // What is about to be erased is expected by nobody from now on, and not believed if it is found. The other way
        // round, a crash in between would leave an end that nothing leads to.
        let committed = self.database.with(|database| {
            if !erased.is_empty() {
                erased::note(self.database.path())
                    .map_err(|error| StoreError::from_io(self.database.path(), error))?;
            }
            writer.forget(&erased)?;
            database.commit(rows, durability)?;
            self.compacting.count(&erased);
            writer.advance(ends, durability)
        });
        if let Err(error) = &committed {
            writer.poisoned = true;
            if matches!(error, StoreError::Poisoned | StoreError::Unreadable { .. }) {
                // The engine gave up beside our writes: it met something in its files.
                self.database.suspect();
            }
        }
        if committed.is_ok() {
            let told =
                batches.iter().flat_map(|batch| &batch.records).filter(|stamped| reports_loss(stamped));
            told.for_each(|stamped| self.mark_reported(stamped.session));
        }
        committed
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let synced = self.database.with(Database::sync).and_then(|()| writer.note_all());
        writer.poisoned |= synced.is_err();
        synced
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let read_before = self.writer.lock().map_err(|_| StoreError::Poisoned)?.heads.take();
        if let Some(heads) = read_before {
            return Ok(heads);
        }
        let (mut heads, damaged) = self.database.with(settling::heads)?;
        for session in damaged {
            heads.extend(self.settle(session)?);
        }
        heads.sort_by_key(|head| head.id);
        Ok(heads)
    }

    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        match self.read(|reader| reader.head_row(session)) {
            Err(StoreError::Damaged { .. }) => self.settle(session),
            found => Ok(found?.map(|(head, _)| head)),
        }
    }

    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError> {
        let session = head.id;
        let read = |head| self.read(|reader| tail::read(reader, head, tail_bytes));
        let (mut stored, damaged) = match read(head) {
            Err(StoreError::Damaged { seq, .. }) => match self.settle(session)? {
                Some(head) => read(head)?,
                None => return Err(StoreError::Damaged { session, seq }),
            },
            found => found?,
        };
        if let Some((session, seq)) = damaged {
            self.met(session, seq);
        }
        stored.fault = self.unreported_loss(session);
        Ok(stored)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        let (page, damaged) = self.read(|reader| page::read_across(reader, session, before, bytes))?;
        if let Some((session, seq)) = damaged {
            self.met(session, seq);
        }
        Ok(page)
    }

    fn result(&self, session: SessionId, range: ByteRange) -> Result<String, StoreError> {
        self.read(|reader| result::read(reader, session, range))
    }

    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError> {
        self.read(|reader| reader.records(session, from, limit))
    }

    fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        let mut found = Vec::new();
        let mut sessions: BTreeSet<SessionId> = BTreeSet::new();
        {
            let writer = self.writer()?;
            sessions.extend(writer.anchor.iter().flat_map(Anchor::sessions));
        }
        let listed = self.read(|reader| {
            for session in reader.sessions() {
                sessions.insert(session?);
            }
            Ok(())
        });
        match listed {
            // What the engine cannot read may be of nobody who is left; whoever is, the anchor knows. The next opening repairs.
            Err(StoreError::Unreadable { .. }) => self.database.suspect(),
            listed => listed?,
        }
        for session in sessions {
            // Held, so that the anchor and the log are of one moment; given back between sessions.
            let writer = self.writer()?;
            let anchored = writer.anchor.as_ref().and_then(|anchor| anchor.end(session));
            let judged = self.database.with(|database| settling::judge(database, session, anchored))?;
            found.extend(judged.verdict.into_damage());
        }
        for damage in &found {
            self.met(damage.session, damage.kept_through.next());
        }
        Ok(found)
    }

    fn is_worth_compacting(&self) -> bool {
        self.shadow.is_none() && erased::is_noted(self.database.path())
    }

    fn compact(&self) -> Result<(), StoreError> {
        // What is in a shadow goes with it; merged tables would be copies where there is little room for them.
        if self.shadow.is_some() { Ok(()) } else { self.compact_within(disk::free(self.database.path())) }
    }

    fn damage(&self) -> Vec<Damage> {
        quarantine::reports(self.database.path()).iter().flat_map(DamageReport::unreported).cloned().collect()
    }
}

fn reports_loss(stamped: &Stamped) -> bool {
    matches!(stamped.record, Record::Repaired { fault: Fault::LogCut { .. } })
}

impl Drop for FjallStore {
    fn drop(&mut self) {
        // Without this the next opening takes the store for one whose user died, and looks closer.
        if let Ok(writer) = self.writer.get_mut()
            && !writer.poisoned
            && let Some((database, held)) = self.database.get_mut()
            && let Err(error) = writer.close(database, self.shadow.is_none().then_some(held))
        {
            tracing::error!(target: "q::store", %error, "the store is not left in good order");
        }
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore").finish_non_exhaustive()
    }
}
