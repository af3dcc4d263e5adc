//! Where things live: the data directory, and the socket and locks of the host that serves it.
//!
//! The socket's name is made from the data directory, so that a host is found by what it owns and two stores never
//! share a host.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest path a Unix socket can have on every system `q` runs on, in bytes.
const MAX_SOCKET_PATH: usize = 103;

/// The places of one store and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    data: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
    tag: String,
}

/// A directory that must be private is not, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// It cannot be made or read.
    #[error("{path} cannot be used: {source}; check its owner and mode, or set Q_RUNTIME_DIR / Q_DATA_DIR to a directory of yours", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// That of the socket is somebody else's, or a link. Nothing that lasts is in it.
    #[error("{path} is not a directory of yours alone (another owner, or a link); remove it, or set Q_RUNTIME_DIR to a directory of yours", path = path.display())]
    NotPrivate {
        /// Which.
        path: PathBuf,
    },
    /// That of the sessions is.
    #[error("{path}, where sessions are kept, is not a directory of yours (another owner, or a link); keep it: make it yours (chown -R), or set Q_DATA_DIR to a directory of yours, which may be the one that a link leads to", path = path.display())]
    DataNotPrivate {
        /// Which.
        path: PathBuf,
    },
    /// Its path is too long for a socket.
    #[error("{path} is too long for a socket ({MAX_SOCKET_PATH} bytes at most); set Q_RUNTIME_DIR to a shorter path", path = path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
}

impl Place {
    /// The places for the store under `data`, with logs under `state` and sockets under `runtime`.
    pub fn new(data: PathBuf, state: PathBuf, runtime: PathBuf) -> Self {
        let tag = tag_of(data.as_os_str().as_encoded_bytes());
        Self { data, state, runtime, tag }
    }

    /// The store's directory.
    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// Where the store is laid out to be read when it cannot be written.
    pub fn shadow(&self) -> PathBuf {
        self.runtime.join(format!("{}.shadow", self.tag))
    }

    /// The directory of log files.
    pub fn logs(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The note that there is a store.
    pub fn known_store(&self) -> PathBuf {
        self.state.join(format!("{}.store", self.tag))
    }

    /// The directory of notes on which session was in front in which terminal.
    pub fn terminals(&self) -> PathBuf {
        self.state.join(format!("{}.terminals", self.tag))
    }

    /// The note of the terminal that is so described.
    pub fn terminal(&self, identity: &[u8]) -> PathBuf {
        self.terminals().join(tag_of(identity))
    }

    /// The host's socket.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join(format!("{}.sock", self.tag))
    }

    /// The lock a host holds as long as it lives.
    pub fn host_lock(&self) -> PathBuf {
        self.runtime.join(format!("{}.host", self.tag))
    }

    /// The lock a client holds while it starts a host.
    pub fn start_lock(&self) -> PathBuf {
        self.runtime.join(format!("{}.start", self.tag))
    }

    /// Makes the runtime directory if it is missing, and checks that nobody else can put anything into it.
    pub fn prepare_runtime(&self) -> Result<(), PlaceError> {
        let path = self.socket();
        if path.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(PlaceError::TooLong { path });
        }
        private_directory(&self.runtime, |path| PlaceError::NotPrivate { path })
    }

    /// Makes the data directory if it is missing.
    pub fn prepare_data(&self) -> Result<(), PlaceError> {
        private_directory(&self.data, |path| PlaceError::DataNotPrivate { path })
    }
}

/// A directory of this user alone: made 0700, never a link, never somebody else's; its mode is mended if too wide.
fn private_directory(path: &Path, not_private: fn(PathBuf) -> PlaceError) -> Result<(), PlaceError> {
    let failed = |source| PlaceError::Io { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let found = fs::symlink_metadata(path).map_err(failed)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(not_private(path.to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        match fs::set_permissions(path, fs::Permissions::from_mode(0o700)) {
            // Nobody else can put anything into it either; what is in it may at least be read.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
            narrowed => narrowed.map_err(failed)?,
        }
    }
    Ok(())
}

/// Opens a lock's file, which holds nothing: the lock on it is what counts. Never through a link.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// Sixteen hexadecimal digits that stand for something (FNV-1a: it names, it does not protect).
fn tag_of(named: &[u8]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in named {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_planted_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let planted = dir.path().join("q");
        std::os::unix::fs::symlink(&elsewhere, &planted).unwrap();
        let place = Place::new(planted.clone(), "/s".into(), planted);
        assert!(matches!(place.prepare_runtime(), Err(PlaceError::NotPrivate { .. })));
        // What people said may be behind it: nobody is told to remove that.
        let refused = place.prepare_data();
        assert!(matches!(refused, Err(PlaceError::DataNotPrivate { .. })), "{refused:?}");
        let told = refused.map_err(|error| error.to_string()).unwrap_err();
        assert!(told.contains("chown") && told.contains("Q_DATA_DIR") && !told.contains("remove"), "{told}");
    }

    #[test]
    fn a_wide_directory_is_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let wide = dir.path().join("q");
        fs::create_dir(&wide).unwrap();
        fs::set_permissions(&wide, fs::Permissions::from_mode(0o755)).unwrap();
        Place::new(wide.clone(), "/s".into(), "/r".into()).prepare_data().unwrap();
        assert_eq!(fs::metadata(&wide).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_long_path_is_named_before_it_fails() {
        let place = Place::new("/d".into(), "/s".into(), Path::new("/").join("x".repeat(100)));
        assert!(matches!(place.prepare_runtime(), Err(PlaceError::TooLong { .. })));
    }
}
