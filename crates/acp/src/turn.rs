//! One turn, from its prompt to its stop: what the agent says is told as it comes, what it asks waits for its answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use q_core::{
    AgentEvent, AgentFailure, Call, CallFacts, CallNo, CallSubject, Digest, FailureKind, Outcome,
    ResumeHandle, Wants,
};
use q_json::{members, text};
use q_seat::{AgentControl, Controls, Turn};
use q_tools::digest_of;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::cancelling::cancel;
use crate::connection::ConnectionFault;
use crate::failure::{lost, refused};
use crate::frame::{Frame, INTERNAL, INVALID_PARAMS, METHOD_NOT_FOUND, RequestId};
use crate::kept_agent::KeptAgent;
use crate::opening::OpenSession;
use crate::permission::{MOST_SHOWN, MOST_WAITING, PermissionOptions, WaitingPermission, cancelled};
use crate::prompt;
use crate::served_files::{self, ServedFile, WantedFile};
use crate::told_calls::{ToldCall, ToldCalls};
use crate::update::{CallNews, SessionUpdate, number};
use q_core::Usage;

/// How long an agent may say nothing while something runs by its word.
const LONG_SILENCE: Duration = Duration::from_hours(1);

/// A turn that runs. Dropped before its end, the agent is told that it is cancelled.
pub(crate) struct RunningTurn {
    kept: Arc<KeptAgent>,
    way: UnderWay,
    controls: Controls,
    out: mpsc::Sender<AgentEvent>,
    calls: ToldCalls,
    running: FuturesUnordered<BoxFuture<'static, (CallNo, Result<String, String>)>>,
    /// What may be written as it was shown.
    granted: BTreeSet<[u8; 32]>,
    last_call: u64,
    has_said: bool,
}

/// A prompt that was sent and not answered yet, with all that the agent waits for.
struct UnderWay {
    place: Option<OwnedMutexGuard<Option<OpenSession>>>,
    prompt: Option<u64>,
    permissions: Vec<WaitingPermission>,
    files: Vec<ServedFile>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let (Some(place), Some(prompt)) = (self.place.take(), self.prompt.take()) else { return };
        let permissions = self.permissions.drain(..).map(|waiting| waiting.id).collect();
        cancel(place, prompt, permissions, self.files.drain(..).map(|file| file.id).collect());
    }
}

impl UnderWay {
    fn open(&mut self) -> Result<&mut OpenSession, AgentFailure> {
        let open = self.place.as_mut().and_then(|place| place.as_mut());
        open.ok_or_else(|| AgentFailure::new(FailureKind::Internal, "the agent's session is gone"))
    }
}

