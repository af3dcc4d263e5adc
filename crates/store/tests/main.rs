//! The store from outside: its contract, its directory, and damage done behind its back.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod closing;
mod compacting;
mod contract;
mod crash;
mod damage;
mod directory;
mod examine;
mod golden;
mod lineage;
mod probe;
mod rot;
mod shadow;

use std::path::Path;

use q_crash::driver::Driver;
use q_store::FjallStore;

/// The store in that directory, with what one driver wrote to it; that is settled only where the driver is.
fn driven(dir: &Path, drive: impl FnOnce(&mut Driver<'_>)) -> FjallStore {
    let store = FjallStore::open(dir).unwrap();
    drive(&mut Driver::new(&store, 1, 1));
    store
}
