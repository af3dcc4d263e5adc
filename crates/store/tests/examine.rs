//! Examining: what `q doctor` says of a store, without changing it.

use std::fs;
use std::path::Path;

use q_store::{Condition, FjallStore, Store, examine};

use q_crash::driver::{Driver, DriverStep};
use q_crash::image::Image;
use q_crash::image::scratch_store;
use q_crash::power::{JOURNAL, journal_end};

use crate::rot::sample;

fn code_of(dir: &Path) -> &'static str {
    examine(dir).condition.code()
}

#[test]
fn each_condition_is_told_and_nothing_is_changed() {
    let (_place, dir) = scratch_store();
    assert_eq!(code_of(&dir), "missing");
    fs::create_dir(&dir).unwrap();
    assert_eq!(code_of(&dir), "missing");
    fs::write(dir.join("thesis.tex"), "mine").unwrap();
    assert_eq!(code_of(&dir), "not_a_store");
    for flushed in [false, true] {
        let (image, written) = sample(flushed);
        image.write(&dir);
        let examination = examine(&dir);
        assert!(matches!(examination.condition, Condition::Healthy { unfinished: false }), "{examination}");
        assert_eq!(examination.sessions, Some(written.sessions().count()));
        assert_eq!(examination.was_closed, Some(true));
        assert!(examination.bytes > 0 && examination.free.is_some());
        assert_eq!(Image::of(&dir).files, image.files);
        let store = FjallStore::open(&dir).unwrap();
        assert_eq!(code_of(&dir), "in_use");
        drop(store);
        assert_eq!(code_of(&dir), "healthy");
    }
}

#[test]
fn every_damaged_file_is_named() {
    let (_place, dir) = scratch_store();
    let (image, _) = sample(true);
    for (path, bytes) in image.files.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        // Bytes of a table that no check covers carry nothing.
        let at = if path.ends_with("tables/1") { 100 } else { bytes.len() / 2 };
        let damaged = image.with(path, |bytes| bytes[at] ^= 0x20);
        damaged.write(&dir);
        let examination = examine(&dir);
        let Condition::Damaged { files, .. } = &examination.condition else {
            panic!("{}: {examination}", path.display())
        };
        let name = path.components().next().unwrap().as_os_str().to_str().unwrap();
        let name = name.strip_prefix("q-store").map_or(name, |_| "marker");
        assert!(files.iter().any(|file| file.contains(name)), "{}: {files:?}", path.display());
        assert_eq!(Image::of(&dir).files, damaged.files);
    }
}

/// As after the death of a process in the middle of a write.
#[test]
fn what_stands_behind_the_last_acknowledged_row_is_no_damage() {
    let (_place, dir) = scratch_store();
    for flushed in [false, true] {
        let (image, _) = sample(flushed);
        let end = journal_end(&image);
        let torn = image.with(Path::new(JOURNAL), |bytes| {
            bytes.truncate(end);
            bytes.extend_from_slice(&[0xA5; 300]);
        });
        torn.write(&dir);
        let examination = examine(&dir);
        assert!(
            matches!(examination.condition, Condition::Healthy { unfinished: true }),
            "flushed {flushed}: {examination}"
        );
        assert!(examination.to_string().contains("costs nothing acknowledged"), "{examination}");
        assert_eq!(Image::of(&dir).files, torn.files);
        if !flushed {
            // Before that row it is.
            torn.with(Path::new(JOURNAL), |bytes| bytes[end / 2] ^= 0x20).write(&dir);
            assert_eq!(code_of(&dir), "damaged");
        }
    }
}

#[test]
fn records_that_are_gone_are_missed_without_opening() {
    let (_place, dir) = scratch_store();
    let (image, written) = sample(false);
    image.with(Path::new("0.jnl"), Vec::clear).write(&dir);
    let examination = examine(&dir);
    let Condition::Damaged { files, sessions } = &examination.condition else { panic!("{examination}") };
    assert_eq!((files.len(), sessions.len()), (0, written.sessions().count()));
    let store = FjallStore::open(&dir).unwrap();
    assert_eq!(store.damage().len(), sessions.len());
    drop(store);
    let examination = examine(&dir);
    assert!(matches!(examination.condition, Condition::Healthy { unfinished: false }), "{examination}");
    assert_eq!(examination.damage.len(), sessions.len());
}

/// Its last record is gone; its head, one commit back, says what it is called.
#[test]
fn who_lost_something_is_named() {
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    let mut driver = Driver::new(&store, 1, 1);
    driver.take(DriverStep::Rename(0, "before".into()));
    driver.take(DriverStep::Rename(0, "thesis".into()));
    driver.take(DriverStep::Submit(0, "why?".into()));
    let end = journal_end(&Image::of(&dir));
    driver.take(DriverStep::Done(0));
    driver.settle();
    drop(driver);
    let id = store.heads().unwrap()[0].id;
    drop(store);
    Image::of(&dir).with(Path::new(JOURNAL), |bytes| bytes.truncate(end)).write(&dir);
    let told = examine(&dir).to_string();
    assert!(told.contains(&format!("gone from: thesis ({id})")), "{told}");
    drop(FjallStore::open(&dir).unwrap());
    let told = examine(&dir).to_string();
    assert!(told.contains(&format!("session thesis ({id}) lost ")), "{told}");
}
