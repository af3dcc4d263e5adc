//! The loop's body: one event in, the core's effects carried out. No waiting and no rule about sessions stands here.

mod agents;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use q_agent::{AgentControl, ChildEnvironment, Seat};
use q_core::{
    ClientId, Deadline, Effect, Environment, Input, Instant, Multiplexer, Presence, Refusal, Reply,
    SessionId, Snapshot, TurnNo, TurnSetup, Update,
};
use q_proto::message::{Hello, NamedAgent, Status};
use q_proto::view::{WireSnapshot, WireUpdate};
use q_proto::{HostMessage, Id, Refused, Response};
use q_store::StoreError;

use crate::listener;
use agents::Agents;

use crate::agent_request::AgentRequest;
use crate::events::{BackgroundReport, HostEvent, Loaded, ReversalReport, RunEvent};
use crate::followers::metrics::Recorder;
use crate::pipeline::{Pipeline, Released};
use crate::queries::queue::{ClientQuery, QueryQueue};
use crate::shells::ShellRequest;
use crate::world::{Real, World};
use crate::writer::CommitReport;

/// What a snapshot carries of each session at first, in bytes: several screens; older entries are paged in.
const SNAPSHOT_BYTES: usize = 32 << 10;

/// Snapshots go out until together they weigh so much, in bytes; the next ones when these are read.
const TOGETHER_BYTES: usize = 128 << 10;

/// How often the process is weighed at most.
const WEIGH_EACH: Duration = Duration::from_secs(1);

/// The host without its waiting.
pub struct Host<W> {
    pub(crate) core: Multiplexer,
    pipeline: Pipeline,
    connections: BTreeMap<ClientId, Connection>,
    agents: Agents,
    queries: QueryQueue,
    recorder: Recorder,
    /// When the process was last weighed.
    weighed: Instant,
    started: u64,
    /// Why nothing is taken, where that is so.
    read_only: Option<String>,
    end: Option<End>,
    pub(crate) world: W,
}

/// A client that is attached to the host.
struct Connection {
    watches: bool,
    /// What sessions it makes call the environment they come from.
    environment: Environment,
    /// Sessions whose snapshots it is still to get: their updates would come too early.
    owed: BTreeSet<SessionId>,
}

/// Why the host ends.
#[derive(Debug)]
pub enum End {
    /// It was told to, or nobody needs it: once everything is written.
    Orderly,
    /// The same, and clients are to start another one.
    Restart,
    /// The store failed: at once.
    StoreFailed(StoreError),
}

impl Host<Real> {
    /// Writes what waits. Nothing is written any more after that.
    pub(crate) fn close(&mut self) {
        self.world.writer.close();
    }
}

impl<W: World> Host<W> {
    /// A host that has done nothing yet, with the core as it was stored.
    pub fn new(core: Multiplexer, world: W) -> Self {
        let started = world.now().wall.0;
        Self {
            core,
            pipeline: Pipeline::default(),
            connections: BTreeMap::new(),
            agents: Agents::default(),
            queries: QueryQueue::default(),
            recorder: Recorder::default(),
            weighed: Instant::default(),
            started,
            read_only: None,
            end: None,
            world,
        }
    }

    /// What is measured goes there from now on.
    pub(crate) fn record_to(&mut self, recorder: Recorder) {
        self.recorder = recorder;
    }

    /// Nothing that is to be kept is taken from now on, for this reason.
    pub(crate) fn only_read(&mut self, why: String) {
        self.read_only = Some(why);
    }

    /// Marks what a crash cut short. Before the first client is let in.
    pub fn start(&mut self) {
        self.feed(Input::Started);
    }

