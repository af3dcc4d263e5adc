//! Databases as earlier versions wrote them, byte by byte: each must open, say what it said, and go on.
//!
//! `golden/layout-N` is one database of each layout. It is never written again once there is a later one.

use std::cell::Cell;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use q_core::{Body, EntryNo, Seq};
use q_crash::driver::{Driver, DriverStep, steps_of};
use q_crash::engine::flush;
use q_crash::image::{GOLDEN, Image, go_on, golden, scratch_store};
use q_crash::results::all_of_result;
use q_store::{Condition, FjallStore, Store, examine};

/// Everything that can be read, as text.
fn described(store: &dyn Store) -> String {
    let mut told = String::new();
    for head in store.heads().unwrap() {
        let (id, name, presence) = (head.id, &head.name, head.presence);
        writeln!(told, "{id} {name} {presence:?}, unread {}, draft {:?}", head.unread, head.draft).unwrap();
        for stamped in store.records(id, Seq(1), usize::MAX).unwrap() {
            writeln!(told, "  {} {} {:?}", stamped.seq, stamped.at.0, stamped.record).unwrap();
        }
        for entry in store.page(id, None::<EntryNo>, usize::MAX).unwrap().entries {
            writeln!(told, "  entry {} {:?}", entry.no, entry.body).unwrap();
            if let Body::Result(result) = &entry.body
                && result.kept > result.text.len() as u64
            {
                let all = all_of_result(store, id, entry.no).unwrap();
                writeln!(told, "    in all {} bytes, {:?}", all.len(), &all[all.len() - 40..]).unwrap();
            }
        }
    }
    told
}

#[test]
fn databases_of_every_layout_open_and_go_on() {
    for layout in GOLDEN {
        let (_place, dir) = scratch_store();
        Image::of(&golden(layout)).write(&dir);
        assert!(
            matches!(examine(&dir).condition, Condition::Healthy { unfinished: false }),
            "{}",
            examine(&dir)
        );
        let store = FjallStore::open(&dir).unwrap();
        insta::assert_snapshot!(format!("layout_{layout}"), described(&store));
        assert!(store.verify().unwrap().is_empty() && store.damage().is_empty());
        go_on(&store).unwrap();
    }
}

/// Whatever is there of the new layout before the marker says so is made again.
#[test]
fn a_store_of_an_older_layout_is_that_until_all_of_the_new_one_is_there() {
    let (_place, dir) = scratch_store();
    let older = Image::of(&golden(1));
    let marker = |image: &Image| image.files[Path::new("q-store")].clone();
    older.write(&dir);
    drop(FjallStore::open(&dir).unwrap());
    let newer = Image::of(&dir);
    assert_ne!(marker(&newer), marker(&older));
    // The new files with the old marker; with those of the new keyspace that reached the disk.
    for kept in [&["current", "v0"][..], &["current"], &["v0"], &[]] {
        let mut between = newer.with(Path::new("q-store"), |bytes| *bytes = marker(&older));
        between.files.retain(|path, _| {
            !path.starts_with("keyspaces/4") || kept.iter().any(|name| path.ends_with(name))
        });
        between.write(&dir);
        let store = FjallStore::open(&dir).unwrap();
        assert!(store.damage().is_empty() && store.verify().unwrap().is_empty(), "{kept:?}");
        go_on(&store).unwrap();
        drop(store);
        assert_eq!(marker(&Image::of(&dir)), marker(&newer), "{kept:?}");
        assert!(
            matches!(examine(&dir).condition, Condition::Healthy { unfinished: false }),
            "{kept:?}: {}",
            examine(&dir)
        );
    }
    // The old files with the new marker are damaged: q never leaves that.
    older.with(Path::new("q-store"), |bytes| *bytes = marker(&newer)).write(&dir);
    assert!(matches!(examine(&dir).condition, Condition::Damaged { .. }), "{}", examine(&dir));
    drop(FjallStore::open(&dir).unwrap());
    assert!(matches!(examine(&dir).condition, Condition::Healthy { unfinished: false }), "{}", examine(&dir));
    // The marker is the last of it: whoever is asked to try the files sees the old one.
    let doubtful = older.with(Path::new("anchor"), |bytes| *bytes.last_mut().unwrap() ^= 1);
    doubtful.write(&dir);
    let tried = Cell::new(false);
    let prober = |dir: &Path| {
        assert_eq!(marker(&Image::of(dir)), marker(&older));
        tried.set(true);
        Ok(ExitStatus::from_raw(0))
    };
    drop(FjallStore::open_probed(&dir, &prober).unwrap());
    assert!(tried.get());
    assert_eq!(marker(&Image::of(&dir)), marker(&newer));
}

#[test]
#[ignore = "writes the database of the layout that has no successor yet"]
fn write() {
    let dir = golden(2);
    std::fs::remove_dir_all(&dir).unwrap_or_default();
    let talk = |run, steps: usize| {
        let store = FjallStore::open(&dir).unwrap();
        let mut driver = Driver::new(&store, run, 3);
        let result = |n: usize| DriverStep::Result(0, format!("{n} lines, and so on\n").repeat(n));
        let read = |n| {
            [DriverStep::Submit(0, "read".into()), DriverStep::Call(0, false), result(n), DriverStep::Done(0)]
        };
        // Small enough to stand in its record; beside it; in two pieces.
        let results = [DriverStep::Create].into_iter().chain([1, 3, 1800].into_iter().flat_map(read));
        for step in results.chain(steps_of(run, steps)) {
            driver.take(step);
        }
        driver.settle();
    };
    talk(1, 120);
    flush(&dir);
    talk(2, 60);
}
