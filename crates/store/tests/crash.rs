//! Crashes: what a killed process and a power cut leave behind. Every acknowledged record is there and nothing is told;
//! where the disk was damaged besides, it is told.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use q_crash::driver::{Driver, DriverStep, steps};
use q_crash::image::{self, Image, WrittenRecords, scratch_store};
use q_crash::power::{ANCHOR, HARMS, Harm, JOURNAL, harm, journal_end, mix_anchor};
use q_store::{Condition, FjallStore, Store, examine};

use crate::rot::sample;

/// A store as a killed process leaves it: what was synced, and behind it text that was not.
struct Left {
    image: Image,
    written: WrittenRecords,
    /// The bytes of the journal that were never synced.
    unsynced: Range<usize>,
    /// The anchor when the store was opened.
    older_anchor: Vec<u8>,
}

/// `reopened`: whether the journal ends where it was written to, or has room behind that.
fn left_behind(reopened: bool) -> Left {
    let (_place, dir) = scratch_store();
    let mut store = FjallStore::open(&dir).unwrap();
    if reopened {
        drop(store);
        store = FjallStore::open(&dir).unwrap();
    }
    let older_anchor = Image::of(&dir).files[Path::new(ANCHOR)].clone();
    let mut driver = Driver::new(&store, 1, 1);
    driver.take(DriverStep::Create);
    for session in [0, 1] {
        driver.take(DriverStep::Submit(session, "why?".into()));
        driver.take(DriverStep::Text(session, "because ".into()));
    }
    driver.take(DriverStep::Submit(0, "and then?".into()));
    let acknowledged = WrittenRecords::all_of(&store);
    let from = journal_end(&Image::of(&dir));
    for session in [0, 1, 0, 1] {
        driver.take(DriverStep::Text(session, "and this is text that waits for no disk at all, ".into()));
        driver.take(DriverStep::Wait(200));
    }
    let image = Image::of(&dir);
    let unsynced = from..journal_end(&image);
    assert!(unsynced.len() > 1000, "nothing is unsynced");
    let written = acknowledged.and_unacknowledged(&store);
    Left { image, written, unsynced, older_anchor }
}

fn nothing_is_lost_or_told(image: &Image, dir: &Path, written: &WrittenRecords, what: &str) {
    image.write(dir);
    let examination = examine(dir);
    assert!(matches!(examination.condition, Condition::Healthy { .. }), "{what}: {examination}");
    let store = FjallStore::open(dir).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(store.damage(), [], "{what}");
    assert!(
        !dir.join("damaged").is_dir() || std::fs::read_dir(dir.join("damaged")).unwrap().count() == 0,
        "{what}"
    );
    drop(store);
    let outcome = image::check(dir, written);
    assert!(outcome.met.is_empty() && outcome.lost.is_empty(), "{what}: {outcome:?}");
}

#[test]
fn a_killed_process_loses_nothing_at_all() {
    for reopened in [false, true] {
        let Left { image, written, .. } = left_behind(reopened);
        let (_place, dir) = scratch_store();
        nothing_is_lost_or_told(&image, &dir, &written, "killed");
        let store = FjallStore::open(&dir).unwrap();
        assert_eq!(store.heads().unwrap().len(), written.sessions().count());
    }
}

