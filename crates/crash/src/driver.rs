//! Drives a real multiplexer with random inputs and keeps what it writes in a store.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use q_core::{
    AgentEvent, AgentFailure, Batch, Call, CallNo, ClientId, Command, Digest, Effect, EntryNo, FailureKind,
    Input, Instant, Kind, Limits, Multiplexer, Now, Outcome, PromptNo, ReplyTo, RequestId, SessionId, Setup,
    Token, TurnNo, Usage, WallTime, Wants,
};
use q_store::Store;

/// Small, so that a few steps reach them.
pub fn limits() -> Limits {
    Limits {
        live_sessions: 3,
        queued_prompts: 3,
        answer_bytes: 400,
        result_bytes: 20,
        result_kept_bytes: 200_000,
        tail_bytes: 500,
        stream_bytes: 40,
        ..Limits::default()
    }
}

const CLIENT: ClientId = ClientId(1);

/// One thing to do, with some session of those created.
#[derive(Clone, Debug)]
pub enum DriverStep {
    Create,
    Submit(usize, String),
    Text(usize, String),
    Usage(usize, u64),
    Done(usize),
    Fail(usize),
    Interrupt(usize),
    Retry(usize),
    Draft(usize, String),
    Unqueue(usize, u64),
    Rename(usize, String),
    Close(usize),
    Reopen(usize),
    Fork(usize, Option<u64>),
    Erase(usize),
    Edit(usize, u64, String),
    Think(usize, String),
    Call(usize, bool),
    Result(usize, String),
    Show(usize, bool),
    Wait(u64),
    /// The store gives back what erased sessions took.
    Compact,
    Restart,
}

/// Any steps, fewer than `most`.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<DriverStep>> {
    let one = 0..4usize;
    let text = || "[ -~äж日\n]{0,60}";
    let step = prop_oneof![
        2 => Just(DriverStep::Create),
        6 => (one.clone(), text()).prop_map(|(s, t)| DriverStep::Submit(s, t)),
        10 => (one.clone(), text()).prop_map(|(s, t)| DriverStep::Text(s, t)),
        1 => (one.clone(), 0..9u64).prop_map(|(s, n)| DriverStep::Usage(s, n)),
        4 => one.clone().prop_map(DriverStep::Done),
        2 => one.clone().prop_map(DriverStep::Fail),
        1 => one.clone().prop_map(DriverStep::Interrupt),
        2 => one.clone().prop_map(DriverStep::Retry),
        2 => (one.clone(), text()).prop_map(|(s, t)| DriverStep::Draft(s, t)),
        1 => (one.clone(), 0..9u64).prop_map(|(s, n)| DriverStep::Unqueue(s, n)),
        1 => (one.clone(), "[a-z]{1,6}").prop_map(|(s, n)| DriverStep::Rename(s, n)),
        1 => one.clone().prop_map(DriverStep::Close),
        1 => one.clone().prop_map(DriverStep::Reopen),
        2 => (one.clone(), prop::option::of(0..40u64)).prop_map(|(s, at)| DriverStep::Fork(s, at)),
        1 => one.clone().prop_map(DriverStep::Erase),
        1 => (one.clone(), 0..9u64, text()).prop_map(|(s, n, t)| DriverStep::Edit(s, n, t)),
        2 => (one.clone(), text()).prop_map(|(s, t)| DriverStep::Think(s, t)),
        3 => (one.clone(), any::<bool>()).prop_map(|(s, waits)| DriverStep::Call(s, waits)),
        3 => (one.clone(), text()).prop_map(|(s, t)| DriverStep::Result(s, t)),
        2 => (one, any::<bool>()).prop_map(|(s, end)| DriverStep::Show(s, end)),
        3 => (0..300u64).prop_map(DriverStep::Wait),
        1 => Just(DriverStep::Restart),
    ];
    vec(step, 1..most)
}

/// So many steps, the same ones for the same seed.
pub fn steps_of(seed: u64, count: usize) -> Vec<DriverStep> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(steps(60).new_tree(&mut runner).unwrap().current());
    }
    taken.truncate(count);
    taken
}

