//! The probe: what would take the host with it takes a process made for that.

use std::cell::Cell;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};

use q_store::{FjallStore, Probed, Store, probe};

use q_crash::image::{self, Image, WrittenRecords, scratch_store};

use crate::rot::sample;

/// Probes the store in `dir` in a process of its own: this test binary, at [`child`].
fn probe_in_a_child(dir: &Path) -> io::Result<ExitStatus> {
    Command::new(std::env::current_exe()?)
        .args(["--exact", "probe::child", "--ignored"])
        .current_dir(dir)
        .output()
        .map(|output| output.status)
}

#[test]
#[ignore = "run by the others, in a process of its own"]
#[expect(clippy::exit, clippy::disallowed_methods, reason = "the exit code is what is asked for")]
fn child() {
    if Path::new("q-store").exists() {
        std::process::exit(probe(Path::new(".")).code().into());
    }
}

fn with_number_of_sections(image: &Image, path: &str, number: u32) -> Image {
    image.with(Path::new(path), |bytes| {
        let at = bytes.windows(4).rposition(|window| window == b"TOC!").unwrap() + 4;
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    })
}

fn is_list(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"v"))
}

/// The engine reserves memory for as many sections as a table claims to have: here for some gigabytes.
#[test]
fn a_number_that_asks_for_all_memory_ends_the_probe_and_not_us() {
    let (image, written) = sample(true);
    let (_place, dir) = scratch_store();
    let list = image.files.keys().find(|path| path.starts_with("keyspaces/0") && is_list(path)).unwrap();
    for path in ["keyspaces/0/tables/3", list.to_str().unwrap(), "keyspaces/1/tables/1"] {
        with_number_of_sections(&image, path, 1 << 26).write(&dir);
        let status = probe_in_a_child(&dir).unwrap();
        assert!(
            status.signal().is_some() || status.code() == Some(Probed::Refused.code().into()),
            "{path}: {status}"
        );
        let outcome = image::check(&dir, &written);
        assert!(outcome.lost.is_empty(), "{path}: {outcome:?}");
    }
    image.write(&dir);
    assert!(probe_in_a_child(&dir).unwrap().success());
}

/// As left by a killed process, or in good order.
fn stores() -> (Image, Image, WrittenRecords) {
    let (closed, written) = sample(false);
    let (_place, dir) = scratch_store();
    closed.write(&dir);
    let store = FjallStore::open(&dir).unwrap();
    let open = Image::of(&dir);
    drop(store);
    (open, closed, written)
}

#[test]
fn only_an_unclean_end_is_probed() {
    let (open, closed, _) = stores();
    let (_place, dir) = scratch_store();
    for (image, expected) in [(open, 1), (closed, 0)] {
        image.write(&dir);
        let probes = Cell::new(0);
        let run = |probed: &Path| {
            assert_eq!(probed, dir);
            probes.set(probes.get() + 1);
            probe_in_a_child(probed)
        };
        drop(FjallStore::open_probed(&dir, &run).unwrap());
        assert_eq!(probes.get(), expected);
    }
}

#[test]
fn what_a_probe_dies_of_is_built_anew_and_a_broken_probe_is_passed_by() {
    let (open, _, written) = stores();
    let (_place, dir) = scratch_store();
    let killed = ExitStatus::from_raw(9);
    let exited = |code: u8| ExitStatus::from_raw(i32::from(code) << 8);
    for (end, is_rebuilt) in [
        (Ok(killed), true),
        (Ok(exited(Probed::Refused.code())), true),
        (Ok(exited(0)), false),
        (Ok(exited(127)), false),
        (Err(io::ErrorKind::NotFound), false),
    ] {
        open.write(&dir);
        let store = FjallStore::open_probed(&dir, &|_| end.map_err(io::Error::from)).unwrap();
        assert_eq!(dir.join("damaged").exists(), is_rebuilt, "{end:?}");
        assert_eq!(store.damage(), []);
        drop(store);
        assert!(image::check(&dir, &written).lost.is_empty());
    }
}
