//! The directory: created whole, held by one, closed to others, and never taken from anybody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use q_core::Seq;
use q_store::{FjallStore, Store, StoreError};

use q_crash::driver::{Driver, DriverStep};
use q_crash::image::Image;

use super::driven;

fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("deep").join("store");
    (place, dir)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let (_place, dir) = place();
    for round in 0..3 {
        let store = FjallStore::open(&dir).unwrap();
        assert_eq!(store.heads().unwrap().len(), round);
        let mut driver = Driver::new(&store, round as u64 + 1, 1);
        driver.take(DriverStep::Submit(0, "why?".into()));
        // Streamed text is written unsynced.
        driver.take(DriverStep::Text(0, "because".into()));
        driver.settle();
    }
    let store = FjallStore::open(&dir).unwrap();
    for head in store.heads().unwrap() {
        let page = store.page(head.id, None, usize::MAX).unwrap();
        let texts: Vec<&str> = page.entries.iter().map(q_core::Entry::text).collect();
        assert_eq!(texts, ["why?", "because"]);
        assert_eq!(store.records(head.id, Seq(1), usize::MAX).unwrap().len() as u64, head.seq.0);
    }
}

/// The files as the system holds them while the store is open are what a killed process leaves behind.
#[test]
fn unsynced_records_survive_the_death_of_the_process() {
    let (place, dir) = place();
    let store = driven(&dir, |driver| {
        driver.take(DriverStep::Submit(0, "why?".into()));
        for _ in 0..50 {
            driver.take(DriverStep::Text(0, "because ".into()));
            driver.take(DriverStep::Wait(200));
        }
    });
    let left_behind = place.path().join("left-behind");
    Image::of(&dir).write(&left_behind);
    let after = FjallStore::open(&left_behind).unwrap();
    assert_eq!(after.heads().unwrap(), store.heads().unwrap());
    let head = after.heads().unwrap().remove(0);
    assert!(head.seq > Seq(50));
    let read = |store: &FjallStore| store.records(head.id, Seq(1), usize::MAX).unwrap();
    assert_eq!(read(&after), read(&store));
}

#[test]
fn one_process_holds_it() {
    let (_place, dir) = place();
    let first = FjallStore::open(&dir).unwrap();
    let second = FjallStore::open(&dir);
    assert!(matches!(second, Err(StoreError::InUse { path, .. }) if path == dir));
    drop(first);
    FjallStore::open(&dir).unwrap();
}

#[test]
fn of_many_creating_at_once_one_holds_it() {
    let (_place, dir) = place();
    let results: Vec<Result<FjallStore, StoreError>> = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..8).map(|_| scope.spawn(|| FjallStore::open(&dir))).collect();
        openers.into_iter().map(|opener| opener.join().unwrap()).collect()
    });
    let (held, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(held.len(), 1);
    assert!(refused.iter().all(|result| matches!(result, Err(StoreError::InUse { .. }))), "{refused:?}");
    assert_eq!(names(dir.parent().unwrap()), ["store"]);
}

#[test]
fn an_empty_directory_becomes_a_store_and_a_link_to_one_too() {
    let (place, dir) = place();
    fs::create_dir_all(&dir).unwrap();
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    drop(FjallStore::open(&link).unwrap());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    FjallStore::open(&dir).unwrap();
}

#[test]
fn what_is_not_a_store_is_left_alone() {
    let (_place, dir) = place();
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("thesis.tex"), "mine").unwrap();
    assert!(matches!(FjallStore::open(&dir), Err(StoreError::NotAStore { .. })));
    assert_eq!(names(&dir), ["thesis.tex"]);
    let file = dir.join("thesis.tex");
    assert!(matches!(FjallStore::open(&file), Err(StoreError::NotAStore { .. })));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn what_dead_creations_left_is_cleared_and_nothing_else() {
    let (_place, dir) = place();
    let parent = dir.parent().unwrap();
    for name in ["store.tmp-1-0", "store.tmp-", "store.tmp", "other.tmp-1-0"] {
        fs::create_dir_all(parent.join(name).join("keyspaces")).unwrap();
    }
    fs::write(parent.join("store.tmp-note"), "mine").unwrap();
    FjallStore::open(&dir).unwrap();
    assert_eq!(names(parent), ["other.tmp-1-0", "store", "store.tmp", "store.tmp-note"]);
}

