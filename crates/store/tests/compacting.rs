//! Compacting: what was erased stands in no file, what is left takes little more than its texts, and nobody notices it
//! being done.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use q_core::{Head, Seq, SessionId, Stamped};
use q_crash::driver::{Driver, DriverStep};
use q_crash::image::{Image, WrittenRecords, scratch_store};
use q_store::{FjallStore, Store, StoreError, disk_use};
use q_testkit::clock;

use super::driven;

const MARK: &str = "a-word-that-nobody-may-find-again";

/// Files of the store in which the mark stands.
fn marked(dir: &Path) -> Vec<String> {
    let holds = |bytes: &Vec<u8>| bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    let image = Image::of(dir);
    image.files.iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.display().to_string()).collect()
}

fn turn(driver: &mut Driver<'_>, session: usize, text: &str) {
    driver.take(DriverStep::Submit(session, "why?".into()));
    driver.take(DriverStep::Text(session, text.into()));
    driver.take(DriverStep::Done(session));
}

type All = BTreeMap<SessionId, (Head, Vec<Stamped>)>;

fn all(store: &dyn Store) -> All {
    let heads = store.heads().unwrap().into_iter();
    heads.map(|head| (head.id, (head.clone(), store.records(head.id, Seq(1), usize::MAX).unwrap()))).collect()
}

/// The mark stands in prompts, answers, drafts, tool calls, results, names and previews, of rows in tables and in journals.
#[test]
fn what_was_erased_stands_in_no_file() {
    for in_tables in [false, true] {
        let (_place, dir) = scratch_store();
        let store = FjallStore::open(&dir).unwrap();
        let mut driver = Driver::new(&store, 1, 1);
        driver.take(DriverStep::Create);
        driver.take(DriverStep::Rename(1, MARK.into()));
        driver.take(DriverStep::Draft(1, MARK.into()));
        driver.take(DriverStep::Submit(1, MARK.into()));
        driver.take(DriverStep::Call(1, false));
        driver.take(DriverStep::Result(1, format!("{MARK} ").repeat(3_000)));
        let beside = |(_, records): &(Head, Vec<Stamped>)| records.iter().any(|one| one.beside() > 90_000);
        assert!(all(&store).values().any(beside), "most of the result is in a blob");
        for _ in 0..50 {
            driver.take(DriverStep::Text(1, format!("{MARK} ")));
            driver.take(DriverStep::Wait(200));
        }
        driver.take(DriverStep::Done(1));
        turn(&mut driver, 0, "kept");
        if in_tables {
            store.compact().unwrap();
        }
        assert!(!store.is_worth_compacting());
        driver.take(DriverStep::Erase(1));
        driver.settle();
        assert!(store.is_worth_compacting());
        assert!(!marked(&dir).is_empty(), "there is nothing to find");
        drop(driver);
        // That it is wanted outlives whoever wanted it.
        drop(store);
        let store = FjallStore::open(&dir).unwrap();
        assert!(store.is_worth_compacting());
        let before = all(&store);
        store.compact().unwrap();
        assert!(!store.is_worth_compacting());
        assert_eq!(marked(&dir), Vec::<String>::new(), "in tables: {in_tables}");
        assert_eq!(all(&store), before);
        drop(store);
        assert_eq!(marked(&dir), Vec::<String>::new(), "closed");
        let store = FjallStore::open(&dir).unwrap();
        assert_eq!(all(&store), before);
        assert_eq!((store.damage(), store.verify().unwrap()), (vec![], vec![]));
    }
}

/// 24 MB of texts in eight sessions, of which every second one goes: what is left takes at most 1.2 times its texts.
#[test]
fn the_disk_holds_little_more_than_the_texts() {
    let (_place, dir) = scratch_store();
    let store = driven(&dir, |driver| {
        for _ in 1..8 {
            driver.take(DriverStep::Create);
        }
        for round in 0..375 {
            for session in 0..8 {
                let text = format!("{round} {} ", "why is it so? ".repeat(560));
                driver.take(DriverStep::Submit(session, text));
                driver.take(DriverStep::Done(session));
            }
        }
        for erased in [1, 3, 5, 7] {
            driver.take(DriverStep::Erase(erased));
        }
        driver.settle();
    });
    let heads = store.heads().unwrap();
    let texts: usize = heads
        .iter()
        .flat_map(|head| store.records(head.id, Seq(1), usize::MAX).unwrap())
        .map(|stamped| stamped.text().len())
        .sum();
    assert!(texts > 11_000_000, "{texts}");
    let before = disk_use(&dir);
    store.compact().unwrap();
    let after = disk_use(&dir);
    let estimate: u64 = heads.iter().map(|head| head.bytes).sum();
    assert!(after as f64 <= 1.2 * texts as f64, "{after} for {texts}, {before} before");
    assert!(after.abs_diff(estimate) as f64 <= 0.1 * after as f64, "{estimate} are told, {after} taken");
}

