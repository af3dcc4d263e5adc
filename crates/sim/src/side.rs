//! The world's side of the loop: what the host wants done is noted, and carried out by the stage after the event.

use std::sync::Arc;

use q_core::{Batch, ClientId, Digest, EntryNo, Input, Now, Outcome, Record, SessionId, TurnNo, WallTime};
use q_host::simulation::{
    AgentControl, AgentOffers, AgentRequest, AgentSpec, BackgroundLine, Bounds, CommitNo, Outbox, Outboxes,
    Query, ReversalReport, ShellRequest, StoreQuery, World,
};
use q_proto::entropy::NoEntropy;
use q_proto::message::Stats;
use q_proto::{HostMessage, Refused, Response};

use super::mark;
use super::planted::Planted;

/// What the host did in one event, in order.
#[derive(Debug)]
pub(super) enum Did {
    Commit(CommitNo, Batch),
    Ask(Box<AgentRequest>),
    Cancel(SessionId, TurnNo),
    Control(SessionId, TurnNo, AgentControl),
    Release(SessionId),
    Load(SessionId),
    Reverse(ReversalReport),
    Shell(ShellRequest),
    Reply {
        client: ClientId,
        request: u64,
        /// Or the code of the refusal.
        granted: Result<(), String>,
    },
    WantPage(WantedPage),
    /// More waits for a client than may.
    Overfill(ClientId, Bounds),
}

/// A page that was asked for and is not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedPage {
    pub(super) client: ClientId,
    pub(super) request: u64,
    pub(super) session: SessionId,
    pub(super) before: Option<EntryNo>,
    pub(super) bytes: usize,
}

/// The resident memory of the process where nothing else is said, in bytes.
const USUAL_MEMORY: u64 = 10 << 20;

/// Lives as long as its host; what survives is taken back with [`q_host::simulation::Host::into_world`].
#[derive(Debug)]
pub(super) struct Side {
    pub(super) now: Now,
    pub(super) did: Vec<Did>,
    /// How many session ids were drawn, in all lives.
    pub(super) drawn: u64,
    pub(super) has_entropy: bool,
    /// When the core was last told anything.
    pub(super) told: Now,
    /// The resident memory of the process.
    pub(super) memory: u64,
    /// What the core was told, if anybody wants to know.
    pub(super) overheard: Option<Vec<(Now, Input)>>,
    /// Told to nobody yet, by a planted fault.
    held_back: Vec<(SessionId, TurnNo, AgentControl)>,
    outboxes: Outboxes,
    bounds: Bounds,
    planted: Option<Planted>,
}

impl Side {
    pub(super) fn new(now: Now, drawn: u64, bounds: Bounds, planted: Option<Planted>) -> Self {
        Self {
            now,
            did: Vec::new(),
            drawn,
            has_entropy: true,
            told: now,
            memory: USUAL_MEMORY,
            overheard: None,
            held_back: Vec::new(),
            outboxes: Outboxes::default(),
            bounds,
            planted,
        }
    }
}

impl Side {
    fn refuse(&mut self, client: ClientId, request: u64, message: String) {
        let refused = Refused { code: "not_simulated".into(), message, limit: false };
        self.send(client, HostMessage::Reply { id: request, answer: Err(refused) });
    }
}

impl World for Side {
    fn now(&self) -> Now {
        match self.planted {
            Some(Planted::StopsTheCalendar) => Now { wall: WallTime(0), ..self.now },
            Some(_) | None => self.now,
        }
    }

    fn observe(&mut self, now: Now, input: &Input) {
        self.told = self.now;
        self.overheard.iter_mut().for_each(|overheard| overheard.push((now, input.clone())));
    }

    fn memory(&mut self) -> Option<u64> {
        Some(self.memory)
    }

    fn session_id(&mut self) -> Result<SessionId, NoEntropy> {
        if !std::mem::replace(&mut self.has_entropy, true) {
            return Err(NoEntropy);
        }
        self.drawn += 1;
        Ok(mark::session(self.drawn - 1))
    }

    fn commit(&mut self, commit: CommitNo, mut batch: Batch) {
        if self.planted == Some(Planted::SaysThatItRan) {
            for stamped in &mut batch.records {
                if let Record::Resulted { outcome: outcome @ Outcome::NeverRan, .. } = &mut stamped.record {
                    *outcome = Outcome::CutShort;
                }
            }
        }
        self.did.push(Did::Commit(commit, batch));
    }

    fn run(&mut self, mut request: AgentRequest) {
        let session = request.seat.session;
        if self.planted == Some(Planted::ChangesFilesInTurns) {
            self.reverse(session, false, request.turn, String::new());
        }
        if self.planted == Some(Planted::StripsHandles) {
            request.seat.resume = None;
        }
        if self.planted == Some(Planted::AsksTwice) {
            self.did.push(Did::Ask(request.clone().into()));
        }
        self.did.push(Did::Ask(request.into()));
        if self.planted == Some(Planted::ParksTooEarly) {
            self.did.push(Did::Release(session));
        }
    }

    fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        self.did.push(Did::Cancel(session, turn));
        let late = self.held_back.extract_if(.., |(of, over, _)| (*of, *over) == (session, turn));
        self.did.extend(late.map(|(session, turn, told)| Did::Control(session, turn, told)));
    }

    fn control(&mut self, session: SessionId, turn: TurnNo, control: AgentControl) {
        let did = |told| Did::Control(session, turn, told);
        match (self.planted, control) {
            (Some(Planted::PermitsTwice), told @ AgentControl::Permit { .. }) => {
                self.did.extend([did(told.clone()), did(told)]);
            }
            (Some(Planted::SwapsDigests), AgentControl::Permit { call, entry, by_rule, .. }) => {
                let digest = Digest::numbered(0);
                self.did.push(did(AgentControl::Permit { call, entry, digest, by_rule }));
            }
            (Some(Planted::PermitsLate), told @ AgentControl::Permit { .. }) => {
                self.held_back.push((session, turn, told));
            }
            (_, told) => self.did.push(did(told)),
        }
    }

    fn release(&mut self, session: SessionId) {
        self.did.push(Did::Release(session));
    }

    fn load(&mut self, session: SessionId) {
        self.did.push(Did::Load(session));
    }

    /// Files are put back at once here; of some it is said that they cannot be.
    fn reverse(&mut self, session: SessionId, redo: bool, turn: TurnNo, _directory: String) {
        let is_changed = turn.0.is_multiple_of(3);
        let outcome = if is_changed { Err("a.rs was changed".into()) } else { Ok(vec!["a.rs".into()]) };
        self.did.push(Did::Reverse(ReversalReport { session, redo, outcome }));
    }

    fn shell(&mut self, request: ShellRequest) {
        if self.planted == Some(Planted::RunsLinesTwice) {
            self.did.push(Did::Shell(request.clone()));
        }
        self.did.push(Did::Shell(request));
    }

    fn welcome(&mut self, client: ClientId, outbox: Arc<Outbox>) {
        self.outboxes.insert(client, outbox);
    }

    fn send(&mut self, client: ClientId, message: HostMessage) {
        let Some(outbox) = self.outboxes.get(client) else { return };
        if let HostMessage::Reply { id, answer } = &message {
            let replied = || Did::Reply {
                client,
                request: *id,
                granted: answer.as_ref().map(drop).map_err(|refused| refused.code.clone()),
            };
            self.did.push(replied());
            match self.planted {
                Some(Planted::LosesReplies) => return,
                Some(Planted::RepliesTwice) => {
                    self.did.push(replied());
                    outbox.push(HostMessage::Reply { id: *id, answer: Ok(Response::Done) });
                }
                Some(_) | None => {}
            }
        }
        outbox.push(message);
        let weight = outbox.weight();
        if weight.updates > self.bounds.updates || weight.bytes > self.bounds.bytes {
            self.did.push(Did::Overfill(client, weight));
        }
    }

    fn notify_when_drained(&mut self, client: ClientId) {
        self.outboxes.notify_when_drained(client);
    }

    fn forget(&mut self, client: ClientId) {
        self.outboxes.forget(client);
    }

    // Simulated agents start no processes.
    fn processes(&mut self, _: SessionId, _: Option<u64>) -> Result<Vec<BackgroundLine>, String> {
        Ok(Vec::new())
    }

    fn offers(&mut self, _: SessionId) -> AgentOffers {
        AgentOffers::default()
    }

    // Simulated agents have no models, so nobody asks.
    fn models(&mut self, client: ClientId, request: u64, _: AgentSpec) {
        self.refuse(client, request, "no agent here has a list of models".to_owned());
    }

    fn query(&mut self, client: ClientId, request: u64, query: Query) {
        match query {
            Query::Store(StoreQuery::Page { session, before, bytes }) => {
                self.did.push(Did::WantPage(WantedPage { client, request, session, before, bytes }));
            }
            // Simulated clients read no result on: what they could read is looked at when it is written.
            Query::Store(StoreQuery::Output { session, .. }) => {
                self.refuse(client, request, format!("nobody reads results of {session} here"));
            }
            // They write nothing down, so none asks.
            Query::Store(StoreQuery::Facts { session }) => {
                self.refuse(client, request, format!("nobody reads the facts of {session} here"));
            }
            // Nobody follows here.
            Query::Stats { started, live } => {
                let stats = Stats { started, sessions_live: live, ..Stats::default() };
                self.send(client, HostMessage::Reply { id: request, answer: Ok(Response::Stats(stats)) });
            }
        }
    }
}
