//! What the agent asks for while it works: leave for a call, files, commands, each as a call that the person sees.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use q_core::{
    AgentEvent, AgentFailure, Call, CallFacts, CallNo, CallSubject, DENIED_UNASKED, Digest, FailureKind,
    Outcome, Wants,
};
use q_json::{members, text};
use q_seat::AgentControl;
use q_tools::{TerminalOutput, digest_of};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::frame::{INTERNAL, INVALID_PARAMS, METHOD_NOT_FOUND, RequestId};
use crate::permission::{MOST_WAITING, PermissionOptions, WaitingPermission, cancelled};
use crate::served_files::WantedFile;
use crate::served_terminals::{self as terminals, OpenTerminal, WantedTerminal};
use crate::told_calls::{TITLE, shown_in_short};
use crate::turn::{RunningTurn, UnderWay};
use crate::update::CallNews;

/// The most requests that are served at once.
const MOST: usize = 8;
/// The most refusals of a turn that leave a call behind. Nobody is asked about them, so nothing else holds back an agent that asks on and
/// on for what it cannot have.
const MOST_REFUSED: usize = 1000;
/// Why nobody is asked about a call that is not kept.
const UNKNOWN_CALL: &str = "its call has ended, or there is no room for all that it says";
/// How long what a command puts out is gathered until it is told.
const GATHERED: Duration = Duration::from_millis(100);

/// A request that is served, as a call of one of q's tools.
#[derive(Debug)]
pub(crate) struct ServedRequest {
    pub(crate) id: RequestId,
    no: CallNo,
    wanted: WantedCall,
    is_permitted: bool,
}

/// What such a request wants.
#[derive(Clone, Debug)]
enum WantedCall {
    File(WantedFile),
    Terminal(WantedTerminal),
}

/// What came of what is served.
#[derive(Debug)]
pub(crate) enum ServedNews {
    File(CallNo, Result<String, String>),
    /// What a command put out since that was last told, or that it has ended; nothing of one that was released.
    Terminal(OpenTerminal, Option<TerminalOutput>),
    /// One that the agent waits for has ended, by the number of that request.
    Exit(u64, Option<TerminalOutput>),
}

impl WantedCall {
    const fn tool(&self) -> &'static str {
        match self {
            Self::File(wanted) => wanted.tool,
            Self::Terminal(_) => "run",
        }
    }

    fn input(&self) -> &str {
        match self {
            Self::File(WantedFile { input, .. }) | Self::Terminal(WantedTerminal { input, .. }) => input,
        }
    }
}

/// By what leave for writing a file in place of what stands there is remembered for a moment.
fn write_key(path: &str, stands: [u8; 32], content: &str) -> [u8; 32] {
    digest_of([path.as_bytes(), &stands, content.as_bytes()])
}

/// By what leave for a command is remembered for a moment.
fn command_key(argv: &[String]) -> [u8; 32] {
    let words = argv.iter().map(String::as_bytes);
    digest_of([b"q granted command 1".as_slice()].into_iter().chain(words))
}

