//! One turn, from its prompt to its stop: what the agent says is told as it comes, what it asks waits for its answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use q_core::{
    AgentEvent, AgentFailure, Call, CallFacts, CallNo, CallSubject, Digest, FailureKind, NamedFile,
    ResumeHandle, Wants,
};
use q_json::{members, text};
use q_seat::{AgentControl, Controls, Turn};
use q_tools::{Toolbox, digest_of};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::cancelling::cancel;
use crate::choices::{Choices, MODES};
use crate::connection::ConnectionFault;
use crate::failure::{lost, refused};
use crate::frame::{Frame, RequestId};
use crate::kept_agent::KeptAgent;
use crate::opening::OpenSession;
use crate::permission::WaitingPermission;
use crate::prompt;
use crate::served_terminals::OpenTerminal;
use crate::serving::{ServedNews, ServedRequest};
use crate::told_calls::{ToldCall, ToldCalls};
use crate::update::{CallNews, SessionUpdate, number};
use q_core::Usage;

/// How long an agent may say nothing while something runs by its word.
const LONG_SILENCE: Duration = Duration::from_hours(1);

/// What stands for all that a call says beside the files that it names: no path that a rule may have.
const MORE: &str = "/ and more";

/// A turn that runs. Dropped before its end, the agent is told that it is cancelled.
pub(crate) struct RunningTurn {
    pub(crate) kept: Arc<KeptAgent>,
    pub(crate) way: UnderWay,
    controls: Controls,
    out: mpsc::Sender<AgentEvent>,
    pub(crate) calls: ToldCalls,
    pub(crate) running: FuturesUnordered<BoxFuture<'static, ServedNews>>,
    /// What may be written, or run, as it was shown.
    pub(crate) granted: BTreeSet<[u8; 32]>,
    /// Commands of this turn whose calls have no result yet.
    pub(crate) terminals: Vec<OpenTerminal>,
    /// Requests by which something was said into the turn, and that are not answered.
    pub(crate) steered: Vec<u64>,
    pub(crate) last_call: u64,
    pub(crate) last_wait: u64,
    /// How many refusals left a call behind.
    pub(crate) refused: usize,
    has_said: bool,
    /// Whether something came of its prompt.
    has_taken: bool,
}

/// A prompt that was sent and not answered yet, with all that the agent waits for.
pub(crate) struct UnderWay {
    place: Option<OwnedMutexGuard<Option<OpenSession>>>,
    prompt: Option<u64>,
    pub(crate) permissions: Vec<WaitingPermission>,
    pub(crate) served: Vec<ServedRequest>,
    /// Requests that wait for the end of a command, each by a number.
    pub(crate) waits: Vec<(u64, RequestId)>,
    toolbox: Arc<Toolbox>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let (Some(place), Some(prompt)) = (self.place.take(), self.prompt.take()) else { return };
        self.toolbox.end_processes();
        let permissions = self.permissions.drain(..).map(|waiting| waiting.id).collect();
        let served = self.served.drain(..).map(|served| served.id);
        cancel(place, prompt, permissions, served.chain(self.waits.drain(..).map(|(_, id)| id)).collect());
    }
}

impl UnderWay {
    pub(crate) fn open(&mut self) -> Result<&mut OpenSession, AgentFailure> {
        let open = self.place.as_mut().and_then(|place| place.as_mut());
        open.ok_or_else(|| AgentFailure::new(FailureKind::Internal, "the agent's session is gone"))
    }
}

/// What happens next in a turn, whoever it comes from.
enum Happened {
    Said(Result<Frame, ConnectionFault>),
    Told(Option<AgentControl>),
    Served(ServedNews),
    CallsAreDue,
    TooQuiet(Duration),
}

impl RunningTurn {
    pub(crate) fn new(
        kept: Arc<KeptAgent>,
        place: OwnedMutexGuard<Option<OpenSession>>,
        controls: Controls,
        out: mpsc::Sender<AgentEvent>,
    ) -> Self {
        let way = UnderWay {
            place: Some(place),
            prompt: None,
            permissions: Vec::new(),
            served: Vec::new(),
            waits: Vec::new(),
            toolbox: Arc::clone(&kept.toolbox),
        };
        Self {
            kept,
            way,
            controls,
            out,
            calls: ToldCalls::default(),
            running: FuturesUnordered::new(),
            granted: BTreeSet::new(),
            terminals: Vec::new(),
            steered: Vec::new(),
            last_call: 0,
            last_wait: 0,
            refused: 0,
            has_said: false,
            has_taken: false,
        }
    }

