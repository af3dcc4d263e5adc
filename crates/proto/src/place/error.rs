//! Why a place cannot be used, and the way out.

use std::io;
use std::path::PathBuf;

/// The longest path a Unix socket can have on every system `q` runs on, in bytes.
pub(super) const MAX_SOCKET_PATH: usize = 103;

/// A directory that must be private is not, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// It cannot be made or read.
    #[error("{path} cannot be used: {source}; check its owner and mode, or set Q_RUNTIME_DIR / Q_DATA_DIR to a directory of yours", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    /// That of the socket is somebody else's, or a link. Nothing that lasts is in it.
    #[error("{path} is not a directory of yours alone (another owner, or a link); remove it, or set Q_RUNTIME_DIR to a directory of yours", path = path.display())]
    NotPrivate { path: PathBuf },
    /// That of the sessions is.
    #[error("{path}, where sessions are kept, is not a directory of yours (another owner, or a link); keep it: make it yours (chown -R), or set Q_DATA_DIR to a directory of yours, which may be the one that a link leads to", path = path.display())]
    DataNotPrivate { path: PathBuf },
    /// The store in it is.
    #[error("{path}, the store, is not a directory of yours (another owner, or a link); keep it: make it yours (chown -R), or put what a link leads to in its place (mv), or set Q_DATA_DIR to a directory of yours that holds it as `store`", path = path.display())]
    StoreNotPrivate { path: PathBuf },
    /// That of logs is.
    #[error("{path}, where logs are kept, is not a directory of yours (another owner, or a link); remove it, or set Q_STATE_DIR to a directory of yours", path = path.display())]
    StateNotPrivate { path: PathBuf },
    /// A socket that somebody else put into the directory.
    #[error("{path} belongs to another user (uid {owner}) and was not spoken to; remove it (rm), then start q again", path = path.display())]
    SocketNotOurs { path: PathBuf, owner: u32 },
    /// Its path is too long for a socket.
    #[error("{path} is too long for a socket ({MAX_SOCKET_PATH} bytes at most); set Q_RUNTIME_DIR to a shorter path", path = path.display())]
    TooLong { path: PathBuf },
}