/// The anchor's last cells may have reached the disk or not.
fn power_cuts(left: &Left, stride: usize) -> usize {
    let (_place, dir) = scratch_store();
    let mut cuts = 0;
    for at in left.unsynced.clone().step_by(stride) {
        for kind in HARMS {
            let image = left.image.with(Path::new(JOURNAL), |bytes| harm(bytes, kind, at, &left.unsynced));
            nothing_is_lost_or_told(&image, &dir, &left.written, &format!("{kind:?} at {at}"));
            cuts += 1;
        }
    }
    cuts
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_and_every_store_opens() {
    for reopened in [false, true] {
        let cuts = power_cuts(&left_behind(reopened), 11);
        assert!(cuts > 500, "{cuts}");
    }
}

#[test]
#[ignore = "minutes: every byte"]
fn a_power_cut_at_every_byte_loses_nothing_acknowledged() {
    for reopened in [false, true] {
        let cuts = power_cuts(&left_behind(reopened), 1);
        assert!(cuts > 5_000, "{cuts}");
    }
}

/// Whole commits behind a missing one, and an anchor that was not synced since the sessions were made.
#[test]
fn a_hole_in_what_was_not_synced_is_no_damage() {
    let left = left_behind(true);
    let (_place, dir) = scratch_store();
    for at in left.unsynced.clone().step_by(29) {
        let image = left
            .image
            .with(Path::new(JOURNAL), |bytes| harm(bytes, Harm::ZeroPage, at, &left.unsynced))
            .with(Path::new(ANCHOR), |bytes| mix_anchor(bytes, &left.older_anchor, u64::MAX));
        nothing_is_lost_or_told(&image, &dir, &left.written, &format!("a hole at {at}"));
    }
}

/// The disk said that it had synced, and had not.
#[test]
fn acknowledged_records_that_a_disk_drops_are_told() {
    let left = left_behind(true);
    let (_place, dir) = scratch_store();
    let mut hit = BTreeSet::new();
    for at in (200..left.unsynced.start).step_by(37) {
        for kind in [Harm::Cut, Harm::Zero, Harm::ZeroPage] {
            left.image.with(Path::new(JOURNAL), |bytes| harm(bytes, kind, at, &left.unsynced)).write(&dir);
            let outcome = image::check(&dir, &left.written);
            hit.extend(outcome.lost.into_keys());
        }
    }
    assert_eq!(hit.len(), 2, "no session was hit: nothing was tested");
}

/// Older and newer halves of the anchor's cells, in any mixture: it was not synced since. Erasing syncs it.
#[test]
fn an_anchor_of_any_age_raises_no_false_alarm() {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let strategy = (steps(60), steps(60), any::<u64>());
    runner
        .run(&strategy, |(before, after, mixture)| {
            let (place, dir) = scratch_store();
            let store = FjallStore::open(&dir).unwrap();
            let mut driver = Driver::new(&store, 1, 1);
            for step in before {
                driver.take(step);
            }
            let anchor = Path::new(ANCHOR);
            let synced = || Image::of(&dir).files[anchor].clone();
            let mut older = synced();
            for step in after {
                let erases = matches!(step, DriverStep::Erase(_));
                driver.take(step);
                if erases {
                    older = synced();
                }
            }
            let image = Image::of(&dir).with(anchor, |bytes| mix_anchor(bytes, &older, mixture));
            let written = WrittenRecords::all_of(&store);
            drop(driver);
            let other = place.path().join("other");
            image.write(&other);
            let store = FjallStore::open(&other).unwrap();
            prop_assert_eq!(store.damage(), []);
            drop(store);
            let outcome = image::check(&other, &written);
            prop_assert!(outcome.met.is_empty() && outcome.lost.is_empty());
            Ok(())
        })
        .unwrap();
}

/// A database that was built anew stands whole beside the old files, or is half in their place.
#[test]
fn a_repair_that_was_cut_short_is_gone_on_with() {
    let (image, written) = sample(true);
    let is_engines = |path: &Path| {
        let name = path.components().next().unwrap().as_os_str();
        ["version", "lock", "0.jnl", "keyspaces"].iter().any(|own| name == *own)
    };
    let (_place, dir) = scratch_store();
    for stage in ["rebuilt", "rebuilt.in"] {
        let engines: Vec<&PathBuf> = image.files.keys().filter(|path| is_engines(path)).collect();
        for moved in 0..=engines.len() {
            let mut cut_short = image.clone();
            for (place, path) in engines.iter().enumerate() {
                let content = cut_short.files.remove(*path).unwrap();
                let is_moved = place < moved;
                // First the old ones go, one after the other; then the new ones come.
                if stage == "rebuilt" && !is_moved {
                    cut_short.files.insert((*path).clone(), b"old and damaged".to_vec());
                }
                let is_in = stage == "rebuilt.in" && is_moved;
                let new = if is_in { (*path).clone() } else { Path::new(stage).join(path) };
                cut_short.files.insert(new, content);
            }
            // Keyspaces move as one.
            let is_split = |path: &PathBuf| path.starts_with("rebuilt.in/keyspaces");
            if cut_short.files.keys().any(is_split)
                && cut_short.files.keys().any(|path| path.starts_with("keyspaces"))
            {
                continue;
            }
            cut_short.write_as_it_is(&dir);
            let outcome = image::check(&dir, &written);
            assert!(outcome.met.is_empty() && outcome.lost.is_empty(), "{stage}, {moved} moved: {outcome:?}");
        }
    }
}
