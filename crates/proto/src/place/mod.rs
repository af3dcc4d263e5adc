//! Where things live: the data directory, and the socket and locks of the host that serves it.
//!
//! The socket's name is made from the data directory, so that a host is found by what it owns and two stores never
//! share a host.

mod private;
mod runtime;

use std::io;
use std::path::{Path, PathBuf};

pub use private::ours;
pub use runtime::RuntimeDirectory;

/// The longest path a Unix socket can have on every system `q` runs on, in bytes.
const MAX_SOCKET_PATH: usize = 103;

const SHADOW: &str = "shadow";
const SOCK: &str = "sock";
const HOST: &str = "host";
const START: &str = "start";
const MODEL: &str = "gguf";
const LOAD: &str = "load";
/// What stands in the runtime directory: behind the tag of a store or of a model's file, one of these.
const KINDS: [&str; 6] = [SHADOW, SOCK, HOST, START, MODEL, LOAD];

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

impl Place {
    /// The places for the store under `data`, with logs under `state` and sockets under `runtime`.
    pub fn new(data: PathBuf, state: PathBuf, runtime: PathBuf) -> Self {
        let tag = tag_of(data.as_os_str().as_encoded_bytes());
        Self { data, state, runtime, tag }
    }

    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// Where the store is laid out to be read when it cannot be written.
    pub fn shadow(&self) -> PathBuf {
        self.in_runtime(SHADOW)
    }

    /// The directory of models that were pulled.
    pub fn models(&self) -> PathBuf {
        self.data.join("models")
    }

    /// The socket at which the model in that file answers; beside it, while one starts, stands a lock of another ending.
    pub fn model_socket(&self, file: &Path) -> PathBuf {
        self.runtime.join(format!("{}.{MODEL}", tag_of(file.as_os_str().as_encoded_bytes())))
    }

    /// The directory of log files.
    pub fn logs(&self) -> PathBuf {
        self.state.join("log")
    }

    fn in_runtime(&self, kind: &str) -> PathBuf {
        self.runtime.join(format!("{}.{kind}", self.tag))
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

    pub fn socket(&self) -> PathBuf {
        self.in_runtime(SOCK)
    }

    /// The lock a host holds as long as it lives.
    pub fn host_lock(&self) -> PathBuf {
        self.in_runtime(HOST)
    }

    /// The lock a client holds while it starts a host.
    pub fn start_lock(&self) -> PathBuf {
        self.in_runtime(START)
    }

    /// The directory of the socket and the locks, made if it is missing; nobody else can put anything into it.
    pub fn prepare_runtime(&self) -> Result<RuntimeDirectory, PlaceError> {
        RuntimeDirectory::made(self)
    }

    /// Makes the data directory if it is missing, and closes it and the store in it to others.
    pub fn prepare_data(&self) -> Result<(), PlaceError> {
        private::make(&self.data, |path| PlaceError::DataNotPrivate { path })?;
        private::close_if_there(&self.store(), |path| PlaceError::StoreNotPrivate { path })
    }

    /// Whether what is kept there may be read: none of it is a link or somebody else's. Changes nothing.
    pub fn check_data(&self) -> Result<(), PlaceError> {
        private::look(&self.data, |path| PlaceError::DataNotPrivate { path })?;
        private::look(&self.store(), |path| PlaceError::StoreNotPrivate { path }).map(drop)
    }

    /// Closes the directories of logs and notes to others, where they are there.
    pub fn prepare_state(&self) -> Result<(), PlaceError> {
        for directory in [&self.state, &self.logs()] {
            private::close_if_there(directory, |path| PlaceError::StateNotPrivate { path })?;
        }
        private::keep_files_only(&self.logs())
    }
}

/// Sixteen hexadecimal digits that stand for something (FNV-1a: it names, it does not protect).
fn tag_of(named: &[u8]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in named {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// Whether this may be one of those.
fn is_tag(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    fn place(dir: &Path) -> Place {
        Place::new(dir.join("data"), dir.join("state"), dir.join("run"))
    }

    /// One rule for every directory that is written to.
    #[test]
    fn a_link_in_the_place_of_a_directory_is_refused_and_names_its_way_out() {
        type Prepare = fn(&Place) -> Result<(), PlaceError>;
        let prepare_runtime: Prepare = |place| place.prepare_runtime().map(drop);
        let table: [(&str, Prepare, &str); 7] = [
            ("data", Place::prepare_data, "Q_DATA_DIR"),
            ("data/store", Place::prepare_data, "Q_DATA_DIR"),
            ("data", Place::check_data, "Q_DATA_DIR"),
            ("data/store", Place::check_data, "Q_DATA_DIR"),
            ("state", Place::prepare_state, "Q_STATE_DIR"),
            ("state/log", Place::prepare_state, "Q_STATE_DIR"),
            ("run", prepare_runtime, "Q_RUNTIME_DIR"),
        ];
        for (planted, prepare, way_out) in table {
            let dir = tempfile::tempdir().unwrap();
            let (link, elsewhere) = (dir.path().join(planted), dir.path().join("elsewhere"));
            fs::create_dir(&elsewhere).unwrap();
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
            let told = prepare(&place(dir.path())).unwrap_err().to_string();
            assert!(told.starts_with(&link.display().to_string()) && told.contains(way_out), "{told}");
            // What people said may be behind it: nobody is told to remove that.
            assert_eq!(told.contains("remove it"), !planted.starts_with("data"), "{told}");
            assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "{planted}");
        }
    }

    #[test]
    fn a_link_above_is_the_persons_own_arrangement() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = (dir.path().join("disk"), dir.path().join("home"));
        fs::create_dir(&disk).unwrap();
        std::os::unix::fs::symlink(&disk, &home).unwrap();
        let place = place(&home);
        place.prepare_data().unwrap();
        place.prepare_state().unwrap();
        place.prepare_runtime().unwrap();
        assert!(disk.join("data").is_dir() && disk.join("run").is_dir());
    }

    #[test]
    fn what_others_planted_among_the_logs_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        fs::create_dir_all(place.logs()).unwrap();
        let mine = dir.path().join("mine");
        fs::write(&mine, "mine").unwrap();
        fs::write(place.logs().join("host.log"), "said before").unwrap();
        std::os::unix::fs::symlink(&mine, place.logs().join("link.log")).unwrap();
        fs::hard_link(&mine, place.logs().join("second.log")).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(place.logs().join("pipe.log")).unwrap();
        place.prepare_state().unwrap();
        let left: Vec<_> =
            fs::read_dir(place.logs()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["host.log"]);
        assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
    }

    #[test]
    fn a_wide_directory_is_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        let wide = [&place.data, &place.store(), &place.state, &place.logs()];
        for path in wide {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        place.prepare_data().unwrap();
        place.prepare_state().unwrap();
        for path in wide {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700, "{}", path.display());
        }
    }
}
