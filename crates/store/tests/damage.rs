//! Damage: whatever happens to a row, it is told, in the right session, and the other sessions stay readable.

use std::path::{Path, PathBuf};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use q_core::{Batch, Durability, Head, Record, Seq, SessionId, Stamped, WallTime};
use q_store::{FjallStore, Store, StoreError};

use crate::driver::{Driver, Step};

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A closed store of two sessions, and its rows.
struct Sample {
    _place: tempfile::TempDir,
    dir: PathBuf,
    records: Rows,
    heads: Rows,
}

fn sample() -> Sample {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("store");
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    driver.take(Step::Create);
    for session in [0, 1] {
        driver.take(Step::Submit(session, "why?".into()));
        driver.take(Step::Text(session, "because ".into()));
        driver.take(Step::Text(session, "of this".into()));
        driver.take(Step::Done(session));
    }
    driver.settle();
    drop(driver);
    drop(store);
    let (records, heads) = raw(&dir, |records, heads| (rows(records), rows(heads)));
    Sample { _place: place, dir, records, heads }
}

/// Opens the database behind the store's back.
fn raw<T>(dir: &Path, work: impl FnOnce(&Keyspace, &Keyspace) -> T) -> T {
    let database = Database::builder(dir).worker_threads(2).open().unwrap();
    let keyspace = |name| database.keyspace(name, KeyspaceCreateOptions::default).unwrap();
    let result = work(&keyspace("records"), &keyspace("heads"));
    database.persist(PersistMode::SyncAll).unwrap();
    result
}

