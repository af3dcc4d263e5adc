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

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use q_core::{Batch, Durability, EntryNo, Fault, Fork, Head, Record, Seq, SessionId, Stamped, Stored};

use crate::anchor::Anchor;
use crate::aside::{self, Aside, Report};
use crate::damage::Damage;
use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::page::Page;
use crate::probe::Prober;
use crate::result::{self, Stretch};
use crate::settle::Verdict;
use crate::shadow::Shadow;
use crate::store::Store;
use crate::{blob, directory, erased, key, order, page, tail, wire};

use compacting::Compacting;
use database::{Database, KeyspaceRow, Purpose};
use opening::Opened;
use reader::Reader;

/// The store on disk, held by one process at a time. Dropping it closes it in good order.
pub struct FjallStore {
    path: PathBuf,
    /// `None` after it could not be opened again. Held for writing only by who compacts, and before nothing else.
    database: RwLock<Option<Database>>,
    compacting: Compacting,
    writer: Mutex<Writer>,
    /// How many records sessions lost of which the person was not told yet, where that is known.
    untold: Mutex<BTreeMap<SessionId, Option<u64>>>,
    held: File,
    /// Where it is one. Its place goes last.
    shadow: Option<Shadow>,
}

/// What is known about the ends of logs, and whether writes may go on.
#[derive(Debug)]
struct Writer {
    /// Sessions written to since the store was opened.
    ends: BTreeMap<SessionId, LogEnd>,
    /// `None` once it is closed.
    anchor: Option<Anchor>,
    /// Every head as opening read it, until it is asked for or something is written: a start reads heads once.
    heads: Option<Vec<Head>>,
    /// Sessions whose last records were not synced when they were written.
    unanchored: BTreeSet<SessionId>,
    /// A commit failed, so nothing in memory tells any longer what the disk holds.
    poisoned: bool,
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
        let Opened { database, anchor, heads, held } = opening::open(dir, prober, purpose)?;
        let writer = Writer {
            ends: BTreeMap::new(),
            anchor: Some(anchor),
            heads: Some(heads),
            unanchored: BTreeSet::new(),
            poisoned: false,
        };
        let store = Self {
            path: dir.into(),
            database: RwLock::new(Some(database)),
            compacting: Compacting::default(),
            writer: Mutex::new(writer),
            untold: Mutex::default(),
            held,
            shadow,
        };
        aside::reports(dir).iter().flat_map(Report::untold).for_each(|damage| store.owe(damage));
        Ok(store)
    }

    /// Notes what the person is to be told of.
    fn owe(&self, damage: &Damage) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = untold.entry(damage.session).or_insert(Some(0));
        *lost = lost.zip(damage.lost).map(|(one, other)| one + other);
    }

    /// What the person is to be told of in this session.
    fn owed(&self, session: SessionId) -> Option<Fault> {
        let untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.get(&session).map(|&lost| Fault::LogCut { lost })
    }

    /// The session says it itself from now on.
    fn pay(&self, session: SessionId) {
        let was_owed = self.untold.lock().unwrap_or_else(PoisonError::into_inner).remove(&session).is_some();
        if was_owed && let Err(error) = aside::mark_told(&self.path, session) {
            tracing::error!(target: "q::store", %session, %error, "that damage was told cannot be noted");
        }
    }

    /// Opens and closes the database in `dir`, reading what every opening reads.
    pub(crate) fn try_open(dir: &Path) -> Result<(), StoreError> {
        let database = Database::open(dir, Purpose::Write)?;
        settling::heads(&database).map(drop)
    }

    /// Works with the database. What is done within does not come back here: who compacts may wait in between.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let database = self.database.read().map_err(|_| StoreError::Poisoned)?;
        database.as_ref().ok_or(StoreError::Poisoned).and_then(work)
    }

    /// Reads one moment of the store, and notes the damage that is met.
    fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (result, went_round) = self.with(|database| {
            let reader = Reader::new(database);
            let result = read(&reader);
            Ok((result, reader.went_round()))
        })?;
        if let Err(StoreError::Damaged { session, seq }) = result {
            self.met(session, seq);
        } else if went_round {
            self.suspect();
        }
        result
    }

    /// The last record that a fork takes over. It is its parent's newest, or on the disk by now.
    fn root(
        &self,
        fork: &Fork,
        ends: &BTreeMap<SessionId, LogEnd>,
        writer: &Writer,
    ) -> Result<LogEnd, StoreError> {
        let newest = ends.get(&fork.parent).or_else(|| writer.ends.get(&fork.parent));
        if let Some(end) = newest.filter(|end| end.seq == fork.through) {
            return Ok(*end);
        }
        let check = self.read(|reader| reader.check_of(fork.parent, fork.through))?;
        Ok(LogEnd { seq: fork.through, check })
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.lock().map_err(|_| StoreError::Poisoned)?;
        if writer.poisoned { Err(StoreError::Poisoned) } else { Ok(writer) }
    }

    /// Notes a damaged record, unless it was reported before.
    fn met(&self, session: SessionId, seq: Seq) {
        let is_known = |damage: &Damage| {
            let resumes = damage.resumes_at.unwrap_or(Seq(u64::MAX));
            damage.session == session && (damage.kept_through.next()..resumes).contains(&seq)
        };
        if !aside::reports(&self.path).iter().flat_map(|report| &report.damage).any(is_known) {
            tracing::error!(target: "q::store", %session, %seq, "a record is damaged");
            self.suspect();
        }
    }

    /// Has everything read when the store is opened next.
    fn suspect(&self) {
        if !aside::is_suspect(&self.path)
            && let Err(error) = aside::suspect(&self.path)
        {
            tracing::error!(target: "q::store", %error, "that the store is damaged cannot be noted");
        }
    }

    /// Reads one session's log, decides what of it is to be believed, and makes that so. Gives its head.
    fn settle(&self, session: SessionId) -> Result<Option<Head>, StoreError> {
        let mut writer = self.writer()?;
        writer.heads = None;
        let anchored = writer.anchor.as_ref().and_then(|anchor| anchor.end(session));
        let judged = self.with(|database| settling::judge(database, session, anchored))?;
        if judged.was_blind {
            // More can be saved when the store is opened next: nothing is given up before.
            self.suspect();
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

    /// Cuts a session's log, reports what is lost by it, and only then no longer expects that.
    fn cut(&self, writer: &mut Writer, session: SessionId, verdict: Verdict) -> Result<(), StoreError> {
        let aside = Aside::new(&self.path);
        let end = self.with(|database| settling::carry_out(database, session, &verdict, &aside))?;
        let end = end.unwrap_or_default();
        if let Some(damage) = verdict.into_damage() {
            tracing::error!(target: "q::store", %session, lost = damage.lost, "acknowledged records are gone");
            self.owe(&damage);
            aside.report(&[], &[damage]).map_err(|error| StoreError::from_io(&self.path, error))?;
        }
        writer.ends.insert(session, end);
        writer.unanchored.remove(&session);
        writer.anchor.as_mut().map_or(Ok(()), |anchor| anchor.set_back(session, end))
    }
}

impl Store for FjallStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        if !directory::is_still(&self.path, &self.held) {
            // The engine would go on writing files that nobody finds again.
            writer.poisoned = true;
            return Err(StoreError::Vanished { path: self.path.clone() });
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
                envelope::seal(session, envelope::HEAD, end.check, |out| wire::encode_head(head, out))?;
            rows.push(KeyspaceRow::Head(key::head(session), Some(value)));
        }
        let durability = batches.iter().map(|batch| batch.durability).max().unwrap_or(Durability::Buffered);
        // What is about to be erased is expected by nobody from now on, and not believed if it is found. The other way
        // round, a crash in between would leave an end that nothing leads to.
        let committed = self.with(|database| {
            if !erased.is_empty() {
                erased::note(&self.path).map_err(|error| StoreError::from_io(&self.path, error))?;
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
                self.suspect();
            }
        }
        if committed.is_ok() {
            let told =
                batches.iter().flat_map(|batch| &batch.records).filter(|stamped| tells_of_loss(stamped));
            told.for_each(|stamped| self.pay(stamped.session));
        }
        committed
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let synced = self.with(Database::sync).and_then(|()| writer.note_all());
        writer.poisoned |= synced.is_err();
        synced
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let read_before = self.writer.lock().map_err(|_| StoreError::Poisoned)?.heads.take();
        if let Some(heads) = read_before {
            return Ok(heads);
        }
        let (mut heads, damaged) = self.with(settling::heads)?;
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
        stored.fault = self.owed(session);
        Ok(stored)
    }

    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError> {
        let (page, damaged) = self.read(|reader| page::read_across(reader, session, before, bytes))?;
        if let Some((session, seq)) = damaged {
            self.met(session, seq);
        }
        Ok(page)
    }

    fn result(&self, session: SessionId, stretch: Stretch) -> Result<String, StoreError> {
        self.read(|reader| result::read(reader, session, stretch))
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
            Err(StoreError::Unreadable { .. }) => self.suspect(),
            listed => listed?,
        }
        for session in sessions {
            // Held, so that the anchor and the log are of one moment; given back between sessions.
            let writer = self.writer()?;
            let anchored = writer.anchor.as_ref().and_then(|anchor| anchor.end(session));
            let judged = self.with(|database| settling::judge(database, session, anchored))?;
            found.extend(judged.verdict.into_damage());
        }
        for damage in &found {
            self.met(damage.session, damage.kept_through.next());
        }
        Ok(found)
    }

    fn is_worth_compacting(&self) -> bool {
        self.shadow.is_none() && erased::is_noted(&self.path)
    }

    fn compact(&self) -> Result<(), StoreError> {
        // What is in a shadow goes with it; merged tables would be copies where there is little room for them.
        if self.shadow.is_some() { Ok(()) } else { compacting::compact(self) }
    }

    fn damage(&self) -> Vec<Damage> {
        aside::reports(&self.path).iter().flat_map(Report::untold).cloned().collect()
    }
}

