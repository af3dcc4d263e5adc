//! The host's life: take the lock, open the store, let clients in, loop, leave in good order.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use q_core::Limits;
use q_lock::open_lock;
use q_proto::place::Place;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::error::{HostError, system};
use crate::leaving::leave;
use crate::listener;
use crate::opening::{Probe, StartedHost, begin_with_what_is_there, must_not_be_gone, remove_left_shadow};
use crate::project_files::PersonalFiles;
use crate::store_marker;
use crate::wakes::{Room, Terminate, Wakes};

/// Events that may wait for the loop; whoever sends more waits.
pub const QUEUE: usize = 1024;
/// The signal that a limit on file sizes sends with its error (the system's number has no name in tokio).
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();

/// What a host needs to know.
#[derive(Clone, Debug)]
pub struct HostConfig {
    pub place: Place,
    pub limits: Limits,
    /// Whether there must be a store already: somebody has seen what is in it.
    pub existing: bool,
    /// Opens a store on trial in a process of its own, after an unclean end. `None`: it is opened untried.
    pub probe: Option<Probe>,
    pub personal: PersonalFiles,
}

/// Runs the host to its end. `ready` is called once clients can connect.
pub async fn run(config: HostConfig, ready: impl FnOnce()) -> Result<(), HostError> {
    let HostConfig { place, limits, existing, probe, personal } = config;
    place.prepare_runtime()?;
    let lock = take_lock(&place.host_lock())?;
    remove_left_shadow(&place);
    let clock = Clock::start();
    // A write beyond a limit on file sizes is an error like any other then, and ends nobody.
    let _heard = signal(SignalKind::from_raw(SIGXFSZ)).map_err(system("signals cannot be heard"))?;
    must_not_be_gone(&place, existing)?;
    place.prepare_data()?;
    let StartedHost { mut host, store, closed, metrics, reports, why_read_only } =
        begin_with_what_is_there(&place, existing, probe, &limits, clock, &personal).await?;
    store_marker::note(&place);
    tracing::info!(target: "q::host", pid = std::process::id(), opened_ms = clock.mono().0 / 1000, "host started");

    let socket = Socket::bind(place.socket()).map_err(system("the socket cannot be made"))?;
    let (events, clients) = mpsc::channel(QUEUE);
    let accepting = tokio::spawn(listener::accept(socket.listener, events));
    let terminate = Terminate::listen().map_err(system("signals cannot be heard"))?;
    ready();

    let mut wakes = Wakes { clock, clients, reports, terminate, room: Room::new(&place, why_read_only) };
    while host.ended().is_none() {
        if let Some(event) = wakes.next(&host).await {
            host.on(event);
        }
    }

    // Nobody new is let in; the store is closed; who is attached is told, and may look at the store from outside then. The
    // lock goes last, so that a successor finds everything written and nobody removes its socket.
    accepting.abort();
    let _already_gone = fs::remove_file(&socket.path);
    leave(&mut host, store, closed, metrics, &mut wakes.clients).await;
    let outcome = host.unless_failed().map(drop);
    tracing::info!(target: "q::host", "host ended");
    drop(lock);
    Ok(outcome?)
}

/// Holds the lock that makes this process the host. The system gives it back when the process dies, however it dies.
fn take_lock(path: &Path) -> Result<File, HostError> {
    let file = open_lock(path).map_err(system("the host's lock cannot be opened"))?;
    match q_lock::take_lock(&file, path) {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(HostError::Running),
        Err(fs::TryLockError::Error(error)) => Err(system("the host's lock cannot be taken")(error)),
    }
}

struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Binds, removing what a dead host left: only the holder of the lock gets here.
    fn bind(path: PathBuf) -> io::Result<Self> {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Self { path, listener })
    }
}
