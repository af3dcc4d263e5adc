//! What clients say: requests answered here, wishes passed on to the core.

use q_agent::{AgentOffer, AgentOffers, BackgroundLine};
use q_core::{ClientId, Command, Input, Refusal, ReplyTo, RequestId, SessionId, SessionInView};
use q_proto::message::{NamedAgent, Reach, Status, WireOffers, WireProcess};
use q_proto::{ClientMessage, HostMessage, Id, Refused, Request, Response};

use super::{End, Host, agents, refused};
use crate::queries::query::{Query, StoreQuery};
use crate::queries::queue::ClientQuery;
use crate::queries::{inbox, list, output, page, sizes, status};
use crate::world::World;

impl<W: World> Host<W> {
    pub(super) fn on_message(&mut self, client: ClientId, message: ClientMessage) {
        if !self.connections.contains_key(&client) {
            return; // it left meanwhile
        }
        match message {
            ClientMessage::Hello(_) => {} // said already; a second one changes nothing
            ClientMessage::Request { id, request } => self.on_request(client, id, request),
            ClientMessage::Showing { session, at_end, beside } => {
                let in_view =
                    |(session, at_end): (Id, bool)| SessionInView { session: session.into(), at_end };
                let beside = beside.into_iter().take(SessionInView::MOST).map(in_view).collect();
                self.feed(Input::Showing { client, session: session.map(SessionId::from), at_end, beside });
            }
            ClientMessage::Switched { took_us } => {
                tracing::info!(target: "q::switch", took_us, "switch");
                self.recorder.switched(std::time::Duration::from_micros(took_us));
            }
        }
    }

    fn on_request(&mut self, client: ClientId, id: u64, request: Request) {
        let reply = |answer| HostMessage::Reply { id, answer };
        match request {
            Request::Page { session, before, bytes } => {
                self.query(client, id, Query::Store(page::query(session.into(), before, bytes)));
            }
            Request::Result { session, entry, from, bytes } => {
                self.query(client, id, Query::Store(output::query(session.into(), entry, from, bytes)));
            }
            Request::Facts { session } => {
                self.query(client, id, Query::Store(StoreQuery::Facts { session: session.into() }));
            }
            Request::List => self.list(client, id, None),
            Request::ListAfter { session } => self.list(client, id, Some(session.into())),
            Request::Sizes => self.world.send(client, reply(Ok(sizes::answer(self.core.view())))),
            Request::Inbox => self.world.send(client, reply(Ok(inbox::answer(self.core.view())))),
            Request::Resync { session } => {
                self.send_snapshot(client, session.into());
                self.world.send(client, reply(Ok(Response::Done)));
            }
            Request::Status => {
                let status = self.status();
                self.world.send(client, reply(Ok(Response::Status(status))));
            }
            Request::Stats => {
                let (started, live) = (self.started, status::live(&self.core));
                self.query(client, id, Query::Stats { started, live });
            }
            Request::Stop => {
                self.world.send(client, reply(Ok(Response::Done)));
                self.stop(End::Orderly);
            }
            Request::Restart => {
                self.world.send(client, reply(Ok(Response::Done)));
                self.stop(End::Restart);
            }
            Request::SetAgent { session, agent } => {
                let answer = agents::check(&agent.reach).map(|()| Response::Done);
                if answer.is_ok() {
                    self.offer(session.into(), *agent);
                }
                self.world.send(client, reply(answer));
            }
            Request::SetEnvironment { session, environment } => {
                let session = session.into();
                let answer = match self.core.view().summary(session) {
                    None => Err(refused(&Refusal::NoSuchSession { id: session })),
                    Some(_) => self.agents.take_environment(session, *environment).map(|()| Response::Done),
                };
                self.world.send(client, reply(answer));
            }
            Request::Models { session } => self.models(client, id, session.into()),
            Request::Processes { session, stop } => {
                let answer = self.processes(session.into(), stop);
                self.world.send(client, reply(answer));
            }
            Request::Offers { session } => {
                let answer = self.offers(session.into());
                self.world.send(client, reply(answer));
            }
            Request::Command { command, reach } => self.prepare_command(client, id, command, reach),
        }
    }

    /// What goes on in the background of a session. To end one is the person's word about their own machine: it is no fact of the
    /// session, whose model hears of it when it looks.
    fn processes(&mut self, session: SessionId, stop: Option<u64>) -> Result<Response, Refused> {
        if self.core.view().summary(session).is_none() {
            return Err(refused(&Refusal::NoSuchSession { id: session }));
        }
        let lines = self.world.processes(session, stop);
        let lines = lines.map_err(|message| Refused { code: "no_process".into(), message, limit: false })?;
        let line =
            |BackgroundLine { number, argv, seconds, ended }| WireProcess { number, argv, seconds, ended };
        Ok(Response::Processes(lines.into_iter().map(line).collect()))
    }

