//! The fourth rig: bits flipped anywhere in a store that nobody has open. What that changes is told, in one session, and
//! every store opens.

use std::path::{Path, PathBuf};

use q_store::FjallStore;
use q_testkit::chance::Chance;

use super::driver::{DriverStep, steps_of};
use super::engine;
use super::history::Life;
use super::image::{BrokenPromise, Image, WrittenRecords, look_at, scratch};
use super::power::ANCHOR;
use super::report::{RigReport, Tally, try_all};

/// How much is flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// At least so many bits, spread over some small stores.
    Spread(usize),
    /// Every byte of a store of 64 KB.
    EveryByte,
    /// So many bits of a store of 100 MB, a hundred at once.
    Large(usize),
}

/// Bits that are flipped at once in the large store: reading all of it takes seconds.
const AT_ONCE: usize = 100;
/// What the large store is made of: so many prompts of so many bytes, in so many sessions.
const LARGE: (usize, usize, usize) = (5_000, 20_000, 50);

/// A store, and what is in it.
struct Sample {
    name: &'static str,
    image: Image,
    written: WrittenRecords,
}

/// Bits to flip at once.
#[derive(Debug)]
struct Flips {
    sample: usize,
    places: Vec<(PathBuf, usize)>,
}

/// Flips bits from one seed on, which decides what is in the stores.
pub fn run(seed: u64, extent: Extent) -> RigReport {
    let samples = samples(seed, extent);
    let all: usize = samples.iter().map(Sample::len).sum();
    let flips: Vec<Flips> = match extent {
        Extent::Spread(number) => single(&samples).step_by((all / number).max(1)).collect(),
        Extent::EveryByte => single(&samples).collect(),
        Extent::Large(number) => at_once(&samples, number, seed),
    };
    let what = match extent {
        Extent::Spread(_) | Extent::EveryByte => format!("flips in stores of {all} bytes from seed {seed}"),
        Extent::Large(_) => {
            format!("flips, {AT_ONCE} at once, in a store of {} MB from seed {seed}", all / 1_000_000)
        }
    };
    try_flips(&what, seed, extent, &samples, &flips)
}

/// Flips these bits once more, written as a failure names them: `SAMPLE:FILE:PLACE,FILE:PLACE…`.
pub fn run_one(seed: u64, extent: Extent, written: &str) -> Option<RigReport> {
    let (sample, places) = written.split_once(':')?;
    let place = |place: &str| {
        let (path, at) = place.split_once(':')?;
        Some((PathBuf::from(path), at.parse().ok()?))
    };
    let places = places.split(',').map(place).collect::<Option<Vec<_>>>()?;
    let samples = samples(seed, extent);
    let sample = samples.iter().position(|known| known.name == sample)?;
    Some(try_flips("flips", seed, extent, &samples, &[Flips { sample, places }]))
}

fn try_flips(what: &str, seed: u64, extent: Extent, samples: &[Sample], flips: &[Flips]) -> RigReport {
    try_all(
        "flips",
        what,
        flips,
        |place, flips| flip(&place.join("store"), &samples[flips.sample], &flips.places),
        |flips| {
            let full = if matches!(extent, Extent::Spread(_)) { "" } else { "--full " };
            let sample = samples[flips.sample].name;
            let places: Vec<String> =
                flips.places.iter().map(|(path, at)| format!("{}:{at}", path.display())).collect();
            format!("--only flips {full}--seed {seed} --flip {sample}:{}", places.join(","))
        },
    )
}

fn samples(seed: u64, extent: Extent) -> Vec<Sample> {
    match extent {
        Extent::Spread(_) => vec![
            sample("journal", &steps_of(seed, 90), 0, 5),
            sample("tables", &steps_of(seed + 1, 90), 90, 1),
            sample("both", &steps_of(seed + 2, 120), 60, 3),
        ],
        Extent::EveryByte => vec![sample("every-byte", &steps_of(seed, 310), 155, 3)],
        Extent::Large(_) => {
            let (prompts, bytes, sessions) = LARGE;
            let turn = |n: usize| {
                let session = n % sessions;
                [DriverStep::Submit(session, format!("{n} ").repeat(bytes / 5)), DriverStep::Done(session)]
            };
            let steps: Vec<DriverStep> = vec![DriverStep::Create; sessions - 1]
                .into_iter()
                .chain((0..prompts).flat_map(turn))
                .collect();
            vec![sample("large", &steps, steps.len() / 2, 8)]
        }
    }
}

/// A closed store, of which the first steps' rows are in tables.
fn sample(name: &'static str, steps: &[DriverStep], in_tables: usize, group: usize) -> Sample {
    let place = scratch();
    let dir = place.path().join("store");
    let (first, second) = steps.split_at(in_tables);
    if in_tables > 0 {
        Life { run: 1, before: 0, group, steps: first.to_vec() }.play(&FjallStore::open(&dir).unwrap());
        engine::flush(&dir);
    }
    let store = FjallStore::open(&dir).unwrap();
    Life { run: 2, before: 0, group, steps: second.to_vec() }.play(&store);
    let written = WrittenRecords::all_of(&store);
    drop(store);
    Sample { name, image: Image::of(&dir), written }
}

impl Sample {
    fn len(&self) -> usize {
        self.image.files.values().map(Vec::len).sum()
    }
}

fn single(samples: &[Sample]) -> impl Iterator<Item = Flips> {
    let files = samples.iter().enumerate().flat_map(|(number, sample)| {
        sample.image.files.iter().map(move |(path, bytes)| (number, path, bytes.len()))
    });
    files.flat_map(|(sample, path, len)| {
        (0..len).map(move |at| Flips { sample, places: vec![(path.clone(), at)] })
    })
}

/// In any files but the two that say what the store is and what was acknowledged: both at once are not promised.
fn at_once(samples: &[Sample], number: usize, seed: u64) -> Vec<Flips> {
    let mut chance = Chance::new(seed);
    let files: Vec<(&PathBuf, usize)> = samples[0]
        .image
        .files
        .iter()
        .filter(|(path, _)| *path != Path::new(ANCHOR) && *path != Path::new("q-store"))
        .map(|(path, bytes)| (path, bytes.len()))
        .collect();
    let all: usize = files.iter().map(|(_, len)| len).sum();
    let mut place = || {
        let mut at = chance.below(all);
        for (path, len) in &files {
            if at < *len {
                return ((*path).clone(), at);
            }
            at -= len;
        }
        (files[0].0.clone(), 0)
    };
    (0..number / AT_ONCE)
        .map(|_| Flips { sample: 0, places: (0..AT_ONCE).map(|_| place()).collect() })
        .collect()
}

fn flip(dir: &Path, sample: &Sample, places: &[(PathBuf, usize)]) -> Result<Tally, BrokenPromise> {
    let mut image = sample.image.clone();
    for (path, at) in places {
        if let Some(byte) = image.files.get_mut(path).and_then(|bytes| bytes.get_mut(*at)) {
            *byte ^= 1 << (at % 8);
        }
    }
    image.write(dir);
    let outcome = look_at(dir, &sample.written)?;
    if places.len() == 1 && outcome.lost.len() > 1 {
        return Err(BrokenPromise::Wrong(format!("one flip concerns two sessions: {:?}", outcome.lost)));
    }
    let lost = outcome.lost.values().sum::<u64>();
    let changing =
        if places.len() == 1 { u64::from(!outcome.lost.is_empty() || !outcome.met.is_empty()) } else { lost };
    let acknowledged = sample.written.acknowledged() - lost;
    Ok(Tally { number: places.len() as u64, acknowledged, changing })
}