/// What happens next in a turn, whoever it comes from.
enum Happened {
    Said(Result<Frame, ConnectionFault>),
    Told(Option<AgentControl>),
    Served((CallNo, Result<String, String>)),
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
        let way = UnderWay { place: Some(place), prompt: None, permissions: Vec::new(), files: Vec::new() };
        Self {
            kept,
            way,
            controls,
            out,
            calls: ToldCalls::default(),
            running: FuturesUnordered::new(),
            granted: BTreeSet::new(),
            last_call: 0,
            has_said: false,
        }
    }

    /// Sends the prompt, and tells all that comes of it but the end.
    pub(crate) async fn run(mut self, turn: Turn) -> Result<(), AgentFailure> {
        let model = if turn.model.is_empty() { self.kept.spec.model.clone() } else { turn.model.clone() };
        let open = self.way.open()?;
        open.set_model(&model).await?;
        let model = open.model().to_owned();
        let blocks = prompt::blocks(&turn, open.is_new(), open.can.images);
        let sent =
            open.connection.request("session/prompt", &json!({ "sessionId": open.id, "prompt": blocks }));
        self.way.prompt = Some(sent);
        if !model.is_empty() {
            self.tell(AgentEvent::Model(model)).await;
        }
        let answer = self.converse(sent).await?;
        self.is_taken().await?;
        self.way.prompt = None;
        self.tell_due_calls().await;
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
                Happened::Served((no, done)) => self.end_served(no, done).await?,
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
        let waits = !self.way.permissions.is_empty() || !self.way.files.is_empty();
        let usual = self.kept.spec.silence;
        (!waits).then(|| if self.calls.is_any_open() { usual.max(LONG_SILENCE) } else { usual })
    }

    /// The agent is gone, or has to go.
    async fn lose(&mut self, fault: ConnectionFault) -> AgentFailure {
        self.way.prompt = None;
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
            // An answer to nothing that was asked among them.
            Frame::Answer { .. } | Frame::Notice { .. } | Frame::Noise => {}
            Frame::Request { id, method, params } => self.serve(id, &method, &params).await?,
        }
        Ok(None)
    }

    /// It works on the prompt, so it has that and all that was told with it. Only now its session is worth finding again: one that
    /// died before would be found, and never be told what came before it.
    async fn is_taken(&mut self) -> Result<(), AgentFailure> {
        let open = self.way.open()?;
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
                if let Some(id) = self.calls.take(*news) {
                    let is_told = self.calls.get(&id).is_some_and(|call| call.no.is_some());
                    if is_told && let Some(event) = self.calls.progress(&id) {
                        self.tell(event).await;
                    }
                }
            }
            SessionUpdate::Nothing => {}
        }
    }

    /// Tells a part of the answer, behind the calls that were named before it.
    async fn say(&mut self, event: AgentEvent) {
        self.tell_due_calls().await;
        self.has_said |= matches!(&event, AgentEvent::Text(said) if !said.trim().is_empty());
        self.tell(event).await;
    }

    /// Whoever hears no more has given up the turn, and this is dropped.
    async fn tell(&mut self, event: AgentEvent) {
        let _nobody_hears = self.out.send(event).await;
    }

    async fn tell_due_calls(&mut self) {
        for id in self.calls.due() {
            let Some(call) = self.calls.get(&id) else { continue };
            let (tool, shown, subject) = (call.tool(), call.shown_in_short(), self.subject(call));
            let (no, _digest) = self.tell_call(tool, shown, Wants::Nothing, subject).await;
            self.calls.tell(&id, no);
            if let Some(event) = self.calls.progress(&id) {
                self.tell(event).await;
            }
        }
    }

    /// Tells a call that the agent carries out itself, and its number and digest.
    async fn tell_call(
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

    /// What a call is about, for those who have rules for such: never wider than what is shown of it.
    fn subject(&self, call: &ToldCall) -> CallSubject {
        if let Some(argv) = call.command() {
            return CallSubject::Command(argv);
        }
        let is_reading = call.kind == "read" && call.changes.is_empty();
        let changed = call.changes.iter().map(|change| &change.path);
        let mut paths: Vec<&String> = changed.chain(&call.paths).collect();
        paths.dedup();
        if let [path] = paths.as_slice()
            && (is_reading || call.kind == "edit")
        {
            let subject = self.kept.toolbox.subject("read", &json!({ "path": path }).to_string());
            if subject != CallSubject::Other {
                return subject;
            }
        }
        // Exactly this, as it is shown.
        CallSubject::Command(vec![call.title.clone(), call.shown()])
    }

    async fn serve(&mut self, id: RequestId, method: &str, params: &RawValue) -> Result<(), AgentFailure> {
        let open = self.way.open()?;
        open.connection.begin();
        let [of] = members(params, ["sessionId"]);
        let is_its = of.and_then(text).as_deref() == Some(open.id.as_str());
        if is_its {
            self.is_taken().await?;
        }
        let open = self.way.open()?;
        match method {
            "session/request_permission" if !is_its => open.connection.answer(&id, &cancelled()),
            "session/request_permission" => return self.ask(id, params).await,
            "fs/read_text_file" | "fs/write_text_file" => {
                let wanted = WantedFile::of(method, params).filter(|_| is_its);
                match wanted {
                    Some(wanted) => return self.serve_file(id, wanted).await,
                    None => open.connection.refuse(&id, INVALID_PARAMS, "no file of this session is named"),
                }
            }
            _unknown => open.connection.refuse(&id, METHOD_NOT_FOUND, "q does not know this"),
        }
        Ok(())
    }

    /// Asks the person for what the agent asks for.
    async fn ask(&mut self, id: RequestId, params: &RawValue) -> Result<(), AgentFailure> {
        let [call] = members(params, ["toolCall"]);
        let named = call.and_then(CallNews::of).and_then(|news| self.calls.take(news));
        let Some(named) = named.filter(|_| self.way.permissions.len() < MOST_WAITING) else {
            self.way.open()?.connection.answer(&id, &cancelled());
            return Ok(());
        };
        let Some(call) = self.calls.get(&named) else { return Ok(()) };
        let (tool, shown, subject) = (call.tool(), call.shown(), self.subject(call));
        let is_apart = call.no.is_some();
        let of = |path: &str, content: &str| digest_of([path.as_bytes(), content.as_bytes()]);
        let grants = call.grants().iter().map(|change| of(&change.path, &change.new_text)).collect();
        let options = PermissionOptions::of(params);
        if shown.len() > MOST_SHOWN {
            self.way.open()?.connection.answer(&id, &options.denied());
            return Ok(());
        }
        if !is_apart {
            // Others that were named before stand before it.
            self.calls.leave_out(&named);
            self.tell_due_calls().await;
        }
        let (no, digest) = self.tell_call(tool, shown, Wants::Consent, subject).await;
        if !is_apart {
            self.calls.tell(&named, no);
        }
        self.way.permissions.push(WaitingPermission { id, no, digest, options, is_apart, grants });
        Ok(())
    }

    /// Serves a file, as a call of q's own tools.
    async fn serve_file(&mut self, id: RequestId, wanted: WantedFile) -> Result<(), AgentFailure> {
        let toolbox = Arc::clone(&self.kept.toolbox);
        if self.way.files.len() >= served_files::MOST {
            self.way.open()?.connection.refuse(&id, INTERNAL, "too many files at once");
            return Ok(());
        }
        if wanted.content.is_some() {
            toolbox.take_as_known(&wanted.input).await;
        }
        let checked = match toolbox.check(wanted.tool, &wanted.input).await {
            Ok(checked) => checked,
            Err(why) => {
                self.way.open()?.connection.refuse(&id, INTERNAL, &why);
                return Ok(());
            }
        };
        self.tell_due_calls().await;
        let content = wanted.content.as_deref();
        let subject = toolbox.subject(wanted.tool, &wanted.input);
        // What was shown and allowed a moment ago is not asked again; it is allowed once. Leave for many files at a time may have
        // come from a rule for any: what mostly holds keys is asked about by its own path.
        let is_private = matches!(subject, CallSubject::File { is_private: true, .. });
        let is_granted = content.filter(|_| !is_private).is_some_and(|content| {
            self.granted.remove(&digest_of([wanted.path.as_bytes(), content.as_bytes()]))
        });
        let wants = if checked.wants_consent && !is_granted { Wants::Consent } else { Wants::Nothing };
        self.last_call += 1;
        let no = CallNo(self.last_call);
        let digest = Digest(toolbox.digest(&self.kept.owner, wanted.tool, &wanted.input));
        let facts = CallFacts { subject, ..CallFacts::default() };
        let call = Call { no, tool: wanted.tool.into(), input: wanted.input.clone(), digest, wants };
        self.way.files.push(ServedFile::new(id, no, wanted));
        self.tell(AgentEvent::Call(call, facts)).await;
        Ok(())
    }

    /// Takes in what became of a call. One that is not waiting any more is not heard again.
    async fn heed(&mut self, control: AgentControl) -> Result<(), AgentFailure> {
        match control {
            AgentControl::Permit { call, digest, entry: _ } => {
                if let Some(place) = self.way.permissions.iter().position(|waiting| waiting.no == call) {
                    let waiting = self.way.permissions.swap_remove(place);
                    let is_it = waiting.digest == digest;
                    let answer = if is_it { waiting.options.granted() } else { waiting.options.denied() };
                    self.way.open()?.connection.answer(&waiting.id, &answer);
                    if is_it {
                        self.granted.extend(waiting.grants);
                    }
                    if waiting.is_apart {
                        let (outcome, text) = (Outcome::Done, "allowed".to_owned());
                        self.tell(AgentEvent::Result { call, outcome, text }).await;
                    }
                } else if let Some(file) = self.way.files.iter_mut().find(|file| file.no == call)
                    && file.permit()
                {
                    let (wanted, owner) = (file.wanted.clone(), self.kept.owner.clone());
                    let toolbox = Arc::clone(&self.kept.toolbox);
                    self.running.push(
                        async move {
                            let WantedFile { tool, input, content, .. } = &wanted;
                            if content.is_none() {
                                return (call, toolbox.read_plainly(&owner, input, digest.0).await);
                            }
                            let (progress, _nothing_comes) = mpsc::channel(1);
                            let reply = toolbox.carry_out(&owner, tool, input, digest.0, &progress).await;
                            (call, if reply.is_failed { Err(reply.text) } else { Ok(reply.text) })
                        }
                        .boxed(),
                    );
                }
            }
            AgentControl::Settle { call, text, .. } => {
                if let Some(place) = self.way.permissions.iter().position(|waiting| waiting.no == call) {
                    let waiting = self.way.permissions.swap_remove(place);
                    self.way.open()?.connection.answer(&waiting.id, &waiting.options.denied());
                } else if let Some(place) = self.way.files.iter().position(|file| file.no == call) {
                    let file = self.way.files.swap_remove(place);
                    let why = if text.is_empty() { "the person does not allow it".to_owned() } else { text };
                    self.way.open()?.connection.refuse(&file.id, INTERNAL, &why);
                }
                self.calls.settle(call);
            }
            AgentControl::Steer(_) => {}
        }
        Ok(())
    }

    async fn end_served(&mut self, no: CallNo, done: Result<String, String>) -> Result<(), AgentFailure> {
        let Some(place) = self.way.files.iter().position(|file| file.no == no) else { return Ok(()) };
        let file = self.way.files.swap_remove(place);
        let connection = &mut self.way.open()?.connection;
        let (outcome, text) = match done {
            Ok(done) => {
                let (answer, said) = file.wanted.answer(done);
                connection.answer(&file.id, &answer);
                (Outcome::Done, said)
            }
            Err(why) => {
                connection.refuse(&file.id, INTERNAL, &why);
                (Outcome::Failed, why)
            }
        };
        self.tell(AgentEvent::Result { call: no, outcome, text }).await;
        Ok(())
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
