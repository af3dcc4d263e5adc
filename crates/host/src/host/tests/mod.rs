//! The loop's body in a simulated world: commits happen when the test says so, agents answer when it says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod ends;
mod order;
mod whose_agents;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use q_agent::{AgentControl, AgentOffers, AgentSpec, BackgroundLine};
use q_core::{
    AgentEvent, Batch, ClientId, Command, Instant, Limits, Multiplexer, Now, SessionId, Setup, Token, TurnNo,
    WallTime,
};
use q_proto::Id;
use q_proto::entropy::NoEntropy;
use q_proto::message::{Hello, NamedAgent, Reach};
use q_proto::network::Network;
use q_proto::{ClientMessage, HostMessage, Refused, Request, Response};
use q_store::StoreError;

use super::Host;
use crate::agent_request::AgentRequest;
use crate::events::{Allowance, HostEvent, RunEvent};
use crate::listener::Outbox;
use crate::pipeline::CommitNo;
use crate::queries::query::Query;
use crate::shells::ShellRequest;
use crate::world::World;
use crate::writer::CommitReport;

/// A world in which nothing happens by itself.
#[derive(Debug, Default)]
struct Simulated {
    now: Duration,
    ids: u128,
    no_entropy: bool,
    commits: Vec<(CommitNo, Batch)>,
    sent: Vec<(ClientId, HostMessage)>,
    asked: Vec<AgentRequest>,
    cancelled: Vec<(SessionId, TurnNo)>,
    told: Vec<(SessionId, TurnNo, AgentControl)>,
    released: Vec<SessionId>,
    loads: Vec<SessionId>,
    reversed: Vec<(SessionId, bool, TurnNo, String)>,
    shells: Vec<ShellRequest>,
    pages: Vec<(ClientId, u64)>,
    listed: Vec<AgentSpec>,
    awaited: Vec<ClientId>,
    reachable: BTreeSet<ClientId>,
}

impl World for Simulated {
    fn now(&self) -> Now {
        Now { mono: Instant(self.now.as_micros() as u64), wall: WallTime(self.now.as_millis() as u64) }
    }

    fn session_id(&mut self) -> Result<SessionId, NoEntropy> {
        self.ids += 1;
        if self.no_entropy { Err(NoEntropy) } else { Ok(SessionId(self.ids)) }
    }

    fn commit(&mut self, commit: CommitNo, batch: Batch) {
        self.commits.push((commit, batch));
    }

    fn run(&mut self, request: AgentRequest) {
        self.asked.push(request);
    }

    fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        self.cancelled.push((session, turn));
    }

    fn memory(&mut self) -> Option<u64> {
        None
    }

    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl) {
        self.told.push((session, turn, control));
    }

    fn release(&mut self, session: SessionId) {
        self.released.push(session);
    }

    fn load(&mut self, session: SessionId) {
        self.loads.push(session);
    }

    fn reverse(&mut self, session: SessionId, redo: bool, turn: TurnNo, directory: String) {
        self.reversed.push((session, redo, turn, directory));
    }

    fn shell(&mut self, request: ShellRequest) {
        self.shells.push(request);
    }

    fn welcome(&mut self, client: ClientId, _outbox: Arc<Outbox>) {
        self.reachable.insert(client);
    }

    fn send(&mut self, client: ClientId, message: HostMessage) {
        if self.reachable.contains(&client) {
            self.sent.push((client, message));
        }
    }

    fn notify_when_drained(&mut self, client: ClientId) {
        self.awaited.push(client);
    }

    fn forget(&mut self, client: ClientId) {
        self.reachable.remove(&client);
    }

    fn query(&mut self, client: ClientId, request: u64, _: Query) {
        self.pages.push((client, request));
    }

    fn processes(&mut self, _: SessionId, _: Option<u64>) -> Result<Vec<BackgroundLine>, String> {
        Ok(Vec::new())
    }

    fn offers(&mut self, _: SessionId) -> AgentOffers {
        AgentOffers::default()
    }

    fn models(&mut self, _: ClientId, _: u64, agent: AgentSpec) {
        self.listed.push(agent);
    }
}

/// A host, and hands to move it with.
struct Bench {
    host: Host<Simulated>,
    requests: u64,
    /// How many commits are durable.
    durable: usize,
    /// How much of what was sent the test has looked at.
    looked: usize,
    /// The agents that clients have.
    agents: BTreeMap<u64, Vec<NamedAgent>>,
}