fn rows(keyspace: &Keyspace) -> Rows {
    keyspace
        .iter()
        .map(|row| row.into_inner().unwrap())
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

fn session_of(key: &[u8]) -> SessionId {
    SessionId(u128::from_be_bytes(key[..16].try_into().unwrap()))
}

fn seq_of(key: &[u8]) -> Seq {
    Seq(u64::from_be_bytes(key[16..].try_into().unwrap()))
}

fn is_damage<T: std::fmt::Debug>(result: Result<T, StoreError>, session: SessionId, seq: Seq) {
    let error = result.unwrap_err();
    let StoreError::Damaged { session: told, seq: told_seq } = error else { panic!("{error:?}") };
    assert_eq!((told, told_seq), (session, seq));
}

/// Everything that reads a session meets the damage; everything that reads the other one does not.
fn meets_damage(store: &FjallStore, session: SessionId, seq: Seq) {
    is_damage(store.records(session, Seq(1), usize::MAX), session, seq);
    is_damage(store.page(session, None, usize::MAX), session, seq);
    for head in store.heads().unwrap() {
        let stored = store.stored(head.clone(), usize::MAX);
        if head.id == session {
            is_damage(stored, session, seq);
        } else {
            stored.unwrap();
            store.records(head.id, Seq(1), usize::MAX).unwrap();
            store.page(head.id, None, usize::MAX).unwrap();
        }
    }
}

#[test]
fn every_flipped_byte_of_a_record_is_told() {
    let sample = sample();
    let (key, value) = &sample.records[3];
    for at in 0..value.len() {
        let mut flipped = value.clone();
        flipped[at] ^= 0x10;
        raw(&sample.dir, |records, _| records.insert(key.as_slice(), flipped).unwrap());
        let store = FjallStore::open(&sample.dir).unwrap();
        is_damage(store.records(session_of(key), Seq(1), usize::MAX), session_of(key), seq_of(key));
        if at % 16 == 0 {
            meets_damage(&store, session_of(key), seq_of(key));
        }
    }
}

#[test]
fn every_flipped_byte_of_a_head_is_told() {
    let sample = sample();
    let (key, value) = &sample.heads[1];
    for at in (0..value.len()).step_by(3) {
        let mut flipped = value.clone();
        flipped[at] ^= 0x04;
        raw(&sample.dir, |_, heads| heads.insert(key.as_slice(), flipped).unwrap());
        let store = FjallStore::open(&sample.dir).unwrap();
        is_damage(store.heads(), session_of(key), Seq(0));
        is_damage(store.page(session_of(key), None, 100), session_of(key), Seq(0));
        store.page(session_of(&sample.heads[0].0), None, 100).unwrap();
    }
}

#[test]
fn a_missing_record_is_told_wherever_it_was() {
    for at in 0..sample().records.len() {
        let sample = sample();
        let (key, _) = &sample.records[at];
        raw(&sample.dir, |records, _| records.remove(key.as_slice()).unwrap());
        meets_damage(&FjallStore::open(&sample.dir).unwrap(), session_of(key), seq_of(key));
    }
}

#[test]
fn a_row_from_elsewhere_is_told() {
    let sample = sample();
    let (key, _) = &sample.records[2];
    for (other, value) in &sample.records {
        if other != key {
            raw(&sample.dir, |records, _| records.insert(key.as_slice(), value.as_slice()).unwrap());
            meets_damage(&FjallStore::open(&sample.dir).unwrap(), session_of(key), seq_of(key));
        }
    }
}

/// A sample whose first session goes on with these drafts; with the place of the first of them.
fn continued(texts: [&str; 2]) -> (Sample, SessionId, Seq) {
    let sample = sample();
    let store = FjallStore::open(&sample.dir).unwrap();
    let mut head = store.heads().unwrap().remove(0);
    let first = head.seq.next();
    let mut records = Vec::new();
    for text in texts {
        let record = Record::Drafted { text: text.into() };
        let stamped = Stamped { session: head.id, seq: head.seq.next(), at: WallTime(1), record };
        head.apply(&stamped);
        records.push(stamped);
    }
    let session = head.id;
    store.append(&[Batch { records, heads: vec![head], durability: Durability::Synced }]).unwrap();
    (sample, session, first)
}

/// Both stores begin alike, so a record of one fits the key of the other and its own check holds; only the chain tells.
/// Which of two neighbours is foreign is known where the head is reached from; elsewhere the later one is named.
#[test]
fn a_whole_record_of_another_history_breaks_the_chain() {
    for (ours, theirs, replaced, told_forward) in [
        (["one", "last"], ["two", "last"], 0, 1),
        (["one", "last"], ["two", "last"], 1, 1),
        (["first", "one"], ["first", "two"], 1, 1),
    ] {
        let (ours, session, first) = continued(ours);
        let (theirs, ..) = continued(theirs);
        let at = |offset: u64| Seq(first.0 + offset);
        let key = [&session.0.to_be_bytes()[..], &at(replaced).0.to_be_bytes()].concat();
        let value = raw(&theirs.dir, |records, _| records.get(&key).unwrap().unwrap());
        raw(&ours.dir, |records, _| records.insert(key.as_slice(), value).unwrap());
        let store = FjallStore::open(&ours.dir).unwrap();
        is_damage(store.records(session, Seq(1), usize::MAX), session, at(told_forward));
        is_damage(store.page(session, None, usize::MAX), session, at(replaced));
    }
}

#[test]
fn nothing_is_appended_to_a_log_whose_end_is_damaged() {
    let sample = sample();
    let store = FjallStore::open(&sample.dir).unwrap();
    let head: Head = store.heads().unwrap().remove(0);
    drop(store);
    let key = [&head.id.0.to_be_bytes()[..], &head.seq.0.to_be_bytes()].concat();
    raw(&sample.dir, |records, _| records.remove(key.as_slice()).unwrap());
    let store = FjallStore::open(&sample.dir).unwrap();
    let stamped = Stamped { session: head.id, seq: head.seq.next(), at: WallTime(1), record: Record::Closed };
    let seq = head.seq;
    let mut next = head;
    next.apply(&stamped);
    let session = stamped.session;
    let batch = Batch { records: vec![stamped], heads: vec![next], durability: Durability::Synced };
    is_damage(store.append(&[batch]), session, seq);
}