/// What a session is said to take is about what it takes, also where records are many and texts are short.
#[test]
fn what_a_session_is_said_to_take_is_about_that() {
    let (_place, dir) = scratch_store();
    let store = driven(&dir, |driver| {
        for _ in 0..5000 {
            turn(driver, 0, "so");
        }
        driver.settle();
    });
    store.compact().unwrap();
    let told: u64 = store.heads().unwrap().iter().map(|head| head.bytes).sum();
    let taken = disk_use(&dir);
    assert!((0.8..=1.25).contains(&(told as f64 / taken as f64)), "{told} are told, {taken} taken");
}

/// Appends and reads go on meanwhile, and find what they should; so does who opens the store next.
#[test]
fn nobody_notices_it() {
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let done = AtomicBool::new(false);
    let mut runs = 0;
    thread::scope(|scope| {
        let compacts = scope.spawn(|| {
            let mut times = 0;
            while !done.load(Ordering::SeqCst) || times == 0 {
                store.compact().unwrap();
                times += 1;
            }
            times
        });
        let mut driver = Driver::new(&store, 1, 1);
        for round in 0..60 {
            driver.take(DriverStep::Create);
            turn(&mut driver, round, &format!("{round} it is "));
            driver.take(DriverStep::Fork(round, None));
            driver.take(DriverStep::Close(round));
            if round % 3 == 2 {
                driver.take(DriverStep::Erase(round - 1));
            }
            let heads = store.heads().unwrap();
            let recovered = driver.recovered();
            assert_eq!(heads.len(), recovered.view().sessions().count());
            for head in heads {
                assert!(!store.records(head.id, Seq(1), usize::MAX).unwrap().is_empty());
            }
        }
        driver.settle();
        done.store(true, Ordering::SeqCst);
        runs = compacts.join().unwrap();
    });
    assert!(runs > 1, "{runs}");
    let written = WrittenRecords::all_of(&store);
    let before = all(&store);
    drop(store);
    let store = FjallStore::open(&dir).unwrap();
    assert_eq!(all(&store), before);
    assert_eq!(store.damage(), []);
    drop(store);
    let outcome = q_crash::image::check(&dir, &written);
    assert!(outcome.met.is_empty() && outcome.lost.is_empty(), "{outcome:?}");
}

/// Somebody moved the store away and put another one there: that is not taken for ours.
#[test]
fn what_stands_in_its_place_is_not_touched() {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    turn(&mut Driver::new(&store, 1, 1), 0, "ours");
    std::fs::rename(&dir, place.path().join("moved")).unwrap();
    let other = FjallStore::open(&dir).unwrap();
    turn(&mut Driver::new(&other, 2, 1), 0, "another's");
    let (before, all_before) = (Image::of(&dir).files, all(&other));
    assert!(matches!(store.compact(), Err(StoreError::Vanished { .. })));
    assert_eq!(Image::of(&dir).files, before);
    drop(other);
    let other = FjallStore::open(&dir).unwrap();
    assert_eq!(all(&other), all_before);
}

/// What a commit costs while the store is compacted beside it. Prints; a person compares.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "a measurement is told")]
fn what_a_commit_waits_for() {
    let place = tempfile::tempdir().unwrap(); // on a disk
    let dir = place.path().join("store");
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    for _ in 1..8 {
        driver.take(DriverStep::Create);
    }
    for megabytes in [10, 100, 500] {
        while store.heads().unwrap().iter().map(|head| head.bytes).sum::<u64>() < megabytes * 1_000_000 {
            for session in 0..8 {
                driver.take(DriverStep::Submit(session, "why is it so? ".repeat(5_000)));
                driver.take(DriverStep::Done(session));
            }
        }
        let done = AtomicBool::new(true);
        for compacts in [false, true] {
            let mut took = Vec::new();
            thread::scope(|scope| {
                done.store(!compacts, Ordering::SeqCst);
                let compaction = scope.spawn(|| {
                    let before = clock::now();
                    if compacts {
                        store.compact().unwrap();
                    }
                    done.store(true, Ordering::SeqCst);
                    clock::now() - before
                });
                while !done.load(Ordering::SeqCst) || took.len() < 200 {
                    let before = clock::now();
                    driver.take(DriverStep::Submit(0, "why?".into()));
                    took.push(clock::now() - before);
                    driver.take(DriverStep::Done(0));
                }
                let compaction = compaction.join().unwrap();
                took.sort();
                let at = |part: usize| took[(took.len() - 1) * part / 1000];
                println!(
                    "{megabytes} MB, compacting {compacts} for {compaction:?}: {} commits, p50 {:?} p99 {:?} longest {:?}",
                    took.len(),
                    at(500),
                    at(990),
                    at(1000)
                );
            });
        }
    }
    driver.settle();
}