    /// Sends the prompt, and tells all that comes of it but the end.
    pub(crate) async fn run(mut self, turn: Turn) -> Result<(), AgentFailure> {
        let model = if turn.model.is_empty() { self.kept.spec.model.clone() } else { turn.model.clone() };
        let open = self.way.open()?;
        open.set_model(&model).await?;
        open.set_mode(turn.settings.mode.as_deref()).await?;
        let model = open.model().to_owned();
        let blocks = prompt::blocks(&turn, open.is_new(), open.can);
        let sent =
            open.connection.request("session/prompt", &json!({ "sessionId": open.id, "prompt": blocks }));
        let steers = open.can.steers;
        self.way.prompt = Some(sent);
        if steers {
            self.tell(AgentEvent::Steerable).await;
        }
        if !model.is_empty() {
            self.tell(AgentEvent::Model(model)).await;
        }
        self.note_offers();
        let answer = self.converse(sent).await?;
        self.note_offers();
        self.is_taken().await?;
        self.way.prompt = None;
        self.tell_due_calls().await;
        for words in self.calls.changed() {
            let told = format!("A call of the agent that has not ended was {words}.\n");
            self.tell(AgentEvent::Thinking(told)).await;
        }
        self.leave_terminals().await;
        self.stop(&answer).await
    }

    /// Goes on until the prompt is answered.
    async fn converse(&mut self, sent: u64) -> Result<Box<RawValue>, AgentFailure> {
        let mut heard_at = Instant::now();
        let mut is_told = true;
        loop {
            let silence = self.silence();
            let calls_due = self.calls.deadline();
            let Self { way, controls, running, .. } = self;
            let connection = &mut way.open()?.connection;
            let happened = tokio::select! {
                said = connection.next() => Happened::Said(said),
                told = controls.next(), if is_told => Happened::Told(told),
                Some(served) = running.next(), if !running.is_empty() => Happened::Served(served),
                () = until(calls_due) => Happened::CallsAreDue,
                () = until(silence.map(|silence| heard_at + silence)) => {
                    Happened::TooQuiet(silence.unwrap_or_default())
                }
            };
            match happened {
                Happened::Said(Ok(frame)) => {
                    heard_at = Instant::now();
                    if let Some(answer) = self.hear(frame, sent).await? {
                        return Ok(answer);
                    }
                }
                Happened::Said(Err(fault)) => return Err(self.lose(fault).await),
                Happened::Told(Some(control)) => {
                    heard_at = Instant::now();
                    self.heed(control).await?;
                }
                Happened::Told(None) => is_told = false,
                Happened::Served(served) => self.on_served(served).await?,
                Happened::CallsAreDue => self.tell_due_calls().await,
                Happened::TooQuiet(silence) => {
                    let why = format!("the agent said nothing for {} seconds", silence.as_secs());
                    return Err(AgentFailure::new(FailureKind::Silent, why));
                }
            }
        }
    }

    /// How long nothing may be said; for ever while the person is asked.
    fn silence(&self) -> Option<Duration> {
        let waits = !self.way.permissions.is_empty() || !self.way.served.is_empty();
        let usual = self.kept.spec.silence;
        let is_at_work = self.calls.is_any_open() || !self.way.waits.is_empty();
        (!waits).then(|| if is_at_work { usual.max(LONG_SILENCE) } else { usual })
    }

    /// The agent is gone, or has to go.
    async fn lose(&mut self, fault: ConnectionFault) -> AgentFailure {
        self.way.prompt = None;
        self.kept.toolbox.end_processes();
        self.tell_due_calls().await;
        let open = self.way.place.as_mut().and_then(|place| place.take());
        match open {
            Some(open) => lost(fault, open.connection).await,
            None => AgentFailure::new(FailureKind::Internal, "the agent's session is gone"),
        }
    }

