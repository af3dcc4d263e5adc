//! The host's life: take the lock, open the store, let clients in, loop, leave in good order.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use q_core::{Batch, Limits, Multiplexer, Record, RecoverError, Stored};
use q_lock::open_lock;
use q_proto::place::{Place, PlaceError};
use q_store::{FjallStore, Store, StoreError};
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::compactor::Compactor;
use crate::events::{HostEvent, Loaded, RunEvent};
use crate::followers::metrics::{FollowedMetrics, MetricsFollower, Recorder};
use crate::followers::{FollowError, Followers};
use crate::host::Host;
use crate::known;
use crate::listener::{self, Outboxes};
use crate::queries::reads::Reads;
use crate::runs::Runs;
use crate::shared::{Closed, share};
use crate::world::Real;
use crate::writer::{CommitReport, Writer};

/// Events that may wait for the loop; whoever sends more waits.
pub const QUEUE: usize = 1024;
/// The same for what agents say: that is what may come fastest, and all of it is dealt with before clients are read again.
const HEARD: usize = 64;
/// Commits that may be under way before agents are made to wait.
pub const COMMITS: usize = 512;
/// The signal that a limit on file sizes sends with its error (the system's number has no name in tokio).
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();
/// How often it is tried whether a store that is only read could be written by now.
const ROOM_EACH: Duration = Duration::from_secs(2);
/// How long the last words to clients may take when the host leaves.
pub const FAREWELL: Duration = Duration::from_millis(250);

/// What a host needs to know.
#[derive(Clone, Debug)]
pub struct HostConfig {
    pub place: Place,
    pub limits: Limits,
    /// Whether there must be a store already: somebody has seen what is in it.
    pub existing: bool,
    /// Opens a store on trial in a process of its own, after an unclean end. `None`: it is opened untried.
    pub probe: Option<Probe>,
}

