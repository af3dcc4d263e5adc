//! Closing: a large journal is empty behind a stop, a small one stays, and nothing is lost by either.

use std::path::Path;

use q_crash::driver::{Driver, DriverStep};
use q_crash::image::{self, Image, WrittenRecords, scratch_store};
use q_crash::power::journal_end;
use q_store::{FjallStore, Store};

/// What one prompt of a large journal says: a few of them are a megabyte.
const TEXT_BYTES: usize = 300_000;

/// Prompts in a session, and answers.
fn talk(store: &dyn Store, run: u64, prompts: usize, text_bytes: usize) {
    let mut driver = Driver::new(store, run, 1);
    for prompt in 0..prompts {
        driver.take(DriverStep::Submit(0, format!("{prompt} {}", "w".repeat(text_bytes))));
        driver.take(DriverStep::Text(0, "because of that".into()));
        driver.take(DriverStep::Done(0));
    }
    driver.settle();
}

fn journal_of(dir: &Path) -> usize {
    journal_end(&Image::of(dir))
}

#[test]
fn a_large_journal_is_emptied_and_a_small_one_stays() {
    for (text_bytes, is_emptied) in [(TEXT_BYTES, true), (1, false)] {
        let (_place, dir) = scratch_store();
        // The first journal of a store has room behind its end, later ones have none.
        for run in 1..4 {
            let store = FjallStore::open(&dir).unwrap();
            talk(&store, run, 6, text_bytes);
            let written = WrittenRecords::all_of(&store);
            let before = journal_of(&dir);
            drop(store);
            let after = journal_of(&dir);
            assert_eq!((after == 0, after == before), (is_emptied, !is_emptied), "{before}, then {after}");
            let closed = Image::of(&dir);
            let outcome = image::check(&dir, &written);
            assert!(outcome.met.is_empty() && outcome.lost.is_empty(), "{outcome:?}");
            assert_eq!(outcome.damage, []);
            closed.write(&dir);
        }
    }
}

/// A process that is killed behind the emptying, and before the anchor says that all is in good order.
#[test]
fn what_is_killed_behind_an_emptied_journal_has_lost_nothing() {
    let (_place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    talk(&store, 1, 6, TEXT_BYTES);
    let written = WrittenRecords::all_of(&store);
    let open = Image::of(&dir);
    drop(store);
    let mut killed = Image::of(&dir);
    assert_eq!(journal_end(&killed), 0, "else this shows nothing");
    killed.files.insert("anchor".into(), open.files[Path::new("anchor")].clone());
    killed.write(&dir);
    let outcome = image::check(&dir, &written);
    assert!(outcome.met.is_empty() && outcome.lost.is_empty() && outcome.damage.is_empty(), "{outcome:?}");
}

/// Somebody moved the store away and put another one there: its journal is not ours to empty.
#[test]
fn the_journal_of_another_store_in_its_place_is_not_touched() {
    let (place, dir) = scratch_store();
    let store = FjallStore::open(&dir).unwrap();
    talk(&store, 1, 6, TEXT_BYTES);
    std::fs::rename(&dir, place.path().join("moved")).unwrap();
    let other = FjallStore::open(&dir).unwrap();
    talk(&other, 2, 3, 500_000);
    let before = journal_of(&dir);
    assert!(before > 1 << 20, "{before}");
    drop(store);
    assert_eq!(journal_of(&dir), before);
    let written = WrittenRecords::all_of(&other);
    drop(other);
    assert!(image::check(&dir, &written).lost.is_empty());
}
