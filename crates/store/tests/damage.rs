//! Damage behind the engine's back: rows changed where the engine notices nothing. Each is told in its session, costs as
//! little as it can, and concerns no other session.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use q_core::{
    Batch, Body, Durability, Entry, EntryNo, Fault, Head, Record, Seq, SessionId, Stamped, WallTime,
};
use q_store::{Damage, FjallStore, Store, StoreError};

use q_crash::driver::{Driver, DriverStep};
use q_crash::engine::{KeyValues, Keyspace, flush, raw, raw_blobs, rows};
use q_crash::image::{self, Image, WrittenRecords, scratch_store};

/// A closed store of two sessions with two turns each, and its rows.
struct Sample {
    place: tempfile::TempDir,
    image: Image,
    written: WrittenRecords,
    records: KeyValues,
    heads: KeyValues,
}

/// Records of each session: created, tagged; queued, began, said, said, ended; queued, began, said, said, ended.
const RECORDS: u64 = 12;

fn sample() -> Sample {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    driver.take(DriverStep::Create);
    for _ in 0..2 {
        for session in [0, 1] {
            driver.take(DriverStep::Submit(session, "why?".into()));
            driver.take(DriverStep::Text(session, "because ".into()));
            driver.take(DriverStep::Text(session, "of this".into()));
            driver.take(DriverStep::Done(session));
        }
    }
    driver.settle();
    drop(driver);
    let written = WrittenRecords::all_of(&store);
    drop(store);
    let image = Image::of(&dir);
    let (records, heads) = raw(&dir, |records, heads| (rows(records), rows(heads)));
    assert_eq!(records.len() as u64, 2 * RECORDS);
    Sample { place, image, written, records, heads }
}

impl Sample {
    /// A copy of the store, changed behind the engine's back.
    fn changed(&self, change: impl FnOnce(&Keyspace, &Keyspace)) -> PathBuf {
        let dir = self.place.path().join("changed");
        self.image.write(&dir);
        raw(&dir, change);
        dir
    }

    /// What a change costs in the end, by session.
    fn cost(&self, change: impl FnOnce(&Keyspace, &Keyspace)) -> BTreeMap<SessionId, u64> {
        image::check(&self.changed(change), &self.written).lost
    }

    fn place_of(&self, at: usize) -> (SessionId, Seq) {
        let (session, seq) = self.records[at].0.split_at(16);
        let session = SessionId(u128::from_be_bytes(session.try_into().unwrap()));
        (session, Seq(u64::from_be_bytes(seq.try_into().unwrap())))
    }
}

/// What a session loses with each of its records. It goes on behind the damage where it can; without the text of the last
/// prompt, or without the beginning of the last answer and all that follows, it cannot, and the log is cut.
fn cost_of_losing(seq: Seq) -> u64 {
    let (last_prompt, last_answer) = (RECORDS - 4, RECORDS - 2);
    if seq.0 == last_prompt || seq.0 >= last_answer { RECORDS + 1 - seq.0 } else { 1 }
}

#[test]
fn every_record_that_is_lost_costs_little_and_one_session() {
    let sample = sample();
    for (at, (key, value)) in sample.records.iter().enumerate() {
        let (session, seq) = sample.place_of(at);
        let expected = BTreeMap::from([(session, cost_of_losing(seq))]);
        let cost = sample.cost(|records, _| records.remove(key.as_slice()).unwrap());
        assert_eq!(cost, expected, "without record {seq}");
        for at in (0..value.len()).step_by(7) {
            let mut flipped = value.clone();
            flipped[at] ^= 0x10;
            let cost = sample.cost(|records, _| records.insert(key.as_slice(), flipped).unwrap());
            assert_eq!(cost, expected, "record {seq} flipped at {at}");
        }
    }
}

/// A session with a result of which three pieces stand beside its record, and a turn behind it; and that record.
fn with_a_large_result() -> (Sample, Seq) {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    for result in ["what was found, ".repeat(5_000), "nothing".into()] {
        driver.take(DriverStep::Submit(0, "read it".into()));
        driver.take(DriverStep::Call(0, false));
        driver.take(DriverStep::Result(0, result));
        driver.take(DriverStep::Done(0));
    }
    driver.settle();
    drop(driver);
    let written = WrittenRecords::all_of(&store);
    let session = written.sessions().next().unwrap();
    let log = store.records(session, Seq(1), usize::MAX).unwrap();
    let seq = log.iter().find(|stamped| stamped.beside() > 0).unwrap().seq;
    drop(store);
    let sample =
        Sample { image: Image::of(&dir), place, written, records: KeyValues::new(), heads: KeyValues::new() };
    (sample, seq)
}

