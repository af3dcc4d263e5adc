//! Clients: each keeps a mirror and a desk, as the attached terminal does, and may be slow, deaf or gone.
//!
//! After the host is lost a terminal comes back and delivers again what was not answered; a script gives up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use q_core::{ClientId, EntryNo, Mirror, PendingCall, Presence, SessionId, Snapshot, Update};
use q_host::simulation::Outbox;
use q_host::wire::message::{Hello, NamedAgent, Reach};
use q_host::wire::network::Network;
use q_host::wire::shaping::Shaping;
use q_host::wire::view::{Line, Piece};
use q_host::wire::{Answer, ClientMessage, HostMessage, Request, Wish};

use super::consent::CallId;
use super::index::Index;
use super::law::{Held, Law};
use super::planted::Planted;
use super::texts;
use super::wishes::{AGENTS, Asked};

/// One place where a client may be.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) state: State,
    /// Whether it keeps a mirror, as a terminal does.
    pub(super) watches: bool,
    has_agents: bool,
    /// The agents of the sessions it saw a line of, and whether they are wanted.
    seen_agents: BTreeMap<SessionId, (String, bool)>,
    pub(super) mirror: Mirror,
    /// Whether the mirror has been filled since the client came.
    pub(super) is_whole: bool,
    /// What waits for the person, as last asked for.
    inbox: Vec<(SessionId, PendingCall)>,
    /// Every call that was ever on its screen.
    seen: BTreeMap<CallId, PendingCall>,
    desk: BTreeMap<u64, Waiting>,
    /// What the host before did not answer.
    undelivered: Vec<Submission>,
    last_request: u64,
    planted: Option<Planted>,
}

#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Away,
    /// It wants in.
    Knocking,
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
pub(super) enum Waiting {
    Submit(Submission),
    Page { session: SessionId, before: Option<EntryNo>, newest: EntryNo },
    Other,
}

/// A prompt, kept whole until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) session: SessionId,
    pub(super) token: u128,
    pub(super) text: String,
    /// Whether it is meant for the running turn.
    pub(super) steers: bool,
}

impl Waiting {
    fn submission(self) -> Option<Submission> {
        match self {
            Self::Submit(submission) => Some(submission),
            Self::Page { .. } | Self::Other => None,
        }
    }
}

impl Client {
    pub(super) fn new(planted: Option<Planted>) -> Self {
        Self { planted, ..Self::default() }
    }

    /// It is started.
    pub(super) fn come(&mut self, watches: bool, has_agents: bool) {
        if matches!(self.state, State::Away) {
            *self = Self {
                state: State::Knocking,
                watches,
                has_agents,
                planted: self.planted,
                ..Self::default()
            };
        }
    }

    /// It ends. Gives its connection, if it had one.
    pub(super) fn go(&mut self) -> Option<Connection> {
        self.desk.clear();
        self.undelivered.clear();
        self.mirror.clear();
        match std::mem::take(&mut self.state) {
            State::Attached(connection) => Some(connection),
            State::Away | State::Knocking => None,
        }
    }

