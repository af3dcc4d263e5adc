//! Agents: who is being asked, and what they say when a step has them speak.
//!
//! They may be silent, talk much, want tools to run, several at once and ended in any order, say that they ran what nobody let
//! run, say it twice, die at any moment, fail at once, end twice, and talk on after they are done or cancelled: what an agent's
//! task has already handed over cannot be called back. What they are told reaches them, and they go on by it.
//! They have a memory of their own, which is theirs while they are kept and found again by its handle when they were parked;
//! it dies with the host, and they may refuse it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use q_core::{
    AgentEvent, AgentFailure, Call, CallFacts, CallNo, Digest, FailureKind, Outcome, PlanStep, ResumeHandle,
    Seal, SessionId, StepState, TurnNo, Usage, Wants,
};
use q_host::simulation::{AgentControl, RunEvent, Seat};
use q_testkit::chance::scrambled;

use super::mark;
use super::planted::Planted;
use super::step::{Number, Say};

/// Asks that are over and may still be heard of.
const REMEMBERED: usize = 8;

/// The agents that sessions are to be answered by; not every client has them.
pub(super) const AGENTS: [&str; 2] = ["a", "b"];

/// Tools that agents call. The last name is longer than a name may be.
const TOOLS: [&str; 4] = ["sh", "read", "edit", "a-tool-with-a-long-name-"];
/// How often the last one's name stands in itself.
const LONG: usize = 7;

/// All agents of one host.
#[derive(Debug, Default)]
pub(super) struct Agents {
    asked: Vec<Asked>,
    over: VecDeque<Asked>,
    /// Conversations that are open, and by what each is found again, where its agent said so.
    open: BTreeMap<SessionId, Option<ResumeHandle>>,
    /// What was parked in good order.
    parked: BTreeMap<SessionId, ResumeHandle>,
    planted: Option<Planted>,
}

/// An agent that was asked in a turn.
#[derive(Clone, Debug)]
struct Asked {
    session: SessionId,
    turn: TurnNo,
    name: String,
    last_call: u64,
    /// Calls that nobody has answered: while there are any it may be waiting for the person.
    unanswered: BTreeSet<CallNo>,
    last_result: Option<CallNo>,
    /// By what its memory is found again, if it has one.
    memory: Option<ResumeHandle>,
    /// What it was told and has not gone on by.
    told: VecDeque<AgentControl>,
}

impl Agents {
    pub(super) fn new(planted: Option<Planted>) -> Self {
        Self { planted, ..Self::default() }
    }

    /// One is asked. One a session: an earlier one is dropped.
    pub(super) fn ask(&mut self, seat: &Seat, turn: TurnNo, name: String) {
        let session = seat.session;
        let parked = self.parked.remove(&session);
        let found = seat.resume.clone().filter(|handle| parked.as_ref() == Some(handle));
        // One that is kept remembers by itself; a handle is for who was parked.
        let memory = self.open.entry(session).or_insert(found).clone();
        if self.planted != Some(Planted::KeepsPlaces) {
            self.end(|asked| asked.session == session);
        }
        self.asked.push(Asked {
            session,
            turn,
            name,
            last_call: 0,
            unanswered: BTreeSet::new(),
            last_result: None,
            memory,
            told: VecDeque::new(),
        });
    }

