//! Clients: each is the state of a client that ships, on a connection that may be slow, deaf or gone.
//!
//! What it knows, what is unanswered, what is delivered again and when the next host is looked for is `q-client`'s; here it is
//! used as a person or a script would, and its connection is made to fail. After the host is lost a terminal comes back; a
//! script gives up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use q_client::{Backoff, ClientState, News, Prompt};
use q_core::{ClientId, Command, EntryNo, Instant, PendingCall, Presence, SessionId, Token};
use q_host::simulation::Outbox;
use q_proto::message::{Hello, NamedAgent, Reach};
use q_proto::network::Network;
use q_proto::shaping::Shaping;
use q_proto::view::{WireCall, WireUpdate};
use q_proto::{ClientMessage, HostMessage, Request, Response};

use super::agents::AGENTS;
use super::consent::CallId;
use super::index::Index;
use super::law::{Held, Law};
use super::planted::Planted;
use super::texts;

/// One place where a client may be.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) presence: State,
    /// Whether it keeps a mirror, as a terminal does.
    pub(super) watches: bool,
    has_agents: bool,
    pub(super) state: ClientState<Awaited>,
    backoff: Backoff,
    /// Prompts that the person typed and no host has answered, by their tokens; and which request carries which. Read off the
    /// wire, so that what the client's state forgets is missed.
    typed: BTreeSet<Token>,
    carried: BTreeMap<u64, Token>,
    /// Whether the mirror has been filled since the client came.
    pub(super) is_whole: bool,
    /// What waits for the person, as last asked for.
    inbox: Vec<(SessionId, PendingCall)>,
    /// Every call that was ever on its screen.
    seen: BTreeMap<CallId, PendingCall>,
    planted: Option<Planted>,
}

#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Away,
    /// It wants in, not before that.
    Knocking(Instant),
    Attached(Connection),
}

/// A connection, seen from both ends.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ClientId,
    pub(super) outbox: Arc<Outbox>,
    /// Said by the client, not yet read by the host's task.
    pub(super) up: VecDeque<ClientMessage>,
    /// Written by the host's task, not yet read by the client.
    pub(super) down: VecDeque<HostMessage>,
    /// Whether the host's end is open.
    pub(super) is_open: bool,
    pub(super) is_stalled: bool,
}

/// What waits for an answer.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    Page { session: SessionId, before: Option<EntryNo>, newest: EntryNo },
    Other,
}

/// What a client asks for.
#[derive(Debug)]
pub(super) enum Asked {
    Request(Awaited, Request),
    Prompt(Prompt),
}

impl Client {
    pub(super) fn new(planted: Option<Planted>) -> Self {
        Self {
            presence: State::Away,
            watches: false,
            has_agents: false,
            state: ClientState::new(Vec::new()),
            backoff: Backoff::default(),
            typed: BTreeSet::new(),
            carried: BTreeMap::new(),
            is_whole: false,
            inbox: Vec::new(),
            seen: BTreeMap::new(),
            planted,
        }
    }

    pub(super) fn come(&mut self, watches: bool, has_agents: bool, now: Instant) {
        if matches!(self.presence, State::Away) {
            let presence = State::Knocking(now);
            *self = Self { presence, watches, has_agents, ..Self::new(self.planted) };
        }
    }

    /// It ends. Gives its connection, if it had one.
    pub(super) fn go(&mut self) -> Option<Connection> {
        self.state = ClientState::new(Vec::new());
        self.typed.clear();
        match std::mem::take(&mut self.presence) {
            State::Attached(connection) => Some(connection),
            State::Away | State::Knocking(_) => None,
        }
    }

