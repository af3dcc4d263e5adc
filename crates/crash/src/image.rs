//! Images: a store's files in memory, to be damaged and written out as often as wanted; and what must hold of a store
//! opened from one, whatever was done to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use q_core::{Batch, Durability, EntryNo, Head, Record, Seq, SessionId, Stamped, WallTime};
use q_store::{Damage, FjallStore, Store, StoreError};

use super::results::all_of_result;

/// The files of a store that nobody has open.
#[derive(Clone, Debug)]
pub struct Image {
    /// Paths within the store, by name.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

/// The layouts of which a database is kept, byte by byte: each must open, say what it said, and go on.
pub const GOLDEN: [u32; 2] = [1, 2];

/// Where the kept database of a layout stands.
pub fn golden(layout: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../store/tests/golden/layout-{layout}"))
}

impl Image {
    /// Reads the files below `dir`.
    pub fn of(dir: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(dir, dir, &mut files);
        Self { files }
    }

    /// Writes it out, with the directories in which there are no files.
    pub fn write(&self, dir: &Path) {
        self.write_as_it_is(dir);
        for keyspace in fs::read_dir(dir.join("keyspaces")).into_iter().flatten() {
            fs::create_dir_all(keyspace.unwrap().path().join("tables")).unwrap();
        }
    }

    /// Writes out the files and what they stand in.
    pub fn write_as_it_is(&self, dir: &Path) {
        fs::remove_dir_all(dir).ok();
        for (path, bytes) in &self.files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // Room that was never written to stays so.
            let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            fs::write(&path, &bytes[..written]).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_len(bytes.len() as u64).unwrap();
        }
    }

    /// The same with other bytes in one file.
    #[must_use]
    pub fn with(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut image = self.clone();
        change(image.files.get_mut(path).unwrap());
        image
    }
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().into(), fs::read(&path).unwrap());
        }
    }
}

/// A scratch directory, and where a store may be created in it.
pub fn scratch_store() -> (tempfile::TempDir, PathBuf) {
    let place = scratch();
    let dir = place.path().join("store");
    (place, dir)
}

/// Where images are opened: in memory, if the system has such a place. Syncing is not what is tested here.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// What was written, and how much of it was acknowledged.
#[derive(Clone, Debug)]
pub struct WrittenRecords {
    records: BTreeMap<SessionId, Vec<Stamped>>,
    /// All that is kept of results of which not all is in their records.
    results: BTreeMap<(SessionId, Seq), String>,
    acknowledged: BTreeMap<SessionId, Seq>,
}

impl WrittenRecords {
    /// Everything in a store that is known to be whole, all of it acknowledged.
    pub fn all_of(store: &dyn Store) -> Self {
        let heads = store.heads().unwrap();
        let records = heads.iter().map(|head| (head.id, store.records(head.id, Seq(1), usize::MAX).unwrap()));
        let records: BTreeMap<SessionId, Vec<Stamped>> = records.collect();
        let large = records.values().flatten().filter(|stamped| stamped.beside() > 0);
        let results = large.map(|Stamped { session, seq, .. }| {
            ((*session, *seq), all_of_result(store, *session, EntryNo(seq.0)).unwrap())
        });
        let results = results.collect();
        let acknowledged = heads.iter().map(|head| (head.id, head.seq)).collect();
        Self { records, results, acknowledged }
    }

    /// As this, with what `store` holds by now, which was not acknowledged.
    #[must_use]
    pub fn and_unacknowledged(self, store: &dyn Store) -> Self {
        let Self { records, results, .. } = Self::all_of(store);
        Self { records, results, ..self }
    }

    /// As this, with no more acknowledged than these ends say.
    #[must_use]
    pub fn acknowledged_through(self, acknowledged: BTreeMap<SessionId, Seq>) -> Self {
        Self { acknowledged, ..self }
    }

    /// How many records were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        let all = self.records.values().flatten();
        all.filter(|stamped| self.was_acknowledged(stamped.session, stamped.seq)).count() as u64
    }

    /// Every session that is not erased.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.records.keys().copied()
    }

    fn holds(&self, stamped: &Stamped) -> bool {
        self.records.get(&stamped.session).is_some_and(|records| records.contains(stamped))
    }

    fn was_acknowledged(&self, session: SessionId, seq: Seq) -> bool {
        self.acknowledged.get(&session).is_some_and(|end| seq <= *end)
    }
}