/// A multiplexer whose commits go into a store.
pub struct Driver<'a> {
    store: &'a dyn Store,
    pub multiplexer: Multiplexer,
    /// Distinguishes this run's sessions in a store that others use too.
    run: u64,
    sessions: Vec<SessionId>,
    made: u64,
    clock: u64,
    tokens: u128,
    calls: u64,
    /// Batches not yet handed over: several go into one append, as in a group commit.
    waiting: Vec<Batch>,
    group: usize,
}

impl<'a> Driver<'a> {
    /// Begins a run with one session. `group` batches share a commit.
    pub fn new(store: &'a dyn Store, run: u64, group: usize) -> Self {
        let mut driver = Self::with_nothing(store, run, group);
        driver.handle(Input::Attached(CLIENT));
        driver.take(DriverStep::Create);
        driver
    }

    /// Goes on with a run after the process that began it ended; this is its `life`th one.
    pub fn resumed(store: &'a dyn Store, run: u64, group: usize, life: u64) -> Self {
        let mut driver = Self::with_nothing(store, run, group);
        driver.multiplexer = driver.recovered();
        driver.sessions = driver.multiplexer.view().sessions().map(|summary| summary.id).collect();
        // Far from the numbers of earlier lives, and later than they ended: no id, token or call comes twice, and no clock goes back.
        driver.made = 1000 * life;
        driver.clock += life * Duration::from_hours(1).as_micros() as u64;
        driver.tokens = u128::from(1_000_000 * life);
        driver.calls = 1000 * life;
        driver.handle(Input::Started);
        driver.handle(Input::Attached(CLIENT));
        if driver.sessions.is_empty() {
            driver.take(DriverStep::Create);
        }
        driver
    }

    fn with_nothing(store: &'a dyn Store, run: u64, group: usize) -> Self {
        Self {
            store,
            multiplexer: Multiplexer::new(limits()),
            run,
            sessions: Vec::new(),
            made: 0,
            clock: 1_000_000,
            tokens: 0,
            calls: 0,
            waiting: Vec::new(),
            group,
        }
    }

    /// Whether a session is of this run.
    pub fn is_own(&self, session: SessionId) -> bool {
        session.0 >> 64 == u128::from(self.run)
    }

    pub fn take(&mut self, step: DriverStep) {
        match step {
            DriverStep::Create => {
                let id = self.fresh();
                let setup = Setup { kind: Kind::Debug, agent: "guide".into(), ..Setup::default() };
                self.command(Command::Create { id, name: None, setup, tags: vec!["t".into()] });
            }
            DriverStep::Fork(at, entry) => {
                let session = self.session(at);
                let id = self.fresh();
                self.command(Command::Fork { session, id, at: entry.map(EntryNo), name: None });
            }
            DriverStep::Reopen(at) => self.command(Command::Reopen { session: self.session(at) }),
            DriverStep::Erase(at) => {
                self.command(Command::Erase { session: self.session(at), even_if_working: true });
            }
            DriverStep::Edit(at, prompt, text) => {
                self.command(Command::Edit { session: self.session(at), prompt: PromptNo(prompt), text });
            }
            DriverStep::Think(at, text) => self.agent_event(at, AgentEvent::Thinking(text)),
            DriverStep::Call(at, asks) => {
                self.calls += 1;
                let wants = if asks { Wants::Consent } else { Wants::Nothing };
                let (no, digest) = (CallNo(self.calls), Digest::numbered(self.calls));
                let call = Call { no, tool: "sh".into(), input: "ls".into(), digest, wants };
                self.agent_event(at, AgentEvent::Call(call, q_core::CallFacts::default()));
            }
            DriverStep::Result(at, text) => {
                let call = CallNo(self.calls);
                self.agent_event(at, AgentEvent::Result { call, outcome: Outcome::Done, text });
            }
            DriverStep::Submit(at, text) => {
                let token = self.token();
                self.command(Command::Submit { session: self.session(at), token, text, images: Vec::new() });
            }
            DriverStep::Text(at, text) => self.agent_event(at, AgentEvent::Text(text)),
            DriverStep::Usage(at, output) => {
                let usage = Usage { input: 5, output, cached: 3, ..Usage::default() };
                self.agent_event(at, AgentEvent::Usage(usage));
            }
            DriverStep::Done(at) => self.agent_event(at, AgentEvent::Done),
            DriverStep::Fail(at) => {
                let failure = AgentFailure { kind: FailureKind::Cut, detail: "reset".into() };
                self.agent_event(at, AgentEvent::Failed(failure));
            }
            DriverStep::Interrupt(at) => self.command(Command::Interrupt { session: self.session(at) }),
            DriverStep::Retry(at) => {
                let token = self.token();
                self.command(Command::Retry { session: self.session(at), token });
            }
            DriverStep::Draft(at, text) => {
                self.command(Command::SaveDraft { session: self.session(at), text });
            }
            DriverStep::Unqueue(at, prompt) => {
                self.command(Command::Unqueue { session: self.session(at), prompt: PromptNo(prompt) });
            }
            DriverStep::Rename(at, name) => self.command(Command::Rename { session: self.session(at), name }),
            DriverStep::Close(at) => {
                self.command(Command::Close { session: self.session(at), even_if_working: true });
            }
            DriverStep::Show(at, at_end) => {
                self.show(at, at_end);
            }
            DriverStep::Wait(millis) => self.wait(millis),
            DriverStep::Compact => {
                self.flush();
                self.store.compact().unwrap();
            }
            DriverStep::Restart => {
                self.settle();
                self.multiplexer = self.recovered();
                self.handle(Input::Started);
                self.handle(Input::Attached(CLIENT));
            }
        }
    }