    /// One is not asked any more.
    pub(super) fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        match self.planted {
            Some(Planted::IgnoresCancel | Planted::KeepsPlaces) => {}
            Some(_) | None => self.end(|asked| (asked.session, asked.turn) == (session, turn)),
        }
    }

    pub(super) fn release(&mut self, session: SessionId) {
        if self.planted != Some(Planted::NeverParks)
            && let Some(Some(memory)) = self.open.remove(&session)
        {
            self.parked.insert(session, memory);
        }
    }

    /// For whom conversations are open.
    pub(super) fn open(&self) -> impl Iterator<Item = SessionId> {
        self.open.keys().copied()
    }

    /// One is told something. Whether it listens.
    pub(super) fn control(&mut self, session: SessionId, turn: TurnNo, told: AgentControl) -> bool {
        let listens = self.asked.iter_mut().find(|asked| (asked.session, asked.turn) == (session, turn));
        listens.map(|asked| asked.hear(told)).is_some()
    }

    /// The lowest number of a call that runs in that turn.
    pub(super) fn lowest_permitted(&self, session: SessionId, turn: TurnNo) -> Option<CallNo> {
        let asked = self.asked.iter().find(|asked| (asked.session, asked.turn) == (session, turn))?;
        asked.permitted().map(|(_, call)| call).min()
    }

    /// Who is being asked.
    pub(super) fn asked(&self) -> impl Iterator<Item = (SessionId, TurnNo)> {
        self.asked.iter().map(|asked| (asked.session, asked.turn))
    }

    /// How many turns of this agent are being asked, without those that may be waiting for the person.
    pub(super) fn count(&self, name: &str) -> usize {
        self.asked.iter().filter(|asked| asked.name == name && asked.unanswered.is_empty()).count()
    }

    /// One of those being asked says something. `nonce` is a number that no other saying had.
    pub(super) fn emit(&mut self, which: usize, say: Say, nonce: u64) -> Vec<RunEvent> {
        let Some(place) = which.checked_rem(self.asked.len()) else { return Vec::new() };
        let heard = self.asked[place].emit(say, nonce);
        let (session, turn) = (self.asked[place].session, self.asked[place].turn);
        if let Some(open) = self.open.get_mut(&session) {
            open.clone_from(&self.asked[place].memory);
        }
        if say == Say::Dies
            && let Some(Some(memory)) = self.open.remove(&session)
        {
            self.parked.insert(session, memory);
        }
        let is_end = matches!(say, Say::Done | Say::EndsTwice | Say::Failed | Say::Dies);
        if is_end && self.planted != Some(Planted::KeepsPlaces) {
            self.end(|other| (other.session, other.turn) == (session, turn));
        }
        if self.planted == Some(Planted::MixesSessionsUp)
            && let Some(other) = self.asked.iter().find(|other| other.session != session)
        {
            return heard
                .into_iter()
                .map(|heard| RunEvent { session: other.session, turn: other.turn, ..heard })
                .collect();
        }
        heard
    }

    /// One that is no longer asked says something.
    pub(super) fn emit_late(&mut self, which: usize, say: Say, nonce: u64) -> Vec<RunEvent> {
        // What its task handed over before it was cancelled is on its way still.
        let place = which.checked_rem(self.over.len());
        let over = place.and_then(|place| self.over.get_mut(place));
        over.map(|asked| asked.emit(say, nonce)).unwrap_or_default()
    }

    fn end(&mut self, is_it: impl Fn(&Asked) -> bool) {
        self.over.extend(self.asked.extract_if(.., |asked| is_it(asked)));
        while self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
    }
}

impl Asked {
    fn hear(&mut self, told: AgentControl) {
        if let AgentControl::Permit { call, .. } | AgentControl::Settle { call, .. } = &told {
            self.unanswered.remove(call);
        }
        self.told.push_back(told);
    }

    fn emit(&mut self, say: Say, nonce: u64) -> Vec<RunEvent> {
        if let Say::Storm { calls, wants } = say {
            let tool = |call: u8| usize::from(call) % TOOLS.len();
            let storm = (0..calls).map(|call| self.call(tool(call), wants, Number::Next, nonce));
            let storm: Vec<_> = storm.map(|call| AgentEvent::Call(call, CallFacts::default())).collect();
            return storm.into_iter().map(|event| self.run_event(event)).collect();
        }
        let event = self.event(say, nonce);
        let more = (say == Say::EndsTwice).then(|| self.event(Say::Failed, nonce));
        [event].into_iter().chain(more).map(|event| self.run_event(event)).collect()
    }

    const fn run_event(&self, event: AgentEvent) -> RunEvent {
        RunEvent { session: self.session, turn: self.turn, event }
    }

