//! A turn in which tools are offered: the model is asked, what it calls is carried out where it may be, and it is asked again with
//! what came of that, until it calls nothing more.
//!
//! A call is an event first, and runs when it is permitted: for exactly the bytes whose digest it had. Calls that only look run at
//! the same time; one that changes something waits for all before it, and all behind it wait for it.
//!
//! Results take no more of the model's window than is left: each at most an even share of it, so that the model can ask for the
//! rest. Where hardly anything is left the turn ends, and says so.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use futures_util::stream::{BoxStream, FuturesUnordered, StreamExt};
use q_core::conversation::{Message, Part, Role, bytes};
use q_core::fitting::shortened;
use q_core::limits::TOOL_BYTES;
use q_core::seal::TurnSeals;
use q_core::{
    AgentEvent, AgentFailure, Call, CallFacts, CallNo, CallSubject, Digest, EntryNo, FailureKind, Outcome,
    Seal, Usage, Wants, WindowUse,
};
use q_mcp::{CallListener, Questions, ServerQuestion};
use q_tools::{CheckedCall, ToolReply, ToolSettings, digest_of};
use tokio::sync::{mpsc, watch};

use super::asking::{Asked, Asking};
use super::calls::AskedCall;
use super::dialect::Offer;
use super::held_commands::HeldCommands;
use super::server_memory::ServerMemory;
use super::session_tools::{CalledTool, PROCESSES, RUN, SANDBOXED, SessionTools};
use super::unsettled;
use crate::spec::HttpSpec;
use q_seat::{AgentControl, BackgroundLine, Controls, Conversation, Seat, Turn, driven};

/// How often a model is asked in one turn: one that calls for ever is stopped.
const MAX_ROUNDS: usize = 50;
/// The most calls that are open at once; the core takes some more.
const MAX_OPEN: usize = 8;
/// How full a window may get within a turn, in percent: the rest is for the answer.
const FULL: u64 = 90;
/// What a result has room for in any case, in bytes.
const LEAST_RESULT: u64 = 500;
/// What is told of a question whose server has ended, or gave up.
const CALLED_OFF: &str = "the server does not wait for an answer any more";
/// What a model is told of a result that is shortened.
const READ_ON: &str = ": the conversation has no room for more at once. Ask for what is missing in smaller pieces, \
as with \"from\" and \"lines\" of read";

/// A conversation with a model that may use tools. What it remembers is which files the model has read.
pub(super) struct ToolConversation {
    spec: Arc<HttpSpec>,
    memory: Arc<ServerMemory>,
    tools: Arc<SessionTools>,
    /// Whose calls these are: a permission is for this session alone.
    owner: Vec<u8>,
    about: String,
}

impl ToolConversation {
    pub(super) fn new(spec: Arc<HttpSpec>, settings: &ToolSettings, seat: &Seat) -> Self {
        let tools = Arc::new(SessionTools::new(settings, &spec.network, seat));
        let about = format!(
            "Your tools work in the directory {}. Look before you change anything; say what you mean to do before you call a tool that changes something.",
            seat.directory.display()
        );
        Self { spec, memory: Arc::default(), tools, owner: seat.session.0.to_be_bytes().into(), about }
    }
}

impl Conversation for ToolConversation {
    fn turn(&self, mut turn: Turn, controls: Controls) -> BoxStream<'static, AgentEvent> {
        let blank = if turn.system_prompt.trim().is_empty() { "" } else { "\n\n" };
        turn.system_prompt = format!("{}{blank}{}", turn.system_prompt, self.about);
        self.tools.begin_turn(turn.no);
        let (out, hear) = mpsc::channel(1);
        let mut running = RunningTurn {
            spec: Arc::clone(&self.spec),
            memory: Arc::clone(&self.memory),
            tools: Arc::clone(&self.tools),
            owner: self.owner.clone(),
            offer: Offer::default(),
            controls,
            out,
            last_call: 0,
            usage: Usage::default(),
            window: None,
            has_model: false,
            seals: TurnSeals::default(),
            held: HeldCommands::default(),
        };
        let work = async move {
            let ending = running.run(turn).await.map_or_else(AgentEvent::Failed, |()| AgentEvent::Done);
            running.tell(ending).await;
        };
        driven(work, hear)
    }

    fn overhead(&self) -> u64 {
        let offer = Offer { tools: self.tools.offered(), ..Offer::default() };
        (self.about.len() as u64).saturating_add(offer.bytes())
    }

    fn processes(&self) -> Vec<BackgroundLine> {
        self.tools.processes()
    }

    fn running(&self) -> Option<watch::Receiver<usize>> {
        Some(self.tools.running())
    }

    fn stop_process(&self, number: u64) -> Result<bool, String> {
        self.tools.stop(number)
    }

    fn release(&self) -> BoxFuture<'static, ()> {
        let tools = Arc::clone(&self.tools);
        async move { tools.are_over().await }.boxed()
    }
}