    /// Hands everything over that could still be lost, and lets nobody watch.
    pub fn settle(&mut self) {
        self.handle(Input::Detached(CLIENT));
        self.wait(limits().stream_delay.as_millis() as u64);
        self.flush();
    }

    /// The multiplexer that a restart would begin with.
    pub fn recovered(&self) -> Multiplexer {
        let own = self.store.heads().unwrap().into_iter().filter(|head| self.is_own(head.id));
        let stored = own.map(|head| self.store.stored(head, limits().tail_bytes).unwrap());
        Multiplexer::recover(limits(), stored).unwrap()
    }

    fn wait(&mut self, millis: u64) {
        self.clock += millis * 1000;
        self.handle(Input::Tick);
    }

    fn session(&self, at: usize) -> SessionId {
        self.sessions[at % self.sessions.len()]
    }

    fn fresh(&mut self) -> SessionId {
        let id = SessionId(u128::from(self.run) << 64 | u128::from(self.made));
        self.made += 1;
        self.sessions.push(id);
        id
    }

    fn token(&mut self) -> Token {
        self.tokens += 1;
        Token(self.tokens)
    }

    fn command(&mut self, command: Command) {
        self.handle(Input::Wish { to: ReplyTo { client: CLIENT, request: RequestId(0) }, command });
    }

    fn agent_event(&mut self, at: usize, event: AgentEvent) {
        let session = self.session(at);
        let Some(summary) = self.multiplexer.view().summary(session) else { return };
        self.handle(Input::Agent { session, turn: TurnNo(summary.turns), event });
    }

    fn show(&mut self, at: usize, at_end: bool) {
        let session = Some(self.session(at));
        self.handle(Input::Showing { client: CLIENT, session, at_end, beside: Vec::new() });
    }

    fn handle(&mut self, input: Input) {
        self.clock += Duration::from_millis(1).as_micros() as u64;
        let now = Now { mono: Instant(self.clock), wall: WallTime(self.clock / 1000) };
        let effects = self.multiplexer.handle(now, input);
        self.waiting.extend(effects.batch);
        if self.waiting.len() >= self.group {
            self.flush();
        }
        for effect in effects.after {
            if let Effect::Load { session } = effect {
                self.load(session);
            }
        }
    }

    /// Reads a sleeping session back, as the host does.
    fn load(&mut self, session: SessionId) {
        self.flush();
        let head = self.store.heads().unwrap().into_iter().find(|head| head.id == session).unwrap();
        let stored = self.store.stored(head, limits().tail_bytes).unwrap();
        self.handle(Input::Loaded { session, stored: Ok(Box::new(stored)) });
    }

    fn flush(&mut self) {
        self.store.append(&self.waiting).unwrap();
        self.waiting.clear();
    }
}
