//! What can go wrong with a store, one variant for each thing to do about it.

use std::io;
use std::path::{Path, PathBuf};

use q_core::{Seq, SessionId};

/// Why the store cannot do it. Each message says what happened and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the store open. A host that can be reached is not met so: it is asked, and nothing opened.
    #[error("{holder} uses the store {path}, and its socket is at another place than here: set XDG_RUNTIME_DIR (or Q_RUNTIME_DIR) to what it was where that process was started, or end it with `q host stop`", holder = user(*holder), path = path.display())]
    InUse {
        path: PathBuf,
        /// The process, where the system tells.
        holder: Option<u32>,
    },
    /// The system does not let this user write there.
    #[error("no permission to write to the store {path}; make it yours and writable (chown, chmod 700), or set XDG_DATA_HOME to another place", path = path.display())]
    Denied { path: PathBuf },
    /// The file system is mounted read-only.
    #[error("the store {path} is on a read-only file system; remount it writable, or set XDG_DATA_HOME to another place", path = path.display())]
    ReadOnly { path: PathBuf },
    /// No room is left: the disk, the user's quota, or a limit on file sizes.
    #[error("no space for the store {path} (disk, quota or file size limit); free some, then try again", path = path.display())]
    NoSpace { path: PathBuf },
    /// The directory was there, and is not any more, or another one is in its place.
    #[error("the store {path} is gone or was replaced while q used it; put it back", path = path.display())]
    Vanished { path: PathBuf },
    /// The directory has contents, and they are not a store.
    #[error("{path} is not a store of q and is left alone; move it away, or set XDG_DATA_HOME to another place", path = path.display())]
    NotAStore { path: PathBuf },
    /// Something in the directory is a link: what it leads to is not the store's to write, or not this user's.
    #[error("{path} is a link, and everything in a store of q is a file of its own; put what it leads to in its place, or move it away", path = path.display())]
    Link {
        /// The first link that was met.
        path: PathBuf,
    },
    /// A newer `q` wrote it.
    #[error("the store was written by a newer q ({found}); use that q again, or a later one")]
    FutureVersion {
        /// What this one does not know.
        found: String,
    },
    /// What is stored is not what was written. Sequence number 0 is the session's head.
    #[error(
        "session {session} is damaged at record {seq} (0: its head); the others are whole; `q host stop`, and q repairs what it can when it starts next"
    )]
    Damaged { session: SessionId, seq: Seq },
    /// The files are damaged in a way that names no session.
    #[error("the store's files are damaged ({detail}); q repairs what it can when it starts next")]
    Unreadable {
        /// What the reader met.
        detail: String,
    },
    /// The records do not continue the session's log, or its head does not match them. Nothing was written.
    #[error(
        "session {session}: record {found} came where {expected} was due; nothing was written; `q host stop`, then q reads the store again"
    )]
    OutOfOrder {
        session: SessionId,
        /// The sequence number that was due.
        expected: Seq,
        /// The one that came; 0 when none did.
        found: Seq,
    },
    /// An earlier write failed, so what the disk holds is unknown until the store is opened again.
    #[error(
        "an earlier write to the store failed and its outcome is unknown; `q host stop`, then q reads the store again"
    )]
    Poisoned,
    /// The system failed in another way.
    #[error("the store failed: {0}; check the disk, then start q again")]
    Io(#[source] io::Error),
}

fn user(holder: Option<u32>) -> String {
    holder.map_or_else(|| "another process".into(), |pid| format!("another process ({pid})"))
}

impl StoreError {
    /// The remedy for a failure of the system at `path`.
    pub(crate) fn from_io(path: &Path, error: io::Error) -> Self {
        use io::ErrorKind;
        let (kind, path) = (error.kind(), path.to_path_buf());
        if kind == ErrorKind::PermissionDenied {
            Self::Denied { path }
        } else if kind == ErrorKind::ReadOnlyFilesystem {
            Self::ReadOnly { path }
        } else if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
        {
            Self::NoSpace { path }
        } else {
            Self::Io(error)
        }
    }

    /// Whether what is stored may still be read, by a shadow of it.
    pub const fn leaves_it_readable(&self) -> bool {
        matches!(
            self,
            Self::Denied { .. } | Self::ReadOnly { .. } | Self::NoSpace { .. } | Self::FutureVersion { .. }
        )
    }

    /// This error, met at reading one record: damage that named no session concerns that one.
    pub(crate) fn at(self, session: SessionId, seq: Seq) -> Self {
        if matches!(self, Self::Unreadable { .. }) { Self::Damaged { session, seq } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn each_failure_of_the_system_has_its_remedy() {
        for (kind, way_out) in [
            (ErrorKind::PermissionDenied, "chmod 700"),
            (ErrorKind::ReadOnlyFilesystem, "remount it writable"),
            (ErrorKind::StorageFull, "free some"),
            (ErrorKind::QuotaExceeded, "free some"),
            (ErrorKind::FileTooLarge, "free some"),
            (ErrorKind::Interrupted, "check the disk"),
        ] {
            let message = StoreError::from_io(Path::new("/data/q"), kind.into()).to_string();
            assert!(message.contains(way_out), "{kind:?}: {message}");
        }
    }
}