struct RunningTurn {
    spec: Arc<HttpSpec>,
    memory: Arc<ServerMemory>,
    tools: Arc<SessionTools>,
    owner: Vec<u8>,
    offer: Offer,
    controls: Controls,
    out: mpsc::Sender<AgentEvent>,
    last_call: u64,
    /// What all answers of this turn have cost.
    usage: Usage,
    /// How full the model's window is with all that was said so far.
    window: Option<WindowUse>,
    has_model: bool,
    /// What is kept of what was sealed in it.
    seals: TurnSeals,
    /// What failed in the sandbox.
    held: HeldCommands,
}

/// An answer that is whole.
struct Answered {
    /// Its texts and what is sealed in front of them, in order.
    said: Vec<Part>,
    calls: Vec<AskedCall>,
    stop_reason: Option<AgentEvent>,
}

/// A call from when it is told until its end.
struct OpenCall {
    no: CallNo,
    asked: AskedCall,
    digest: Digest,
    checked: Result<CheckedCall, String>,
    state: CallState,
    /// What a server asks by it, until that is answered.
    question: Option<ServerQuestion>,
}

enum CallState {
    Waiting,
    /// From here on it has its place in the transcript, and its id by that.
    Permitted(EntryNo),
    Runs(EntryNo),
    Ended(EntryNo, Outcome, String),
    /// A question that nobody waits for any more; it is nothing that a model called.
    CalledOff,
}

impl OpenCall {
    const fn has_ended(&self) -> bool {
        matches!(self.state, CallState::Ended(..) | CallState::CalledOff)
    }

    /// Whether nothing is different after it.
    const fn changes_nothing(&self) -> bool {
        match &self.checked {
            Ok(checked) => checked.reads,
            Err(_) => true,
        }
    }
}