    fn event(&mut self, say: Say, nonce: u64) -> AgentEvent {
        match say {
            Say::Text(bytes) => AgentEvent::Text(self.text("t", bytes)),
            Say::Thinking(bytes) => AgentEvent::Thinking(self.text("h", bytes)),
            Say::Sealed(bytes) => {
                AgentEvent::Sealed(Seal { by: "simulated".into(), content: self.text("z", bytes) })
            }
            Say::Nothing => AgentEvent::Text(String::new()),
            Say::Usage(tokens) => {
                let (input, output) = (tokens.into(), u64::from(tokens) / 3);
                AgentEvent::Usage(Usage { input, output, ..Usage::default() })
            }
            Say::Asked(bytes) => AgentEvent::Asked { bytes: bytes.into(), window: u64::from(bytes) / 2 },
            Say::Title(word) => AgentEvent::Title(
                ["Fix the login", "", "\u{1b}]0;x\u{7}", "docs"][usize::from(word) % 4].into(),
            ),
            Say::Plan(steps) => {
                let step = |step: u8| PlanStep {
                    text: self.text(&format!("l{step}."), 10),
                    state: StepState::ALL[usize::from(step) % StepState::ALL.len()],
                };
                AgentEvent::Plan((0..steps).map(step).collect())
            }
            Say::Model(word) => AgentEvent::Model(["big-2026", "big", ""][usize::from(word) % 3].into()),
            Say::StopReason(word) => {
                AgentEvent::StopReason(["end_turn", "max_tokens", ""][usize::from(word) % 3].into())
            }
            Say::Retrying { attempt, wait_ms } => AgentEvent::Retrying {
                attempt: attempt.into(),
                of: 6,
                wait_ms: wait_ms.into(),
                failure: AgentFailure {
                    kind: FailureKind::Overloaded,
                    detail: mark::text(self.session, "failure", 0),
                },
            },
            Say::Remember { refuses } => {
                let kept = self.memory.take().filter(|_| !refuses);
                let handle = kept.unwrap_or_else(|| ResumeHandle(self.text(&format!("m{nonce}."), 10)));
                self.memory = Some(handle.clone());
                AgentEvent::Resume(handle)
            }
            Say::Progress { call, bytes } => {
                // Calls that run at once put out what they do in any order.
                let permitted: Vec<CallNo> = self.permitted().map(|(_, call)| call).collect();
                let place = usize::from(call).checked_rem(permitted.len());
                let call = place.map_or(CallNo(call.into()), |place| permitted[place]);
                AgentEvent::Progress { call, text: self.text("g", bytes) }
            }
            Say::Steerable => AgentEvent::Steerable,
            Say::Call { tool, wants, number } => {
                let call = self.call(usize::from(tool) % TOOLS.len(), wants, number, nonce);
                AgentEvent::Call(call, CallFacts::default())
            }
            Say::Storm { calls: _, wants } => {
                AgentEvent::Call(self.call(0, wants, Number::Next, nonce), CallFacts::default())
            }
            Say::GoOn => self.goes_on(nonce),
            Say::OddResult { call } => {
                let (call, text) = (CallNo(call.into()), self.text("o", 20));
                AgentEvent::Result { call, outcome: Outcome::Failed, text }
            }
            Say::UnaskedResult => self.result(CallNo(self.last_call), nonce),
            Say::SameResult => self.result(self.last_result.unwrap_or_default(), nonce),
            Say::Done | Say::EndsTwice => AgentEvent::Done,
            Say::Failed | Say::Dies => {
                let detail = mark::text(self.session, "failure", 0);
                AgentEvent::Failed(AgentFailure { kind: FailureKind::Cut, detail })
            }
        }
    }

    /// The calls that run, and where they stand among what it was told.
    fn permitted(&self) -> impl Iterator<Item = (usize, CallNo)> {
        self.told.iter().enumerate().filter_map(|(place, told)| match told {
            AgentControl::Permit { call, .. } => Some((place, *call)),
            AgentControl::Settle { .. } | AgentControl::Steer(_) => None,
        })
    }

    /// By what it goes on: the oldest thing it was told. Where that is a call that may run, any that may: calls that run at
    /// once end in any order.
    fn next_told(&mut self, nonce: u64) -> Option<AgentControl> {
        let places: Vec<usize> = match self.told.front()? {
            AgentControl::Permit { .. } => self.permitted().map(|(place, _)| place).collect(),
            AgentControl::Settle { .. } | AgentControl::Steer(_) => vec![0],
        };
        self.told.remove(places[scrambled(nonce) as usize % places.len()])
    }

    /// What follows from what it was told: what was permitted has run.
    fn goes_on(&mut self, nonce: u64) -> AgentEvent {
        match self.next_told(nonce) {
            Some(AgentControl::Permit { call, .. }) => self.result(call, nonce),
            Some(AgentControl::Settle { .. }) => AgentEvent::Text(self.text("s", 10)),
            Some(AgentControl::Steer(_)) => AgentEvent::Text(self.text("w", 20)),
            None => AgentEvent::Text(self.text("t", 5)),
        }
    }

    /// What came of a call, in words that are its own.
    fn result(&mut self, call: CallNo, nonce: u64) -> AgentEvent {
        self.last_result = Some(call);
        let outcome = if nonce.is_multiple_of(5) { Outcome::Failed } else { Outcome::Done };
        AgentEvent::Result { call, outcome, text: self.text(&mark::of_result(call), (nonce % 300) as u16) }
    }

    fn call(&mut self, tool: usize, wants: Wants, number: Number, nonce: u64) -> Call {
        let no = match number {
            Number::Next => self.last_call + 1,
            Number::Far => self.last_call + 7,
            Number::Same => self.last_call,
            Number::Lower => self.last_call / 2,
        };
        if self.last_call < no {
            self.unanswered.insert(CallNo(no));
        }
        self.last_call = self.last_call.max(no);
        let name = TOOLS[tool];
        let tool = if name.ends_with('-') { name.repeat(LONG) } else { name.to_owned() };
        let input = self.text(&format!("c{no}.{nonce}."), 10);
        // No two sayings have the same bytes, nor the same digest.
        let digest = Digest::numbered(scrambled(nonce << 8 | no & 0xff));
        Call { no: CallNo(no), tool, input, digest, wants }
    }

    fn text(&self, what: &str, bytes: u16) -> String {
        mark::text(self.session, &format!("{what}{}", self.turn), bytes.into())
    }
}