/// The anchor says so: what it names is missed.
#[test]
fn what_was_written_is_acknowledged_once_it_is_synced() {
    let (_place, dir) = place();
    let store = driven(&dir, |driver| {
        driver.take(DriverStep::Submit(0, "why?".into()));
        driver.take(DriverStep::Text(0, "because of many things that take a moment to say".into()));
    });
    let anchor = || fs::read(dir.join("anchor")).unwrap();
    let written = anchor();
    store.sync().unwrap();
    let synced = anchor();
    assert_ne!(synced, written);
    store.sync().unwrap();
    assert_eq!(anchor(), synced);
}

#[test]
fn the_marker_decides() {
    let (_place, dir) = place();
    drop(FjallStore::open(&dir).unwrap());
    let (marker, anchor) = (dir.join("q-store"), dir.join("anchor"));
    let ours = fs::read_to_string(&marker).unwrap();
    assert_eq!(ours, "q-store 2 reads 1 fc398e687a84eeee\n");
    // A damaged one is written anew as long as the anchor says what it belongs to.
    for content in ["", "one", "q-store 2 reads 1 95be635492bd7982\n", "q-store 2 reads 1 fc398e687a84eeee"] {
        fs::write(&marker, content).unwrap();
        drop(FjallStore::open(&dir).unwrap());
        assert_eq!(fs::read_to_string(&marker).unwrap(), ours);
    }
    fs::write(&marker, [0xff]).unwrap();
    let whole = fs::read(&anchor).unwrap();
    fs::write(&anchor, []).unwrap();
    assert!(matches!(FjallStore::open(&dir), Err(StoreError::Unreadable { .. })));
    fs::write(&anchor, whole).unwrap();
    drop(FjallStore::open(&dir).unwrap());
    fs::remove_file(&marker).unwrap();
    assert!(matches!(FjallStore::open(&dir), Err(StoreError::NotAStore { .. })));
}

#[test]
fn whatever_small_file_is_missing_is_made_again() {
    let (_place, dir) = place();
    let store = driven(&dir, |driver| {
        driver.take(DriverStep::Submit(0, "why?".into()));
        driver.settle();
    });
    let head = store.heads().unwrap().remove(0);
    drop(store);
    for name in
        ["version", "lock", "anchor", "keyspaces/0/current", "keyspaces/1/current", "keyspaces/2/current"]
    {
        fs::remove_file(dir.join(name)).unwrap();
        let store = FjallStore::open(&dir).unwrap();
        assert_eq!((store.heads().unwrap(), store.damage()), (vec![head.clone()], vec![]), "without {name}");
        assert_eq!(store.records(head.id, Seq(1), 99).unwrap().len() as u64, head.seq.0, "without {name}");
    }
}

#[test]
fn nobody_else_can_look_in() {
    fn check(path: &Path) {
        let metadata = fs::metadata(path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
        if metadata.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                check(&entry.unwrap().path());
            }
        }
    }
    let (_place, dir) = place();
    let store = FjallStore::open(&dir).unwrap();
    check(dir.parent().unwrap());
    drop(store);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(dir.join("q-store"), fs::Permissions::from_mode(0o644)).unwrap();
    let _store = FjallStore::open(&dir).unwrap();
    check(&dir);
}

#[test]
fn a_place_without_permission_is_denied() {
    let (_place, dir) = place();
    let parent = dir.parent().unwrap();
    fs::create_dir_all(parent).unwrap();
    fs::set_permissions(parent, fs::Permissions::from_mode(0o500)).unwrap();
    // Root passes permissions by; the kernel's own file systems refuse even root.
    let is_root = fs::write(parent.join("probe"), "").is_ok();
    let dir = if is_root { PathBuf::from("/sys/q-store") } else { dir.clone() };
    let refused = FjallStore::open(&dir);
    fs::set_permissions(parent, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(matches!(refused, Err(StoreError::Denied { .. } | StoreError::ReadOnly { .. })), "{refused:?}");
}