fn tells_of_loss(stamped: &Stamped) -> bool {
    matches!(stamped.record, Record::Repaired { fault: Fault::LogCut { .. } })
}

impl Writer {
    /// The session's end, looked up at its first append.
    fn end(&mut self, reader: &Reader<'_>, session: SessionId) -> Result<LogEnd, StoreError> {
        if let Some(end) = self.ends.get(&session) {
            return Ok(*end);
        }
        let end = reader.verified_end(session)?;
        self.ends.insert(session, end);
        Ok(end)
    }

    fn known_end(&self, session: SessionId) -> LogEnd {
        self.ends.get(&session).copied().unwrap_or_default()
    }

    /// Takes the ends of a commit that was written. What is synced is acknowledged, with all that came before it.
    fn advance(
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
    fn forget(&mut self, erased: &BTreeSet<SessionId>) -> Result<(), StoreError> {
        if erased.is_empty() {
            return Ok(());
        }
        self.ends.retain(|session, _| !erased.contains(session));
        self.unanchored.retain(|session| !erased.contains(session));
        self.anchor.as_mut().map_or(Ok(()), |anchor| anchor.forget(erased))
    }

    fn note_all(&mut self) -> Result<(), StoreError> {
        let unanchored = std::mem::take(&mut self.unanchored);
        let ends = unanchored.into_iter().map(|session| (session, self.known_end(session)));
        let ends: Vec<_> = ends.collect();
        self.anchor.as_mut().map_or(Ok(()), |anchor| anchor.note(ends))
    }

    /// Leaves everything in good order. `held` is the store's directory; that of a shadow goes, with all that is in it.
    fn close(&mut self, database: &Database, held: Option<&File>) -> Result<(), StoreError> {
        database.sync()?;
        self.note_all()?;
        held.map_or(Ok(()), |held| closing::empty_large_journal(database, held))?;
        // Last: whoever is killed before this looks closer at the next opening.
        self.anchor.take().map_or(Ok(()), Anchor::close)
    }
}

impl Drop for FjallStore {
    fn drop(&mut self) {
        // Without this the next opening takes the store for one whose user died, and looks closer.
        if let Ok(writer) = self.writer.get_mut()
            && !writer.poisoned
            && let Ok(Some(database)) = self.database.get_mut()
            && let Err(error) = writer.close(database, self.shadow.is_none().then_some(&self.held))
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
