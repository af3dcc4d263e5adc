//! From what is on the disk to a host that has marked what a crash cut short: the store is opened, or its shadow where it
//! cannot be written, and what works on it is started.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use q_core::{Batch, Limits, Multiplexer, Record, Stored};
use q_proto::place::Place;
use q_store::{FjallStore, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::compactor::Compactor;
use crate::error::{HostError, system};
use crate::events::HostEvent;
use crate::followers::hooks::{HookFollower, PutAway};
use crate::followers::metrics::{FollowedMetrics, MetricsFollower, Recorder};
use crate::followers::{FollowError, Followers};
use crate::hook_runs::HookRuns;
use crate::host::Host;
use crate::listener::Outboxes;
use crate::project_files::PersonalFiles;
use crate::queries::models::ModelLists;
use crate::queries::reads::Reads;
use crate::reversals::{ForgetsChanges, Reversals, forget_erased};
use crate::runs::Runs;
use crate::shared::{Closed, share};
use crate::shells::ShellRuns;
use crate::store_marker;
use crate::wakes::Reports;
use crate::world::{Clients, Real, SessionWork};
use crate::writer::{CommitReport, Writer};

/// What agents say and the loop has not taken in: that is what may come fastest, and all of it is dealt with before clients
/// are read again.
const RUN_EVENTS: usize = 64;

/// Runs [`q_store::probe`] for a directory in another process, and says how that ended.
pub type Probe = fn(&Path) -> io::Result<ExitStatus>;

/// A host that has marked what a crash cut short.
pub(crate) struct StartedHost {
    pub(crate) host: Host<Real>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) closed: Closed,
    pub(crate) metrics: FollowedMetrics,
    pub(crate) reports: Reports,
    /// Where the store is a shadow.
    pub(crate) why_read_only: Option<StoreError>,
}

/// Refuses to make a store in the place of one that somebody has used. Where that cannot be told, opening it says more.
pub(crate) fn must_not_be_gone(place: &Place, existing: bool) -> Result<(), HostError> {
    if !matches!(q_store::is_there(&place.store()), Ok(false)) {
        return Ok(());
    }
    if existing {
        return Err(StoreError::Vanished { path: place.store() }.into());
    }
    if store_marker::is_there(place) {
        return Err(HostError::StoreGone { store: place.store(), note: place.store_marker() });
    }
    Ok(())
}

/// Begins with the store, or with its shadow where it cannot be written.
pub(crate) async fn begin_with_what_is_there(
    place: &Place,
    existing: bool,
    probe: Option<Probe>,
    limits: &Limits,
    clock: Clock,
    personal: &PersonalFiles,
) -> Result<StartedHost, HostError> {
    // A store that somebody has used is waited for by them; anybody else may at least read it.
    let may_only_be_read = |error: &StoreError| !existing && error.leaves_it_readable();
    let begun = match open(&place.store(), probe, limits) {
        Ok(opened) => begin(opened, clock, limits.tail_bytes, personal, Some(place.changes())).await,
        Err(error) => Err(error),
    };
    match begun {
        Err(HostError::Store(error)) if may_only_be_read(&error) => {
            begin(open_shadow(place, error, limits)?, clock, limits.tail_bytes, personal, None).await
        }
        begun => begun,
    }
}

/// Removes the shadow of a host that was killed: it is a copy of texts, and nobody reads it any more.
pub(crate) fn remove_left_shadow(place: &Place) {
    match fs::remove_dir_all(place.shadow()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(target: "q::host", %error, "a shadow of the store stays behind");
        }
        _removed => {}
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
            // One session that is damaged must not keep all others from their person.
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!(target: "q::store", session = %id, %error, "a session is lost");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Multiplexer::recover(limits, sessions)?)
}

/// A store, and the core as it was left.
struct OpenedStore {
    store: Arc<dyn Store>,
    closed: Closed,
    core: Multiplexer,
    why_read_only: Option<StoreError>,
}

impl OpenedStore {
    fn new(
        store: impl Store + 'static,
        limits: &Limits,
        why_read_only: Option<StoreError>,
    ) -> Result<Self, HostError> {
        let core = recover(&store, limits.clone())?;
        let (store, closed) = share(store);
        Ok(Self { store, closed, core, why_read_only })
    }
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
    OpenedStore::new(store, limits, None)
}