impl RunningTurn {
    async fn run(&mut self, mut turn: Turn) -> Result<(), AgentFailure> {
        let before = turn.messages.len();
        for notice in self.tools.look(&turn.servers).await {
            self.tell(AgentEvent::Thinking(format!("{notice}\n"))).await;
        }
        self.tools.take_skills(std::mem::take(&mut turn.skills));
        self.offer.tools = self.tools.offered();
        if self.tools.have_ended_untold(&turn.messages) {
            self.look_for_processes(&mut turn).await;
        }
        for _ in 0..MAX_ROUNDS {
            let (asked, spent) = (self.bytes(&turn), self.usage);
            let Answered { said, calls, stop_reason } = self.ask(&turn).await?;
            if calls.is_empty() {
                if let Some(reason) = stop_reason {
                    self.tell(reason).await;
                }
                return Ok(());
            }
            let window = self.spec.shape.window.unwrap_or(0);
            let words = said.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 });
            let called = calls.iter().map(|call| call.tool.len() + call.arguments.len());
            let bytes = asked.saturating_add(words.chain(called).sum::<usize>() as u64);
            self.window = WindowUse::after(self.usage.since(spent), bytes, window, self.window);
            let ended = self.carry_out(calls).await;
            add(&mut turn, said, ended);
            if self.seals.is_too_much() {
                // A provider takes all that it sealed of a turn, or none of it.
                turn.messages.iter_mut().skip(before).for_each(leave_seals_out);
            }
            self.tell(AgentEvent::Asked { bytes: self.bytes(&turn), window }).await;
            if self.room() < LEAST_RESULT {
                return Err(AgentFailure::new(FailureKind::WindowFull, ""));
            }
        }
        let why = format!("{MAX_ROUNDS} times in one turn");
        Err(AgentFailure::new(FailureKind::TooManyRounds, why))
    }

    /// Looks for the model at what goes on in the background: a call as any of its own, so that the transcript has it.
    async fn look_for_processes(&mut self, turn: &mut Turn) {
        let looks = AskedCall { tool: PROCESSES.into(), arguments: "{}".into(), seals: Vec::new() };
        let ended = self.carry_out(vec![looks]).await;
        add(turn, Vec::new(), ended);
        let window = self.spec.shape.window.unwrap_or(0);
        self.tell(AgentEvent::Asked { bytes: self.bytes(turn), window }).await;
    }

    /// Bytes of all texts that a request with this has.
    fn bytes(&self, turn: &Turn) -> u64 {
        let beside = (turn.system_prompt.len() as u64).saturating_add(self.offer.bytes());
        bytes(&turn.messages).saturating_add(beside)
    }

    /// Bytes that results may still have.
    fn room(&self) -> u64 {
        self.window.map_or(u64::MAX, |window| window.room(FULL))
    }

    /// Whoever hears no more has given up the turn, and this is dropped.
    async fn tell(&mut self, event: AgentEvent) {
        let _nobody_hears = self.out.send(event).await;
    }

    /// Tells what is sealed, and gives it back where it is kept: what is not is not sent back either.
    async fn tell_sealed(&mut self, seal: Seal) -> Option<Seal> {
        self.tell(AgentEvent::Sealed(seal.clone())).await;
        self.seals.takes(&seal).then_some(seal)
    }

    /// Asks once, and tells all that is said but the end.
    async fn ask(&mut self, turn: &Turn) -> Result<Answered, AgentFailure> {
        let mut asking = Asking::begin(&self.spec, &self.memory, turn, &self.offer).await?;
        let mut answering = loop {
            match asking.ask().await {
                Asked::Answers(answering) => break answering,
                Asked::Again(wait, event) => {
                    self.tell(event).await;
                    tokio::time::sleep(wait).await;
                }
                Asked::InVain(failure) => return Err(without_tools(failure)),
            }
        };
        let (mut said, mut stop_reason, mut is_cut) = (Vec::new(), None, false);
        let mut usage = self.usage;
        loop {
            let event = answering.next_event().await;
            match event {
                AgentEvent::Done => break,
                AgentEvent::Failed(failure) => {
                    if let Some(reason) = stop_reason {
                        self.tell(reason).await;
                    }
                    return Err(failure);
                }
                AgentEvent::StopReason(_) => stop_reason = Some(event),
                AgentEvent::Usage(counted) => {
                    usage = self.usage.plus(counted);
                    self.tell(AgentEvent::Usage(usage)).await;
                }
                AgentEvent::Model(_) if std::mem::replace(&mut self.has_model, true) => {}
                AgentEvent::Text(ref piece) => {
                    match said.last_mut().filter(|_| !is_cut) {
                        Some(Part::Text(text)) => text.push_str(piece),
                        _other => said.push(Part::Text(piece.clone())),
                    }
                    is_cut = false;
                    self.tell(event).await;
                }
                AgentEvent::Thinking(_) => {
                    is_cut = true; // words before and behind a thought are two entries of the transcript
                    self.tell(event).await;
                }
                AgentEvent::Sealed(seal) => said.extend(self.tell_sealed(seal).await.map(Part::Sealed)),
                AgentEvent::Sent(_)
                | AgentEvent::Asked { .. }
                | AgentEvent::Retrying { .. }
                | AgentEvent::Plan(_)
                | AgentEvent::Sources(_)
                | AgentEvent::ProjectFiles(_)
                | AgentEvent::Torn(_)
                | AgentEvent::Model(_)
                | AgentEvent::Title(_)
                | AgentEvent::Steerable
                | AgentEvent::Call(..)
                | AgentEvent::Progress { .. }
                | AgentEvent::Result { .. }
                | AgentEvent::Resume(_) => self.tell(event).await,
            }
        }
        self.usage = usage;
        Ok(Answered { said, calls: answering.calls(), stop_reason })
    }

    /// Tells calls, waits for what becomes of each, and carries out what may be. All have ended then, in their order.
    async fn carry_out(&mut self, calls: Vec<AskedCall>) -> Vec<OpenCall> {
        let mut due = VecDeque::from(calls);
        let mut all: Vec<OpenCall> = Vec::new();
        let mut running: FuturesUnordered<BoxFuture<'static, (usize, CalledTool)>> = FuturesUnordered::new();
        let (ask, mut questions) = mpsc::channel(1);
        loop {
            while all.iter().filter(|call| !call.has_ended()).count() < MAX_OPEN
                && let Some(asked) = due.pop_front()
            {
                let call = self.open(asked, &all).await;
                all.push(call);
            }
            for place in 0..all.len() {
                if may_start(&all, place)
                    && let Some(call) = all.get_mut(place)
                    && let CallState::Permitted(entry) = call.state
                {
                    call.state = CallState::Runs(entry);
                    running.push(self.start(place, call, &ask));
                }
            }
            if due.is_empty() && all.iter().all(OpenCall::has_ended) {
                return all;
            }
            tokio::select! {
                Some((place, reply)) = running.next(), if !running.is_empty() => {
                    let open = all.iter().filter(|call| !call.has_ended()).count() + due.len();
                    let share = (self.room() / (open as u64 + 1)).max(LEAST_RESULT);
                    let share = usize::try_from(share).unwrap_or(usize::MAX);
                    if let Some(call) = all.get_mut(place)
                        && let CallState::Runs(entry) = call.state
                    {
                        let text = shortened(&reply.text, share, READ_ON);
                        let plan = self.tools.plan(&call.asked.tool, &call.asked.arguments);
                        if let Some(steps) = plan.filter(|_| reply.outcome == Outcome::Done) {
                            self.tell(AgentEvent::Plan(steps)).await;
                        }
                        self.end(call, entry, reply.outcome, text).await;
                        let again = self.without_sandbox(&call.asked, &reply);
                        if let Some(again) = again {
                            let call = self.open(again, &all).await;
                            all.push(call);
                        }
                    }
                }
                place = called_off(&mut all) => if let Some(call) = all.get_mut(place) {
                    (call.question, call.state) = (None, CallState::CalledOff);
                    let (call, outcome, text) = (call.no, Outcome::NeverRan, CALLED_OFF.to_owned());
                    self.tell(AgentEvent::Result { call, outcome, text }).await;
                },
                Some(question) = questions.recv() => all.push(self.put(question, None).await),
                control = self.controls.next() => match control {
                    Some(control) => {
                        if let Some((again, why)) = self.heed(control, &mut all).await {
                            all.push(self.put(again, Some(&why)).await);
                        }
                    }
                    // Nobody can permit anything any more: the host ends, and this with it.
                    None => future::pending().await,
                },
            }
        }
    }

    /// Tells one call. What would fail anyway wants nobody's consent: it is told to the model.
    async fn open(&mut self, mut asked: AskedCall, before: &[OpenCall]) -> OpenCall {
        self.last_call += 1;
        let no = CallNo(self.last_call);
        let length = asked.tool.len();
        asked.tool.truncate(asked.tool.floor_char_boundary(TOOL_BYTES));
        let subject = self.tools.subject(&asked.tool, &asked.arguments);
        let open = before.iter().filter(|call| !call.has_ended() && !call.changes_nothing());
        let subject_of = |call: &OpenCall| self.tools.subject(&call.asked.tool, &call.asked.arguments);
        let open: Vec<CallSubject> = open.map(subject_of).collect();
        let checked = match self.tools.check(&asked.tool, &asked.arguments).await {
            _ if length > TOOL_BYTES => {
                Err(format!("the tool's name has {length} bytes, and may have {TOOL_BYTES}; it did not run"))
            }
            // What stands before it may yet make it right, unless nobody can tell what it would be.
            Err(_) if !open.is_empty() && subject != CallSubject::Other => {
                Ok(CheckedCall::plain(false, true))
            }
            checked => checked,
        };
        let digest = Digest(self.tools.digest(&self.owner, &asked.tool, &asked.arguments));
        let asks = checked.as_ref().is_ok_and(|checked| checked.wants_consent);
        let wants = if asks { Wants::Consent } else { Wants::Nothing };
        let (tool, input) = (asked.tool.clone(), asked.arguments.clone());
        let mut seals = Vec::new();
        for seal in std::mem::take(&mut asked.seals) {
            seals.extend(self.tell_sealed(seal).await);
        }
        asked.seals = seals;
        let around = if tool == RUN { self.held.around(&subject) } else { None };
        let known = checked.as_ref().map(|checked| checked.circumstance.clone()).unwrap_or_default();
        let circumstance = around.unwrap_or_else(|| unsettled::around(known, &subject, &open));
        let facts = CallFacts { circumstance, subject, ..CallFacts::default() };
        self.tell(AgentEvent::Call(Call { no, tool, input, digest, wants }, facts)).await;
        OpenCall { no, asked, digest, checked, state: CallState::Waiting, question: None }
    }

    /// A command that failed in the sandbox, as a call of its own without it: the person has the choice, whatever the model does. It is
    /// bound, shown and answered like any call.
    fn without_sandbox(&mut self, asked: &AskedCall, reply: &CalledTool) -> Option<AskedCall> {
        if asked.tool != SANDBOXED || reply.outcome != Outcome::Failed {
            return None;
        }
        let subject = self.tools.subject(&asked.tool, &asked.arguments);
        let is_asked = self.held.fails(subject, &reply.text);
        let again = || AskedCall { tool: RUN.into(), arguments: asked.arguments.clone(), seals: Vec::new() };
        is_asked.then(again)
    }

    /// Puts a question of a server to the person: a call that waits for their words, and runs nothing. `complaint` is what was wrong
    /// with the last ones.
    async fn put(&mut self, question: ServerQuestion, complaint: Option<&str>) -> OpenCall {
        self.last_call += 1;
        let (no, tool, input) = (CallNo(self.last_call), question.tool(), question.input(complaint));
        let digest = Digest(digest_of([self.owner.as_slice(), tool.as_bytes(), input.as_bytes()]));
        let asked = AskedCall { tool: tool.clone(), arguments: input.clone(), seals: Vec::new() };
        let call = Call { no, tool, input, digest, wants: Wants::Words };
        self.tell(AgentEvent::Call(call, CallFacts::default())).await;
        let checked = Ok(CheckedCall::plain(true, false));
        OpenCall { no, asked, digest, checked, state: CallState::Waiting, question: Some(question) }
    }

    /// Takes in what became of a call. One that is not waiting any more is not heard again. Gives back a question that was answered with
    /// what it does not ask for, and why.
    async fn heed(
        &mut self,
        control: AgentControl,
        all: &mut [OpenCall],
    ) -> Option<(ServerQuestion, String)> {
        let mut waiting = all.iter_mut().filter(|call| matches!(call.state, CallState::Waiting));
        match control {
            AgentControl::Permit { call, entry, digest, by_rule: _ } => {
                let call = waiting.find(|open| open.no == call)?;
                if call.digest == digest {
                    call.state = CallState::Permitted(entry);
                } else {
                    let why = "what was permitted is not what was asked for; it did not run";
                    self.end(call, entry, Outcome::NeverRan, why.into()).await;
                }
            }
            AgentControl::Settle { call, entry, outcome, text } => {
                if let Some(call) = waiting.find(|open| open.no == call) {
                    self.window = self.window.map(|window| window.with(text.len() as u64));
                    let question = call.question.take();
                    call.state = CallState::Ended(entry, outcome, text.clone());
                    match (question, outcome) {
                        (Some(question), Outcome::Done) => return question.answer(&text).err(),
                        (Some(question), Outcome::Denied) => question.decline(),
                        // Dropped, it is called off.
                        (Some(_) | None, _) => {}
                    }
                }
            }
            AgentControl::Steer(_) => {}
        }
        None
    }

    /// Carries a call out, from the bytes that were permitted. Dropped, whatever it started ends.
    fn start(
        &self,
        place: usize,
        call: &OpenCall,
        questions: &Questions,
    ) -> BoxFuture<'static, (usize, CalledTool)> {
        if let Err(why) = &call.checked {
            return future::ready((place, ToolReply::failed(why.clone()).into())).boxed();
        }
        let (tools, owner, out) = (Arc::clone(&self.tools), self.owner.clone(), self.out.clone());
        let (asked, digest, no, questions) = (call.asked.clone(), call.digest, call.no, questions.clone());
        async move {
            let (progress, mut hear) = mpsc::channel::<String>(1);
            let listener = CallListener { progress, questions };
            let carrying_out = async move { tools.carry_out(&owner, &asked, digest, &listener).await };
            let watching = async move {
                while let Some(text) = hear.recv().await {
                    let _nobody_hears = out.send(AgentEvent::Progress { call: no, text }).await;
                }
            };
            let (reply, ()) = tokio::join!(carrying_out, watching);
            (place, reply)
        }
        .boxed()
    }

    async fn end(&mut self, call: &mut OpenCall, entry: EntryNo, outcome: Outcome, text: String) {
        self.window = self.window.map(|window| window.with(text.len() as u64));
        call.state = CallState::Ended(entry, outcome, text.clone());
        self.tell(AgentEvent::Result { call: call.no, outcome, text }).await;
    }
}

