//! The loop's body: one event in, the core's effects carried out. No waiting and no rule about sessions stands here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use q_agent::AgentSpec;
use q_core::{
    AgentEvent, AgentFailure, ClientId, Command, Deadline, Effect, EntryNo, FailureKind, Input, Multiplexer,
    Presence, PromptNo, Refusal, Reply, RequestId, SessionId, Tag, Token, Update,
};
use q_store::StoreError;

use crate::events::{Event, Heard};
use crate::figures::Watch;
use crate::pipeline::{CommitNo, Pipeline, Released};
use crate::wire::message::{Hello, Status};
use crate::wire::view::Piece;
use crate::wire::{Answer, ClientMessage, HostMessage, PROTOCOL, Refused, Request};
use crate::world::{Question, World};

/// What a snapshot carries of each session at first, in bytes: several screens; older entries are paged in.
const SNAPSHOT_BYTES: usize = 32 << 10;
/// The most one page carries, in bytes.
const PAGE_BYTES: u32 = 1 << 20;

/// The agents a client's configuration names.
type Agents = BTreeMap<String, AgentSpec>;

/// The host without its waiting.
pub(crate) struct Host<W> {
    core: Multiplexer,
    pipeline: Pipeline,
    guests: BTreeMap<ClientId, Guest>,
    /// Which agents each session may ask: those of the client that made it, or after a restart of the first that uses
    /// it. In memory only, since keys are among them.
    agents: BTreeMap<SessionId, Arc<Agents>>,
    /// Pages asked for while commits were under way: they are read once what the asker may know already is written.
    pages: VecDeque<(CommitNo, Page)>,
    watch: Watch,
    started: u64,
    end: Option<End>,
    pub(crate) world: W,
}

/// A page of a session's entries, wanted by a client.
struct Page {
    client: ClientId,
    request: u64,
    session: SessionId,
    before: Option<EntryNo>,
    bytes: usize,
}

/// An attached client.
struct Guest {
    watches: bool,
    agents: Arc<Agents>,
}

/// Why the host ends.
#[derive(Debug)]
pub(crate) enum End {
    /// It was told to, or nobody needs it: once everything is written.
    Orderly,
    /// The store failed: at once.
    StoreFailed(StoreError),
}

impl<W: World> Host<W> {
    pub(crate) fn new(core: Multiplexer, world: W) -> Self {
        let started = world.now().wall.0;
        Self {
            core,
            pipeline: Pipeline::default(),
            guests: BTreeMap::new(),
            agents: BTreeMap::new(),
            pages: VecDeque::new(),
            watch: Watch::default(),
            started,
            end: None,
            world,
        }
    }

    /// Marks what a crash cut short. Before the first client is let in.
    pub(crate) fn start(&mut self) {
        self.tell(Input::Started);
    }

    pub(crate) fn next_deadline(&self) -> Option<Deadline> {
        self.core.next_deadline()
    }

    /// Commits that are on their way: agents are not listened to while too many are.
    pub(crate) fn commits_under_way(&self) -> usize {
        self.pipeline.depth()
    }

    /// The end, once it has come: everything is written, or nothing can be.
    pub(crate) fn ended(&self) -> Option<&End> {
        match &self.end {
            Some(End::Orderly) if self.pipeline.depth() > 0 => None,
            end => end.as_ref(),
        }
    }

    /// Ends: the writer has written what it was given.
    pub(crate) fn into_end(self) -> Option<End> {
        self.end
    }

    /// Tells every client that the host goes; their connections close when they have read it.
    pub(crate) fn say_farewell(&mut self) {
        let (why, restart) = match &self.end {
            Some(End::StoreFailed(error)) => {
                (format!("the store failed and nothing more was taken: {error}"), true)
            }
            Some(End::Orderly) | None => ("the host was stopped".to_owned(), false),
        };
        for &client in self.guests.keys() {
            self.world.send(client, HostMessage::Going { why: why.clone(), restart });
            self.world.forget(client);
        }
    }

