//! Rot: every byte of a small store flipped, one at a time. Nothing acknowledged is lost in silence, nothing panics, every
//! store opens, and one flip concerns one session.

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use q_store::FjallStore;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use q_crash::driver::{Driver, DriverStep};
use q_crash::engine::flush;
use q_crash::image::{self, DamageOutcome, Image, WrittenRecords, scratch_store};

fn talk(store: &FjallStore, run: u64, turns: usize) {
    // Commits are shared, as the host's are.
    let mut driver = Driver::new(store, run, 5);
    driver.take(DriverStep::Create);
    driver.take(DriverStep::Create);
    for turn in 0..turns {
        for session in 0..3 {
            driver.take(DriverStep::Submit(session, format!("what of {turn} and {session}?")));
            driver.take(DriverStep::Text(session, "this is what ".into()));
            driver.take(DriverStep::Text(session, "there is to say of it".into()));
            driver.take(DriverStep::Done(session));
        }
    }
    driver.take(DriverStep::Draft(1, "half a tho".into()));
    driver.take(DriverStep::Close(2));
    driver.settle();
}

pub(crate) fn sample(flushed: bool) -> (Image, WrittenRecords) {
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    talk(&store, 1, 2);
    let written = WrittenRecords::all_of(&store);
    drop(store);
    if flushed {
        flush(&dir);
    }
    drop(FjallStore::open(&dir).unwrap());
    (Image::of(&dir), written)
}

/// What flips in one file came to.
#[derive(Debug, Default)]
struct Tally {
    flips: usize,
    /// By how many sessions met damage before it was repaired.
    met: [usize; 4],
    /// By how many sessions lost something.
    lost: [usize; 4],
    most_lost: u64,
}

impl Tally {
    fn take(&mut self, outcome: &DamageOutcome) {
        self.flips += 1;
        self.met[outcome.met.len()] += 1;
        self.lost[outcome.lost.len()] += 1;
        self.most_lost = self.most_lost.max(outcome.lost.values().sum());
    }
}

#[expect(clippy::print_stdout, reason = "figures for whoever runs it by hand")]
fn print_tallies(tallies: &BTreeMap<PathBuf, Tally>) {
    for (path, tally) in tallies {
        println!("{:<24} {tally:?}", path.display());
    }
}

/// Flips one bit in every `stride`th byte of every file.
fn flip_all(image: &Image, written: &WrittenRecords, stride: usize) -> BTreeMap<PathBuf, Tally> {
    let bytes_of = |(path, bytes): (&'_ PathBuf, &Vec<u8>)| {
        let path = path.clone();
        (0..bytes.len()).map(move |at| (path.clone(), at))
    };
    let places: Vec<(PathBuf, usize)> = image.files.iter().flat_map(bytes_of).step_by(stride).collect();
    let next = AtomicUsize::new(0);
    let tallies = Mutex::new(BTreeMap::<PathBuf, Tally>::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let (_place, dir) = scratch_store();
                while let Some((path, at)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    image.with(path, |bytes| bytes[*at] ^= 1 << (at % 8)).write(&dir);
                    let outcome = catch_unwind(|| image::check(&dir, written))
                        .unwrap_or_else(|_| panic!("{} flipped at {at}", path.display()));
                    tallies.lock().unwrap().entry(path.clone()).or_default().take(&outcome);
                }
            });
        }
    });
    let tallies = tallies.into_inner().unwrap();
    print_tallies(&tallies);
    tallies
}

fn no_flip_concerns_two_sessions(flushed: bool, stride: usize) {
    let (image, written) = sample(flushed);
    for (path, tally) in flip_all(&image, &written, stride) {
        let [_, _, two, three] = tally.lost;
        assert_eq!(two + three, 0, "{}: {tally:?}", path.display());
    }
}

#[test]
fn every_flip_in_a_journal_is_told_and_concerns_one_session() {
    no_flip_concerns_two_sessions(false, 5);
}

#[test]
fn every_flip_in_a_table_is_told_and_concerns_one_session() {
    no_flip_concerns_two_sessions(true, 5);
}

#[test]
#[ignore = "minutes: every byte"]
fn every_flip_of_every_byte_is_told_and_concerns_one_session() {
    no_flip_concerns_two_sessions(false, 1);
    no_flip_concerns_two_sessions(true, 1);
}

/// Worse than a flip.
#[derive(Clone, Debug)]
enum Harm {
    Zero(usize, usize),
    Garbage(usize, usize, u8),
    Cut(usize),
    Longer(usize),
    Gone,
}

fn harms() -> impl Strategy<Value = Vec<(usize, Harm)>> {
    let at = 0..20_000usize;
    let harm = prop_oneof![
        (at.clone(), 1..5_000usize).prop_map(|(at, len)| Harm::Zero(at, len)),
        (at.clone(), 1..5_000usize, any::<u8>()).prop_map(|(at, len, seed)| Harm::Garbage(at, len, seed)),
        at.clone().prop_map(Harm::Cut),
        (1..5_000usize).prop_map(Harm::Longer),
        Just(Harm::Gone),
    ];
    vec((any::<usize>(), harm), 1..4)
}

/// Does harm to any files but the two that say what the store is and what was acknowledged.
fn harmed(image: &Image, harms: &[(usize, Harm)]) -> Image {
    let mut image = image.clone();
    for (which, harm) in harms {
        let spared = |path: &PathBuf| path == Path::new("anchor") || path == Path::new("q-store");
        let paths: Vec<PathBuf> = image.files.keys().filter(|path| !spared(path)).cloned().collect();
        let path = &paths[which % paths.len()];
        let bytes = image.files.get_mut(path).unwrap();
        let len = bytes.len().max(1);
        let range =
            |at: usize, more: usize| (at % len).min(bytes.len())..((at % len) + more).min(bytes.len());
        match *harm {
            Harm::Zero(at, more) => {
                let range = range(at, more);
                bytes[range].fill(0);
            }
            Harm::Garbage(at, more, seed) => {
                let range = range(at, more);
                bytes[range].iter_mut().zip(1usize..).for_each(|(byte, n)| *byte = (n * 151) as u8 ^ seed);
            }
            Harm::Cut(at) => bytes.truncate(at % len),
            Harm::Longer(more) => bytes.extend((0..more).map(|n| n as u8)),
            Harm::Gone => drop(image.files.remove(path)),
        }
    }
    image
}

fn any_harm_is_told_as_long_as_the_anchor_is_whole(cases: u32) {
    for flushed in [false, true] {
        let (image, written) = sample(flushed);
        let (_place, dir) = scratch_store();
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        runner
            .run(&harms(), |harms| {
                harmed(&image, &harms).write(&dir);
                image::check(&dir, &written);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn any_harm_to_any_files_is_told() {
    any_harm_is_told_as_long_as_the_anchor_is_whole(250);
}

#[test]
#[ignore = "minutes: many more"]
fn any_harm_to_any_files_is_told_many_times() {
    any_harm_is_told_as_long_as_the_anchor_is_whole(10_000);
}