    pub(super) const fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.state {
            State::Attached(connection) => Some(connection),
            State::Away | State::Knocking => None,
        }
    }

    /// A host lets it in; what it says first.
    pub(super) fn attach(&mut self, id: ClientId, outbox: Arc<Outbox>) -> Hello {
        let (up, down) = Default::default();
        self.state = State::Attached(Connection { id, outbox, up, down, is_open: true, is_stalled: false });
        self.mirror.clear();
        self.seen_agents.clear();
        self.is_whole = false;
        self.last_request = 0;
        let unanswered = std::mem::take(&mut self.desk).into_values();
        self.undelivered.extend(unanswered.filter_map(Waiting::submission));
        Hello::new(self.watches)
    }

    /// How it reaches an agent, if it knows one of that name.
    fn reach(&self, agent: &str) -> Option<Reach> {
        let is_known = self.has_agents && AGENTS.contains(&agent);
        is_known.then(|| Reach::Http {
            base_url: agent.into(),
            key: None,
            model: "m".into(),
            idle_timeout_ms: 1,
            network: Network::default(),
            shaping: Shaping::default(),
        })
    }

    /// Puts into a request how its agent is reached; gives what is to be said before it. Where a line was seen, that says
    /// whether the agent is wanted; who saw none offers what it has: what is taken is the host's to say.
    fn bring(&self, request: &mut Request) -> Vec<Request> {
        let named = |name: &str| self.reach(name).map(|reach| NamedAgent { name: name.into(), reach });
        let offer = |session, agent| Request::SetAgent { session, agent: Box::new(agent) };
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other request brings an agent")]
        match request {
            Request::Create(new) => new.reach = self.reach(&new.agent).map(Box::new),
            Request::Fork { session, reach, .. } => {
                *reach = self
                    .seen_agents
                    .get(&SessionId::from(*session))
                    .and_then(|(agent, _)| self.reach(agent).map(Box::new));
            }
            Request::Wish { session, wish } if wish.asks() => {
                return match self.seen_agents.get(&SessionId::from(*session)) {
                    Some((agent, true)) => {
                        named(agent).map(|agent| offer(*session, agent)).into_iter().collect()
                    }
                    Some((_, false)) => Vec::new(),
                    None => AGENTS
                        .iter()
                        .filter_map(|&name| named(name))
                        .map(|agent| offer(*session, agent))
                        .collect(),
                };
            }
            _brings_none => {}
        }
        Vec::new()
    }

    /// Notes which agent a session has, and whether the host wants it to be brought.
    fn see_agent(&mut self, line: &Line) {
        self.seen_agents.insert(line.id.into(), (line.agent.clone(), line.wants_agent));
    }

    /// Says something.
    pub(super) fn tell(&mut self, message: ClientMessage) {
        if let Some(connection) = self.connection() {
            connection.up.push_back(message);
        }
    }

    /// Asks for something.
    pub(super) fn ask(&mut self, (waiting, mut request): Asked) {
        if matches!(self.state, State::Attached(_)) {
            for before in self.bring(&mut request) {
                self.send(Waiting::Other, before);
            }
            self.send(waiting, request);
        }
    }

    fn send(&mut self, waiting: Waiting, request: Request) {
        self.last_request += 1;
        self.desk.insert(self.last_request, waiting);
        self.tell(ClientMessage::Request { id: self.last_request, request });
    }

    /// Shows something else. If that sleeps, it has it woken, as the terminal does.
    pub(super) fn show(&mut self, session: Option<SessionId>, at_end: bool) {
        if let Some(session) = session {
            if at_end {
                self.mirror.mark_read(session); // as the terminal does, which cannot wait for the host
            }
            let sleeps = |id| Some(self.mirror.get(id)?.summary.presence == Presence::Hibernated);
            if sleeps(session) == Some(true) {
                self.ask((Waiting::Other, Wish::Wake.of(session.into())));
            }
        }
        self.tell(ClientMessage::Showing { session: session.map(Into::into), at_end });
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
        let mirrored = self.mirror.by_slot();
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

    /// Delivers an unanswered submission once more; whether it had one.
    pub(super) fn deliver_one_again(&mut self) -> bool {
        let unanswered = self.desk.values().cloned().find_map(Waiting::submission);
        let had_one = unanswered.is_some();
        if let Some(submission) = unanswered {
            self.ask(submission.asked());
        }
        had_one
    }

    /// Delivers to a new host what the one before did not answer.
    fn deliver_again(&mut self) {
        for mut submission in std::mem::take(&mut self.undelivered) {
            if self.planted == Some(Planted::DeliversUnderAnotherToken) {
                submission.token += 1;
            }
            self.ask(submission.asked());
        }
    }

    /// How many answers it waits for.
    pub(super) fn waits_for(&self) -> usize {
        self.desk.len()
    }

    /// The host is gone.
    fn lost(&mut self) {
        if self.watches {
            self.state = State::Knocking;
        } else {
            let _connection = self.go();
        }
    }

    /// Reads one message, or the end of the connection. Whether there was anything to read.
    pub(super) fn read(&mut self, index: &Index) -> Held<bool> {
        let Some(connection) = self.connection() else { return Ok(false) };
        if connection.is_stalled {
            return Ok(false);
        }
        let is_open = connection.is_open;
        match connection.down.pop_front() {
            Some(message) => {
                self.hear(message, index)?;
                Ok(true)
            }
            None if is_open => Ok(false),
            None => {
                self.lost();
                Ok(true)
            }
        }
    }

    fn hear(&mut self, message: HostMessage, index: &Index) -> Held {
        texts::are_at_home(&message, index)?;
        let misfit = |fault: q_core::NameFault| Law::WireFits.broken(format!("a name: {fault}"));
        match message {
            HostMessage::Snapshot(shot) => {
                self.see_agent(&shot.line);
                let snapshot = Snapshot::try_from(shot).map_err(misfit)?;
                self.sees(snapshot.summary.id, &snapshot.pending);
                self.mirror.load(snapshot);
            }
            HostMessage::Update(piece) => {
                if let Piece::Line(line) = &piece {
                    self.see_agent(line);
                }
                let mut update = Update::try_from(piece).map_err(misfit)?;
                match (self.planted, &mut update) {
                    (Some(Planted::MiscountsUnread), Update::Session(summary)) => summary.unread += 1,
                    (Some(Planted::LosesUpdates), _)
                    | (Some(Planted::LosesCalls), Update::Pending { .. }) => return Ok(()),
                    (_, Update::Pending { session, pending }) => self.sees(*session, pending),
                    (_, _) => {}
                }
                if let Err(missed) = self.mirror.apply(update) {
                    self.ask((Waiting::Other, Request::Resync { session: missed.0.into() }));
                }
            }
            HostMessage::Ready => {
                if !std::mem::replace(&mut self.is_whole, true) {
                    self.deliver_again();
                }
            }
            HostMessage::Reply { id, answer } => {
                let waiting = self.desk.remove(&id);
                let how = || format!("an answer to request {id}, which nobody waits for: {answer:?}");
                let waiting = waiting.ok_or_else(|| Law::OneReply.broken(how()))?;
                if let Ok(answer) = answer {
                    self.answered(waiting, answer, index)?;
                }
            }
            HostMessage::Going { restart: true, .. } => self.lost(),
            HostMessage::Going { restart: false, .. } => {
                let _connection = self.go();
            }
            HostMessage::Welcome(_) | HostMessage::Unwelcome { .. } => {}
        }
        Ok(())
    }

    fn answered(&mut self, waiting: Waiting, answer: Answer, index: &Index) -> Held {
        match (waiting, answer) {
            (Waiting::Page { session, before, newest }, Answer::Page(page)) => {
                let last = page.entries.last().map_or(0, |entry| entry.no);
                let holds_it = before.is_some() || last >= newest.0 || index.is_erased(session);
                Law::PageWhole.check(holds_it, || {
                    format!("a page of {session} ends at entry {last}; who asked had seen {newest}")
                })?;
                texts::page_is_at_home(&page, session, index)?;
                if let Some(before) = before {
                    let entries = page.entries.into_iter().map(q_core::Entry::from).collect();
                    self.mirror.prepend(session, before, entries, page.trimmed);
                }
            }
            (_, Answer::Inbox(inbox)) => {
                let inbox = inbox.into_iter().map(|(session, call)| (session.into(), call.into()));
                self.inbox = inbox.collect();
                for (session, call) in self.inbox.clone() {
                    self.sees(session, &[call]);
                }
            }
            (Waiting::Page { .. } | Waiting::Submit(_) | Waiting::Other, _) => {}
        }
        Ok(())
    }
}