/// The place of a question that nobody waits for any more.
async fn called_off(all: &mut [OpenCall]) -> usize {
    let questions = all.iter_mut().enumerate();
    let questions = questions.filter_map(|(place, call)| Some((place, call.question.as_mut()?)));
    let over = questions.map(|(place, question)| question.is_over().map(move |()| place));
    match over.collect::<FuturesUnordered<_>>().next().await {
        Some(place) => place,
        None => future::pending().await,
    }
}

/// Adds an answer and what came of its calls to what is asked next. All of them have ended.
fn add(turn: &mut Turn, mut said: Vec<Part>, ended: Vec<OpenCall>) {
    said.retain(|part| !matches!(part, Part::Text(text) if text.trim().is_empty()));
    let mut came = Vec::new();
    for OpenCall { asked: AskedCall { tool, arguments: input, seals }, state, .. } in ended {
        let CallState::Ended(entry, outcome, text) = state else { continue };
        said.extend(seals.into_iter().map(Part::Sealed));
        said.push(Part::Call { entry, tool, input });
        came.push(Part::Result { of: entry, outcome, text });
    }
    turn.messages.push(Message { role: Role::Assistant, parts: said });
    turn.messages.push(Message { role: Role::User, parts: came });
}

/// Takes what is sealed out of a message; something stands behind each.
pub(super) fn leave_seals_out(message: &mut Message) {
    message.parts.retain(|part| !matches!(part, Part::Sealed(_)));
}

/// Whether a call may begin: it is permitted, and nothing before it is still to change something, nor it something before them.
fn may_start(all: &[OpenCall], place: usize) -> bool {
    let (before, rest) = all.split_at(place.min(all.len()));
    let Some(call) = rest.first().filter(|call| matches!(call.state, CallState::Permitted(_))) else {
        return false;
    };
    let is_alone = !call.changes_nothing();
    before.iter().all(|earlier| earlier.has_ended() || (!is_alone && earlier.changes_nothing()))
}

/// What a server says that takes no tools, with the way out.
fn without_tools(failure: AgentFailure) -> AgentFailure {
    let says_so = failure.detail.to_ascii_lowercase().contains("tool");
    if failure.kind != FailureKind::Rejected || !says_so {
        return failure;
    }
    let why =
        format!("this model takes no tools: set tools = false for its agent. It said: {}", failure.detail);
    AgentFailure::new(FailureKind::Rejected, why)
}