#[test]
fn a_lost_piece_of_a_result_costs_that_result_and_nothing_else() {
    let (sample, seq) = with_a_large_result();
    let dir = sample.place.path().join("changed");
    let pieces = raw_blobs(&sample.place.path().join("store"), rows);
    assert_eq!(pieces.len(), 3);
    let session = sample.written.sessions().next().unwrap();
    let (kept_through, resumes_at) = (Seq(seq.0 - 1), Some(seq.next()));
    let damage = Damage { session, kept_through, resumes_at, lost: Some(1), quarantine: None };
    for (at, (key, value)) in pieces.iter().enumerate() {
        let changes: [&dyn Fn(&Keyspace); 4] = [
            &|blobs| blobs.remove(key.as_slice()).unwrap(),
            &|blobs| blobs.insert(key.as_slice(), &value[..value.len() - 1]).unwrap(),
            &|blobs| {
                let mut flipped = value.clone();
                flipped[value.len() / 2] ^= 1;
                blobs.insert(key.as_slice(), flipped).unwrap();
            },
            &|blobs| blobs.insert(key.as_slice(), pieces[(at + 1) % pieces.len()].1.as_slice()).unwrap(),
        ];
        for (change, number) in changes.into_iter().zip(0..) {
            sample.image.write(&dir);
            raw_blobs(&dir, change);
            let outcome = image::check(&dir, &sample.written);
            assert_eq!(outcome.lost, BTreeMap::from([(session, 1)]), "piece {at}, change {number}");
            let told: Vec<_> =
                outcome.damage.into_iter().map(|damage| Damage { quarantine: None, ..damage }).collect();
            assert_eq!(told, std::slice::from_ref(&damage), "piece {at}, change {number}");
        }
    }
}

/// All entries of a session, read in pages of that many bytes.
fn in_pages(store: &dyn Store, session: SessionId, bytes: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let page = store.page(session, entries.first().map(|entry| entry.no), bytes).unwrap();
        assert!(!page.entries.is_empty() || entries.is_empty(), "a page of nothing before {entries:?}");
        entries.splice(0..0, page.entries);
        if !page.trimmed {
            return entries;
        }
    }
}

#[test]
fn what_stands_before_a_lost_record_is_read_all_the_same() {
    let sample = sample();
    let dir = sample.place.path().join("changed");
    sample.image.write(&dir);
    let whole = FjallStore::open(&dir).unwrap();
    for (at, (key, _)) in sample.records.iter().enumerate() {
        let (session, seq) = sample.place_of(at);
        if cost_of_losing(seq) > 1 {
            continue; // the log is cut there
        }
        let log = whole.records(session, Seq(1), usize::MAX).unwrap();
        // The entry of which the lost record is a part, or the text.
        let is_part = |stamped: &&Stamped| {
            let holds_text = matches!(stamped.record, Record::Began { queued, .. } if queued == seq);
            stamped.seq == seq && stamped.entry().is_some() || holds_text
        };
        let gone = log.iter().find(is_part).and_then(Stamped::entry);
        let expected: Vec<Entry> = in_pages(&whole, session, usize::MAX)
            .into_iter()
            .filter(|entry| Some(entry.no) != gone)
            .collect();
        let place = sample.place.path().join("damaged");
        sample.image.write(&place);
        raw(&place, |records, _| records.remove(key.as_slice()).unwrap());
        let store = FjallStore::open(&place).unwrap();
        for bytes in [0, 40, usize::MAX] {
            let (marks, entries): (Vec<Entry>, Vec<Entry>) = in_pages(&store, session, bytes)
                .into_iter()
                .partition(|entry| matches!(entry.body, Body::Repair(_)));
            let lost = Body::Repair(Fault::LogCut { lost: Some(1) });
            let told: Vec<_> = marks.into_iter().map(|entry| (entry.no, entry.body)).collect();
            assert_eq!(told, [(EntryNo(seq.0), lost)], "record {seq}, {bytes} bytes");
            let entries: Vec<Entry> = entries.into_iter().filter(|entry| Some(entry.no) != gone).collect();
            assert_eq!(entries, expected, "record {seq}, {bytes} bytes");
        }
    }
}

#[test]
fn a_row_from_elsewhere_is_a_lost_one() {
    let sample = sample();
    let at = 3;
    let (key, _) = &sample.records[at];
    let (session, seq) = sample.place_of(at);
    for (other, value) in &sample.records {
        if other != key {
            let cost = sample.cost(|records, _| records.insert(key.as_slice(), value.as_slice()).unwrap());
            assert_eq!(cost, BTreeMap::from([(session, cost_of_losing(seq))]));
        }
    }
}

