//! What an editor asks for and is told, without any I/O: messages of the editor and news of the host go in; requests for the
//! host, and messages for the editor, come out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use q_client::{ClientState, Prompt};
use q_core::{Command, Policy, PromptWay, SessionId, Summary, WallTime};
use q_term::command::table;
use q_term::kinds::Kinds;
use serde_json::{Value, json};

use crate::acp::consent::{self, AskedCall};
use crate::acp::frame::{self, ErrorCode, Fault, Incoming, RequestId};
use crate::acp::options;
use crate::acp::prompt;
use crate::acp::prompts::{OpenPrompt, Progress, StopReason};
use crate::acp::replay::Replay;
use crate::acp::told::ToldSession;
use crate::client::token;
use crate::commands::delete::trash;
use crate::error::{CliError, ErrorKind};
use crate::exchange::calendar;
use crate::shared_commands::{interrupt, unqueue, wake};

/// The version of the protocol that is spoken.
const PROTOCOL: u64 = 1;
/// Sessions that one editor may have open at once, and prompts that it may wait for.
const MOST_SESSIONS: usize = 64;
const MOST_PROMPTS: usize = 64;
/// Sessions in one answer to a question for the list.
const LISTED: usize = 100;

/// Makes the command for a new session in that directory.
pub(super) type MakeSession<'a> = Box<dyn Fn(&str) -> Result<Command, CliError> + 'a>;

/// What an answer of the host is waited for to do.
#[derive(Debug, Default)]
pub(super) enum Waiting {
    /// Nothing: what it did is seen in the mirror.
    #[default]
    Nothing,
    New(RequestId),
    /// A session is awake; with how it is to be told from its beginning, unless the editor has that.
    Awake {
        request: RequestId,
        session: SessionId,
        replay: Option<Box<Replay>>,
    },
    /// A page of its transcript, and what the editor was told of it.
    Page {
        request: RequestId,
        session: SessionId,
        replay: Box<Replay>,
        told: Box<ToldSession>,
    },
    /// A session in which something is waited for is awake at another host.
    Rejoined(SessionId),
    /// A prompt, or a command that was typed as one, by its key.
    Prompt(u64),
    /// Something that is answered with nothing once it is done.
    Done(RequestId),
}

/// An editor at the sessions of a host.
pub(super) struct Serving<'a> {
    make: MakeSession<'a>,
    kinds: &'a Kinds,
    is_greeted: bool,
    pub(super) sessions: BTreeMap<SessionId, ToldSession>,
    pub(super) prompts: Vec<OpenPrompt>,
    pub(super) asked: Vec<AskedCall>,
    /// How many are being opened, and what is to be said of servers once they are.
    pub(super) opening: usize,
    pub(super) left_out: Vec<(RequestId, Value)>,
    /// The number of the last prompt or question.
    pub(super) last_key: u64,
    /// The session that the editor spoke of last: taken for the one in front.
    pub(super) shows: Option<SessionId>,
    /// Messages for the editor, in order.
    pub(super) out: Vec<Value>,
}

pub(super) type Host = ClientState<Waiting>;

/// Where a session stands in a list: those come first in which something happened last.
type ListPlace = (Reverse<WallTime>, SessionId);

impl<'a> Serving<'a> {
    pub(super) fn new(make: MakeSession<'a>, kinds: &'a Kinds) -> Self {
        Self {
            make,
            kinds,
            is_greeted: false,
            sessions: BTreeMap::new(),
            prompts: Vec::new(),
            asked: Vec::new(),
            opening: 0,
            left_out: Vec::new(),
            last_key: 0,
            shows: None,
            out: Vec::new(),
        }
    }

    /// Takes in what the editor wrote.
    pub(super) fn on_line(&mut self, host: &mut Host, line: &[u8]) {
        match frame::read(line) {
            Err((id, fault)) => self.refuse(id, &fault),
            Ok(Incoming::Request { id, method, params }) => {
                if let Err(fault) = self.on_request(host, id.clone(), &method, &params) {
                    self.refuse(id, &fault);
                }
            }
            Ok(Incoming::Notification { method, params }) => self.on_notification(host, &method, &params),
            Ok(Incoming::Answer { id, result }) => self.on_consent(host, id, result.as_ref()),
        }
    }