    /// Whether any client's connection is open still.
    pub(crate) fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// Takes one event in.
    pub(crate) fn on(&mut self, event: Event) {
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
            Event::Written(crate::writer::Written::UpTo { commit, took }) => {
                self.watch.figures.committed(took);
                let effects = self.pipeline.committed(commit);
                self.carry_out(effects);
                while let Some((_, page)) = self.pages.pop_front_if(|(due, _)| *due <= commit) {
                    self.read(&page);
                }
            }
            Event::Written(crate::writer::Written::Failed(error)) => {
                tracing::error!(target: "q::store", %error, "a commit failed; the host restarts from the store");
                self.watch.figures.failed("store");
                self.end = Some(End::StoreFailed(error));
            }
            Event::Heard(Heard { session, turn, event }) => self.tell(Input::Agent { session, turn, event }),
            Event::Deadline => self.tell(Input::Tick),
            Event::Terminate => self.stop(),
        }
    }

    fn stop(&mut self) {
        self.tell(Input::Stopping);
        self.end.get_or_insert(End::Orderly);
    }

    /// Tells the core, and does what it wants done.
    fn tell(&mut self, input: Input) {
        let now = self.world.now();
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
                Effect::Ask { session, turn, agent, model, kind } => {
                    self.ask(session, turn, &agent, model, kind);
                }
                Effect::Cancel { session, turn } => self.world.cancel(session, turn),
                Effect::Reply { tag, answer } => {
                    let answer = answer.map(answered).map_err(|refusal| refused(&refusal));
                    self.world.send(tag.client, HostMessage::Reply { id: tag.request.0, answer });
                }
                Effect::Update(update) => self.publish(update),
                Effect::Leave => self.stop(),
            }
        }
    }

    fn ask(
        &mut self,
        session: SessionId,
        turn: q_core::TurnNo,
        agent: &str,
        model: String,
        kind: q_core::Kind,
    ) {
        let spec = self.agents.get(&session).and_then(|agents| agents.get(agent)).cloned();
        if let Some(agent) = spec {
            self.world.ask(Question { session, turn, agent, model, kind });
        } else {
            let failure =
                AgentFailure { kind: FailureKind::NotConfigured, detail: format!("agent `{agent}`") };
            self.tell(Input::Agent { session, turn, event: AgentEvent::Failed(failure) });
        }
    }

    fn publish(&mut self, update: Update) {
        let mut watchers = self.guests.iter().filter(|(_, guest)| guest.watches).map(|(&client, _)| client);
        let Some(first) = watchers.next() else { return };
        let piece = Piece::from(update);
        for client in watchers {
            self.world.send(client, HostMessage::Update(piece.clone()));
        }
        self.world.send(first, HostMessage::Update(piece));
    }

    fn welcome(&mut self, client: ClientId, hello: Hello) {
        let agents = hello.agents.into_iter().map(|agent| (agent.name, agent.reach.into())).collect();
        self.guests.insert(client, Guest { watches: hello.watch, agents: Arc::new(agents) });
        self.tell(Input::Attached(client));
        let status = self.status();
        self.world.send(client, HostMessage::Welcome(status));
        self.send_snapshots(client);
    }

    fn send_snapshots(&mut self, client: ClientId) {
        if !self.guests.get(&client).is_some_and(|guest| guest.watches) {
            return;
        }
        let view = self.core.view();
        let live: Vec<SessionId> = view
            .sessions()
            .filter(|session| session.presence == Presence::Live)
            .map(|session| session.id)
            .collect();
        for id in live {
            self.send_snapshot(client, id);
        }
        self.world.send(client, HostMessage::Ready);
    }

    fn send_snapshot(&mut self, client: ClientId, id: SessionId) {
        if let Some(snapshot) = self.core.view().snapshot(id, SNAPSHOT_BYTES) {
            self.world.send(client, HostMessage::Snapshot(snapshot.into()));
        }
    }

    fn said(&mut self, client: ClientId, message: ClientMessage) {
        if !self.guests.contains_key(&client) {
            return; // it left meanwhile
        }
        match message {
            ClientMessage::Hello(_) => {} // said already; a second one changes nothing
            ClientMessage::Request { id, request } => self.requested(client, id, request),
            ClientMessage::Showing { session, at_end } => {
                self.tell(Input::Showing { client, session: session.map(SessionId::from), at_end });
            }
            ClientMessage::Switched { took_us } => {
                tracing::info!(target: "q::switch", took_us, "switch");
                self.watch.figures.switched(std::time::Duration::from_micros(took_us));
            }
        }
    }

    fn requested(&mut self, client: ClientId, id: u64, request: Request) {
        let reply = |answer| HostMessage::Reply { id, answer };
        match request {
            Request::Page { session, before, bytes } => {
                let (session, before) = (session.into(), before.map(EntryNo));
                let page =
                    Page { client, request: id, session, before, bytes: bytes.min(PAGE_BYTES) as usize };
                match self.pipeline.newest() {
                    Some(commit) => self.pages.push_back((commit, page)),
                    None => self.read(&page),
                }
            }
            Request::List => {
                let lines = self.core.view().sessions().map(Into::into).collect();
                self.world.send(client, reply(Ok(Answer::List(lines))));
            }
            Request::Resync { session } => {
                self.send_snapshot(client, session.into());
                self.world.send(client, reply(Ok(Answer::Done)));
            }
            Request::Status => {
                let status = self.status();
                self.world.send(client, reply(Ok(Answer::Status(status))));
            }
            Request::Stats => {
                let stats = self.watch.stats(self.started, self.live());
                self.world.send(client, reply(Ok(Answer::Stats(stats))));
            }
            Request::Stop => {
                self.world.send(client, reply(Ok(Answer::Done)));
                self.stop();
            }
            Request::Create { .. }
            | Request::Rename { .. }
            | Request::Close { .. }
            | Request::Submit { .. }
            | Request::Unqueue { .. }
            | Request::Interrupt { .. }
            | Request::Retry { .. }
            | Request::SaveDraft { .. } => self.wished(client, id, request),
        }
    }

    fn read(&mut self, page: &Page) {
        self.world.page(page.client, page.request, page.session, page.before, page.bytes);
    }

    /// A wish the core decides.
    fn wished(&mut self, client: ClientId, id: u64, request: Request) {
        let command = match request {
            Request::Create { name, kind, agent, model, directory } => match self.world.session_id() {
                Ok(session) => {
                    self.bind(session, client);
                    Command::Create { id: session, name, kind, agent, model, directory }
                }
                Err(error) => {
                    let refused =
                        Refused { code: "entropy".into(), message: error.to_string(), limit: false };
                    return self.world.send(client, HostMessage::Reply { id, answer: Err(refused) });
                }
            },
            Request::Rename { session, name } => Command::Rename { session: session.into(), name },
            Request::Close { session, force } => {
                Command::Close { session: session.into(), even_if_working: force }
            }
            Request::Submit { session, token, text } => {
                self.bind(session.into(), client);
                Command::Submit { session: session.into(), token: Token(token), text }
            }
            Request::Unqueue { session, prompt } => {
                Command::Unqueue { session: session.into(), prompt: PromptNo(prompt) }
            }
            Request::Interrupt { session } => Command::Interrupt { session: session.into() },
            Request::Retry { session, token } => {
                self.bind(session.into(), client);
                Command::Retry { session: session.into(), token: Token(token) }
            }
            Request::SaveDraft { session, text } => Command::SaveDraft { session: session.into(), text },
            Request::Page { .. }
            | Request::List
            | Request::Resync { .. }
            | Request::Status
            | Request::Stats
            | Request::Stop => return, // not wishes; `requested` answers them
        };
        self.tell(Input::Wish { tag: Tag { client, request: RequestId(id) }, command });
    }

    /// Gives a session the agents of the client that uses it, unless it has those of another already. After a failed turn
    /// the client that goes on counts: there the address or the key may be mended by now.
    fn bind(&mut self, session: SessionId, client: ClientId) {
        let Some(guest) = self.guests.get(&client) else { return };
        let summary = self.core.view().summary(session);
        let has_it =
            |agents: &Arc<Agents>| summary.as_ref().is_none_or(|summary| agents.contains_key(&summary.agent));
        let failed = summary.as_ref().is_some_and(|summary| summary.failure.is_some());
        if (failed && has_it(&guest.agents)) || !self.agents.get(&session).is_some_and(has_it) {
            self.agents.insert(session, Arc::clone(&guest.agents));
        }
    }

    fn live(&self) -> u64 {
        self.core.view().sessions().filter(|session| session.presence == Presence::Live).count() as u64
    }

    fn status(&self) -> Status {
        let view = self.core.view();
        let working = view.sessions().filter(|session| session.activity == q_core::Activity::Working).count();
        Status {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            clients: self.guests.len() as u64,
            live: self.live(),
            max_live: self.core.limits().live_sessions as u64,
            working: working as u64,
            stored: view.sessions().count() as u64,
        }
    }
}

fn answered(reply: Reply) -> Answer {
    match reply {
        Reply::Done => Answer::Done,
        Reply::Created(id) => Answer::Created(id.into()),
        Reply::Accepted(prompt) => Answer::Accepted(prompt.0),
    }
}

fn refused(refusal: &Refusal) -> Refused {
    Refused { code: refusal.code().to_owned(), message: refusal.to_string(), limit: refusal.is_limit() }
}

#[cfg(test)]
mod tests;
