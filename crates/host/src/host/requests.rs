//! What clients say: requests answered here, wishes passed on to the core.

use q_core::{
    ClientId, Command, EntryNo, Environment, Input, NameFault, Presence, ReplyTo, RequestId, SessionId,
};
use q_store::Stretch;

use super::{End, Host, Reading, Wanted, agents, line};
use crate::wire::message::{NamedAgent, Reach, Status};
use crate::wire::{Answer, ClientMessage, HostMessage, PROTOCOL, Refused, Request, list, request};
use crate::world::World;

/// The most one page carries, in bytes.
const PAGE_BYTES: u32 = 1 << 20;

impl<W: World> Host<W> {
    pub(super) fn said(&mut self, client: ClientId, message: ClientMessage) {
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
                let what = Wanted::Page { before, bytes: bytes.min(PAGE_BYTES) as usize };
                self.read_when_written(Reading { client, request: id, session, what });
            }
            Request::Result { session, entry, from, bytes } => {
                let bytes = bytes.min(PAGE_BYTES) as usize;
                let what = Wanted::Result(Stretch { entry: EntryNo(entry), from, bytes });
                self.read_when_written(Reading { client, request: id, session: session.into(), what });
            }
            Request::Facts { session } => {
                let reading = Reading { client, request: id, session: session.into(), what: Wanted::Facts };
                self.read_when_written(reading);
            }
            // It is closed while it comes in, and nothing is asked in it: who first goes on in it brings its agent.
            Request::Import(brought) => {
                self.create(client, id, None, |fresh, environment| {
                    brought.command(fresh, environment).map_err(bad_kind)
                });
            }
            Request::List => {
                let lines = list::page(self.core.view().sessions().map(|one| line(self.core.view(), one)));
                self.world.send(client, reply(Ok(Answer::List(lines))));
            }
            Request::ListAfter { session } => {
                let behind = self.core.view().sessions().skip_while(|one| one.id <= session.into());
                let lines = list::page(behind.map(|one| line(self.core.view(), one)));
                self.world.send(client, reply(Ok(Answer::List(lines))));
            }
            Request::Sizes => {
                let sizes = self.core.view().sizes().map(|(id, bytes)| (id.into(), bytes)).collect();
                self.world.send(client, reply(Ok(Answer::Sizes(sizes))));
            }
            Request::Inbox => {
                let inbox = self.core.view().inbox();
                let inbox = inbox.into_iter().map(|(session, call)| (session.into(), call.into())).collect();
                self.world.send(client, reply(Ok(Answer::Inbox(inbox))));
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
                let stats = self.watch.stats(self.started, self.status().live);
                self.world.send(client, reply(Ok(Answer::Stats(stats))));
            }
            Request::Stop => {
                self.world.send(client, reply(Ok(Answer::Done)));
                self.stop(End::Orderly);
            }
            Request::Restart => {
                self.world.send(client, reply(Ok(Answer::Done)));
                self.stop(End::Restart);
            }
            Request::Create(mut new) => {
                let reach = new.reach.take();
                self.create(client, id, reach, |session, environment| {
                    new.command(session, environment).map_err(bad_kind)
                });
            }
            Request::Fork { session, at, name, reach } => {
                self.create(client, id, reach, |fresh, _| Ok(request::fork(session, fresh, at, name)));
            }
            Request::SetAgent { session, agent } => {
                let answer = agents::check(&agent.reach).map(|()| Answer::Done);
                if answer.is_ok() {
                    self.offer(session.into(), *agent);
                }
                self.world.send(client, reply(answer));
            }
            Request::Wish { session, wish } => self.wish(client, id, wish.command(session.into())),
        }
    }

    /// What the asker may know already is written before it is read.
    fn read_when_written(&mut self, reading: Reading) {
        match self.pipeline.newest() {
            Some(commit) => self.readings.push_back((commit, reading)),
            None => self.read(&reading),
        }
    }

    pub(super) fn read(&mut self, reading: &Reading) {
        let Reading { client, request, session, what } = *reading;
        match what {
            Wanted::Page { before, bytes } => self.world.page(client, request, session, before, bytes),
            Wanted::Result(stretch) => self.world.result(client, request, session, stretch),
            Wanted::Facts => self.world.facts(client, request, session),
        }
    }

    /// A wish the core decides.
    fn wish(&mut self, client: ClientId, id: u64, command: Command) {
        if let Some(why) = self.read_only.as_ref().filter(|_| !matches!(command, Command::Wake { .. })) {
            let message = format!("read only: {why}");
            let refused = Refused { code: "read_only".into(), message, limit: false };
            self.world.send(client, HostMessage::Reply { id, answer: Err(refused) });
            return;
        }
        self.tell(Input::Wish { to: ReplyTo { client, request: RequestId(id) }, command });
    }

    /// A wish for a session that does not exist yet: it gets a fresh id, and how its agent is reached.
    fn create(
        &mut self,
        client: ClientId,
        id: u64,
        reach: Option<Box<Reach>>,
        command: impl FnOnce(SessionId, Environment) -> Result<Command, Refused>,
    ) {
        let environment = self.guests.get(&client).map(|guest| guest.environment).unwrap_or_default();
        let wanted = reach.as_deref().map_or(Ok(()), agents::check);
        let fresh = wanted.and_then(|()| {
            self.world.session_id().map_err(|error| Refused {
                code: "entropy".into(),
                message: error.to_string(),
                limit: false,
            })
        });
        match fresh.and_then(|session| Ok((session, command(session, environment)?))) {
            Ok((session, command)) => {
                self.wish(client, id, command);
                if let (Some(reach), Some(made)) = (reach, self.core.view().summary(session)) {
                    self.offer(session, NamedAgent { name: made.agent, reach: *reach });
                }
            }
            Err(refused) => self.world.send(client, HostMessage::Reply { id, answer: Err(refused) }),
        }
    }

    pub(super) fn status(&self) -> Status {
        let (mut live, mut hibernated, mut working, mut stored) = (0, 0, 0, 0);
        for session in self.core.view().sessions() {
            live += u64::from(session.presence == Presence::Live);
            hibernated += u64::from(session.presence == Presence::Hibernated);
            working += u64::from(session.activity.is_busy());
            stored += 1;
        }
        Status {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            clients: self.guests.values().filter(|guest| guest.watches).count() as u64,
            live,
            max_live: self.core.limits().live_sessions as u64,
            hibernated,
            working,
            stored,
            missed: Vec::new(),
            read_only: self.read_only.clone(),
            stored_bytes: self.core.view().sizes().map(|(_, bytes)| bytes).fold(0, u64::saturating_add),
            store_bytes: self.core.limits().store_bytes,
            trash_for_ms: u64::try_from(self.core.limits().trash_for.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn bad_kind(fault: NameFault) -> Refused {
    Refused {
        code: "bad_kind".into(),
        message: format!("this cannot be a kind of session: {fault}"),
        limit: false,
    }
}