/// Runs [`q_store::probe`] for a directory in another process, and says how that ended.
pub type Probe = fn(&Path) -> io::Result<ExitStatus>;

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Another one serves this store.
    #[error("a host is running already")]
    Running,
    /// A directory cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The store cannot be opened, or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was one, and there is none.
    #[error("the store {store} is gone, and q has used it before; put it back (is its disk mounted?), or remove {note} to begin with an empty one", store = store.display(), note = note.display())]
    StoreGone {
        store: PathBuf,
        /// The note that says so.
        note: PathBuf,
    },
    /// What is stored contradicts itself.
    #[error("the store contradicts itself: {0}")]
    Recover(#[from] RecoverError),
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Names what was being tried when the system refused.
fn system(what: &'static str) -> impl FnOnce(io::Error) -> HostError {
    move |source| HostError::System { what, source }
}

/// Runs the host to its end. `ready` is called once clients can connect.
pub async fn run(config: HostConfig, ready: impl FnOnce()) -> Result<(), HostError> {
    let HostConfig { place, limits, existing, probe } = config;
    place.prepare_runtime()?;
    let lock = take_lock(&place.host_lock())?;
    remove_left_shadow(&place);
    let clock = Clock::start();
    // A write beyond a limit on file sizes is an error like any other then, and ends nobody.
    let _heard = signal(SignalKind::from_raw(SIGXFSZ)).map_err(system("signals cannot be heard"))?;
    must_not_be_gone(&place, existing)?;
    place.prepare_data()?;
    let StartedHost { mut host, store, closed, metrics, reports, why_read_only } =
        begin_with_what_is_there(&place, existing, probe, &limits, clock).await?;
    known::note(&place);
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
    close(&mut host, store, closed, metrics).await;
    send_farewell(&mut host, &mut wakes.clients).await;
    let outcome = host.unless_failed().map(drop);
    tracing::info!(target: "q::host", "host ended");
    drop(lock);
    Ok(outcome?)
}

/// Refuses to make a store in the place of one that somebody has used. Where that cannot be told, opening it says more.
fn must_not_be_gone(place: &Place, existing: bool) -> Result<(), HostError> {
    if !matches!(q_store::is_there(&place.store()), Ok(false)) {
        return Ok(());
    }
    if existing {
        return Err(StoreError::Vanished { path: place.store() }.into());
    }
    if known::is_known(place) {
        return Err(HostError::StoreGone { store: place.store(), note: place.known_store() });
    }
    Ok(())
}

/// Begins with the store, or with its shadow where it cannot be written.
async fn begin_with_what_is_there(
    place: &Place,
    existing: bool,
    probe: Option<Probe>,
    limits: &Limits,
    clock: Clock,
) -> Result<StartedHost, HostError> {
    // A store that somebody has used is waited for by them; anybody else may at least read it.
    let may_only_be_read = |error: &StoreError| !existing && error.leaves_it_readable();
    let begun = match open(&place.store(), probe, limits) {
        Ok(opened) => begin(opened, clock, limits.tail_bytes).await,
        Err(error) => Err(error),
    };
    match begun {
        Err(HostError::Store(error)) if may_only_be_read(&error) => {
            begin(open_shadow(place, error, limits)?, clock, limits.tail_bytes).await
        }
        begun => begun,
    }
}

/// What the host's own threads and tasks report.
struct Reports {
    written: mpsc::UnboundedReceiver<CommitReport>,
    loaded: mpsc::UnboundedReceiver<Loaded>,
    heard: mpsc::Receiver<RunEvent>,
}

/// Everything that wakes the loop.
struct Wakes {
    clock: Clock,
    clients: mpsc::Receiver<HostEvent>,
    reports: Reports,
    terminate: Terminate,
    room: Room,
}

impl Wakes {
    /// Waits for the next thing that happens. Nothing, where that is nothing to the host.
    async fn next(&mut self, host: &Host<Real>) -> Option<HostEvent> {
        let deadline = host.next_deadline();
        let until = self.clock.until(deadline.map(|deadline| deadline.at).unwrap_or_default());
        let Reports { written, loaded, heard } = &mut self.reports;
        Some(tokio::select! {
            Some(report) = written.recv() => HostEvent::Commit(report),
            Some(loaded) = loaded.recv() => HostEvent::Loaded(loaded),
            Some(event) = self.clients.recv() => event,
            Some(heard) = heard.recv(), if host.commits_under_way() < COMMITS => HostEvent::Run(heard),
            () = tokio::time::sleep(until), if deadline.is_some() => HostEvent::Deadline,
            there_is = self.room.look(), if self.room.may_come => return there_is.then_some(HostEvent::Room),
            () = self.terminate.asked() => HostEvent::Terminate,
        })
    }
}

/// Whether a store that is only read could be written by now.
struct Room {
    store: PathBuf,
    may_come: bool,
    /// Runs on whatever else happens: one asked for status every second must not be kept from looking.
    each: tokio::time::Interval,
}

impl Room {
    fn new(place: &Place, why_read_only: Option<StoreError>) -> Self {
        // A later version's store stays one.
        let may_come = why_read_only.is_some_and(|why| !matches!(why, StoreError::FutureVersion { .. }));
        let each = tokio::time::interval_at(tokio::time::Instant::now() + ROOM_EACH, ROOM_EACH);
        Self { store: place.store(), may_come, each }
    }

    async fn look(&mut self) -> bool {
        self.each.tick().await;
        q_store::takes_more(&self.store)
    }
}

/// The writer, and behind it the compactor and all that follows, which go when the writer does.
fn start_writer(
    store: &Arc<dyn Store>,
    followers: Followers,
    report: impl Fn(CommitReport) + Send + 'static,
) -> Result<Writer, HostError> {
    let compactor = Compactor::start(Arc::downgrade(store)).map_err(system("the compactor cannot start"))?;
    if store.is_worth_compacting() {
        compactor.wake(); // what the last host erased
    }
    let committed = move |batches: Vec<Batch>| {
        let mut records = batches.iter().flat_map(|batch| &batch.records);
        if records.any(|stamped| stamped.record == Record::Erased) {
            compactor.wake();
        }
        followers.committed(batches);
    };
    Writer::start(Arc::clone(store), report, committed).map_err(system("the writer cannot start"))
}

/// Whoever follows what is committed, and the figures that come of it.
fn start_followers(
    store: &Arc<dyn Store>,
    recorder: &Recorder,
) -> Result<(Followers, FollowedMetrics), HostError> {
    let mut followers = Followers::new(Arc::downgrade(store));
    let following = followers.follow(MetricsFollower::new(recorder.clone()));
    let following = following.map_err(|error| match error {
        FollowError::Store(error) => error.into(),
        FollowError::System(error) => system("the figures cannot be followed")(error),
    })?;
    Ok((followers, FollowedMetrics::new(recorder.clone(), following)))
}

/// Lets go of the store in good order. Whoever still reads in it for somebody does so in a moment.
async fn close(host: &mut Host<Real>, store: Arc<dyn Store>, closed: Closed, metrics: FollowedMetrics) {
    host.close();
    drop(store);
    let counted = tokio::task::spawn_blocking(move || metrics.caught_up());
    let all_done = async {
        closed.wait().await;
        let _panicked = counted.await;
    };
    let _somebody_reads_on = tokio::time::timeout(FAREWELL, all_done).await;
    // Each has its own time limit.
    for parking in host.world.runs.take_parking() {
        let _parked = parking.await;
    }
}

/// The last words to clients: until they have heard them, or had their time.
async fn send_farewell(host: &mut Host<Real>, inbox: &mut mpsc::Receiver<HostEvent>) {
    host.send_farewell();
    let all_heard = async {
        while host.has_connections()
            && let Some(event) = inbox.recv().await
        {
            if matches!(event, HostEvent::Disconnected { .. }) {
                host.on(event);
            }
        }
    };
    let _some_did_not_listen = tokio::time::timeout(FAREWELL, all_heard).await;
}

/// A store, and the core as it was left.
struct OpenedStore {
    store: Arc<dyn Store>,
    closed: Closed,
    core: Multiplexer,
    /// Where the store is a shadow.
    why_read_only: Option<StoreError>,
}

fn open(dir: &Path, probe: Option<Probe>, limits: &Limits) -> Result<OpenedStore, HostError> {
    match open_once(dir, probe, limits) {
        // Met only while reading: opened once more, everything is looked at and repaired.
        Err(HostError::Store(StoreError::Unreadable { .. })) => open_once(dir, probe, limits),
        opened => opened,
    }
}

fn open_once(dir: &Path, probe: Option<Probe>, limits: &Limits) -> Result<OpenedStore, HostError> {
    let store = match probe {
        Some(probe) => FjallStore::open_probed(dir, &probe)?,
        None => FjallStore::open(dir)?,
    };
    let core = recover(&store, limits.clone())?;
    let (store, closed) = share(store);
    Ok(OpenedStore { store, closed, core, why_read_only: None })
}

/// What can be read of a store that cannot be written; where that is nothing, why it cannot be written.
fn open_shadow(place: &Place, why: StoreError, limits: &Limits) -> Result<OpenedStore, HostError> {
    match FjallStore::open_shadow(&place.store(), &place.shadow()) {
        Ok(store) => {
            tracing::warn!(target: "q::host", %why, "the store is only read");
            let core = recover(&store, limits.clone())?;
            let (store, closed) = share(store);
            Ok(OpenedStore { store, closed, core, why_read_only: Some(why) })
        }
        Err(error) => {
            tracing::warn!(target: "q::host", %error, "the store cannot be read either");
            Err(why.into())
        }
    }
}

/// Removes the shadow of a host that was killed: it is a copy of texts, and nobody reads it any more.
fn remove_left_shadow(place: &Place) {
    match fs::remove_dir_all(place.shadow()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(target: "q::host", %error, "a shadow of the store stays behind");
        }
        _removed => {}
    }
}