/// What can be read of a store that cannot be written; where that is nothing, why it cannot be written.
fn open_shadow(place: &Place, why: StoreError, limits: &Limits) -> Result<OpenedStore, HostError> {
    match FjallStore::open_shadow(&place.store(), &place.shadow()) {
        Ok(store) => {
            tracing::warn!(target: "q::host", %why, "the store is only read");
            OpenedStore::new(store, limits, Some(why))
        }
        Err(error) => {
            tracing::warn!(target: "q::host", %error, "the store cannot be read either");
            Err(why.into())
        }
    }
}

async fn begin(
    opened: OpenedStore,
    clock: Clock,
    tail_bytes: usize,
    personal: &PersonalFiles,
    changes: Option<PathBuf>,
) -> Result<StartedHost, HostError> {
    let OpenedStore { store, closed, core, why_read_only } = opened;
    // What the host reports to itself has no bound of its own: it is as much as the core gave out, which is bounded there.
    let (reports, commits) = mpsc::unbounded_channel();
    let (loaded, loads) = mpsc::unbounded_channel();
    let (events, runs) = mpsc::channel(RUN_EVENTS);
    let (reversed, reversals) = mpsc::unbounded_channel();
    let (goes_on, backgrounds) = mpsc::unbounded_channel();
    let mut from = Reports { commits, loads, reversals, runs, backgrounds };
    let report = move |report| {
        let _host_gone = reports.send(report);
    };
    let recorder = Recorder::default();
    let hooks =
        personal.hooks.clone().map(|reader| HookRuns::new(reader, Handle::current(), recorder.clone()));
    let hooks = hooks.map(|runs| {
        let closed = core.view().sessions().filter(|session| !session.presence.is_open());
        HookFollower::new(runs, Arc::downgrade(&store), PutAway(closed.map(|session| session.id).collect()))
    });
    let (followers, metrics) = start_followers(&store, &recorder, changes.clone(), hooks)?;
    let writer = start_writer(&store, followers, report)?;
    let shells = ShellRuns::new(events.clone());
    let runs = Runs::new(Arc::downgrade(&store), events, goes_on, personal.clone(), changes.clone());
    let world = Real {
        clock,
        writer,
        work: SessionWork { runs, reversals: Reversals::new(changes, reversed), shells },
        clients: Clients {
            outboxes: Outboxes::default(),
            lists: ModelLists::new(),
            reads: Reads::new(Arc::downgrade(&store), loaded, tail_bytes, metrics.clone()),
        },
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
        && let Some(report) = from.commits.recv().await
    {
        host.on(HostEvent::Commit(report));
    }
    let host = host.unless_failed()?;
    Ok(StartedHost { host, store, closed, metrics, reports: from, why_read_only })
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

/// Whoever follows what is committed, and the metrics that come of it.
fn start_followers(
    store: &Arc<dyn Store>,
    recorder: &Recorder,
    changes: Option<PathBuf>,
    hooks: Option<HookFollower>,
) -> Result<(Followers, FollowedMetrics), HostError> {
    let mut followers = Followers::new(Arc::downgrade(store));
    let told = |error| match error {
        FollowError::Store(error) => error.into(),
        FollowError::System(error) => system("what is committed cannot be followed")(error),
    };
    let following = followers.follow(MetricsFollower::new(recorder.clone())).map_err(told)?;
    if let Some(all) = changes {
        forget_erased(&all, &**store);
        let _nobody_waits = followers.follow(ForgetsChanges { all }).map_err(told)?;
    }
    if let Some(follower) = hooks {
        let _nobody_waits = followers.follow(follower).map_err(told)?;
    }
    Ok((followers, FollowedMetrics::new(recorder.clone(), following)))
}

/// A host on an empty store in memory.
#[cfg(test)]
pub(crate) async fn in_memory() -> Result<StartedHost, HostError> {
    let limits = Limits::default();
    let opened = OpenedStore::new(q_store::MemoryStore::new(), &limits, None)?;
    begin(opened, Clock::start(), limits.tail_bytes, &PersonalFiles::none(), None).await
}
