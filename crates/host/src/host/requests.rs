//! What clients say: requests answered here, wishes passed on to the core.

use std::sync::Arc;

use q_core::{ClientId, Command, EntryNo, Input, Presence, PromptNo, RequestId, SessionId, Tag, Token};

use super::{Agents, Host, Page};
use crate::wire::message::Status;
use crate::wire::{Answer, ClientMessage, HostMessage, PROTOCOL, Refused, Request};
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

    pub(super) fn read(&mut self, page: &Page) {
        self.world.page(page.client, page.request, page.session, page.before, page.bytes);
    }

    /// A wish the core decides.
    fn wished(&mut self, client: ClientId, id: u64, request: Request) {
        let mut created = None;
        let command = match request {
            Request::Create { name, kind, agent, model, directory } => match self.world.session_id() {
                Ok(session) => {
                    created = Some(session);
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
        if let Some(session) = created {
            self.bind(session, client);
        }
    }

    /// Gives a session the agents of the client that uses it, unless it has those of another already. After a failed turn
    /// the client that goes on counts: there the address or the key may be mended by now.
    fn bind(&mut self, session: SessionId, client: ClientId) {
        let Some(guest) = self.guests.get(&client) else { return };
        let Some(summary) = self.core.view().summary(session) else { return };
        let has_it = |agents: &Arc<Agents>| agents.contains_key(&summary.agent);
        let failed = summary.failure.is_some();
        if (failed && has_it(&guest.agents)) || !self.agents.get(&session).is_some_and(has_it) {
            self.agents.insert(session, Arc::clone(&guest.agents));
        }
    }

    fn live(&self) -> u64 {
        self.core.view().sessions().filter(|session| session.presence == Presence::Live).count() as u64
    }

    pub(super) fn status(&self) -> Status {
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
