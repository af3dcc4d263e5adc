//! Images: a store's files in memory, to be damaged and written out as often as wanted; and what must hold of a store
//! opened from one, whatever was done to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use q_core::{Batch, Durability, Head, Record, Seq, SessionId, Stamped, WallTime};
use q_store::{Damage, FjallStore, Store, StoreError};

/// The files of a store that nobody has open.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// Paths within the store, by name.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Image {
    pub(crate) fn of(dir: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(dir, dir, &mut files);
        Self { files }
    }

    /// Writes it out, with the directories in which there are no files.
    pub(crate) fn write(&self, dir: &Path) {
        self.write_as_it_is(dir);
        for keyspace in ["1", "2", "3"] {
            fs::create_dir_all(dir.join("keyspaces").join(keyspace).join("tables")).unwrap();
        }
    }

    /// Writes out the files and what they stand in.
    pub(crate) fn write_as_it_is(&self, dir: &Path) {
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
    pub(crate) fn with(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Self {
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

/// What was written, and how much of it was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    records: BTreeMap<SessionId, Vec<Stamped>>,
    acknowledged: BTreeMap<SessionId, Seq>,
}

impl Written {
    /// Everything in a store that is known to be whole, all of it acknowledged.
    pub(crate) fn all_of(store: &dyn Store) -> Self {
        let heads = store.heads().unwrap();
        let records = heads.iter().map(|head| (head.id, store.records(head.id, Seq(1), usize::MAX).unwrap()));
        let acknowledged = heads.iter().map(|head| (head.id, head.seq)).collect();
        Self { records: records.collect(), acknowledged }
    }

    /// As this, with what `store` holds by now, which was not acknowledged.
    pub(crate) fn and_unacknowledged(self, store: &dyn Store) -> Self {
        Self { records: Self::all_of(store).records, ..self }
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionId> {
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
pub(crate) struct Outcome {
    /// Sessions in which damage was met before it was repaired.
    pub(crate) met: BTreeSet<SessionId>,
    /// Acknowledged records that are gone after it.
    pub(crate) lost: BTreeMap<SessionId, u64>,
}

/// Opens the store in `dir`, reads all of it, and opens it again: whatever is not as it was acknowledged must have been
/// told, and in the end every session that is left is whole and goes on.
pub(crate) fn check(dir: &Path, written: &Written) -> Outcome {
    let store = FjallStore::open(dir).unwrap_or_else(|error| panic!("not to be opened: {error}"));
    let Reading { met, .. } = read_all(&store, written);
    drop(store);
    let store = FjallStore::open(dir).unwrap_or_else(|error| panic!("not to be opened again: {error}"));
    let Reading { met: met_again, lost } = read_all(&store, written);
    let damage = store.damage();
    let unsettled = met_again.iter().find(|(session, seq)| !is_told(&damage, *session, *seq));
    assert_eq!(unsettled, None, "damage that was met before is not settled: {damage:?}");
    go_on(&store);
    let unknown =
        store.verify().unwrap().into_iter().find(|found| !damage.iter().any(|known| is_same(known, found)));
    assert_eq!(unknown, None, "damage that only reading everything finds: {damage:?}");
    let sessions = |met: BTreeSet<(SessionId, Seq)>| met.into_iter().map(|(session, _)| session).collect();
    Outcome { met: sessions(met), lost }
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
fn read_all(store: &FjallStore, written: &Written) -> Reading {
    let mut reading = Reading::default();
    let listed = store.heads().unwrap();
    let count = listed.len();
    let heads: BTreeMap<SessionId, Head> = listed.into_iter().map(|head| (head.id, head)).collect();
    assert_eq!(heads.len(), count, "a session is listed twice");
    let strangers = heads.keys().find(|id| !written.records.contains_key(id));
    assert_eq!(strangers, None, "a session that never was");
    for (&session, records) in &written.records {
        if let Some(head) = heads.get(&session) {
            match store.stored(head.clone(), 100) {
                // A fork's may begin in the session that it took its history over from.
                Ok(stored) => assert!(stored.tail.iter().all(|stamped| written.holds(stamped))),
                Err(error) => reading.met.extend(place_of(&error)),
            }
            if let Err(error) = store.page(session, None, usize::MAX) {
                reading.met.extend(place_of(&error));
            }
        }
        for expected in records {
            let (is_lost, is_told) = match store.records(session, expected.seq, 1).as_deref() {
                Ok([found]) => {
                    assert_eq!(found, expected, "a record that was never written");
                    (false, false)
                }
                Ok([]) => (true, is_told(&store.damage(), session, expected.seq)),
                Ok(more) => panic!("{more:?}"),
                Err(StoreError::Damaged { session, seq }) => {
                    reading.met.insert((*session, *seq));
                    (true, true)
                }
                Err(error) => panic!("{session} {}: {error}", expected.seq),
            };
            if is_lost && written.was_acknowledged(session, expected.seq) {
                *reading.lost.entry(session).or_default() += 1;
                assert!(is_told, "{session} {} is gone in silence: {:?}", expected.seq, store.damage());
            }
        }
    }
    reading
}

fn place_of(error: &StoreError) -> Option<(SessionId, Seq)> {
    if let StoreError::Damaged { session, seq } = error {
        return Some((*session, *seq));
    }
    // Told too, and repaired at the next opening.
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    None
}

fn is_told(damage: &[Damage], session: SessionId, seq: Seq) -> bool {
    damage.iter().any(|damage| {
        damage.session == session
            && damage.kept_through < seq
            && damage.resumes_at.is_none_or(|resumes| seq < resumes)
    })
}

/// Every session that is left takes another record.
fn go_on(store: &FjallStore) {
    for head in store.heads().unwrap() {
        let mut head = store.stored(head, 100).unwrap().head;
        let record = Record::Drafted { text: "onwards".into() };
        let stamped = Stamped { session: head.id, seq: head.seq.next(), at: WallTime(9), record };
        head.apply(&stamped);
        let batch = Batch {
            records: vec![stamped.clone()],
            heads: vec![head.clone()],
            durability: Durability::Synced,
        };
        store.append(&[batch]).unwrap();
        assert_eq!(store.records(head.id, head.seq, 9).unwrap(), [stamped]);
    }
}
