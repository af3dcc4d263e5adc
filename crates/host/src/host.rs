//! The loop's body: one event in, the core's effects carried out. No waiting and no rule about sessions stands here.

mod agents;
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use q_agent::Told;
use q_core::{
    AgentEvent, AgentFailure, ClientId, Deadline, Effect, EntryNo, Environment, FailureKind, Input, Instant,
    Multiplexer, Presence, Refusal, Reply, SessionId, Snapshot, Summary, Update,
};
use q_store::{StoreError, Stretch};

use agents::Agents;

use crate::events::{Event, Heard, Loaded};
use crate::figures::Watch;
use crate::pipeline::{CommitNo, Pipeline, Released};
use crate::wire::message::{Hello, Status};
use crate::wire::view::{Piece, Shot};
use crate::wire::{Answer, HostMessage, Id, Refused};
use crate::world::{Question, Real, World};
use crate::writer::Written;

/// What a snapshot carries of each session at first, in bytes: several screens; older entries are paged in.
const SNAPSHOT_BYTES: usize = 32 << 10;

/// How often the process is weighed at most.
const WEIGH_EACH: Duration = Duration::from_secs(1);

/// The host without its waiting.
pub struct Host<W> {
    pub(crate) core: Multiplexer,
    pipeline: Pipeline,
    guests: BTreeMap<ClientId, Guest>,
    agents: Agents,
    /// What was asked for while commits were under way: it is read once what the asker may know already is written.
    readings: VecDeque<(CommitNo, Reading)>,
    watch: Watch,
    /// When the process was last weighed.
    weighed: Instant,
    started: u64,
    /// Why nothing is taken, where that is so.
    read_only: Option<String>,
    end: Option<End>,
    pub(crate) world: W,
}

/// What a client wants to have read from the store.
#[derive(Clone, Copy)]
struct Reading {
    client: ClientId,
    request: u64,
    session: SessionId,
    what: Wanted,
}

/// What of a session.
#[derive(Clone, Copy)]
enum Wanted {
    /// A page of its entries.
    Page { before: Option<EntryNo>, bytes: usize },
    /// A stretch of what is kept of a result.
    Result(Stretch),
    /// All but its entries.
    Facts,
}

