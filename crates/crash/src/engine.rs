//! The engine without the store: rows changed behind its back, and what it does in its own time done now.

use std::fs::File;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions, PersistMode};

pub use fjall::Keyspace;

/// Keys and values, in order.
pub type KeyValues = Vec<(Vec<u8>, Vec<u8>)>;

/// Opens the database behind the store's back and works on its records and heads.
pub fn raw<T>(dir: &Path, work: impl FnOnce(&Keyspace, &Keyspace) -> T) -> T {
    within(dir, |keyspace| work(&keyspace("records"), &keyspace("heads")))
}

/// The same with the pieces of its blobs.
pub fn raw_blobs<T>(dir: &Path, work: impl FnOnce(&Keyspace) -> T) -> T {
    within(dir, |keyspace| work(&keyspace("blobs")))
}

fn within<T>(dir: &Path, work: impl FnOnce(&dyn Fn(&str) -> Keyspace) -> T) -> T {
    let database = Database::builder(dir).worker_threads(2).open().unwrap();
    let result = work(&|name| database.keyspace(name, KeyspaceCreateOptions::default).unwrap());
    database.persist(PersistMode::SyncAll).unwrap();
    result
}

/// All rows of a keyspace.
pub fn rows(keyspace: &Keyspace) -> KeyValues {
    keyspace
        .iter()
        .map(|row| row.into_inner().unwrap())
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

/// Moves everything from the journal into tables, as the engine does sooner or later.
pub fn flush(dir: &Path) {
    let database = Database::builder(dir).worker_threads(2).open().unwrap();
    // A store of the first layout has no blobs, and must not get their keyspace from here.
    for name in
        ["records", "heads", "meta", "blobs"].into_iter().filter(|name| database.keyspace_exists(name))
    {
        let keyspace = database.keyspace(name, KeyspaceCreateOptions::default).unwrap();
        keyspace.rotate_memtable_and_wait().unwrap();
    }
    drop(database);
    // The engine keeps its journal. Left there, the rows would stand in two places, and damage to one would cost nothing.
    File::options().write(true).open(dir.join("0.jnl")).unwrap().set_len(0).unwrap();
}
