//! A home of its own for the real binary: directories nobody else has, an environment that says nothing else, and an
//! end to every process that was started in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{is_alive, kill9, output_within};
use crate::terminal::CommandBuilder;

/// How long `q host stop` may take before the host is killed.
const PATIENCE: Duration = Duration::from_secs(15);
/// Directly below the root: a Unix socket's path has at most 107 bytes, and a person's own temporary directory may be deep.
const PARENT: &str = "/tmp";

/// A person's home, empty at first, gone on drop together with the host that was started in it.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
    environment: BTreeMap<String, String>,
    started: Mutex<Started>,
}

#[derive(Debug, Default)]
struct Started {
    /// The last program run here: the one to ask where the host is.
    program: Option<PathBuf>,
    pids: BTreeSet<u32>,
}

impl Home {
    /// A new home.
    ///
    /// # Panics
    /// When the directories cannot be made.
    pub fn new() -> Self {
        Self::create().unwrap_or_else(|error| panic!("no home for a test: {error}"))
    }

    fn create() -> io::Result<Self> {
        let root = tempfile::Builder::new().prefix("q-").tempdir_in(PARENT)?;
        let mut environment = BTreeMap::new();
        for (variable, directory) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            let path = root.path().join(directory);
            fs::create_dir(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            environment.insert(variable.to_owned(), path.display().to_string());
        }
        for (variable, value) in [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
        ] {
            environment.insert(variable.to_owned(), value.to_owned());
        }
        Ok(Self { root, environment, started: Mutex::default() })
    }

    /// Makes it somebody's who was shown all of `q` before: nothing is said that is said once.
    ///
    /// # Panics
    /// When that cannot be written.
    pub fn knows_q(&self) {
        let directory = self.directory("XDG_STATE_HOME").join("q");
        let file = directory.join("learned");
        let known = "tour over\nhint news\nhint approval\nhint paste\nhint two-sessions\n";
        let private = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        let written = fs::create_dir_all(&directory)
            .and_then(|()| private(&directory, 0o700))
            .and_then(|()| fs::write(&file, known))
            .and_then(|()| private(&file, 0o600));
        if let Err(error) = written {
            panic!("{}: {error}", file.display());
        }
    }

    /// Where everything of this home is.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// The directory a variable of this home names, such as `XDG_DATA_HOME`.
    ///
    /// # Panics
    /// When the home sets no such variable.
    pub fn directory(&self, variable: &str) -> PathBuf {
        match self.environment.get(variable) {
            Some(path) => path.into(),
            None => panic!("{variable} is not set here"),
        }
    }

    /// Sets a variable for every command run from now on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.insert(variable.to_owned(), value.to_owned());
    }

    /// Writes `q`'s configuration.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn configure(&self, toml: &str) {
        let directory = self.directory("XDG_CONFIG_HOME").join("q");
        let written =
            fs::create_dir_all(&directory).and_then(|()| fs::write(directory.join("config.toml"), toml));
        if let Err(error) = written {
            panic!("no configuration in {}: {error}", directory.display());
        }
    }

    /// A command that knows this home and nothing else.
    pub fn command(&self, program: &Path) -> Command {
        self.started().program = Some(program.to_owned());
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).current_dir(self.directory("HOME"));
        command
    }

    /// The same for a [`Terminal`](crate::terminal::Terminal).
    pub fn pty_command(&self, program: &Path) -> CommandBuilder {
        self.started().program = Some(program.to_owned());
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        for (variable, value) in &self.environment {
            command.env(variable, value);
        }
        command.cwd(self.directory("HOME"));
        command
    }

    /// The host's process id, if one runs here: what `q host status --json` says.
    pub fn host_pid(&self) -> Option<u32> {
        let program = self.started().program.clone()?;
        let status =
            output_within(self.command(&program).args(["host", "status", "--json"]), PATIENCE)?.stdout;
        let status: serde_json::Value = serde_json::from_slice(&status).ok()?;
        let pid = u32::try_from(status.get("pid")?.as_u64()?).ok()?;
        self.end_with(pid);
        Some(pid)
    }

    /// Remembers a process that must not outlive this home.
    pub fn end_with(&self, pid: u32) {
        self.started().pids.insert(pid);
    }

    fn started(&self) -> MutexGuard<'_, Started> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything was ever left where a host has its socket.
    fn may_have_host(&self) -> bool {
        fs::read_dir(self.directory("XDG_RUNTIME_DIR")).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Whether a process belongs to this home, by its environment or its open files: an id may meanwhile be another's.
    fn is_ours(&self, pid: u32) -> bool {
        let ours = self.path().as_os_str().as_encoded_bytes();
        let says = fs::read(format!("/proc/{pid}/environ")).is_ok_and(|text| contains(&text, ours));
        let holds = fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|files| {
            let mut targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
            targets.any(|target| target.starts_with(self.path()))
        });
        says || holds || !cfg!(target_os = "linux")
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let program = self.started().program.clone();
        if let Some(program) = program.filter(|program| program.exists() && self.may_have_host()) {
            // Asks first: after the stop nobody could say whom to kill.
            let host = self.host_pid();
            if host.is_some() {
                output_within(self.command(&program).args(["host", "stop"]), PATIENCE);
            }
        }
        let pids = self.started().pids.clone();
        for pid in pids.into_iter().filter(|&pid| is_alive(pid) && self.is_ours(pid)) {
            kill9(pid);
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
