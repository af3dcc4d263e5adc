//! The paths of one store and its host, made from three directories.

use std::path::{Path, PathBuf};

const SHADOW: &str = "shadow";
const SOCK: &str = "sock";
const HOST: &str = "host";
const START: &str = "start";
const MODEL: &str = "gguf";
const LOAD: &str = "load";
/// What stands in the runtime directory: behind the tag of a store or of a model's file, one of these.
pub(super) const KINDS: [&str; 6] = [SHADOW, SOCK, HOST, START, MODEL, LOAD];

/// The places of one store and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) data: PathBuf,
    pub(super) state: PathBuf,
    pub(super) runtime: PathBuf,
    tag: String,
}

impl Place {
    /// The places for the store under `data`, with logs under `state` and sockets under `runtime`.
    pub fn new(data: PathBuf, state: PathBuf, runtime: PathBuf) -> Self {
        let tag = tag_of(data.as_os_str().as_encoded_bytes());
        Self { data, state, runtime, tag }
    }

    /// The directories that all of it is beneath.
    pub fn directories(&self) -> [&Path; 3] {
        [&self.data, &self.state, &self.runtime]
    }

    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// The directory of files as they were before tools changed them, a session each.
    pub fn changes(&self) -> PathBuf {
        self.data.join("changes")
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

    /// The rules for calls of tools, beside those of sessions.
    pub fn permissions(&self) -> PathBuf {
        self.state.join("permissions.toml")
    }

    /// The directories whose own files for agents count.
    pub fn trusted(&self) -> PathBuf {
        self.state.join("trusted")
    }

    /// What was accepted of MCP servers, a file each.
    pub fn accepted_servers(&self) -> PathBuf {
        self.state.join("mcp")
    }

    /// What was accepted of files of projects that name hooks.
    pub fn accepted_hooks(&self) -> PathBuf {
        self.state.join("hooks")
    }

    fn in_runtime(&self, kind: &str) -> PathBuf {
        self.runtime.join(format!("{}.{kind}", self.tag))
    }

    /// The note that there is a store.
    pub fn store_marker(&self) -> PathBuf {
        self.state.join(format!("{}.store", self.tag))
    }

    /// A draft that the process of that number has in an editor.
    pub fn draft(&self, process: u32, number: u32) -> PathBuf {
        self.state.join(format!("draft-{process}-{number}.md"))
    }

    /// What was shown to this person of q itself, and what they tried: kept for all their places, so that nobody is told twice.
    pub fn learned(&self) -> PathBuf {
        self.state.join("learned")
    }

    /// The directory of notes on which session was in front in which terminal.
    pub fn terminals(&self) -> PathBuf {
        self.state.join(format!("{}.terminals", self.tag))
    }

    /// The note of the terminal that is so described.
    pub fn terminal(&self, identity: &[u8]) -> PathBuf {
        self.terminals().join(tag_of(identity))
    }

    /// The note that a client has taken the terminal that is so described, locked as long as that lives.
    pub fn taken_terminal(&self, identity: &[u8]) -> PathBuf {
        self.runtime.join(format!("{}.{}.taken", self.tag, tag_of(identity)))
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
pub(super) fn is_tag(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
