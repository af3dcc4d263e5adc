//! Shadows: stores that cannot be written, read all the same, and left as they are.

use std::fs;
use std::path::{Path, PathBuf};

use q_crash::image::{Image, WrittenRecords, go_on, scratch, scratch_store};
use q_store::{FjallStore, Store, StoreError, takes_more};

use crate::rot::sample;

/// Markers of a later layout, and whether they say that this one's readers understand it.
const NEWER: [(&str, bool); 2] =
    [("q-store 3 reads 2 157ab6b19ba28660\n", true), ("q-store 3 efdca5cbe6682517\n", false)];

/// Where a store and a shadow of it may be.
fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (scratch, dir) = scratch_store();
    let place = scratch.path().join("shadow");
    (scratch, dir, place)
}

/// The same, with a store that was closed there.
fn places_of_a_store() -> (tempfile::TempDir, PathBuf, PathBuf, WrittenRecords) {
    let (scratch, dir, place) = places();
    let (image, written) = sample(true);
    image.write(&dir);
    (scratch, dir, place, written)
}

#[test]
fn a_newer_store_is_read_where_it_says_so_and_never_written() {
    let (_scratch, dir, place) = places();
    for flushed in [false, true] {
        let (image, written) = sample(flushed);
        for (marker, reads) in NEWER {
            let newer = image.with(Path::new("q-store"), |bytes| *bytes = marker.into());
            newer.write(&dir);
            let opened = FjallStore::open(&dir).map(drop);
            assert!(matches!(opened, Err(StoreError::FutureVersion { .. })), "{marker}: {opened:?}");
            match FjallStore::open_shadow(&dir, &place) {
                Ok(shadow) => {
                    assert!(reads, "{marker}");
                    assert_eq!(shadow.heads().unwrap().len(), written.sessions().count());
                    assert!(shadow.verify().unwrap().is_empty());
                    go_on(&shadow).unwrap();
                }
                Err(StoreError::FutureVersion { .. }) => assert!(!reads, "{marker}"),
                Err(error) => panic!("{marker}: {error}"),
            }
            assert!(!place.exists(), "a shadow goes with who opened it");
            assert_eq!(Image::of(&dir).files, newer.files, "{marker}");
        }
    }
}

#[test]
fn what_a_dead_host_left_of_a_shadow_is_in_nobodys_way() {
    let (_scratch, dir, place, written) = places_of_a_store();
    fs::create_dir_all(place.join("keyspaces")).unwrap();
    let shadow = FjallStore::open_shadow(&dir, &place).unwrap();
    assert_eq!(shadow.heads().unwrap().len(), written.sessions().count());
}

#[test]
fn a_store_that_is_not_there_has_no_shadow() {
    let (_scratch, dir, place) = places();
    let shadow = FjallStore::open_shadow(&dir, &place);
    assert!(shadow.is_err());
    assert!(!place.exists());
}

/// There is little room where shadows are, and a database that was half built anew is as large as the store.
#[test]
fn what_a_repair_left_unfinished_is_not_copied_and_what_waits_for_its_place_is() {
    let (_scratch, dir, place, written) = places_of_a_store();
    fs::create_dir_all(dir.join("rebuilt.tmp/keyspaces")).unwrap();
    fs::write(dir.join("mended.tmp"), vec![7; 1 << 20]).unwrap();
    // Cut short while the database that was built anew is put in place: the old one is gone from there.
    fs::create_dir(dir.join("rebuilt")).unwrap();
    for name in ["version", "keyspaces", "0.jnl"] {
        fs::rename(dir.join(name), dir.join("rebuilt").join(name)).unwrap();
    }
    let before = Image::of(&dir).files;
    let shadow = FjallStore::open_shadow(&dir, &place).unwrap();
    assert_eq!(shadow.heads().unwrap().len(), written.sessions().count());
    assert!(!place.join("rebuilt.tmp").exists() && !place.join("mended.tmp").exists());
    drop(shadow);
    assert_eq!(Image::of(&dir).files, before);
}

#[test]
fn whether_more_is_taken_leaves_nothing() {
    let scratch = scratch();
    assert!(takes_more(scratch.path()));
    assert!(!takes_more(&scratch.path().join("nowhere")));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}