impl Bench {
    fn new() -> Self {
        Self::on(Multiplexer::new(Limits::default()))
    }

    fn on(core: Multiplexer) -> Self {
        let host = Host::new(core, Simulated::default());
        let mut bench = Self { host, requests: 0, durable: 0, looked: 0, agents: BTreeMap::new() };
        bench.host.start();
        bench
    }

    /// A host with one client, the first, whose agent `a` is at that address.
    fn with_client(watch: bool, address: &str) -> Self {
        let mut bench = Self::new();
        bench.connect(1, watch, &[("a", address)]);
        bench
    }

    /// The same, and a session that it made; the agent is at the address `A`.
    fn with_session(watch: bool) -> (Self, Id) {
        let mut bench = Self::with_client(watch, "A");
        let session = bench.create(1, "a");
        (bench, session)
    }

    /// The same, and the session's first turn runs.
    fn with_turn(watch: bool) -> (Self, Id) {
        let (mut bench, session) = Self::with_session(watch);
        bench.submit(1, session, "why?");
        bench.commit();
        (bench, session)
    }

    /// What clients are told at the very end.
    fn farewell(&mut self) -> Vec<(u64, &'static str)> {
        self.news();
        self.host.send_farewell();
        self.news()
    }

    /// The host dies and the next one begins with what was written. What was not committed would be gone with it: tests
    /// that need that commit before.
    fn restarted(self) -> Self {
        let mut next = Self::on(self.host.core);
        next.commit();
        next
    }

    /// A client with these agents: name and address.
    fn connect(&mut self, client: u64, watch: bool, agents: &[(&str, &str)]) {
        let named = |&(name, address): &(&str, &str)| NamedAgent { name: name.into(), reach: http(address) };
        self.agents.insert(client, agents.iter().map(named).collect());
        let (client, hello) = (ClientId(client), Hello::new(watch));
        self.host.on(HostEvent::Connected { client, hello, outbox: Arc::default() });
    }

    fn disconnect(&mut self, client: u64) {
        self.host.on(HostEvent::Disconnected { client: ClientId(client) });
    }

    /// A client asks; gives the request's number. It brings the agent with a session that it makes, and offers it before
    /// each wish that begins a turn, wanted or not: what is taken is the host's to say.
    fn request(&mut self, client: u64, mut request: Request) -> u64 {
        if let Request::Command { command, reach } = &mut request {
            #[expect(clippy::wildcard_enum_match_arm, reason = "no other command brings an agent")]
            match command {
                Command::Create { setup, .. } => {
                    *reach = self.agent_of(client, &setup.agent).map(|agent| agent.reach.into());
                }
                Command::Fork { session, .. } => {
                    *reach = self.agent_in(client, (*session).into()).map(|agent| agent.reach.into());
                }
                command => {
                    if let Some(session) = command.asks_agent_of() {
                        self.offer(client, session.into());
                    }
                }
            }
        }
        self.requests += 1;
        let id = self.requests;
        self.send(client, id, request);
        id
    }

    fn send(&mut self, client: u64, id: u64, request: Request) {
        let (client, message) = (ClientId(client), ClientMessage::Request { id, request });
        self.host.on(HostEvent::Message { client, message, allowance: Allowance::default() });
    }

    fn agent_of(&self, client: u64, name: &str) -> Option<NamedAgent> {
        self.agents.get(&client)?.iter().find(|agent| agent.name == name).cloned()
    }

    /// The client's agent of the name that the session's has.
    fn agent_in(&self, client: u64, session: Id) -> Option<NamedAgent> {
        let name = self.host.core.view().summary(session.into())?.agent;
        self.agent_of(client, &name)
    }

    /// What is said of it is no part of what the test looks at.
    fn offer(&mut self, client: u64, session: Id) {
        if let Some(agent) = self.agent_in(client, session) {
            let sent = self.host.world.sent.len();
            self.send(client, 0, Request::SetAgent { session, agent: agent.into() });
            self.host.world.sent.truncate(sent);
        }
    }

    /// A session of `client` with that agent, committed.
    fn create(&mut self, client: u64, agent: &str) -> Id {
        let id = self.request(client, create(agent));
        self.commit();
        match self.answer(id) {
            Some(Ok(Response::Created { session, .. })) => *session,
            other => panic!("{other:?}"),
        }
    }

