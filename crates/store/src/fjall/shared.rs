//! The database as all share it that read, write and compact: whoever compacts closes it for a moment and opens it again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{RwLock, RwLockWriteGuard};

use crate::error::StoreError;
use crate::{directory, quarantine};

use super::database::Database;

/// The open database, and the directory it stands in.
pub(super) struct SharedDatabase {
    path: PathBuf,
    /// `None` after it could not be opened again. Held for writing only by who compacts, and before nothing else.
    database: RwLock<Option<Database>>,
    // Behind the database: once this is dropped, another process may open the store.
    held: File,
}

impl SharedDatabase {
    /// `held` is the directory, locked for this process.
    pub(super) fn new(path: &Path, held: File, database: Database) -> Self {
        Self { path: path.into(), database: RwLock::new(Some(database)), held }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Works with the database. What is done within does not come back here: who compacts may wait in between.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().map_err(|_| StoreError::Poisoned)?;
        database.as_ref().ok_or(StoreError::Poisoned).and_then(work)
    }

    /// Waits until nobody else works with it, and lets nobody until the guard goes. It is ours, at its place.
    pub(super) fn alone(&self) -> Result<RwLockWriteGuard<'_, Option<Database>>, StoreError> {
        let database = self.database.write().map_err(|_| StoreError::Poisoned)?;
        self.must_be_in_place()?;
        Ok(database)
    }

    /// The database and its directory, where nobody shares them any more.
    pub(super) fn get_mut(&mut self) -> Option<(&Database, &File)> {
        Some((self.database.get_mut().ok()?.as_ref()?, &self.held))
    }

    /// Files are named by the store's place: what stands there instead is another's.
    pub(super) fn must_be_in_place(&self) -> Result<(), StoreError> {
        if directory::is_still(&self.path, &self.held) {
            Ok(())
        } else {
            Err(StoreError::Vanished { path: self.path.clone() })
        }
    }

    /// Has everything read when the store is opened next.
    pub(super) fn suspect(&self) {
        if !quarantine::is_suspect(&self.path)
            && let Err(error) = quarantine::suspect(&self.path)
        {
            tracing::error!(target: "q::store", %error, "that the store is damaged cannot be noted");
        }
    }
}