    /// Takes in a line; the answer to the prompt, if it is that.
    async fn hear(&mut self, frame: Frame, sent: u64) -> Result<Option<Box<RawValue>>, AgentFailure> {
        match frame {
            Frame::Answer { to, answer } if to == sent => {
                self.way.prompt = None;
                let login = self.way.open()?.login.clone();
                return answer.map(Some).map_err(|error| refused(&error, &login));
            }
            Frame::Notice { method, params } if method == "session/update" => {
                let update = SessionUpdate::of(&params, &self.way.open()?.id);
                if update.is_work() {
                    self.is_taken().await?;
                }
                self.take(update).await;
            }
            Frame::Answer { to, answer } if self.steered.contains(&to) => {
                self.steered.retain(|steered| *steered != to);
                let outcome = answer.ok().and_then(|answer| members(&answer, ["outcome"])[0].and_then(text));
                if outcome.is_none_or(|outcome| outcome == "promptRequired") {
                    let told = "The agent did not take the words that were said into its turn. Say them in the next prompt.\n";
                    self.tell(AgentEvent::Thinking(told.into())).await;
                }
            }
            // An answer to nothing that was asked among them.
            Frame::Answer { .. } | Frame::Notice { .. } | Frame::Noise => {}
            Frame::Request { id, method, params } => self.serve(id, &method, &params).await?,
        }
        Ok(None)
    }

    /// It works on the prompt, so it has that and all that was told with it. Only now its session is worth finding again: one that
    /// died before would be found, and never be told what came before it.
    pub(crate) async fn is_taken(&mut self) -> Result<(), AgentFailure> {
        let open = self.way.open()?;
        if std::mem::replace(&mut self.has_taken, true) {
            return Ok(());
        }
        open.tell_all();
        let resume = ResumeHandle(open.id.clone());
        let is_said = self.kept.handle().replace(resume.clone()).is_some_and(|said| said == resume);
        if !is_said {
            self.tell(AgentEvent::Resume(resume)).await;
        }
        Ok(())
    }

    async fn take(&mut self, update: SessionUpdate) {
        match update {
            SessionUpdate::Text(said) => self.say(AgentEvent::Text(said)).await,
            SessionUpdate::Thought(said) => self.say(AgentEvent::Thinking(said)).await,
            SessionUpdate::Plan(steps) => self.say(AgentEvent::Plan(steps)).await,
            SessionUpdate::Title(title) => self.tell(AgentEvent::Title(title)).await,
            SessionUpdate::Usage(usage) => self.tell(AgentEvent::Usage(usage)).await,
            SessionUpdate::Call(news) => {
                self.end_before(&news).await;
                if let Some(id) = self.calls.take(*news) {
                    let is_told = self.calls.get(&id).is_some_and(|call| call.no.is_some());
                    if is_told && let Some(event) = self.calls.progress(&id) {
                        self.tell(event).await;
                    }
                }
            }
            SessionUpdate::Mode(mode) => self.on_mode(mode).await,
            SessionUpdate::Options(said) => {
                if let Some(other) = self.way.open().ok().and_then(|open| open.take_models(&said)) {
                    self.tell(AgentEvent::Model(other)).await;
                }
                let mut modes = Choices::of(&said, &MODES);
                if !modes.known.is_empty()
                    && let Ok(open) = self.way.open()
                {
                    let current = std::mem::replace(&mut modes.current, open.modes.current.clone());
                    open.modes = modes;
                    self.on_mode(current).await;
                }
            }
            SessionUpdate::Nothing => {}
        }
    }

    /// Tells what is left of a call that is over, before another of its id takes its place.
    pub(crate) async fn end_before(&mut self, news: &CallNews) {
        if self.calls.is_another(news) {
            self.tell_due_calls().await;
            if let Some(event) = self.calls.progress(&news.id) {
                self.tell(event).await;
            }
        }
    }

    /// It went into a mode by itself, which is shown: what it asks for depends on it.
    async fn on_mode(&mut self, mode: String) {
        let Ok(open) = self.way.open() else { return };
        if open.modes.current != mode && open.modes.known.iter().any(|known| known.name == mode) {
            let told = format!("The agent is in its mode {mode} from here on.\n");
            open.modes.current = mode;
            self.note_offers();
            self.tell(AgentEvent::Thinking(told)).await;
        }
    }

    /// Has known what the agent offers now.
    pub(crate) fn note_offers(&mut self) {
        let kept = Arc::clone(&self.kept);
        if let Ok(open) = self.way.open() {
            kept.note_offers(open);
        }
    }

    /// Tells a part of the answer, behind the calls that were named before it.
    async fn say(&mut self, event: AgentEvent) {
        self.tell_due_calls().await;
        self.has_said |= matches!(&event, AgentEvent::Text(said) if !said.trim().is_empty());
        self.tell(event).await;
    }

    /// Whoever hears no more has given up the turn, and this is dropped.
    pub(crate) async fn tell(&mut self, event: AgentEvent) {
        let _nobody_hears = self.out.send(event).await;
    }

