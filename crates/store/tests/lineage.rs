//! Forks and erased sessions: damage to a parent is the parent's, and nobody misses what was erased.

use std::collections::BTreeMap;
use std::path::Path;

use q_core::{Batch, Durability, Record, Seq, SessionId, Stamped, WallTime};
use q_store::{Damage, FjallStore, Store};

use q_crash::driver::{Driver, DriverStep};
use q_crash::engine::{KeyValues, flush, raw, rows};
use q_crash::image::{self, Image, WrittenRecords, scratch_store};
use q_crash::power::{JOURNAL, journal_end};

/// A closed store: a session of two turns, a fork of it with a turn of its own, a fork without, a fork of the first fork.
struct Family {
    place: tempfile::TempDir,
    image: Image,
    written: WrittenRecords,
    records: KeyValues,
}

const PARENT: usize = 0;
const FORK: usize = 1;

fn turn(driver: &mut Driver<'_>, session: usize) {
    driver.take(DriverStep::Submit(session, "why?".into()));
    driver.take(DriverStep::Text(session, "because ".into()));
    driver.take(DriverStep::Text(session, "of this".into()));
    driver.take(DriverStep::Done(session));
}

fn family() -> Family {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    turn(&mut driver, PARENT);
    turn(&mut driver, PARENT);
    driver.take(DriverStep::Fork(PARENT, None));
    turn(&mut driver, FORK);
    driver.take(DriverStep::Fork(PARENT, None));
    driver.take(DriverStep::Fork(FORK, None));
    driver.settle();
    drop(driver);
    let written = WrittenRecords::all_of(&store);
    assert_eq!(written.sessions().count(), 4);
    drop(store);
    let image = Image::of(&dir);
    let records = raw(&dir, |records, _| rows(records));
    Family { place, image, written, records }
}

/// Both of one turn.
fn two_sessions(store: &dyn Store) -> Driver<'_> {
    let mut driver = Driver::new(store, 1, 1);
    driver.take(DriverStep::Create);
    turn(&mut driver, 0);
    turn(&mut driver, 1);
    driver
}

fn owner(key: &[u8]) -> SessionId {
    SessionId(u128::from_be_bytes(key[..16].try_into().unwrap()))
}

#[test]
fn what_a_parent_lost_its_forks_have_not() {
    let Family { place, image, written, records } = family();
    let dir = place.path().join("changed");
    for (key, _) in &records {
        image.write(&dir);
        raw(&dir, |records, _| records.remove(key.as_slice()).unwrap());
        let store = FjallStore::open(&dir).unwrap();
        for head in store.heads().unwrap() {
            let id = head.id;
            let stored = store.stored(head, usize::MAX);
            assert!(
                stored.is_ok() || id == owner(key),
                "{key:?} is gone, and {id} cannot be read: {stored:?}"
            );
        }
        drop(store);
        let lost = image::check(&dir, &written).lost;
        assert_eq!(lost.keys().copied().collect::<Vec<_>>(), [owner(key)], "{key:?}: {lost:?}");
    }
}

/// Where the parent's log was cut it goes on with other records in the same places. They are not the fork's history.
#[test]
fn what_a_cut_parent_says_next_is_not_its_forks_history() {
    let Family { place, image, records, .. } = family();
    let (parent, fork) = (SessionId(1 << 64 | PARENT as u128), SessionId(1 << 64 | FORK as u128));
    let last = records.iter().rposition(|(key, _)| owner(key) == parent).unwrap();
    let dir = place.path().join("changed");
    image.write(&dir);
    raw(&dir, |rows, _| {
        records[last - 3..=last].iter().for_each(|(key, _)| rows.remove(key.as_slice()).unwrap());
    });
    let store = FjallStore::open(&dir).unwrap();
    let head = |id| store.head(id).unwrap().unwrap();
    let mut cut = store.stored(head(parent), 0).unwrap().head;
    for text in ["other", "records", "in the", "same", "places"] {
        let record = Record::Drafted { text: text.into() };
        let stamped = Stamped { session: parent, seq: cut.seq.next(), at: WallTime(1), record };
        cut.apply(&stamped);
        let batch = Batch {
            records: vec![stamped],
            blobs: vec![],
            heads: vec![cut.clone()],
            durability: Durability::Synced,
        };
        store.append(&[batch]).unwrap();
    }
    assert!(head(fork).fork.unwrap().through <= cut.seq);
    for fork in store.heads().unwrap().into_iter().filter(|head| head.fork.is_some()) {
        let stored = store.stored(fork, usize::MAX).unwrap();
        assert!(stored.trimmed && stored.tail.iter().all(|stamped| stamped.session != parent), "{stored:?}");
    }
}

