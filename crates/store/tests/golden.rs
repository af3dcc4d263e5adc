//! Databases as released versions wrote them, byte by byte: each must open, say what it said, and go on.
//!
//! `golden/format-N` is one database of each format. It is never written again once that format is released.

use std::fmt::Write as _;
use std::path::PathBuf;

use q_core::{EntryNo, Seq};
use q_sim::crash::driver::{Driver, steps_of};
use q_sim::crash::engine::flush;
use q_sim::crash::image::{Image, go_on, scratch};
use q_store::{Condition, FjallStore, Store, examine};

const FORMATS: [u8; 1] = [1];

fn golden(format: u8) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/format-{format}"))
}

/// Everything that can be read, as text.
fn told(store: &dyn Store) -> String {
    let mut told = String::new();
    for head in store.heads().unwrap() {
        let (id, name, presence) = (head.id, &head.name, head.presence);
        writeln!(told, "{id} {name} {presence:?}, unread {}, draft {:?}", head.unread, head.draft).unwrap();
        for stamped in store.records(id, Seq(1), usize::MAX).unwrap() {
            writeln!(told, "  {} {} {:?}", stamped.seq, stamped.at.0, stamped.record).unwrap();
        }
        for entry in store.page(id, None::<EntryNo>, usize::MAX).unwrap().entries {
            writeln!(told, "  entry {} {:?}", entry.no, entry.body).unwrap();
        }
    }
    told
}

#[test]
fn databases_of_every_released_format_open_and_go_on() {
    for format in FORMATS {
        let place = scratch();
        let dir = place.path().join("store");
        Image::of(&golden(format)).write(&dir);
        assert!(matches!(examine(&dir).condition, Condition::Healthy), "{}", examine(&dir));
        let store = FjallStore::open(&dir).unwrap();
        insta::assert_snapshot!(format!("format_{format}"), told(&store));
        assert!(store.verify().unwrap().is_empty() && store.damage().is_empty());
        go_on(&store).unwrap();
    }
}

#[test]
#[ignore = "writes the database of a format that is not released yet"]
fn write() {
    let dir = golden(1);
    std::fs::remove_dir_all(&dir).unwrap_or_default();
    let talk = |run, steps: usize| {
        let store = FjallStore::open(&dir).unwrap();
        let mut driver = Driver::new(&store, run, 3);
        steps_of(run, steps).into_iter().for_each(|step| driver.take(step));
        driver.settle();
    };
    talk(1, 120);
    flush(&dir);
    talk(2, 60);
}
