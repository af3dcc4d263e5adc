//! Which content of each file the model knows: a file that another hand changed since is not overwritten.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::relative_path::RelativePath;

/// The most files that are remembered; of more, that one is forgotten which comes first by name.
const MAX_FILES: usize = 4096;

/// What was last read or written of each file, in one conversation.
#[derive(Debug, Default)]
pub(crate) struct SeenFiles(Mutex<BTreeMap<RelativePath, [u8; 32]>>);

/// How a file's content stands to what the model knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was never read here.
    Never,
    Same,
    /// Somebody has changed it since.
    Changed,
}

impl SeenFiles {
    pub(crate) fn note(&self, place: &RelativePath, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(place.clone(), hash(bytes));
        if seen.len() > MAX_FILES {
            seen.pop_first();
        }
    }

    pub(crate) fn compare(&self, place: &RelativePath, bytes: &[u8]) -> Known {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place) {
            None => Known::Never,
            Some(known) if *known == hash(bytes) => Known::Same,
            Some(_) => Known::Changed,
        }
    }
}

/// The SHA-256 of a content.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What a model is told about a file that somebody else has changed.
pub(crate) fn changed(place: &RelativePath) -> String {
    format!(
        "{place} has been changed by somebody else since you read it; nothing was written. Read it again first."
    )
}
