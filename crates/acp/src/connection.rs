//! One process of an agent and the lines that go and come, from its start to its end.
//!
//! Lines go out while lines are waited for, so that an agent which reads nothing before it is read from holds nobody up.

use std::path::Path;
use std::time::Duration;

use q_json::{members, text};
use q_seat::AgentOffer;
use q_tools::{BoundedOutput, LastWords, Said, ServingGroup, ServingPrograms};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe::Sender;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::choices::offers;
use crate::frame::{self, Frame, RequestId, RpcError};
use crate::spec::AcpSpec;

/// The most that waits to be read by an agent, in bytes.
const MOST_WAITING: usize = 32 << 20;
/// How long an agent that says nothing more gets until it is said how it ended.
const ENDING: Duration = Duration::from_secs(2);
/// How long its last words are read when it has ended.
const DRAIN: Duration = Duration::from_millis(200);

/// An agent that runs. Dropped, it is told to end, and killed with all it started where it does not.
#[derive(Debug)]
pub(crate) struct AgentConnection {
    input: Sender,
    /// What it has not read yet.
    waiting: Vec<u8>,
    output: BufReader<BoundedOutput>,
    line: Vec<u8>,
    said: Said,
    errors: LastWords,
    /// Reads them to their end.
    listening: JoinHandle<()>,
    group: ServingGroup,
    last_id: u64,
    /// What it said last of its commands, which it does at any time, and in which session.
    told_commands: Option<Box<RawValue>>,
}

/// Why nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionFault {
    /// Its process has ended, or reads no more.
    Ended,
    /// It said more than it may.
    TooMuch,
    /// It does not read what it is told.
    Deaf,
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AskFault {
    Refused(RpcError),
    Lost(ConnectionFault),
    TimedOut(Duration),
}

impl AgentConnection {
    /// Starts it by that command in that directory; says why where that cannot be done.
    pub(crate) fn start(
        spec: &AcpSpec,
        command: &[String],
        directory: &Path,
        programs: &ServingPrograms,
    ) -> Result<Self, String> {
        let program = programs.start(&spec.tools, directory, command, &spec.environment)?;
        let (errors, said) = (LastWords::default(), Said::default());
        let listening = tokio::spawn(errors.clone().take_in(program.errors));
        Ok(Self {
            input: program.input,
            waiting: Vec::new(),
            output: BufReader::new(BoundedOutput::new(program.output, said.clone())),
            line: Vec::new(),
            said,
            errors,
            listening,
            group: program.group,
            last_id: 0,
            told_commands: None,
        })
    }

    /// The next line, while what waits is written. Given up, nothing of it is lost.
    pub(crate) async fn next(&mut self) -> Result<Frame, ConnectionFault> {
        loop {
            if self.waiting.len() > MOST_WAITING {
                return Err(ConnectionFault::Deaf);
            }
            let Self { input, waiting, output, line, said, told_commands, .. } = self;
            tokio::select! {
                read = output.read_until(b'\n', line) => match read {
                    Ok(1..) => {
                        let frame = Frame::of(&String::from_utf8_lossy(line));
                        line.clear();
                        line.shrink_to(64 << 10);
                        if let Frame::Notice { method, params } = &frame
                            && method == "session/update"
                            && commands(params).is_some()
                        {
                            *told_commands = Some(params.clone());
                        }
                        return Ok(frame);
                    }
                    Err(_) if said.is_too_much() => return Err(ConnectionFault::TooMuch),
                    Ok(0) | Err(_) => return Err(ConnectionFault::Ended),
                },
                written = input.write(waiting), if !waiting.is_empty() => match written {
                    Ok(count) => drop(waiting.drain(..count)),
                    // It may have said why before it went.
                    Err(_) => waiting.clear(),
                },
            }
        }
    }

    /// The commands that it said last it has in that session, unless that was taken already.
    pub(crate) fn take_commands(&mut self, session: &str) -> Option<Vec<AgentOffer>> {
        let params = self.told_commands.take()?;
        let [of] = members(&params, ["sessionId"]);
        let is_its = of.and_then(text).is_some_and(|of| of == session);
        is_its.then(|| offers(commands(&params), "name").collect())
    }

    fn send(&mut self, line: &str) {
        self.waiting.extend_from_slice(line.as_bytes());
    }

    /// It may say much again: it was told something, or something was decided.
    pub(crate) fn begin(&self) {
        self.said.begin();
    }

    /// Asks for something; the number of the answer.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.begin();
        self.last_id += 1;
        self.send(&frame::request(self.last_id, method, params));
        self.last_id
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&frame::notice(method, params));
    }

    pub(crate) fn answer(&mut self, id: &RequestId, result: &Value) {
        self.send(&frame::result(id, result));
    }

    pub(crate) fn refuse(&mut self, id: &RequestId, code: i64, why: &str) {
        self.send(&frame::error(id, code, why));
    }

    /// Asks, and waits for the answer alone: what is said meanwhile is passed over, and what is asked refused.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        params: &Value,
        within: Duration,
    ) -> Result<Box<RawValue>, AskFault> {
        let wanted = self.request(method, params);
        let answered = async {
            loop {
                match self.next().await.map_err(AskFault::Lost)? {
                    Frame::Answer { to, answer } if to == wanted => {
                        return answer.map_err(AskFault::Refused);
                    }
                    Frame::Request { id, .. } => {
                        self.refuse(&id, frame::METHOD_NOT_FOUND, "not before the session is open");
                    }
                    Frame::Answer { .. } | Frame::Notice { .. } | Frame::Noise => {}
                }
            }
        };
        timeout(within, answered).await.unwrap_or(Err(AskFault::TimedOut(within)))
    }

    /// How it ended, with its last line, in words.
    pub(crate) async fn ending(self) -> String {
        let Self { errors, listening, group, .. } = self;
        let ended = timeout(ENDING, group.ended()).await.ok().flatten();
        // What it left behind may hold the pipe open for ever.
        let _left_open = timeout(DRAIN, listening).await;
        let how =
            ended.map_or_else(|| "it does not answer".to_owned(), |how| format!("its process ended: {how}"));
        let text = errors.text();
        // What a program says last is mostly why it ends.
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        last.map_or(how.clone(), |last| format!("{how}; it said: {last}"))
    }
}

/// The list of commands that an update brings; nothing of another one.
fn commands(params: &RawValue) -> Option<&RawValue> {
    let [update] = members(params, ["update"]);
    let [kind, list] = members(update?, ["sessionUpdate", "availableCommands"]);
    list.filter(|_| kind.and_then(text).as_deref() == Some("available_commands_update"))
}