    /// When [`HostEvent::Deadline`] is due, if nothing comes before.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.core.next_deadline()
    }

    /// Commits that are on their way: agents are not listened to while too many are.
    pub fn commits_under_way(&self) -> usize {
        self.pipeline.depth()
    }

    /// The end, once it has come: everything is written, or nothing can be.
    pub fn ended(&self) -> Option<&End> {
        match &self.end {
            Some(End::Orderly | End::Restart) if self.pipeline.depth() > 0 => None,
            end => end.as_ref(),
        }
    }

    /// The host again, unless its store failed.
    pub(crate) fn unless_failed(self) -> Result<Self, StoreError> {
        match self.end {
            Some(End::StoreFailed(error)) => Err(error),
            end @ (Some(End::Orderly | End::Restart) | None) => Ok(Self { end, ..self }),
        }
    }

    /// Tells every client that the host goes; their connections close when they have read it.
    pub fn send_farewell(&mut self) {
        let (why, restart) = match &self.end {
            Some(End::StoreFailed(error)) => (format!("nothing more is saved: {error}"), true),
            Some(End::Restart) => ("the host restarts".to_owned(), true),
            Some(End::Orderly) | None => ("the host was stopped".to_owned(), false),
        };
        for &client in self.connections.keys() {
            self.world.send(client, HostMessage::Going { why: why.clone(), restart });
            self.world.forget(client);
        }
    }

    /// Whether any client's connection is open still.
    pub fn has_connections(&self) -> bool {
        !self.connections.is_empty()
    }

    /// Takes one event in.
    pub fn on(&mut self, event: HostEvent) {
        self.weigh();
        match event {
            HostEvent::Connected { client, hello, outbox } => {
                self.world.welcome(client, outbox);
                self.welcome(client, hello);
            }
            // What it holds is given back when the host is done with it.
            HostEvent::Message { client, message, allowance: _held } => self.on_message(client, message),
            HostEvent::Drained { client } => self.send_owed(client),
            HostEvent::Lagged { client } => self.send_snapshots(client),
            HostEvent::Disconnected { client } => {
                self.connections.remove(&client);
                self.world.forget(client);
                self.feed(Input::Detached(client));
            }
            HostEvent::Commit(CommitReport::UpTo { commit, took }) => {
                self.recorder.committed(took);
                let effects = self.pipeline.committed(commit);
                self.carry_out(effects);
                while let Some(ClientQuery { client, request, query }) = self.queries.pop_due(commit) {
                    self.world.query(client, request, query);
                }
            }
            HostEvent::Commit(CommitReport::Failed(error)) => {
                tracing::error!(target: "q::store", %error, "a commit failed; the host restarts from the store");
                self.recorder.failed("store");
                self.end = Some(End::StoreFailed(error));
            }
            HostEvent::Loaded(Loaded { session, stored }) => self.feed(Input::Loaded { session, stored }),
            HostEvent::Reversed(ReversalReport { session, redo, outcome }) => {
                self.feed(Input::Reversed { session, redo, outcome });
            }
            HostEvent::Background(BackgroundReport { session, running }) => {
                let running = u32::try_from(running).unwrap_or(u32::MAX);
                self.feed(Input::Background { session, running });
            }
            HostEvent::Run(RunEvent { session, turn, event }) => {
                self.feed(Input::Agent { session, turn, event });
            }
            HostEvent::Deadline => self.feed(Input::Tick),
            HostEvent::Terminate => self.stop(End::Orderly),
            HostEvent::Room => self.stop(End::Restart),
        }
    }

    /// Tells the core the resident memory of the process, at most once a second and only when something happens anyway.
    fn weigh(&mut self) {
        let now = self.world.now().mono;
        if now.since(self.weighed) < WEIGH_EACH {
            return;
        }
        self.weighed = now;
        if let Some(bytes) = self.world.memory() {
            self.feed(Input::Memory { bytes });
        }
    }

    fn stop(&mut self, end: End) {
        self.feed(Input::Stopping);
        self.end.get_or_insert(end);
    }

    /// Tells the core, and does what it wants done.
    fn feed(&mut self, input: Input) {
        let now = self.world.now();
        self.world.observe(now, &input);
        let effects =
            tracing::debug_span!(target: "q::handle", "handle").in_scope(|| self.core.handle(now, input));
        let Released { commit, effects } = self.pipeline.take(effects);
        if let Some((commit, batch)) = commit {
            self.world.commit(commit, batch);
        }
        self.carry_out(effects);
    }

    /// Has a turn run by the agent that is bound to the session.
    fn run(&mut self, session: SessionId, turn: TurnNo, setup: TurnSetup) {
        let TurnSetup { agent, model, settings, system_prompt, directory, policy, resume, compacts } = setup;
        let (directory, environment) = (directory.into(), ChildEnvironment::default());
        let seat = Seat { directory, environment, policy, resume, ..Seat::of(session) };
        match self.agents.of(session, &agent).cloned() {
            Some(agent) => {
                self.world.run(AgentRequest { seat, turn, agent, model, settings, system_prompt, compacts });
            }
            None => self.feed(Input::NotBound { session, turn }),
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut leaves = false;
        for effect in effects {
            match effect {
                Effect::Run { session, turn, setup } => self.run(session, turn, *setup),
                Effect::Cancel { session, turn } => self.world.cancel(session, turn),
                Effect::Steer { session, turn, text } => {
                    self.world.control(session, turn, AgentControl::Steer(text));
                }
                Effect::Permit { session, turn, call, entry, digest, by_rule } => {
                    self.world.control(session, turn, AgentControl::Permit { call, entry, digest, by_rule });
                }
                Effect::Settle { session, turn, call, entry, outcome, text } => {
                    self.world.control(session, turn, AgentControl::Settle { call, entry, outcome, text });
                }
                Effect::Bind { session, agent } => self.agents.bind(session, agent),
                Effect::Unbind { session } => self.agents.unbind(session),
                Effect::Release { session } => self.world.release(session),
                Effect::Load { session } => self.world.load(session),
                Effect::Reverse { session, redo, turn, directory } => {
                    self.world.reverse(session, redo, turn, directory);
                }
                Effect::Shell { session, turn, line, directory } => {
                    let settings = self.agents.environment_of(session).cloned();
                    self.world.shell(ShellRequest { session, turn, line, directory, settings });
                }
                Effect::Resync { session } => self.resync(session),
                Effect::Reply { to, answer } => {
                    let answer = answer.map(|reply| self.response(reply));
                    let answer = answer.map_err(|refusal| refused(&refusal));
                    self.world.send(to.client, HostMessage::Reply { id: to.request.0, answer });
                }
                Effect::Update(update) => self.publish(update),
                Effect::Leave => leaves = true,
            }
        }
        // Not in between: a turn would be cancelled before it is run.
        if leaves {
            self.stop(End::Orderly);
        }
    }

    /// A client brings how a session's agent is reached; the core says whether it is taken.
    fn offer(&mut self, session: SessionId, NamedAgent { name, reach }: NamedAgent) {
        self.agents.hold(reach);
        self.feed(Input::Offered { session, agent: name });
        self.agents.let_go();
    }

    fn publish(&mut self, update: Update) {
        let waits_for_snapshot = covered_by_snapshot(&update);
        let is_told = |connection: &Connection| {
            connection.watches && waits_for_snapshot.is_none_or(|session| !connection.owed.contains(&session))
        };
        let mut watchers =
            self.connections.iter().filter(|(_, connection)| is_told(connection)).map(|(&client, _)| client);
        let Some(first) = watchers.next() else { return };
        let view = self.core.view();
        let update = WireUpdate::of(update, |session| view.wants_agent(session));
        for client in watchers {
            self.world.send(client, HostMessage::Update(update.clone()));
        }
        self.world.send(first, HostMessage::Update(update));
    }

    fn welcome(&mut self, client: ClientId, hello: Hello) {
        let Hello { watch: watches, acknowledged, .. } = hello;
        let environment = Environment(self.started.wrapping_shl(16).wrapping_add(client.0));
        self.connections.insert(client, Connection { watches, environment, owed: BTreeSet::new() });
        self.feed(Input::Attached(client));
        let missed = self.missed(&acknowledged);
        let status = Status { missed, ..self.status() };
        self.world.send(client, HostMessage::Welcome(status));
        self.send_snapshots(client);
    }

    /// Sessions that lack what was acknowledged to a client. What the anchor cannot know, since a disk lied in the last
    /// second before a power cut or the whole store is an older copy, those who were told still know.
    fn missed(&self, acknowledged: &[(Id, u64)]) -> Vec<Id> {
        let lacks = |&&(session, prompt): &&(Id, u64)| {
            self.core.view().newest_prompt(session.into()).is_none_or(|newest| newest.0 < prompt)
        };
        let missed: Vec<Id> = acknowledged.iter().filter(lacks).map(|(session, _)| *session).collect();
        for &session in &missed {
            let session = SessionId::from(session);
            tracing::error!(target: "q::store", %session, "acknowledged prompts are gone");
        }
        missed
    }

    /// Begins to tell a client of every open session.
    fn send_snapshots(&mut self, client: ClientId) {
        let Some(connection) = self.connections.get_mut(&client).filter(|connection| connection.watches)
        else {
            return;
        };
        let open = self.core.view().sessions().filter(|session| session.presence.is_open());
        connection.owed = open.map(|session| session.id).collect();
        self.send_owed(client);
    }

    /// Goes on with it: as much as may wait for one client, so that one that does not read holds no more than that.
    fn send_owed(&mut self, client: ClientId) {
        let Some(connection) = self.connections.get_mut(&client).filter(|connection| connection.watches)
        else {
            return;
        };
        let view = self.core.view();
        let mut weight = 0;
        while weight < TOGETHER_BYTES {
            let Some(id) = connection.owed.pop_first() else {
                self.world.send(client, HostMessage::Ready);
                return;
            };
            let Some(summary) = view.summary(id) else { continue }; // erased meanwhile
            let snapshot = match summary.presence {
                Presence::Live => view.snapshot(id, SNAPSHOT_BYTES),
                // Of one that hibernates there is only its line. It is no update: those may be dropped, and who has many
                // such sessions would start again for ever.
                Presence::Hibernated => Some(Snapshot::line(summary)),
                Presence::Closed | Presence::Trashed => None, // it was told so
            };
            if let Some(snapshot) = snapshot {
                let snapshot =
                    HostMessage::Snapshot(WireSnapshot::of(snapshot, |session| view.wants_agent(session)));
                weight += listener::weight(&snapshot);
                self.world.send(client, snapshot);
            }
        }
        self.world.notify_when_drained(client);
    }

    /// Sends a session's snapshot to everybody who watches.
    fn resync(&mut self, id: SessionId) {
        let watchers: Vec<ClientId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.watches)
            .map(|(&client, _)| client)
            .collect();
        for client in watchers {
            self.send_snapshot(client, id);
        }
    }

    fn response(&self, reply: Reply) -> Response {
        match reply {
            Reply::Done => Response::Done,
            Reply::FromNextTurn => Response::FromNextTurn,
            Reply::Created { session, hibernated, ended } => {
                let name = |id| self.core.view().summary(id).map(|other| other.name.to_string());
                Response::Created { session: session.into(), hibernated: hibernated.and_then(name), ended }
            }
            Reply::Accepted(prompt) => Response::Accepted(prompt.0),
        }
    }

    fn send_snapshot(&mut self, client: ClientId, id: SessionId) {
        if let Some(snapshot) = self.core.view().snapshot(id, SNAPSHOT_BYTES) {
            if let Some(connection) = self.connections.get_mut(&client) {
                connection.owed.remove(&id);
            }
            let view = self.core.view();
            let snapshot = WireSnapshot::of(snapshot, |session| view.wants_agent(session));
            self.world.send(client, HostMessage::Snapshot(snapshot));
        }
    }
}

/// The session whose snapshot would tell this update too. That a session ended is what none tells.
fn covered_by_snapshot(update: &Update) -> Option<SessionId> {
    match update {
        Update::Session(summary) => summary.presence.is_open().then_some(summary.id),
        Update::Entry { session, .. }
        | Update::Text { session, .. }
        | Update::Queue { session, .. }
        | Update::Draft { session, .. }
        | Update::Pending { session, .. } => Some(*session),
        Update::Gone(_) => None,
    }
}

fn refused(refusal: &Refusal) -> Refused {
    Refused { code: refusal.code().to_owned(), message: refusal.to_string(), limit: refusal.is_limit() }
}

#[cfg(test)]
mod tests;