    /// What a session's agent lets people choose or type, as far as it has said so to this host.
    fn offers(&mut self, session: SessionId) -> Result<Response, Refused> {
        if self.core.view().summary(session).is_none() {
            return Err(refused(&Refusal::NoSuchSession { id: session }));
        }
        let AgentOffers { mode, modes, commands, .. } = self.world.offers(session);
        let all = |offers: Vec<AgentOffer>| {
            offers.into_iter().map(|AgentOffer { name, about }| (name, about)).collect()
        };
        let offers = WireOffers { mode, modes: all(modes), commands: all(commands) };
        Ok(Response::Offers(Box::new(offers)))
    }

    /// The models of a session's agent, by how it is bound to that session.
    fn models(&mut self, client: ClientId, id: u64, session: SessionId) {
        let Some(line) = self.core.view().summary(session) else {
            let refusal = refused(&Refusal::NoSuchSession { id: session });
            return self.world.send(client, HostMessage::Reply { id, answer: Err(refusal) });
        };
        // One that is a program of its own has said so where it was asked something here.
        let offered = self.world.offers(session).models;
        if !offered.is_empty() {
            let models = offered.into_iter().map(|AgentOffer { name, .. }| name).collect();
            return self.world.send(client, HostMessage::Reply { id, answer: Ok(Response::Models(models)) });
        }
        if let Some(agent) = self.agents.of(session, &line.agent).cloned() {
            return self.world.models(client, id, agent);
        }
        let message = format!("nobody has brought agent `{}`, so its models cannot be asked for", line.agent);
        let answer = Err(Refused { code: "not_configured".into(), message, limit: false });
        self.world.send(client, HostMessage::Reply { id, answer });
    }

    fn list(&mut self, client: ClientId, id: u64, behind: Option<SessionId>) {
        let answer = list::answer(self.core.view(), behind);
        self.world.send(client, HostMessage::Reply { id, answer: Ok(answer) });
    }

    /// What the asker may know already is written before it is read.
    fn query(&mut self, client: ClientId, request: u64, query: Query) {
        match self.pipeline.newest() {
            Some(commit) => self.queries.push(commit, ClientQuery { client, request, query }),
            None => self.world.query(client, request, query),
        }
    }

    /// A wish the core decides.
    fn on_command(&mut self, client: ClientId, id: u64, command: Command) {
        if let Some(why) = self.read_only.as_ref().filter(|_| !command.only_looks()) {
            let message = format!("read only: {why}");
            let refused = Refused { code: "read_only".into(), message, limit: false };
            self.world.send(client, HostMessage::Reply { id, answer: Err(refused) });
            return;
        }
        self.feed(Input::Wish { to: ReplyTo { client, request: RequestId(id) }, command });
    }

    /// A command of a client. A session that does not exist yet gets a fresh id, and how its agent is reached.
    fn prepare_command(
        &mut self,
        client: ClientId,
        id: u64,
        mut command: Command,
        reach: Option<Box<Reach>>,
    ) {
        let Some(new) = command.new_session() else { return self.on_command(client, id, command) };
        // One in which nothing is asked yet has no agent: who first goes on in it brings that.
        let reach = reach.filter(|_| new.agent.is_some());
        let wanted = reach.as_deref().map_or(Ok(()), agents::check);
        let fresh = wanted.and_then(|()| {
            self.world.session_id().map_err(|error| Refused {
                code: "entropy".into(),
                message: error.to_string(),
                limit: false,
            })
        });
        let session = match fresh {
            Ok(session) => session,
            Err(refused) => {
                return self.world.send(client, HostMessage::Reply { id, answer: Err(refused) });
            }
        };
        *new.id = session;
        if let Some(environment) = new.environment {
            let connection = self.connections.get(&client);
            *environment = connection.map(|connection| connection.environment).unwrap_or_default();
        }
        self.on_command(client, id, command);
        if let (Some(reach), Some(made)) = (reach, self.core.view().summary(session)) {
            self.offer(session, NamedAgent { name: made.agent, reach: *reach });
        }
    }

    pub(super) fn status(&self) -> Status {
        let watching = self.connections.values().filter(|connection| connection.watches).count() as u64;
        status::read(&self.core, self.started, watching, self.read_only.clone())
    }
}
