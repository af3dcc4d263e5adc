//! Renewed tokens that could not be written: what renewed before is useless to the server by then, so they are kept by this process
//! and written as soon as that can be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::kept::KeptSignIn;

/// By their files: every connection of this process has them.
static ALL: Mutex<BTreeMap<PathBuf, Unwritten>> = Mutex::new(BTreeMap::new());

struct Unwritten {
    /// The token that stands in the file; with another one there somebody signed in anew.
    instead_of: Option<String>,
    kept: KeptSignIn,
}

fn all() -> MutexGuard<'static, BTreeMap<PathBuf, Unwritten>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps that in the place of a token, which stands in the file or could not be written either.
pub(super) fn keep(path: &Path, stale: &str, kept: KeptSignIn) {
    let mut all = all();
    let instead_of = match all.remove(path) {
        Some(before) if before.kept.access_token.as_deref() == Some(stale) => before.instead_of,
        Some(_) | None => Some(stale.to_owned()),
    };
    all.insert(path.to_owned(), Unwritten { instead_of, kept });
}

/// Whether anything is to be written there.
pub(super) fn is_there(path: &Path) -> bool {
    all().contains_key(path)
}

/// What counts of a file in which that was read: what could not be written, where it takes the place of that.
pub(super) fn newer(path: &Path, read: KeptSignIn) -> KeptSignIn {
    match all().get(path) {
        Some(Unwritten { instead_of, kept }) if *instead_of == read.access_token && kept.at == read.at => {
            kept.clone()
        }
        Some(_) | None => read,
    }
}

/// Something else stands in that file now, or nothing.
pub(super) fn forget(path: &Path) {
    all().remove(path);
}
