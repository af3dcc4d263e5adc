//! What fjall's errors mean to a person.

use std::io::ErrorKind;
use std::path::Path;

use ::fjall::{Error, LsmError};

use q_lock::holder;

use crate::error::StoreError;

/// The file by which the engine knows that it is used by one process.
pub(super) const ENGINES_LOCK: &str = "lock";

/// The remedy for a failure of the files at `path`.
pub(super) fn of_files(path: &Path, error: Error) -> StoreError {
    match error {
        Error::Locked => StoreError::InUse { path: path.into(), holder: holder(&path.join(ENGINES_LOCK)) },
        Error::Poisoned => StoreError::Poisoned,
        // Files that are missing or end too early are not the system's failure.
        Error::Io(error) | Error::Storage(LsmError::Io(error)) if is_of_contents(error.kind()) => {
            StoreError::Unreadable { detail: error.to_string() }
        }
        Error::Io(error) | Error::Storage(LsmError::Io(error)) => StoreError::from_io(path, error),
        // All of these are ways of finding something else than what was written, and fjall may learn more of them.
        Error::Storage(_)
        | Error::JournalRecovery(_)
        | Error::InvalidVersion(_)
        | Error::Decompress(_)
        | Error::InvalidTrailer
        | Error::InvalidTag(_)
        | Error::KeyspaceDeleted
        | Error::Unrecoverable
        | _ => StoreError::Unreadable { detail: error.to_string() },
    }
}

const fn is_of_contents(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData)
}