/// What a damaged image came to.
#[derive(Debug, Default)]
pub struct DamageOutcome {
    /// Sessions in which damage was met before it was repaired.
    pub met: BTreeSet<SessionId>,
    /// Acknowledged records that are gone after it.
    pub lost: BTreeMap<SessionId, u64>,
    /// What was told in the end.
    pub damage: Vec<Damage>,
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub enum BrokenPromise {
    /// The store cannot be opened.
    Unopenable(String),
    /// Something acknowledged is gone, and that was told.
    Lost(String),
    /// Something acknowledged is gone or changed in silence.
    Silent(String),
    /// Anything else, such as a false alarm.
    Wrong(String),
}

impl BrokenPromise {
    /// The same, with where it was met.
    #[must_use]
    pub fn in_context(self, place: &str) -> Self {
        let placed = |what| format!("{place}: {what}");
        match self {
            Self::Unopenable(what) => Self::Unopenable(placed(what)),
            Self::Lost(what) => Self::Lost(placed(what)),
            Self::Silent(what) => Self::Silent(placed(what)),
            Self::Wrong(what) => Self::Wrong(placed(what)),
        }
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unopenable(why) => write!(f, "not to be opened: {why}"),
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Silent(what) => write!(f, "lost in silence: {what}"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl From<StoreError> for BrokenPromise {
    fn from(error: StoreError) -> Self {
        Self::Wrong(format!("refused: {error}"))
    }
}

/// Opens a store that must let itself be opened.
pub fn open(dir: &Path) -> Result<FjallStore, BrokenPromise> {
    loop {
        match FjallStore::open(dir) {
            // A process that another thread of ours is just starting has our locks until it runs its own program.
            Err(StoreError::InUse { .. }) => drop(fs::File::open(dir).and_then(|dir| dir.lock())),
            opened => return opened.map_err(|error| BrokenPromise::Unopenable(error.to_string())),
        }
    }
}

/// As [`look_at`], for a test.
pub fn check(dir: &Path, written: &WrittenRecords) -> DamageOutcome {
    look_at(dir, written).unwrap_or_else(|broken| panic!("{broken}"))
}

/// Opens the store in `dir`, reads all of it, and opens it again: whatever is not as it was acknowledged must have been
/// told, and in the end every session that is left is whole and goes on.
pub fn look_at(dir: &Path, written: &WrittenRecords) -> Result<DamageOutcome, BrokenPromise> {
    let store = open(dir)?;
    let Reading { met, .. } = read_all(&store, written)?;
    drop(store);
    let store = open(dir)?;
    let Reading { met: met_again, lost } = read_all(&store, written)?;
    let damage = store.damage();
    if let Some(unsettled) = met_again.iter().find(|(session, seq)| !is_told(&damage, *session, *seq)) {
        return Err(BrokenPromise::Wrong(format!(
            "{unsettled:?} was met before and is not settled: {damage:?}"
        )));
    }
    go_on(&store)?;
    let unknown = store.verify()?.into_iter().find(|found| !damage.iter().any(|known| is_same(known, found)));
    if let Some(unknown) = unknown {
        return Err(BrokenPromise::Silent(format!("only reading everything finds {unknown:?}: {damage:?}")));
    }
    let met = met.into_iter().map(|(session, _)| session).collect();
    Ok(DamageOutcome { met, lost, damage })
}

fn is_same(one: &Damage, other: &Damage) -> bool {
    one.session == other.session
        && one.kept_through == other.kept_through
        && one.resumes_at == other.resumes_at
}

#[derive(Debug, Default)]
struct Reading {
    /// Places of which the store said that they are damaged.
    met: BTreeSet<(SessionId, Seq)>,
    /// Acknowledged records that are not there, by session.
    lost: BTreeMap<SessionId, u64>,
}

/// Reads every record, page and tail.
fn read_all(store: &FjallStore, written: &WrittenRecords) -> Result<Reading, BrokenPromise> {
    let mut reading = Reading::default();
    let listed = store.heads()?;
    let count = listed.len();
    let heads: BTreeMap<SessionId, Head> = listed.into_iter().map(|head| (head.id, head)).collect();
    if heads.len() != count {
        return Err(BrokenPromise::Wrong("a session is listed twice".into()));
    }
    if let Some(stranger) = heads.keys().find(|id| !written.records.contains_key(id)) {
        return Err(BrokenPromise::Wrong(format!("session {stranger} never was, or was erased")));
    }
    for (&session, records) in &written.records {
        if let Some(head) = heads.get(&session) {
            match store.stored(head.clone(), 100) {
                // A fork's may begin in the session that it took its history over from.
                Ok(stored) => {
                    if let Some(foreign) = stored.tail.iter().find(|stamped| !written.holds(stamped)) {
                        return Err(BrokenPromise::Silent(format!("{foreign:?} was never written")));
                    }
                }
                Err(error) => reading.met.extend(place_of(error)?),
            }
            if let Err(error) = store.page(session, None, usize::MAX) {
                reading.met.extend(place_of(error)?);
            }
        }
        for expected in records {
            reading.read(store, written, expected)?;
        }
    }
    Ok(reading)
}

impl Reading {
    fn read(
        &mut self,
        store: &FjallStore,
        written: &WrittenRecords,
        expected: &Stamped,
    ) -> Result<(), BrokenPromise> {
        let (session, seq) = (expected.session, expected.seq);
        let is_told = match store.records(session, seq, 1) {
            Ok(found) if found.is_empty() => is_told(&store.damage(), session, seq),
            Ok(found) if found == [expected.clone()] => match written.results.get(&(session, seq)) {
                None => return Ok(()),
                Some(all) if self.has_all_of(store, expected, all)? => return Ok(()),
                Some(_) => true,
            },
            Ok(found) => {
                return Err(BrokenPromise::Silent(format!(
                    "{found:?} stands where {expected:?} was written"
                )));
            }
            Err(StoreError::Damaged { session, seq }) => {
                self.met.insert((session, seq));
                true
            }
            Err(error) => return Err(error.into()),
        };
        if written.was_acknowledged(session, seq) {
            *self.lost.entry(session).or_default() += 1;
            if !is_told {
                return Err(BrokenPromise::Silent(format!("{session} {seq} is gone: {:?}", store.damage())));
            }
        }
        Ok(())
    }
}

impl Reading {
    /// Whether all that is kept of a result is there. If not, that was told.
    fn has_all_of(&mut self, store: &FjallStore, of: &Stamped, all: &str) -> Result<bool, BrokenPromise> {
        match all_of_result(store, of.session, EntryNo(of.seq.0)) {
            Ok(found) if found == *all => Ok(true),
            Ok(found) => {
                let (session, seq, found) = (of.session, of.seq, found.len());
                Err(BrokenPromise::Silent(format!(
                    "of the result {session} {seq} there are {found} bytes, or others"
                )))
            }
            Err(error) => {
                self.met.extend(place_of(error)?);
                Ok(false)
            }
        }
    }
}

fn place_of(error: StoreError) -> Result<Option<(SessionId, Seq)>, BrokenPromise> {
    if let StoreError::Damaged { session, seq } = error {
        return Ok(Some((session, seq)));
    }
    // Told too, and repaired at the next opening.
    if matches!(error, StoreError::Unreadable { .. }) { Ok(None) } else { Err(error.into()) }
}

fn is_told(damage: &[Damage], session: SessionId, seq: Seq) -> bool {
    damage.iter().any(|damage| {
        damage.session == session
            && damage.kept_through < seq
            && damage.resumes_at.is_none_or(|resumes| seq < resumes)
    })
}

/// Every session that is left takes another record.
pub fn go_on(store: &FjallStore) -> Result<(), BrokenPromise> {
    for head in store.heads()? {
        let mut head = store.stored(head, 100)?.head;
        let record = Record::Drafted { text: "onwards".into() };
        let stamped = Stamped { session: head.id, seq: head.seq.next(), at: WallTime(9), record };
        head.apply(&stamped);
        let batch = Batch {
            records: vec![stamped.clone()],
            blobs: vec![],
            heads: vec![head.clone()],
            durability: Durability::Synced,
        };
        store.append(&[batch])?;
        if store.records(head.id, head.seq, 9)? != [stamped] {
            return Err(BrokenPromise::Wrong(format!("session {} does not take another record", head.id)));
        }
    }
    Ok(())
}
