//! Starting a host: one, however many clients do so at once; with a chosen part of the environment.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use q_lock::open_lock;
use q_proto::place::RuntimeDirectory;

use super::peer::CheckedPeer;
use super::{ConnectError, system};

/// What a host prints when clients can connect. Anything else is why it cannot start.
pub const READY: &str = "ready";

/// How long a leaving host may take before it is taken for deaf.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);
/// What counts as a large piece of memory, in bytes.
const LARGE_BYTES: &str = "131072";
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// How a program is told to be the host.
pub const RUN: &[&str] = &["host", "run"];
/// The same, for the store that its predecessor had.
pub const RUN_AGAIN: &[&str] = &["host", "run", "--existing"];

/// Variables a host is started with. Keys and everything else of the first client's environment stay out of it.
const PASSED_ON: [&str; 11] = [
    "HOME",
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "Q_LOG",
];
/// The same, for paths that may be relative to the client's directory, which is not the host's.
const PASSED_ON_PATHS: [&str; 4] = ["Q_CONFIG", "Q_DATA_DIR", "Q_STATE_DIR", "Q_RUNTIME_DIR"];

/// Starts a host unless another client did so while we waited for our turn.
pub(super) async fn start(
    directory: &RuntimeDirectory,
    program: &Path,
    run: &'static [&'static str],
) -> Result<(), ConnectError> {
    let turn = in_background({
        let lock = directory.place().start_lock();
        move || take_turn(&lock)
    })
    .await?;
    if CheckedPeer::at(directory).await?.is_some() {
        return Ok(());
    }
    let (lock, program) = (directory.place().host_lock(), program.to_owned());
    in_background(move || {
        let _held_until_it_runs = turn;
        // A host that is leaving still holds its lock: its successor starts when it is gone.
        wait_for_leaving(&lock)?;
        let said = spawn(&program, run).map_err(system("the host cannot be started"))?;
        match said.trim() {
            READY => Ok(()),
            "" => Err(ConnectError::NoStart {
                why: "it ended without a word; `q host logs` may tell more".into(),
            }),
            why => Err(ConnectError::NoStart { why: why.to_owned() }),
        }
    })
    .await
}

/// Does what waits in a thread of its own. It goes on if the waiting is given up.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnectError> + Send + 'static,
) -> Result<T, ConnectError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(ConnectError::NoStart { why: "starting it panicked".into() }))
}

fn take_turn(lock: &Path) -> Result<File, ConnectError> {
    let turn = open_lock(lock).map_err(system("the start lock cannot be opened"))?;
    turn.lock().map_err(system("the start lock cannot be taken"))?;
    Ok(turn)
}

/// Waits until no process holds the host's lock: one that is leaving gives it back within a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "a file lock can only be asked for again; this waits for another process"
)]
fn wait_for_leaving(host_lock: &Path) -> Result<(), ConnectError> {
    let lock = open_lock(host_lock).map_err(system("the host's lock cannot be opened"))?;
    for _ in 0..LEAVES_WITHIN.as_millis() / ASK_AGAIN.as_millis() {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(ASK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(system("the host's lock cannot be taken")(error)),
        }
    }
    Err(ConnectError::Deaf)
}

/// Starts `program` with the arguments `run`, and reads what it says until it is ready or gone.
fn spawn(program: &Path, run: &[&str]) -> io::Result<String> {
    let mut child = Command::new(program)
        .args(run)
        .current_dir("/")
        .env_clear()
        .envs(passed_on())
        // glibc gives each thread a heap of its own otherwise: 1.5 MB more for ten sessions. Elsewhere it means nothing.
        .env("MALLOC_ARENA_MAX", "1")
        // Nor does it give large pieces back once it has seen some, unless these are set: an answer of megabytes would leave
        // the host at its limit of memory, and every prompt refused.
        .env("MALLOC_MMAP_THRESHOLD_", LARGE_BYTES)
        .env("MALLOC_TRIM_THRESHOLD_", LARGE_BYTES)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let mut byte = [0];
        while stdout.read(&mut byte)? == 1 && byte != *b"\n" {
            said.push(byte[0].into());
        }
    }
    if said.trim() != READY {
        let _reaped = child.wait();
    }
    Ok(said)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host gets a chosen part of the environment, and nothing else of it"
)]
fn passed_on() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    let plain = PASSED_ON.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let path = |name| Some((name, std::path::absolute(std::env::var_os(name)?).ok()?.into_os_string()));
    plain.chain(PASSED_ON_PATHS.into_iter().filter_map(path))
}