#[test]
fn a_head_that_is_lost_costs_nothing() {
    let sample = sample();
    let (key, value) = &sample.heads[1];
    let nothing = BTreeMap::new();
    assert_eq!(sample.cost(|_, heads| heads.remove(key.as_slice()).unwrap()), nothing);
    assert_eq!(
        sample.cost(|_, heads| heads.insert(key.as_slice(), sample.heads[0].1.as_slice()).unwrap()),
        nothing
    );
    for at in (0..value.len()).step_by(3) {
        let mut flipped = value.clone();
        flipped[at] ^= 0x04;
        assert_eq!(sample.cost(|_, heads| heads.insert(key.as_slice(), flipped).unwrap()), nothing, "{at}");
    }
    let dir = sample
        .changed(|_, heads| sample.heads.iter().for_each(|(key, _)| heads.remove(key.as_slice()).unwrap()));
    let store = FjallStore::open(&dir).unwrap();
    assert_eq!((store.heads().unwrap().len(), store.damage()), (2, Vec::new()));
}

#[test]
fn a_session_of_which_nothing_is_left_is_told_and_the_other_is_whole() {
    let sample = sample();
    let (gone, _) = sample.place_of(0);
    let dir = sample.changed(|records, heads| {
        heads.remove(sample.heads[0].0.as_slice()).unwrap();
        sample.records[..RECORDS as usize]
            .iter()
            .for_each(|(key, _)| records.remove(key.as_slice()).unwrap());
    });
    let store = FjallStore::open(&dir).unwrap();
    let [Damage { session, kept_through: Seq(0), resumes_at: None, lost: Some(RECORDS), .. }] =
        store.damage()[..]
    else {
        panic!("{:?}", store.damage())
    };
    assert_eq!(session, gone);
    drop(store);
    assert_eq!(image::check(&dir, &sample.written).lost, BTreeMap::from([(gone, RECORDS)]));
}

/// A sample whose first session goes on with these drafts; with the place of the first of them.
fn continued(texts: [&str; 2]) -> (Sample, SessionId, Seq) {
    let mut sample = sample();
    let dir = sample.changed(|_, _| {});
    let store = FjallStore::open(&dir).unwrap();
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
    store
        .append(&[Batch { records, blobs: vec![], heads: vec![head], durability: Durability::Synced }])
        .unwrap();
    sample.written = WrittenRecords::all_of(&store);
    drop(store);
    sample.image = Image::of(&dir);
    (sample, session, first)
}

/// Both stores begin alike, so a record of one fits the key of the other and its own check holds; only the chain tells.
#[test]
fn a_whole_record_of_another_history_is_a_lost_one() {
    for (ours, theirs, replaced, lost) in [
        (["one", "last"], ["two", "last"], 0, Some(2)),
        (["one", "last"], ["two", "last"], 1, Some(1)),
        // Linked to what is before it: how far back the other history goes cannot be known.
        (["first", "one"], ["first", "two"], 1, None),
    ] {
        let (ours, session, first) = continued(ours);
        let (theirs, ..) = continued(theirs);
        let key = [&session.0.to_be_bytes()[..], &(first.0 + replaced).to_be_bytes()].concat();
        let value = raw(&theirs.changed(|_, _| {}), |records, _| records.get(&key).unwrap().unwrap());
        let dir = ours.changed(|records, _| records.insert(key.as_slice(), value).unwrap());
        let store = FjallStore::open(&dir).unwrap();
        let refused = store.records(session, Seq(1), usize::MAX);
        assert!(
            matches!(refused, Err(StoreError::Damaged { session: told, .. }) if told == session),
            "{refused:?}"
        );
        let head = store.heads().unwrap().remove(0);
        store.stored(head, usize::MAX).unwrap();
        drop(store);
        FjallStore::open(&dir).unwrap();
        let found = FjallStore::open(&dir).unwrap().damage();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].session, found[0].lost), (session, lost), "{found:?}");
    }
}

#[test]
fn nothing_is_appended_to_a_log_whose_end_is_damaged() {
    let sample = sample();
    let (session, seq) = sample.place_of(RECORDS as usize - 1);
    let dir = sample
        .changed(|records, _| records.remove(sample.records[RECORDS as usize - 1].0.as_slice()).unwrap());
    let store = FjallStore::open(&dir).unwrap();
    let mut head: Head = store.heads().unwrap().remove(0);
    let stamped = Stamped { session, seq: seq.next(), at: WallTime(1), record: Record::Closed };
    head.apply(&stamped);
    let batch =
        Batch { records: vec![stamped], blobs: vec![], heads: vec![head], durability: Durability::Synced };
    let refused = store.append(&[batch]);
    assert!(
        matches!(refused, Err(StoreError::Damaged { session: told, seq: at }) if (told, at) == (session, seq))
    );
}