    /// A line was longer than is read.
    pub(super) fn on_long_line(&mut self, most: usize) {
        let message =
            format!("a message may have {most} bytes, and this one has more; nothing of it was read");
        if let Err((id, _)) = frame::read(b"") {
            self.refuse(id, &Fault::new(ErrorCode::Parse, message));
        }
    }

    pub(super) fn refuse(&mut self, id: RequestId, fault: &Fault) {
        self.out.push(frame::error(id, fault));
    }

    pub(super) fn answer(&mut self, id: RequestId, result: &Value) {
        self.out.push(frame::result(id, result));
    }

    pub(super) fn tell(&mut self, session: SessionId, update: &Value) {
        let params = json!({ "sessionId": session.to_string(), "update": update });
        self.out.push(frame::notification("session/update", &params));
    }

    fn on_request(
        &mut self,
        host: &mut Host,
        id: RequestId,
        method: &str,
        params: &Value,
    ) -> Result<(), Fault> {
        if method == "initialize" {
            self.is_greeted = true;
            self.answer(id, &greeting());
            return Ok(());
        }
        if !self.is_greeted {
            return Err(Fault::new(ErrorCode::InvalidRequest, "`initialize` comes before anything else"));
        }
        match method {
            "session/new" => {
                self.refuse_too_many()?;
                let command = (self.make)(directory(params)?).map_err(|error| fault(&error))?;
                self.begin_opening(&id, params);
                host.request(command.into(), Waiting::New(id));
            }
            "session/load" => self.open(host, id, params, true)?,
            "session/resume" => self.open(host, id, params, false)?,
            "session/list" => self.list(host, id, params)?,
            "session/prompt" => self.prompt(host, id, params)?,
            "session/set_mode" => {
                let session = self.session(params)?;
                let word = text(params, "modeId")?;
                let policy = Policy::of(word)
                    .ok_or_else(|| invalid(format!("there is no mode `{word}`; they are ask and deny")))?;
                host.request(Command::SetPolicy { session, policy }.into(), Waiting::Done(id));
            }
            "session/close" => {
                let session = self.session(params)?;
                self.close(host, session);
                self.answer(id, &json!({}));
            }
            "session/delete" => {
                let session = session_id(params)?;
                host.request(trash(session, false).into(), Waiting::Done(id));
            }
            _unknown => {
                let why = format!("q does not know the method `{method}`");
                return Err(Fault::new(ErrorCode::MethodNotFound, why));
            }
        }
        Ok(())
    }

    fn on_notification(&mut self, host: &mut Host, method: &str, params: &Value) {
        // Nobody hears of what is wrong with it.
        if method == "session/cancel"
            && let Ok(session) = self.session(params)
        {
            self.cancel(host, session);
        }
        if method == "$/cancel_request"
            && let Some(request) = params.get("requestId")
            && let Some(place) = self.prompts.iter().position(|prompt| prompt.request.is(request))
        {
            self.cancel_prompt(host, place);
        }
    }

    /// A session that this editor has open.
    fn session(&self, params: &Value) -> Result<SessionId, Fault> {
        let session = session_id(params)?;
        if self.sessions.contains_key(&session) { Ok(session) } else { Err(not_open(session)) }
    }

    fn refuse_too_many(&self) -> Result<(), Fault> {
        if self.sessions.len() + self.opening < MOST_SESSIONS {
            return Ok(());
        }
        let why =
            format!("{MOST_SESSIONS} sessions are open in this editor, the most that may be; close one");
        Err(Fault::new(ErrorCode::Internal, why))
    }

    fn begin_opening(&mut self, request: &RequestId, params: &Value) {
        self.opening += 1;
        self.left_out.extend(options::servers_left_out(params).map(|told| (request.clone(), told)));
    }

    /// What is to be said of servers in what was asked for by that request, which is over.
    pub(super) fn end_opening(&mut self, request: &RequestId) -> Option<Value> {
        self.opening -= 1;
        let place = self.left_out.iter().position(|(of, _)| of == request)?;
        Some(self.left_out.swap_remove(place).1)
    }