/// An attached client.
struct Guest {
    watches: bool,
    /// What sessions it makes call the environment they come from.
    environment: Environment,
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
            guests: BTreeMap::new(),
            agents: Agents::default(),
            readings: VecDeque::new(),
            watch: Watch::default(),
            weighed: Instant::default(),
            started,
            read_only: None,
            end: None,
            world,
        }
    }

    /// Nothing that is to be kept is taken from now on, for this reason.
    pub(crate) fn only_read(&mut self, why: String) {
        self.read_only = Some(why);
    }

    /// Marks what a crash cut short. Before the first client is let in.
    pub fn start(&mut self) {
        self.tell(Input::Started);
    }

    /// When [`Event::Deadline`] is due, if nothing comes before.
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
    pub fn say_farewell(&mut self) {
        let (why, restart) = match &self.end {
            Some(End::StoreFailed(error)) => (format!("nothing more is saved: {error}"), true),
            Some(End::Restart) => ("the host restarts".to_owned(), true),
            Some(End::Orderly) | None => ("the host was stopped".to_owned(), false),
        };
        for &client in self.guests.keys() {
            self.world.send(client, HostMessage::Going { why: why.clone(), restart });
            self.world.forget(client);
        }
    }

    /// Whether any client's connection is open still.
    pub fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// Takes one event in.
    pub fn on(&mut self, event: Event) {
        self.weigh();
        match event {
            Event::Connected { client, hello, outbox } => {
                self.world.welcome(client, outbox);
                self.welcome(client, hello);
            }
            Event::Said { client, message } => self.said(client, message),
            Event::Lagged { client } => self.send_snapshots(client),
            Event::Disconnected { client } => {
                self.guests.remove(&client);
                self.world.forget(client);
                self.tell(Input::Detached(client));
            }
            Event::Written(Written::UpTo { commit, took }) => {
                self.watch.figures.committed(took);
                let effects = self.pipeline.committed(commit);
                self.carry_out(effects);
                while let Some((_, reading)) = self.readings.pop_front_if(|(due, _)| *due <= commit) {
                    self.read(&reading);
                }
            }
            Event::Written(Written::Failed(error)) => {
                tracing::error!(target: "q::store", %error, "a commit failed; the host restarts from the store");
                self.watch.figures.failed("store");
                self.end = Some(End::StoreFailed(error));
            }
            Event::Loaded(Loaded { session, stored }) => self.tell(Input::Loaded { session, stored }),
            Event::Heard(Heard { session, turn, event }) => self.tell(Input::Agent { session, turn, event }),
            Event::Deadline => self.tell(Input::Tick),
            Event::Terminate => self.stop(End::Orderly),
            Event::Room => self.stop(End::Restart),
        }
    }

    /// Tells the core what the process weighs, at most once a second and only when something happens anyway.
    fn weigh(&mut self) {
        let now = self.world.now().mono;
        if now.since(self.weighed) < WEIGH_EACH {
            return;
        }
        self.weighed = now;
        if let Some(bytes) = self.world.memory() {
            self.tell(Input::Memory { bytes });
        }
    }

    fn stop(&mut self, end: End) {
        self.tell(Input::Stopping);
        self.end.get_or_insert(end);
    }

    /// Tells the core, and does what it wants done.
    fn tell(&mut self, input: Input) {
        let now = self.world.now();
        self.world.overhear(now, &input);
        let effects =
            tracing::debug_span!(target: "q::handle", "handle").in_scope(|| self.core.handle(now, input));
        let Released { commit, effects } = self.pipeline.take(effects);
        if let Some((commit, batch)) = commit {
            self.watch.saw(now.mono, &batch);
            self.world.commit(commit, batch);
        }
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask { session, turn, agent, model, brief } => {
                    self.ask(session, turn, &agent, model, brief);
                }
                Effect::Cancel { session, turn } => self.world.cancel(session, turn),
                Effect::Steer { session, turn, text } => {
                    self.world.tell(session, turn, Told::Steer(text));
                }
                Effect::Permit { session, turn, call, digest } => {
                    self.world.tell(session, turn, Told::Permit { call, digest });
                }
                Effect::Settle { session, turn, call, outcome, text } => {
                    self.world.tell(session, turn, Told::Settle { call, outcome, text });
                }
                Effect::Load { session } => self.world.load(session),
                Effect::Resync { session } => self.resync(session),
                Effect::Reply { to, answer } => {
                    let answer = answer.map(|reply| self.answered(reply));
                    let answer = answer.map_err(|refusal| refused(&refusal));
                    self.world.send(to.client, HostMessage::Reply { id: to.request.0, answer });
                }
                Effect::Update(update) => {
                    match &update {
                        Update::Session(summary) if !summary.presence.is_open() => {
                            self.agents.forget(summary.id);
                        }
                        Update::Gone(session) => self.agents.forget(*session),
                        Update::Session(_)
                        | Update::Entry { .. }
                        | Update::Text { .. }
                        | Update::Queue { .. }
                        | Update::Draft { .. }
                        | Update::Pending { .. } => {}
                    }
                    self.publish(update);
                }
                Effect::Leave => self.stop(End::Orderly),
            }
        }
    }

    fn ask(&mut self, session: SessionId, turn: q_core::TurnNo, agent: &str, model: String, brief: String) {
        if let Some(agent) = self.agents.of(session, agent).cloned() {
            self.world.ask(Question { session, turn, agent, model, brief });
        } else {
            let failure =
                AgentFailure { kind: FailureKind::NotConfigured, detail: format!("agent `{agent}`") };
            self.tell(Input::Agent { session, turn, event: AgentEvent::Failed(failure) });
        }
    }

    fn publish(&mut self, update: Update) {
        let mut watchers = self.guests.iter().filter(|(_, guest)| guest.watches).map(|(&client, _)| client);
        let Some(first) = watchers.next() else { return };
        let mut piece = Piece::from(update);
        if let Piece::Line(line) = &mut piece {
            self.agents.mark(line);
        }
        for client in watchers {
            self.world.send(client, HostMessage::Update(piece.clone()));
        }
        self.world.send(first, HostMessage::Update(piece));
    }

    fn welcome(&mut self, client: ClientId, hello: Hello) {
        let Hello { watch: watches, acknowledged, .. } = hello;
        let environment = Environment(self.started.wrapping_shl(16).wrapping_add(client.0));
        self.guests.insert(client, Guest { watches, environment });
        self.tell(Input::Attached(client));
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

    fn send_snapshots(&mut self, client: ClientId) {
        if !self.guests.get(&client).is_some_and(|guest| guest.watches) {
            return;
        }
        let view = self.core.view();
        let open: Vec<Summary> = view.sessions().filter(|session| session.presence.is_open()).collect();
        for summary in open {
            match summary.presence {
                Presence::Live => self.send_snapshot(client, summary.id),
                // Of one that hibernates there is only its line. It is no update: those may be dropped, and who has many
                // such sessions would start again for ever.
                Presence::Hibernated | Presence::Closed | Presence::Trashed => {
                    let shot = self.shot(Snapshot::line(summary));
                    self.world.send(client, HostMessage::Snapshot(shot));
                }
            }
        }
        self.world.send(client, HostMessage::Ready);
    }

    /// Sends a session's snapshot to everybody who watches.
    fn resync(&mut self, id: SessionId) {
        let watchers: Vec<ClientId> =
            self.guests.iter().filter(|(_, guest)| guest.watches).map(|(&client, _)| client).collect();
        for client in watchers {
            self.send_snapshot(client, id);
        }
    }

    fn answered(&self, reply: Reply) -> Answer {
        match reply {
            Reply::Done => Answer::Done,
            Reply::Created { session, hibernated } => {
                let name = |id| self.core.view().summary(id).map(|other| other.name.to_string());
                Answer::Created { session: session.into(), hibernated: hibernated.and_then(name) }
            }
            Reply::Accepted(prompt) => Answer::Accepted(prompt.0),
        }
    }

    fn send_snapshot(&mut self, client: ClientId, id: SessionId) {
        if let Some(snapshot) = self.core.view().snapshot(id, SNAPSHOT_BYTES) {
            let shot = self.shot(snapshot);
            self.world.send(client, HostMessage::Snapshot(shot));
        }
    }

    fn shot(&self, snapshot: Snapshot) -> Shot {
        let mut shot = Shot::from(snapshot);
        self.agents.mark(&mut shot.line);
        shot
    }
}

fn refused(refusal: &Refusal) -> Refused {
    Refused { code: refusal.code().to_owned(), message: refusal.to_string(), limit: refusal.is_limit() }
}

#[cfg(test)]
mod tests;