    pub(crate) async fn tell_due_calls(&mut self) {
        for id in self.calls.due() {
            let Some(call) = self.calls.get(&id) else { continue };
            let subject = self.subject(call, &call.shown(), false);
            // What was said of it first stands.
            let first = call.words.first.as_deref().cloned();
            let (tool, shown) = first.unwrap_or_else(|| (call.tool(), call.shown_in_short()));
            let (no, _digest) = self.tell_call(tool, shown, Wants::Nothing, subject).await;
            self.calls.tell(&id, no);
            if let Some(event) = self.calls.progress(&id) {
                self.tell(event).await;
            }
        }
    }

    /// Tells a call that the agent carries out itself, and its number and digest.
    pub(crate) async fn tell_call(
        &mut self,
        tool: String,
        input: String,
        wants: Wants,
        subject: CallSubject,
    ) -> (CallNo, Digest) {
        self.has_said = true;
        self.last_call += 1;
        let no = CallNo(self.last_call);
        let directory = self.kept.seat.directory.as_os_str().as_encoded_bytes();
        let parts =
            [b"q agent call 1".as_slice(), &self.kept.owner, directory, tool.as_bytes(), input.as_bytes()];
        let digest = Digest(digest_of(parts));
        let facts = CallFacts { subject, is_told: wants == Wants::Nothing, ..CallFacts::default() };
        self.tell(AgentEvent::Call(Call { no, tool, input, digest, wants }, facts)).await;
        (no, digest)
    }

    /// The directory of its session, as agents name it.
    pub(crate) fn place(&self) -> &str {
        self.kept.seat.directory.to_str().unwrap_or_default()
    }

    /// What a call is about, for those who have rules for such: never wider than what is shown of it. Where its yes is for ever, or it
    /// says more than is understood, no rule for the same command or file allows it: only one for exactly this does, and none for what
    /// names files, of which all that ask and deny still hold.
    pub(crate) fn subject(&self, call: &ToldCall, shown: &str, is_for_ever: bool) -> CallSubject {
        if let Some(argv) = call.command(self.place()).filter(|_| !is_for_ever) {
            return CallSubject::Command(argv);
        }
        let mut files: Vec<NamedFile> = Vec::new();
        for file in call.files().into_iter().map(|path| self.named_file(path)) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        if files.is_empty() {
            return CallSubject::Command(call.exactly(shown));
        }
        if is_for_ever || !call.is_files_alone() {
            files.push(NamedFile { path: MORE.into(), is_private: true });
        }
        CallSubject::Named(files)
    }

    /// A file that the agent names: what mostly holds keys, a repository's own, and what lies elsewhere is allowed by no wide rule.
    fn named_file(&self, path: &str) -> NamedFile {
        let subject = self.kept.toolbox.subject("read", &json!({ "path": path }).to_string());
        let CallSubject::File { path, is_private } = subject else {
            return NamedFile { path: path.to_owned(), is_private: true };
        };
        let is_private = is_private || path.split('/').any(|name| name.eq_ignore_ascii_case(".git"));
        NamedFile { path, is_private }
    }

    /// What the agent's reason to stop means.
    async fn stop(&mut self, answer: &RawValue) -> Result<(), AgentFailure> {
        let [reason, usage] = members(answer, ["stopReason", "usage"]);
        if let Some(usage) = usage {
            let [input, output] = members(usage, ["inputTokens", "outputTokens"]);
            let counted = (input.and_then(number), output.and_then(number));
            // One that counts nothing says zero.
            if let (Some(input), Some(output)) = counted
                && input.max(output) > 0
            {
                self.tell(AgentEvent::Usage(Usage { input, output, ..Usage::default() })).await;
            }
        }
        let reason = reason.and_then(text).unwrap_or_default();
        if !reason.is_empty() {
            self.tell(AgentEvent::StopReason(reason.clone())).await;
        }
        let kind = match reason.as_str() {
            "end_turn" if self.has_said => return Ok(()),
            "end_turn" => FailureKind::Empty,
            "max_tokens" => FailureKind::LengthLimit,
            "max_turn_requests" => FailureKind::TooManyRounds,
            "refusal" => FailureKind::Refused,
            _unknown => FailureKind::Cut,
        };
        let detail = if kind != FailureKind::Cut {
            String::new()
        } else if reason.is_empty() {
            "it stopped without a reason".to_owned()
        } else {
            format!("it stopped for the reason {reason:?}")
        };
        Err(AgentFailure::new(kind, detail))
    }
}

/// Waits until then; for ever without a time.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
