//! The probe: opening a store in a process that may die of it.
//!
//! After an unclean end nobody knows what is in the store's files. They are looked at first, and the engine gets only what
//! looks right; should it still ask for all memory there is, or give up, then in a process made for that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::FjallStore;
use crate::error::StoreError;
use crate::prober::Probed;

/// The most memory that opening a store may ask for.
const ADDRESS_SPACE: u64 = 2 << 30;

/// The most time on a processor that it may take, in seconds: longer than any store needs, and shorter than a person waits.
const SECONDS: u64 = 20;

/// Opens the store in `dir` as far as that can do harm, with little memory and time to ask for, and closes it again. Meant
/// for a process of its own, which does nothing else: the limits stay.
pub fn probe(dir: &Path) -> Probed {
    for (resource, most) in [(Resource::As, ADDRESS_SPACE), (Resource::Cpu, SECONDS)] {
        let limit = getrlimit(resource);
        let current = limit.maximum.map_or(most, |maximum| maximum.min(most));
        if let Err(error) = setrlimit(resource, Rlimit { current: Some(current), ..limit }) {
            tracing::warn!(?resource, %error, "the probe runs without a limit");
        }
    }
    match catch_unwind(AssertUnwindSafe(|| FjallStore::try_open(dir))) {
        Ok(Err(StoreError::Unreadable { .. })) | Err(_) => Probed::Refused,
        // Whatever else is wrong, the one who opens it in earnest is told.
        Ok(Ok(()) | Err(_)) => Probed::Fine,
    }
}
