//! The third rig: power cuts. Random histories are stopped at a random commit, and what was not synced by then is dropped,
//! reordered, zeroed or overwritten with garbage; the anchor is of any age. Nothing acknowledged is gone, nothing is told.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use q_core::{Batch, Record, Seq, SessionId};
use q_store::FjallStore;
use q_testkit::chance::{Chance, scrambled};

use super::driver::{Driver, DriverStep, steps_of};
use super::history::{Witnessed, is_synced};
use super::image::{BrokenPromise, Image, WrittenRecords, look_at};
use super::power::{ANCHOR, HARMS, Harm, JOURNAL, harm, journal_end, mix_anchor};
use super::report::{RigReport, Tally, try_all};

/// Images of one history.
const IMAGES: u64 = 50;
/// Of the room behind a journal's end no more is kept: it is never read, and copied each time.
const ROOM: usize = 64 << 10;
/// More than one commit of these histories has.
const COMMIT: usize = 256 << 10;

/// Looks at at least `number` images, from one seed on.
pub fn run(from: u64, number: u64) -> RigReport {
    let seeds: Vec<u64> = (0..number.div_ceil(IMAGES)).map(|n| from + n).collect();
    try_all(
        "images",
        &format!("images of power cuts in random histories from seed {from} on"),
        &seeds,
        |place, seed| cut(place, *seed),
        |seed| format!("--only images --seed {seed}"),
    )
}

/// What is known of a store's files while it is written to.
#[derive(Default)]
struct SyncedFiles {
    latest: BTreeMap<SessionId, Seq>,
    acknowledged: BTreeMap<SessionId, Seq>,
    /// Where the journal ended when it was last synced.
    synced: usize,
    /// The anchor as it was when it was last synced for sure.
    anchor: Vec<u8>,
}

impl SyncedFiles {
    fn take(&mut self, dir: &Path, batches: &[Batch]) {
        let mut erases = false;
        for stamped in batches.iter().flat_map(|batch| &batch.records) {
            self.latest.insert(stamped.session, stamped.seq);
            erases |= matches!(stamped.record, Record::Erased);
        }
        if is_synced(batches) {
            self.acknowledged.clone_from(&self.latest);
            self.synced = end_behind(&dir.join(JOURNAL), self.synced);
        }
        if erases {
            self.anchor = fs::read(dir.join(ANCHOR)).unwrap();
        }
    }
}

fn end_behind(journal: &Path, from: usize) -> usize {
    let mut bytes = vec![0; COMMIT];
    let read = File::open(journal).unwrap().read_at(&mut bytes, from as u64).unwrap();
    from + bytes[..read].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Plays the history of a seed up to its end, which is in the middle of things.
fn history(dir: &Path, seed: u64, chance: &mut Chance) -> (Image, WrittenRecords, SyncedFiles) {
    let mut store = FjallStore::open(dir).unwrap();
    // The journal of a new store has room behind its end, that of another has none.
    if chance.one_in(2) {
        drop(store);
        store = FjallStore::open(dir).unwrap();
    }
    let known = SyncedFiles { anchor: fs::read(dir.join(ANCHOR)).unwrap(), ..SyncedFiles::default() };
    let known = Mutex::new(known);
    let witnessed = Witnessed::new(&store, |batches| {
        known.lock().unwrap_or_else(PoisonError::into_inner).take(dir, batches);
    });
    let mut driver = Driver::new(&witnessed, 1, 1 + chance.below(3));
    for step in steps_of(seed, 10 + chance.below(90)) {
        driver.take(step);
    }
    let sessions = [0, 1];
    for session in sessions {
        // Turns that are under way when the power goes: their text is what was not synced.
        driver.take(DriverStep::Submit(session, "go on".into()));
    }
    for text in 0..chance.between(1, 12) as usize {
        driver.take(DriverStep::Text(text % 2, "and this is text that waits for no disk at all ".into()));
        driver.take(DriverStep::Wait(200));
    }
    drop(driver);
    drop(witnessed);
    let mut image = Image::of(dir);
    let end = journal_end(&image);
    image.files.get_mut(Path::new(JOURNAL)).unwrap().truncate(end + ROOM);
    let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
    let written = WrittenRecords::all_of(&store).acknowledged_through(known.acknowledged.clone());
    (image, written, known)
}

fn cut(place: &Path, seed: u64) -> Result<Tally, BrokenPromise> {
    let (live, dir) = (place.join("live"), place.join("cut"));
    fs::remove_dir_all(&live).ok();
    let mut chance = Chance::new(scrambled(seed));
    let (image, written, known) = history(&live, seed, &mut chance);
    let unsynced = known.synced..journal_end(&image);
    let mut tally = Tally { acknowledged: written.acknowledged() * IMAGES, ..Tally::default() };
    for number in 0..IMAGES {
        let kind = match chance.below(HARMS.len() + 2) {
            place if place < HARMS.len() => HARMS[place],
            _ => Harm::Reordered(chance.draw()),
        };
        let at = unsynced.start + chance.below(unsynced.len().max(1));
        let mixture = if chance.one_in(3) { 0 } else { chance.draw() };
        image
            .with(Path::new(JOURNAL), |bytes| harm(bytes, kind, at, &unsynced))
            .with(Path::new(ANCHOR), |bytes| mix_anchor(bytes, &known.anchor, mixture))
            .write(&dir);
        nothing_is_lost_or_told(&dir, &written).map_err(|broken| {
            broken.in_context(&format!("image {number}, {kind:?} at {at} of {unsynced:?}"))
        })?;
        tally.number += 1;
    }
    Ok(tally)
}

fn nothing_is_lost_or_told(dir: &Path, written: &WrittenRecords) -> Result<(), BrokenPromise> {
    let outcome = look_at(dir, written)?;
    let kept = fs::read_dir(dir.join("damaged")).map_or(0, Iterator::count);
    if !outcome.lost.is_empty() {
        Err(BrokenPromise::Lost(format!("{:?}", outcome.lost)))
    } else if !outcome.met.is_empty() || !outcome.damage.is_empty() || kept > 0 {
        Err(BrokenPromise::Wrong(format!("a false alarm: {outcome:?}, {kept} places kept aside")))
    } else {
        Ok(())
    }
}