/// A host that has marked what a crash cut short.
struct StartedHost {
    host: Host<Real>,
    store: Arc<dyn Store>,
    closed: Closed,
    metrics: FollowedMetrics,
    reports: Reports,
    why_read_only: Option<StoreError>,
}

async fn begin(opened: OpenedStore, clock: Clock, tail_bytes: usize) -> Result<StartedHost, HostError> {
    let OpenedStore { store, closed, core, why_read_only } = opened;
    let (reports, written) = mpsc::unbounded_channel();
    let (loads, loaded) = mpsc::unbounded_channel();
    let (says, heard) = mpsc::channel(HEARD);
    let mut from = Reports { written, loaded, heard };
    let report = move |report| {
        let _host_gone = reports.send(report);
    };
    let recorder = Recorder::default();
    let (followers, metrics) = start_followers(&store, &recorder)?;
    let writer = start_writer(&store, followers, report)?;
    let runs = Runs::new(Arc::downgrade(&store), says);
    let world = Real {
        clock,
        writer,
        runs,
        outboxes: Outboxes::new(),
        reads: Reads::new(Arc::downgrade(&store), loads, tail_bytes, metrics.clone()),
    };
    let mut host = Host::new(core, world);
    host.record_to(recorder);
    if let Some(why) = &why_read_only {
        host.only_read(why.to_string());
    }
    host.start();
    // Before anybody is let in; a store that cannot be written is named to the starter.
    while host.commits_under_way() > 0
        && host.ended().is_none()
        && let Some(report) = from.written.recv().await
    {
        host.on(HostEvent::Commit(report));
    }
    let host = host.unless_failed()?;
    Ok(StartedHost { host, store, closed, metrics, reports: from, why_read_only })
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

/// The core as it was left: heads of all sessions, tails of the live ones. A session of which nothing is left is not among
/// them; the store tells of it.
pub fn recover(store: &dyn Store, limits: Limits) -> Result<Multiplexer, HostError> {
    let mut sessions: Vec<Stored> = Vec::new();
    for head in store.heads()? {
        let id = head.id;
        match store.stored(head, limits.tail_bytes) {
            Ok(stored) => sessions.push(stored),
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!(target: "q::store", session = %id, %error, "a session is lost");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Multiplexer::recover(limits, sessions)?)
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

/// The signals that ask the host to end in good order. The end of a terminal is none of them.
struct Terminate {
    term: Signal,
    interrupt: Signal,
    _hangup: Signal,
}

impl Terminate {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