impl RunningTurn {
    pub(crate) async fn serve(
        &mut self,
        id: RequestId,
        method: &str,
        params: &RawValue,
    ) -> Result<(), AgentFailure> {
        let is_open = |open: &RequestId| open.is_same(&id);
        let UnderWay { permissions, served, waits, .. } = &self.way;
        if permissions.iter().map(|waiting| &waiting.id).any(is_open)
            || served.iter().map(|served| &served.id).chain(waits.iter().map(|(_, id)| id)).any(is_open)
        {
            let why = "it asks for two things by one number, so that an answer for one could be taken for the other";
            return Err(AgentFailure::new(FailureKind::Cut, why));
        }
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
                    Some(wanted) => return self.serve_call(id, WantedCall::File(wanted)).await,
                    None => open.connection.refuse(&id, INVALID_PARAMS, "no file of this session is named"),
                }
            }
            "terminal/create" if is_its => match WantedTerminal::of(params, &self.kept.seat.directory) {
                Ok(wanted) => return self.serve_call(id, WantedCall::Terminal(wanted)).await,
                Err(why) => return self.refuse_call(&id, INVALID_PARAMS, ("run", params.get()), why).await,
            },
            "terminal/output" | "terminal/wait_for_exit" | "terminal/kill" | "terminal/release" => {
                let named = terminals::named(params).filter(|_| is_its);
                return self.serve_terminal(id, method, named).await;
            }
            _unknown => open.connection.refuse(&id, METHOD_NOT_FOUND, "q does not know this"),
        }
        Ok(())
    }

    /// Asks the person for what the agent asks for.
    async fn ask(&mut self, id: RequestId, params: &RawValue) -> Result<(), AgentFailure> {
        let [call] = members(params, ["toolCall"]);
        let options = PermissionOptions::of(params);
        let Some(news) = call.and_then(CallNews::of) else {
            return self.deny_unasked(&id, &options, "", "it names no call").await;
        };
        let title = news.title.clone().unwrap_or_default();
        self.end_before(&news).await;
        let Some(named) = self.calls.take(news) else {
            return self.deny_unasked(&id, &options, &title, UNKNOWN_CALL).await;
        };
        let Some(call) = self.calls.get(&named) else { return Ok(()) };
        let shown = if options.is_for_ever { call.shown_for_ever() } else { call.shown() };
        let (tool, subject) = (call.tool(), self.subject(call, &shown, options.is_for_ever));
        let is_apart = call.no.is_some();
        let grants = call
            .grants()
            .iter()
            .map(|change| write_key(&change.path, digest_of([change.old_text.as_bytes()]), &change.new_text));
        let grants = grants.chain(call.command(self.place()).as_deref().map(command_key)).collect();
        let is_full = self.way.permissions.len() >= MOST_WAITING;
        let too_many = is_full.then_some("as many of its questions wait already as may");
        if let Some(why) = call.unaskable(&shown).or(options.no_yes()).or(too_many) {
            let title = call.title.clone();
            return self.deny_unasked(&id, &options, &title, why).await;
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

    /// Says no to what nobody is asked about, and that it was asked for.
    async fn deny_unasked(
        &mut self,
        id: &RequestId,
        options: &PermissionOptions,
        title: &str,
        why: &str,
    ) -> Result<(), AgentFailure> {
        self.way.open()?.connection.answer(id, &options.denied());
        let title = title.get(..title.floor_char_boundary(TITLE)).unwrap_or_default();
        let told = format!("The agent asked leave for {title:?} and was told no unasked: {why}.\n");
        self.tell(AgentEvent::Thinking(told)).await;
        Ok(())
    }

    /// Refuses a file or a command of which nobody is asked, and leaves a call behind that says so, as long as a turn has room for them.
    async fn refuse_call(
        &mut self,
        id: &RequestId,
        code: i64,
        (tool, input): (&str, &str),
        why: &str,
    ) -> Result<(), AgentFailure> {
        self.way.open()?.connection.refuse(id, code, why);
        if self.refused == MOST_REFUSED {
            return Ok(());
        }
        self.refused += 1;
        self.tell_due_calls().await;
        let input = shown_in_short(input);
        let (call, _) = self.tell_call(tool.into(), input, Wants::Nothing, CallSubject::Other).await;
        self.tell(AgentEvent::Result { call, outcome: Outcome::Failed, text: why.into() }).await;
        Ok(())
    }

    /// Serves a file or a command, as a call of q's own tools.
    async fn serve_call(&mut self, id: RequestId, wanted: WantedCall) -> Result<(), AgentFailure> {
        let toolbox = Arc::clone(&self.kept.toolbox);
        if self.way.served.len() >= MOST {
            self.way.open()?.connection.refuse(&id, INTERNAL, "too many requests at once");
            return Ok(());
        }
        let (tool, input) = (wanted.tool(), wanted.input());
        let stands = if tool == "write" { toolbox.take_as_known(input).await } else { None };
        let checked = match toolbox.check(tool, input).await {
            Ok(checked) => checked,
            Err(why) => return self.refuse_call(&id, INTERNAL, (tool, input), &why).await,
        };
        self.tell_due_calls().await;
        let subject = toolbox.subject(tool, input);
        let wants = if checked.wants_consent && !self.is_granted(&wanted, &subject, stands) {
            Wants::Consent
        } else {
            Wants::Nothing
        };
        self.last_call += 1;
        let no = CallNo(self.last_call);
        let digest = Digest(toolbox.digest(&self.kept.owner, tool, input));
        let facts = CallFacts { subject, circumstance: checked.circumstance, ..CallFacts::default() };
        let call = Call { no, tool: tool.into(), input: input.into(), digest, wants };
        self.way.served.push(ServedRequest { id, no, wanted, is_permitted: false });
        self.tell(AgentEvent::Call(call, facts)).await;
        Ok(())
    }

    /// Whether it was shown and allowed a moment ago, which is not asked again; it is allowed once. Of a file that is what was shown
    /// only where what was shown as old is all that stands there; what mostly holds keys is asked about by its own path.
    fn is_granted(&mut self, wanted: &WantedCall, subject: &CallSubject, stands: Option<[u8; 32]>) -> bool {
        let key = match (wanted, subject) {
            (WantedCall::File(_), CallSubject::File { is_private: true, .. }) => None,
            (WantedCall::File(WantedFile { path, content, .. }), _) => {
                content.as_ref().zip(stands).map(|(content, stands)| write_key(path, stands, content))
            }
            (WantedCall::Terminal(_), CallSubject::Command(argv)) => Some(command_key(argv)),
            (WantedCall::Terminal(_), _) => None,
        };
        key.is_some_and(|key| self.granted.remove(&key))
    }

    /// Does what the agent wants of a command that it has running here.
    async fn serve_terminal(
        &mut self,
        id: RequestId,
        method: &str,
        named: Option<u64>,
    ) -> Result<(), AgentFailure> {
        let toolbox = Arc::clone(&self.kept.toolbox);
        let found = named.filter(|number| toolbox.has_terminal(*number));
        let is_full = self.way.waits.len() >= MOST_WAITING;
        let connection = &mut self.way.open()?.connection;
        let Some(number) = found else {
            connection.refuse(&id, INVALID_PARAMS, "no terminal of this session is named");
            return Ok(());
        };
        match method {
            "terminal/output" => match toolbox.terminal(number) {
                Some(terminal) => connection.answer(&id, &terminals::output(&terminal)),
                None => connection.refuse(&id, INVALID_PARAMS, "it was released"),
            },
            "terminal/kill" => {
                let _ended_already = toolbox.stop(number);
                connection.answer(&id, &json!({}));
            }
            "terminal/release" => {
                connection.answer(&id, &json!({}));
                self.end_terminal(number, toolbox.terminal(number)).await;
                toolbox.release_terminal(number);
            }
            _wait_for_exit if is_full => {
                connection.refuse(&id, INTERNAL, "too many requests at once");
            }
            _wait_for_exit => {
                self.last_wait += 1;
                let wait = self.last_wait;
                self.way.waits.push((wait, id));
                let waiting =
                    async move { ServedNews::Exit(wait, toolbox.terminal_comes_to(number, None).await) };
                self.running.push(waiting.boxed());
            }
        }
        Ok(())
    }

    /// Starts a command that may run now, and follows it.
    async fn start_terminal(
        &mut self,
        served: ServedRequest,
        wanted: &WantedTerminal,
        permitted: Digest,
    ) -> Result<(), AgentFailure> {
        let (kept, call) = (Arc::clone(&self.kept), served.no);
        let started = kept.toolbox.start_terminal(&kept.owner, &wanted.input, permitted.0, wanted.limit);
        let connection = &mut self.way.open()?.connection;
        match started {
            Ok(number) => {
                connection.answer(&served.id, &json!({ "terminalId": terminals::id(number) }));
                let terminal = OpenTerminal { number, call };
                self.terminals.push(terminal);
                self.follow_terminal(terminal, 0);
            }
            Err(why) => {
                connection.refuse(&served.id, INTERNAL, &why);
                self.tell(AgentEvent::Result { call, outcome: Outcome::Failed, text: why }).await;
            }
        }
        Ok(())
    }

    fn follow_terminal(&self, terminal: OpenTerminal, seen: usize) {
        let toolbox = Arc::clone(&self.kept.toolbox);
        let following = async move {
            tokio::time::sleep(GATHERED).await;
            let came = toolbox.terminal_comes_to(terminal.number, Some(seen)).await;
            ServedNews::Terminal(terminal, came)
        };
        self.running.push(following.boxed());
    }

    /// Tells what came of a command's call, if that is not told yet.
    async fn end_terminal(&mut self, number: u64, terminal: Option<TerminalOutput>) {
        let Some(place) = self.terminals.iter().position(|open| open.number == number) else { return };
        let OpenTerminal { call, .. } = self.terminals.swap_remove(place);
        let said = terminal.map_or_else(|| Err("it was ended".to_owned()), terminals::in_words);
        let (outcome, text) = match said {
            Ok(text) => (Outcome::Done, text),
            Err(text) => (Outcome::Failed, text),
        };
        self.tell(AgentEvent::Result { call, outcome, text }).await;
    }

    /// The turn is over: of commands that go on without it, that is said.
    pub(crate) async fn leave_terminals(&mut self) {
        for OpenTerminal { number, call } in std::mem::take(&mut self.terminals) {
            let terminal = self.kept.toolbox.terminal(number);
            if terminal.as_ref().is_none_or(|terminal| terminal.ended.is_some()) {
                self.terminals.push(OpenTerminal { number, call });
                self.end_terminal(number, terminal).await;
            } else {
                let text = format!("it goes on in the background, as process {number}\n");
                self.tell(AgentEvent::Result { call, outcome: Outcome::Done, text }).await;
            }
        }
    }

    /// Takes in what became of a call. One that is not waiting any more is not heard again.
    pub(crate) async fn heed(&mut self, control: AgentControl) -> Result<(), AgentFailure> {
        match control {
            AgentControl::Permit { call, digest, entry: _, by_rule } => {
                if let Some(place) = self.way.permissions.iter().position(|waiting| waiting.no == call) {
                    let waiting = self.way.permissions.swap_remove(place);
                    let is_it = waiting.digest == digest;
                    let answer = if is_it { waiting.options.granted() } else { waiting.options.denied() };
                    self.way.open()?.connection.answer(&waiting.id, &answer);
                    // A rule for what an agent does by itself is none for what q does for it.
                    if is_it && !by_rule {
                        self.granted.extend(waiting.grants);
                    }
                    if waiting.is_apart {
                        let (outcome, text) = (Outcome::Done, "allowed".to_owned());
                        self.tell(AgentEvent::Result { call, outcome, text }).await;
                    }
                } else if let Some(place) = self.way.served.iter().position(|served| served.no == call) {
                    return self.carry_out(place, digest).await;
                }
            }
            AgentControl::Settle { call, text, .. } => {
                if let Some(place) = self.way.permissions.iter().position(|waiting| waiting.no == call) {
                    let waiting = self.way.permissions.swap_remove(place);
                    self.way.open()?.connection.answer(&waiting.id, &waiting.options.denied());
                    // The answer has no place for the person's words.
                    if !text.is_empty() && !DENIED_UNASKED.contains(&text.as_str()) {
                        self.steer(&text)?;
                    }
                } else if let Some(place) = self.way.served.iter().position(|served| served.no == call) {
                    let served = self.way.served.swap_remove(place);
                    let why = if text.is_empty() { "the person does not allow it".to_owned() } else { text };
                    self.way.open()?.connection.refuse(&served.id, INTERNAL, &why);
                }
                self.calls.settle(call);
            }
            AgentControl::Steer(text) => self.steer(&text)?,
        }
        Ok(())
    }

    /// Carries out a call that may run now; once.
    async fn carry_out(&mut self, place: usize, permitted: Digest) -> Result<(), AgentFailure> {
        let Some(served) = self.way.served.get_mut(place) else { return Ok(()) };
        if std::mem::replace(&mut served.is_permitted, true) {
            return Ok(());
        }
        let (call, wanted) = (served.no, served.wanted.clone());
        match wanted {
            WantedCall::Terminal(wanted) => {
                let served = self.way.served.swap_remove(place);
                self.start_terminal(served, &wanted, permitted).await
            }
            WantedCall::File(WantedFile { tool, input, content, .. }) => {
                let (toolbox, owner) = (Arc::clone(&self.kept.toolbox), self.kept.owner.clone());
                let working = async move {
                    if content.is_none() {
                        return ServedNews::File(
                            call,
                            toolbox.read_plainly(&owner, &input, permitted.0).await,
                        );
                    }
                    let (progress, _nothing_comes) = mpsc::channel(1);
                    let reply = toolbox.carry_out(&owner, tool, &input, permitted.0, &progress).await;
                    ServedNews::File(call, if reply.is_failed { Err(reply.text) } else { Ok(reply.text) })
                };
                self.running.push(working.boxed());
                Ok(())
            }
        }
    }

    /// Says something into the turn, where the agent takes that; elsewhere it goes before the next prompt.
    fn steer(&mut self, text: &str) -> Result<(), AgentFailure> {
        let open = self.way.open()?;
        if open.can.steers {
            let params = json!({
                "sessionId": open.id,
                "prompt": [{ "type": "text", "text": text }],
                "_meta": { "steering": { "idleBehavior": "promptRequired" } },
            });
            let asked = open.connection.request("_session/steering", &params);
            self.steered.push(asked);
        }
        Ok(())
    }

    /// Takes in what came of something that is served.
    pub(crate) async fn on_served(&mut self, served: ServedNews) -> Result<(), AgentFailure> {
        match served {
            ServedNews::File(no, done) => self.end_file(no, done).await,
            ServedNews::Exit(wait, terminal) => {
                let Some(place) = self.way.waits.iter().position(|(of, _)| *of == wait) else {
                    return Ok(());
                };
                let (_, id) = self.way.waits.swap_remove(place);
                let connection = &mut self.way.open()?.connection;
                match terminal.and_then(|terminal| terminal.ended) {
                    Some(end) => connection.answer(&id, &terminals::exit(&end)),
                    None => connection.refuse(&id, INVALID_PARAMS, "it was released"),
                }
                Ok(())
            }
            ServedNews::Terminal(open, Some(terminal)) if self.terminals.contains(&open) => {
                let TerminalOutput { text, put_out, ended, .. } = terminal;
                if !text.is_empty() {
                    self.tell(AgentEvent::Progress { call: open.call, text }).await;
                }
                if ended.is_some() {
                    self.end_terminal(open.number, self.kept.toolbox.terminal(open.number)).await;
                } else {
                    self.follow_terminal(open, put_out);
                }
                Ok(())
            }
            // It made room for another before its end was told.
            ServedNews::Terminal(open, None) => {
                self.end_terminal(open.number, None).await;
                Ok(())
            }
            // It was released, which was told.
            ServedNews::Terminal(_, Some(_)) => Ok(()),
        }
    }

    async fn end_file(&mut self, no: CallNo, done: Result<String, String>) -> Result<(), AgentFailure> {
        let Some(place) = self.way.served.iter().position(|served| served.no == no) else { return Ok(()) };
        let ServedRequest { id, wanted, .. } = self.way.served.swap_remove(place);
        let WantedCall::File(wanted) = wanted else { return Ok(()) };
        let connection = &mut self.way.open()?.connection;
        let (outcome, text) = match done {
            Ok(done) => {
                let (answer, said) = wanted.answer(done);
                connection.answer(&id, &answer);
                (Outcome::Done, said)
            }
            Err(why) => {
                connection.refuse(&id, INTERNAL, &why);
                (Outcome::Failed, why)
            }
        };
        self.tell(AgentEvent::Result { call: no, outcome, text }).await;
        Ok(())
    }
}