    pub(super) const fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.presence {
            State::Attached(connection) => Some(connection),
            State::Away | State::Knocking(_) => None,
        }
    }

    /// When it looks for a host, if it does.
    pub(super) const fn knocks_at(&self) -> Option<Instant> {
        match self.presence {
            State::Knocking(due) => Some(due),
            State::Away | State::Attached(_) => None,
        }
    }

    /// A host lets it in; what it says first.
    pub(super) fn attach(&mut self, id: ClientId, outbox: Arc<Outbox>, now: Instant) -> Hello {
        let (up, down) = Default::default();
        self.presence =
            State::Attached(Connection { id, outbox, up, down, is_open: true, is_stalled: false });
        self.backoff.joined(now);
        self.is_whole = false;
        self.carried.clear();
        let hello = self.state.hello(self.watches);
        let agents = AGENTS.iter().filter_map(|agent| self.agent(agent)).collect();
        let before = std::mem::replace(&mut self.state, ClientState::new(agents));
        // Its prompts are delivered once its mirror is whole, as the terminal does.
        let _nobody_looks_at_these = self.state.take_over(before);
        hello
    }

    /// An agent of that name, if it knows one.
    fn agent(&self, name: &str) -> Option<NamedAgent> {
        let reach = Reach::Http {
            base_url: name.into(),
            key: None,
            model: "m".into(),
            idle_timeout_ms: 1,
            network: Network::default(),
            shaping: Shaping::default(),
        };
        self.has_agents.then(|| NamedAgent { name: name.into(), reach })
    }

    /// Who saw no line of a session offers what it has before it asks: what is taken is the host's to say.
    fn offer(&mut self, session: SessionId) {
        if self.state.has_seen(session) {
            return;
        }
        for agent in AGENTS.iter().filter_map(|agent| self.agent(agent)).collect::<Vec<_>>() {
            let offer = Request::SetAgent { session: session.into(), agent: Box::new(agent) };
            self.state.request(offer, Awaited::Other);
        }
    }

    pub(super) fn send_up(&mut self, message: ClientMessage) {
        if let Some(connection) = self.connection() {
            connection.up.push_back(message);
        }
    }

    pub(super) fn ask(&mut self, asked: Asked) {
        if !matches!(self.presence, State::Attached(_)) {
            return;
        }
        match asked {
            Asked::Request(waiting, request) => {
                if let Request::Command { command, .. } = &request
                    && let Some(session) = command.asks_agent_of()
                {
                    self.offer(session);
                }
                self.state.request(request, waiting);
            }
            Asked::Prompt(prompt) => {
                self.offer(prompt.session);
                self.typed.insert(prompt.token);
                self.state.submit(prompt, Awaited::Other);
            }
        }
        self.send(|_| ());
    }

    /// Sends what is to be sent, each message `changed` on its way.
    fn send(&mut self, changed: impl Fn(&mut ClientMessage)) {
        while let Some(mut message) = self.state.next_message() {
            if let Some((id, token)) = prompt_in(&mut message) {
                self.carried.insert(id, *token);
            }
            changed(&mut message);
            self.send_up(message);
        }
    }

    /// Shows something else. If that sleeps, it has it woken, as the terminal does.
    pub(super) fn show(&mut self, session: Option<SessionId>, at_end: bool) {
        if let Some(session) = session {
            if at_end {
                self.state.mirror.mark_read(session); // as the terminal does, which cannot wait for the host
            }
            let sleeps = |id| Some(self.state.mirror.get(id)?.summary.presence == Presence::Hibernated);
            if sleeps(session) == Some(true) {
                self.ask(Asked::Request(Awaited::Other, Command::Wake { session }.into()));
            }
        }
        self.send_up(ClientMessage::Showing { session: session.map(Into::into), at_end, beside: Vec::new() });
    }

    /// The calls that wait for the person, as far as this client knows; with those that did, if wanted.
    pub(super) fn calls(&self, over_too: bool) -> Vec<(SessionId, PendingCall)> {
        if over_too {
            return self.seen.iter().map(|((session, ..), call)| (*session, call.clone())).collect();
        }
        if !self.watches {
            return self.inbox.clone();
        }
        let of = |session: SessionId, calls: &[PendingCall]| -> Vec<_> {
            calls.iter().map(|call| (session, call.clone())).collect()
        };
        let mirrored = self.state.mirror.by_slot();
        mirrored.into_iter().flat_map(|one| of(one.summary.id, &one.pending)).collect()
    }

    /// Whether a call was on its screen with these very bytes.
    pub(super) fn has_seen(&self, (session, call): &(SessionId, PendingCall)) -> bool {
        let seen = self.seen.get(&(*session, call.turn, call.call));
        seen.is_some_and(|seen| seen.digest == call.digest)
    }

    fn sees(&mut self, session: SessionId, calls: &[PendingCall]) {
        self.seen.extend(calls.iter().map(|call| ((session, call.turn, call.call), call.clone())));
    }

    /// Delivers an unanswered prompt once more; whether it had one.
    pub(super) fn deliver_one_again(&mut self) -> bool {
        let unanswered = self.state.prompts().next().cloned();
        let had_one = unanswered.is_some();
        if let Some(prompt) = unanswered {
            self.ask(Asked::Prompt(prompt));
        }
        had_one
    }

    /// Delivers to a new host what the one before did not answer.
    fn deliver_again(&mut self) {
        self.state.deliver_again();
        let another = self.planted == Some(Planted::DeliversUnderAnotherToken);
        self.send(|message| {
            if let Some((_, Token(token))) = prompt_in(message) {
                *token += u128::from(another);
            }
        });
    }

    /// How many prompts of its person no host has answered.
    pub(super) fn owes(&self) -> usize {
        self.typed.len()
    }

    /// How many answers it waits for.
    pub(super) fn waits_for(&self) -> usize {
        self.state.waits_for()
    }

    /// The host is gone.
    fn lost(&mut self, now: Instant) {
        // A script has nobody who would wait for the next host.
        if self.watches {
            self.presence = State::Knocking(now.after(self.backoff.lost(now)));
        } else {
            let _connection = self.go();
        }
    }

    /// Reads one message, or the end of the connection. Whether there was anything to read.
    pub(super) fn read(&mut self, index: &Index, now: Instant) -> Held<bool> {
        let Some(connection) = self.connection() else { return Ok(false) };
        if connection.is_stalled {
            return Ok(false);
        }
        let is_open = connection.is_open;
        match connection.down.pop_front() {
            Some(message) => {
                self.on_message(message, index, now)?;
                Ok(true)
            }
            None if is_open => Ok(false),
            None => {
                self.lost(now);
                Ok(true)
            }
        }
    }

    fn on_message(&mut self, mut message: HostMessage, index: &Index, now: Instant) -> Held {
        texts::are_at_home(&message, index)?;
        let misfit = |fault: q_core::NameFault| Law::WireFits.broken(format!("a name: {fault}"));
        match (self.planted, &mut message) {
            (Some(Planted::MiscountsUnread), HostMessage::Update(WireUpdate::Line(line))) => line.unread += 1,
            (Some(Planted::LosesUpdates), HostMessage::Update(_))
            | (Some(Planted::LosesCalls), HostMessage::Update(WireUpdate::Pending { .. })) => return Ok(()),
            (_, _) => {}
        }
        let calls = |calls: &[WireCall]| calls.iter().cloned().map(PendingCall::from).collect::<Vec<_>>();
        match &message {
            HostMessage::Reply { id, .. } => {
                if let Some(token) = self.carried.remove(id) {
                    self.typed.remove(&token);
                }
            }
            HostMessage::Snapshot(shot) => self.sees(shot.line.id.into(), &calls(&shot.pending)),
            HostMessage::Update(WireUpdate::Pending { session, pending }) => {
                self.sees((*session).into(), &calls(pending));
            }
            HostMessage::Update(_)
            | HostMessage::Ready
            | HostMessage::Going { .. }
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. } => {}
        }
        match self.state.on_message(message).map_err(misfit)? {
            News::Changed => {}
            News::Whole => {
                if !std::mem::replace(&mut self.is_whole, true) {
                    self.deliver_again();
                }
            }
            News::Answered { waiting, answer, .. } => {
                if let Ok(answer) = answer {
                    self.answered(waiting, answer, index)?;
                }
            }
            News::Unasked { request } => {
                let how = format!("an answer to request {request}, which nobody waits for");
                return Err(Law::OneReply.broken(how));
            }
            News::Going { restart: true, .. } => self.lost(now),
            News::Going { restart: false, .. } => {
                let _connection = self.go();
            }
        }
        self.send(|_| ());
        Ok(())
    }

    fn answered(&mut self, waiting: Awaited, answer: Response, index: &Index) -> Held {
        match (waiting, answer) {
            (Awaited::Page { session, before, newest }, Response::Page(page)) => {
                let last = page.entries.last().map_or(0, |entry| entry.no);
                let holds_it = before.is_some() || last >= newest.0 || index.is_erased(session);
                Law::PageWhole.check(holds_it, || {
                    format!("a page of {session} ends at entry {last}; who asked had seen {newest}")
                })?;
                texts::page_is_at_home(&page, session, index)?;
                if let Some(before) = before {
                    let entries = page.entries.into_iter().map(q_core::Entry::from).collect();
                    self.state.mirror.prepend(session, before, entries, page.trimmed);
                }
            }
            (_, Response::Inbox(inbox)) => {
                let inbox = inbox.into_iter().map(|(session, call)| (session.into(), call.into()));
                self.inbox = inbox.collect();
                for (session, call) in self.inbox.clone() {
                    self.sees(session, &[call]);
                }
            }
            (Awaited::Page { .. } | Awaited::Other, _) => {}
        }
        Ok(())
    }
}

/// The token of a prompt that a message delivers, and the number it is delivered under.
const fn prompt_in(message: &mut ClientMessage) -> Option<(u64, &mut Token)> {
    match message {
        ClientMessage::Request {
            id,
            request:
                Request::Command {
                    command:
                        Command::Submit { token, .. }
                        | Command::Steer { token, .. }
                        | Command::Shell { token, .. },
                    ..
                },
        } => Some((*id, token)),
        ClientMessage::Request { .. }
        | ClientMessage::Hello(_)
        | ClientMessage::Showing { .. }
        | ClientMessage::Switched { .. } => None,
    }
}