    /// Opens a session of q's in the editor, from its beginning unless the editor has that.
    fn open(
        &mut self,
        host: &mut Host,
        request: RequestId,
        params: &Value,
        whole: bool,
    ) -> Result<(), Fault> {
        directory(params)?;
        let session = session_id(params)?;
        if host.mirror.get(session).is_none() {
            return Err(not_open(session));
        }
        // Whoever opens it again can be asked again, also while a prompt waits for that.
        self.asked.retain(|asked| asked.session != session || !asked.is_left());
        self.refuse_too_many()?;
        if self.prompts.iter().any(|prompt| prompt.session == session) {
            return Err(invalid(
                "a prompt of this editor is under way there; cancel it first, or wait for its end",
            ));
        }
        // Whatever happens before it was told is told with the rest.
        self.leave(session);
        let replay = whole.then(|| Replay::of(session).into());
        self.begin_opening(&request, params);
        host.request(wake(session).into(), Waiting::Awake { request, session, replay });
        Ok(())
    }

    /// The open sessions, in which something happened last first.
    fn list(&mut self, host: &Host, id: RequestId, params: &Value) -> Result<(), Fault> {
        let within = params.get("cwd").and_then(Value::as_str);
        let behind = params.get("cursor").and_then(Value::as_str).map(cursor).transpose()?;
        let place = |summary: &Summary| -> ListPlace { (Reverse(summary.touched), summary.id) };
        let all = host.mirror.by_slot();
        let mut listed: Vec<&Summary> = all.iter().map(|session| &session.summary).collect();
        listed.retain(|summary| within.is_none_or(|within| summary.directory == within));
        listed.retain(|summary| behind.is_none_or(|behind| place(summary) > behind));
        listed.sort_by_key(|summary| place(summary));
        let more = listed.len() > LISTED;
        listed.truncate(LISTED);
        let next = listed.last().filter(|_| more).map(|last| format!("{}.{}", last.touched.0, last.id));
        let sessions: Vec<Value> = listed.into_iter().map(listed_session).collect();
        let mut answer = json!({ "sessions": sessions });
        if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
            members.insert("nextCursor".to_owned(), json!(next));
        }
        self.answer(id, &answer);
        Ok(())
    }

    fn prompt(&mut self, host: &mut Host, request: RequestId, params: &Value) -> Result<(), Fault> {
        let session = self.session(params)?;
        if self.prompts.len() >= MOST_PROMPTS {
            let why = format!("{MOST_PROMPTS} prompts are under way, the most that an editor may wait for");
            return Err(Fault::new(ErrorCode::Internal, why));
        }
        let there = host.mirror.get(session).ok_or_else(|| not_open(session))?;
        let blocks = params.get("prompt").unwrap_or(&Value::Null);
        let filled = prompt::of_blocks(blocks, &there.summary.directory).map_err(invalid)?;
        let token = token().map_err(|error| fault(&error))?;
        self.last_key += 1;
        let key = self.last_key;
        if let Some(command) = options::command(&filled.text, self.kinds) {
            let command = command.map_err(invalid)?;
            let core = options::of_core(&command, session, token)
                .ok_or_else(|| invalid("that is no command for a session"))?;
            host.request(core.into(), Waiting::Prompt(key));
        } else {
            let (text, images) = (filled.text, filled.images);
            host.submit(Prompt { session, token, text, images, way: PromptWay::Ask }, Waiting::Prompt(key));
        }
        self.shows = Some(session);
        self.prompts.push(OpenPrompt::new(key, request, session));
        Ok(())
    }

    /// Ends what the editor waits for in a session: what waits is taken back, what runs is interrupted.
    fn cancel(&mut self, host: &mut Host, session: SessionId) {
        let of_session = |(place, prompt): (usize, &OpenPrompt)| (prompt.session == session).then_some(place);
        let open: Vec<usize> = self.prompts.iter().enumerate().filter_map(of_session).collect();
        let is_busy = host.mirror.get(session).is_some_and(|there| there.summary.activity.is_busy());
        if open.is_empty() && is_busy {
            host.request(interrupt(session).into(), Waiting::Nothing);
        }
        for place in open.into_iter().rev() {
            self.cancel_prompt(host, place);
        }
    }

    pub(super) fn cancel_prompt(&mut self, host: &mut Host, place: usize) {
        let Some(prompt) = self.prompts.get_mut(place) else { return };
        let session = prompt.session;
        let command = match prompt.cancel() {
            Progress::Sent => return, // once it is known what became of it
            Progress::Kept(prompt) => unqueue(session, prompt),
            Progress::Began { .. } => interrupt(session),
        };
        host.request(command.into(), Waiting::Nothing);
    }

    /// What the editor began in a session ends, as the protocol wants it; the session stays in q's list.
    fn close(&mut self, host: &mut Host, session: SessionId) {
        self.cancel(host, session);
        self.end_prompts(&Ok(StopReason::Cancelled), |prompt| prompt.session == session);
        self.leave(session);
    }

    pub(super) fn answer_prompt(&mut self, request: RequestId, outcome: Result<StopReason, Fault>) {
        match outcome {
            Ok(reason) => self.answer(request, &json!({ "stopReason": reason.word() })),
            Err(fault) => self.refuse(request, &fault),
        }
    }

    /// The editor hears no more of a session; what waits there for the person waits on.
    pub(super) fn leave(&mut self, session: SessionId) {
        self.sessions.remove(&session);
        self.withdraw(|asked| asked.session == session);
    }

    /// Asks no longer what is so; what was answered is forgotten without a word.
    pub(super) fn withdraw(&mut self, is_over: impl Fn(&AskedCall) -> bool) {
        for asked in std::mem::take(&mut self.asked) {
            if !is_over(&asked) {
                self.asked.push(asked);
            } else if asked.waits() {
                let params = json!({ "requestId": asked.request });
                self.out.push(frame::notification("$/cancel_request", &params));
            }
        }
    }

    /// The editor answered whether a call may run, or that nobody chose. It is asked again only when it is
    /// opened again: others may still answer.
    fn on_consent(&mut self, host: &mut Host, request: u64, result: Option<&Value>) {
        let waits = |asked: &&mut AskedCall| asked.request == request && asked.waits();
        let Some(asked) = self.asked.iter_mut().find(waits) else { return };
        let answer = result.and_then(|result| consent::chosen(result, &asked.pending));
        asked.close(answer.is_some());
        if let Some(answer) = answer {
            let command = table::answer(asked.session, &asked.pending, answer);
            host.request(command.into(), Waiting::Nothing);
        }
    }
}