    fn submit(&mut self, client: u64, session: Id, text: &str) -> u64 {
        let token = Token(u128::from(self.requests) + 1);
        self.request(
            client,
            Command::Submit { session: session.into(), token, text: text.into(), images: Vec::new() }.into(),
        )
    }

    /// A turn of a session, by its number, from the prompt to its end.
    fn take_turn(&mut self, turn: u64, client: u64, session: Id) {
        self.submit(client, session, "why?");
        self.commit();
        self.on_run(session, turn, AgentEvent::Done);
        self.commit();
    }

    /// Everything given to the writer becomes durable.
    fn commit(&mut self) {
        while self.durable < self.host.world.commits.len() {
            self.commit_some(1);
        }
    }

    /// The next `count` commits become durable, in one group.
    fn commit_some(&mut self, count: usize) {
        let last = (self.durable + count).min(self.host.world.commits.len());
        if last > self.durable {
            self.durable = last;
            let (commit, _) = self.host.world.commits[last - 1];
            self.host.on(HostEvent::Commit(CommitReport::UpTo { commit, took: Duration::ZERO }));
        }
    }

    fn fail(&mut self) {
        self.host.on(HostEvent::Commit(CommitReport::Failed(StoreError::Poisoned)));
    }

    fn on_run(&mut self, session: Id, turn: u64, event: AgentEvent) {
        let (session, turn) = (session.into(), TurnNo(turn));
        self.host.on(HostEvent::Run(RunEvent { session, turn, event }));
    }

    /// The answer to a request, if it has one; never two.
    fn answer(&self, request: u64) -> Option<&Result<Response, Refused>> {
        let mut answers = self.host.world.sent.iter().filter_map(|(_, message)| match message {
            HostMessage::Reply { id, answer } if *id == request => Some(answer),
            HostMessage::Reply { .. }
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Snapshot(_)
            | HostMessage::Ready
            | HostMessage::Update(_)
            | HostMessage::Going { .. } => None,
        });
        let answer = answers.next();
        assert!(answers.next().is_none(), "request {request} is answered twice");
        answer
    }

    /// What was sent since the test last looked: to whom, and what kind of message.
    fn news(&mut self) -> Vec<(u64, &'static str)> {
        let new = &self.host.world.sent[self.looked..];
        self.looked = self.host.world.sent.len();
        new.iter().map(|(client, message)| (client.0, kind(message))).collect()
    }

    /// The addresses that were asked, in order.
    fn addresses(&self) -> Vec<&str> {
        let address = |request: &AgentRequest| match &request.agent {
            AgentSpec::Http(spec) => spec.base_url.clone().leak() as &str,
            AgentSpec::Guide => "guide",
            AgentSpec::Acp(_) => "program",
        };
        self.host.world.asked.iter().map(address).collect()
    }
}

fn http(address: &str) -> Reach {
    let network = Network::default();
    Reach::Http {
        base_url: address.into(),
        key: None,
        model: "m".into(),
        idle_timeout_ms: 1000,
        network,
        shaping: q_proto::shaping::Shaping::default(),
    }
}

fn create(agent: &str) -> Request {
    let setup = Setup { agent: agent.into(), directory: "/".into(), ..Setup::default() };
    Command::Create { id: SessionId::UNDRAWN, name: None, setup, tags: Vec::new() }.into()
}

fn kind(message: &HostMessage) -> &'static str {
    match message {
        HostMessage::Welcome(_) => "welcome",
        HostMessage::Unwelcome { .. } => "unwelcome",
        HostMessage::Snapshot(_) => "snapshot",
        HostMessage::Ready => "ready",
        HostMessage::Update(_) => "update",
        HostMessage::Reply { answer: Ok(_), .. } => "granted",
        HostMessage::Reply { answer: Err(_), .. } => "refused",
        HostMessage::Going { restart: true, .. } => "going, to come again",
        HostMessage::Going { restart: false, .. } => "going",
    }
}

/// How often each message went to each client.
fn count(news: &[(u64, &'static str)]) -> BTreeMap<(u64, &'static str), usize> {
    let mut counts = BTreeMap::new();
    for one in news {
        *counts.entry(*one).or_default() += 1;
    }
    counts
}
