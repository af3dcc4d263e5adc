//! The writer: a process made to be killed. It says on standard output what each commit acknowledged, once it did.
//!
//! It says so by `writev`, which no store calls: the rigs that kill at a system call never count it.

use std::io::{self, IoSlice};
use std::path::Path;
use std::thread;

use q_store::FjallStore;

use super::history::{Life, Witnessed, line};
use super::scenarios::Scenario;

/// What it says last.
pub const DONE: &str = "done";

/// Plays a scenario in `dir`.
pub fn write(scenario: &Scenario, dir: &Path) -> io::Result<()> {
    for life in &scenario.lives {
        let store = FjallStore::open(dir).map_err(io::Error::other)?;
        live(life, &store);
    }
    print_line(&format!("{DONE}\n"));
    Ok(())
}

/// Lives all these lives at once over one store in `dir`.
pub fn write_together(lives: &[Life], dir: &Path) -> io::Result<()> {
    let store = FjallStore::open(dir).map_err(io::Error::other)?;
    thread::scope(|scope| {
        for life in lives {
            scope.spawn(|| live(life, &store));
        }
    });
    print_line(&format!("{DONE}\n"));
    Ok(())
}

fn live(life: &Life, store: &FjallStore) {
    life.play(&Witnessed::new(store, |batches| print_line(&line(life.run, batches))));
}

/// One call for one line, so that no line is cut and none is in another.
fn print_line(line: &str) {
    let written = rustix::io::writev(io::stdout(), &[IoSlice::new(line.as_bytes())]);
    assert_eq!(written, Ok(line.len()), "nobody listens");
}