/// What a host meets when it reads a session whose end is damaged: the session, shorter, and what to say of it.
#[test]
fn a_damaged_end_is_cut_when_it_is_read_and_told_until_somebody_was() {
    let sample = sample();
    let last = RECORDS as usize - 1;
    let (session, seq) = sample.place_of(last);
    let dir = sample.changed(|records, _| records.remove(sample.records[last].0.as_slice()).unwrap());
    let store = FjallStore::open(&dir).unwrap();
    assert_eq!(store.damage(), []);
    assert_eq!(store.verify().unwrap().len(), 1);
    let head = store.heads().unwrap().remove(0);
    assert_eq!(head.seq, seq);
    let stored = store.stored(head, usize::MAX).unwrap();
    assert_eq!(stored.head.seq, Seq(seq.0 - 1));
    let fault = Fault::LogCut { lost: Some(1) };
    assert_eq!(stored.fault, Some(fault));
    assert_eq!(store.heads().unwrap()[0], stored.head);
    let told = store.damage();
    let [Damage { quarantine: Some(aside), .. }] = &told[..] else { panic!("{told:?}") };
    let expected = Damage {
        session,
        kept_through: Seq(seq.0 - 1),
        resumes_at: None,
        lost: Some(1),
        quarantine: Some(aside.clone()),
    };
    assert_eq!(told, [expected]);
    assert!(fs::read_to_string(aside.join("report")).unwrap().contains(&session.to_string()));
    drop(store);
    let store = FjallStore::open(&dir).unwrap();
    assert_eq!(store.damage(), told);
    let stored_head = || store.heads().unwrap().remove(0);
    assert_eq!(store.stored(stored_head(), 0).unwrap().fault, Some(fault));
    // The session says so itself from now on.
    append(&store, session, Record::Repaired { fault }).unwrap();
    assert_eq!((store.damage(), store.stored(stored_head(), 0).unwrap().fault), (vec![], None));
    assert_eq!(store.verify().unwrap(), []);
    drop(store);
    assert_eq!(FjallStore::open(&dir).unwrap().damage(), []);
}

/// Gives a session one more draft.
fn draft(store: &FjallStore, session: SessionId, text: &str) -> Result<Seq, StoreError> {
    append(store, session, Record::Drafted { text: text.into() })
}

fn append(store: &FjallStore, session: SessionId, record: Record) -> Result<Seq, StoreError> {
    let mut head = store.heads()?.into_iter().find(|head| head.id == session).unwrap();
    let stamped = Stamped { session, seq: head.seq.next(), at: WallTime(1), record };
    head.apply(&stamped);
    let seq = head.seq;
    store.append(&[Batch {
        records: vec![stamped],
        blobs: vec![],
        heads: vec![head],
        durability: Durability::Synced,
    }])?;
    Ok(seq)
}

/// When tables are merged the engine meets what nobody has read for long, and gives up writing. Without a repair it would
/// do so again after every start.
#[test]
fn a_table_that_cannot_be_merged_stops_the_store_once() {
    let sample = sample();
    let dir = sample.place.path().join("store");
    let sessions: Vec<SessionId> = sample.written.sessions().collect();
    // Each table spans both sessions, so none is out of the others' way.
    for round in 0..3 {
        let store = FjallStore::open(&dir).unwrap();
        for session in &sessions {
            draft(&store, *session, &format!("round {round}")).unwrap();
        }
        drop(store);
        flush(&dir);
    }
    let image = Image::of(&dir);
    let oldest = image.files.keys().find(|path| path.starts_with("keyspaces/1/tables")).unwrap();
    image.with(oldest, |bytes| bytes[100] ^= 1).write(&dir);
    let store = FjallStore::open(&dir).unwrap();
    let text = "onwards ".repeat(8 << 10);
    let mut acknowledged = BTreeMap::new();
    let refused = (0..10_000).find_map(|round| {
        let session = sessions[round % 2];
        match draft(&store, session, &text) {
            Ok(seq) => acknowledged.insert(session, seq).and(None),
            Err(error) => Some(error),
        }
    });
    assert!(matches!(refused, Some(StoreError::Poisoned)), "{refused:?}");
    drop(store);
    let store = FjallStore::open(&dir).unwrap();
    let damage = store.damage();
    assert!(damage.iter().filter_map(|damage| damage.lost).sum::<u64>() <= 1, "{damage:?}");
    for session in &sessions {
        assert!(
            store
                .heads()
                .unwrap()
                .iter()
                .any(|head| head.id == *session && head.seq >= acknowledged[session])
        );
    }
    for round in 0..200 {
        draft(&store, sessions[round % 2], &text).unwrap();
    }
}