/// What this agent is, and can do.
fn greeting() -> Value {
    json!({
        "protocolVersion": PROTOCOL,
        "agentCapabilities": {
            "loadSession": true,
            "promptCapabilities": { "image": true, "audio": false, "embeddedContext": true },
            "mcpCapabilities": { "http": false, "sse": false },
            "sessionCapabilities": { "list": {}, "resume": {}, "close": {}, "delete": {} },
        },
        "agentInfo": { "name": "q", "title": "q", "version": env!("CARGO_PKG_VERSION") },
        "authMethods": [],
    })
}

/// A session in a list.
fn listed_session(summary: &Summary) -> Value {
    json!({
        "sessionId": summary.id.to_string(),
        "cwd": summary.directory,
        "title": summary.name.as_str(),
        "updatedAt": calendar::iso(summary.touched),
    })
}

fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, Fault> {
    params
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| invalid(format!("`{name}` is missing, or no text")))
}

fn session_id(params: &Value) -> Result<SessionId, Fault> {
    let written = text(params, "sessionId")?;
    written.parse().map_err(|_| Fault::new(ErrorCode::NotFound, format!("there is no session `{written}`")))
}

/// The directory of a session, which the protocol has absolute.
fn directory(params: &Value) -> Result<&str, Fault> {
    let directory = text(params, "cwd")?;
    if directory.starts_with('/') { Ok(directory) } else { Err(invalid("`cwd` is no absolute path")) }
}

/// The place behind which a list goes on.
fn cursor(written: &str) -> Result<ListPlace, Fault> {
    let read = || {
        let (touched, id) = written.split_once('.')?;
        Some((Reverse(WallTime(touched.parse().ok()?)), id.parse().ok()?))
    };
    read().ok_or_else(|| invalid("that cursor is none of q's"))
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(ErrorCode::InvalidParams, message)
}

fn not_open(session: SessionId) -> Fault {
    let why = format!("session {session} is not open here; `session/load` opens one of those that q lists");
    Fault::new(ErrorCode::NotFound, why)
}

/// An error of q's as editors are told it.
pub(super) fn fault(error: &CliError) -> Fault {
    let code = match error.kind {
        ErrorKind::NoSuchSession => ErrorCode::NotFound,
        ErrorKind::Usage => ErrorCode::InvalidParams,
        ErrorKind::Failed
        | ErrorKind::Limit
        | ErrorKind::Unreachable
        | ErrorKind::Unreadable
        | ErrorKind::Foreign
        | ErrorKind::NeedsPerson
        | ErrorKind::Interrupted => ErrorCode::Internal,
    };
    Fault::new(code, error.on_one_line())
}