/// The numbers of a fork's records go on from its parent's: what it inherited is not counted as its loss.
#[test]
fn a_fork_that_is_gone_lost_its_own_records_only() {
    let Family { place, image, written, records } = family();
    let fork = SessionId(1 << 64 | FORK as u128);
    let own: Vec<_> = records.iter().filter(|(key, _)| owner(key) == fork).collect();
    let dir = place.path().join("changed");
    image.write(&dir);
    raw(&dir, |records, _| own.iter().for_each(|(key, _)| records.remove(key.as_slice()).unwrap()));
    let store = FjallStore::open(&dir).unwrap();
    // The end is damaged, so it is met when the session is read.
    for head in store.heads().unwrap() {
        drop(store.stored(head, 0));
    }
    let [damage] = &store.damage()[..] else { panic!("{:?}", store.damage()) };
    assert_eq!((damage.session, damage.kept_through, damage.lost), (fork, Seq(0), Some(own.len() as u64)));
    drop(store);
    assert_eq!(image::check(&dir, &written).lost, BTreeMap::from([(fork, own.len() as u64)]));
}

/// The rows of an erased session stand in the journal before its erasure, until the engine drops both.
#[test]
fn no_flip_brings_back_what_was_erased() {
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = two_sessions(&store);
    let before = journal_end(&Image::of(&dir));
    driver.take(DriverStep::Erase(0));
    let erasure = before..journal_end(&Image::of(&dir));
    driver.settle();
    drop(driver);
    let written = WrittenRecords::all_of(&store);
    drop(store);
    let image = Image::of(&dir);
    for at in erasure {
        image.with(Path::new(JOURNAL), |bytes| bytes[at] ^= 1 << (at % 8)).write(&dir);
        image::check(&dir, &written);
    }
}

/// The marks that rows are gone stand in newer tables than those, and the anchor has forgotten who was erased: a damaged
/// mark must not bring anybody back, be it only as one who lost everything.
#[test]
fn no_flip_in_a_table_brings_back_what_was_erased() {
    /// More than the anchor goes on naming.
    const ERASED: usize = 70;
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    turn(&mut driver, 0);
    (0..ERASED).for_each(|_| driver.take(DriverStep::Create));
    driver.settle();
    drop(driver);
    drop(store);
    flush(&dir);
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::resumed(&store, 1, 1, 1);
    (1..=ERASED).for_each(|session| driver.take(DriverStep::Erase(session)));
    driver.settle();
    drop(driver);
    let written = WrittenRecords::all_of(&store);
    assert_eq!(written.sessions().count(), 1);
    drop(store);
    flush(&dir);
    // Takes the anchor up twice: the first time it is written anew without those that are gone.
    (0..2).for_each(|_| drop(FjallStore::open(&dir).unwrap()));
    let image = Image::of(&dir);
    assert!(image.files[Path::new("anchor")].len() < 1_000, "those who were erased are still named");
    let tables =
        image.files.iter().filter(|(path, _)| path.parent().is_some_and(|dir| dir.ends_with("tables")));
    let (mut flips, mut rebuilt) = (0, 0);
    for (path, bytes) in tables.filter(|(path, _)| !path.starts_with("keyspaces/0")) {
        for at in (0..bytes.len()).step_by(97) {
            image.with(path, |bytes| bytes[at] ^= 1 << (at % 8)).write(&dir);
            let outcome = image::check(&dir, &written);
            let is_left = |damage: &Damage| written.sessions().any(|session| session == damage.session);
            assert!(outcome.damage.iter().all(is_left), "{}: {at}: {outcome:?}", path.display());
            flips += 1;
            rebuilt += usize::from(dir.join("damaged").exists());
        }
    }
    assert!(flips > 60 && rebuilt > 20, "{flips} flips, {rebuilt} of them met");
}

#[test]
fn nobody_misses_what_was_erased() {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = two_sessions(&store);
    let before = Image::of(&dir);
    driver.take(DriverStep::Erase(0));
    let erased = Image::of(&dir);
    driver.settle();
    drop(driver);
    let left = WrittenRecords::all_of(&store);
    assert_eq!(left.sessions().count(), 1);
    drop(store);
    let anchor = Path::new("anchor");
    // Dead after the anchor was told, and before the engine was: the next start erases it.
    let between = before.with(anchor, |bytes| bytes.clone_from(&erased.files[anchor]));
    let other = place.path().join("other");
    for (what, image, written) in [
        ("in good order", Image::of(&dir), &left),
        ("killed behind it", erased.clone(), &left),
        ("killed in between", between, &left),
    ] {
        image.write(&other);
        let store = FjallStore::open(&other).unwrap();
        assert_eq!(
            (store.damage(), store.heads().unwrap().len()),
            (vec![], written.sessions().count()),
            "{what}"
        );
        drop(store);
        assert_eq!(image::check(&other, written).lost, BTreeMap::new(), "{what}");
    }
}
