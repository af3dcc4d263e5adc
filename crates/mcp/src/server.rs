//! One server of a session: started when it is first needed, started again after it has ended, each time a little later.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::protocol::JsonObject;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::connection::{CallFault, McpConnection, StartFault};
use crate::means::ServingMeans;
use crate::pin::{Pin, PinnedTools};
use crate::reply::{ServedEnding, ServedReply};
use crate::resources;
use crate::session_servers::CallListener;
use crate::sign_in::{self, SignInState};
use crate::tool_list::{ListedTool, ToolList};
use q_seat::{McpSpec, ServerOrigin};

/// How long it is kept when nobody calls it.
const IDLE: Duration = Duration::from_mins(10);
/// How long after its first end it is started again at the earliest; twice as long after each further one.
const BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);
/// Up to this long a call waits for that by itself: a model that is told to wait asks again at once.
const WAITS: Duration = Duration::from_secs(4);

/// A server, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) spec: McpSpec,
    means: ServingMeans,
    pinned: PinnedTools,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// How often it has ended or did not start since a call was answered.
    failures: u32,
    not_before: Option<Instant>,
    /// What ends it when nobody calls it.
    idle: Option<AbortHandle>,
}

#[derive(Clone, Debug)]
struct Running {
    connection: Arc<McpConnection>,
    list: ToolList,
}

/// What of a server may be offered, and what is to be told of it.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    pub(crate) tools: Vec<ListedTool>,
    pub(crate) notices: Vec<String>,
}

/// A call of a server's tool.
#[derive(Clone, Debug)]
pub(crate) struct ServedCall {
    pub(crate) tool: ListedTool,
    pub(crate) arguments: JsonObject,
}

impl Server {
    pub(crate) fn new(spec: McpSpec, means: ServingMeans, pinned: PinnedTools) -> Self {
        Self { spec, means, pinned, state: Mutex::default() }
    }

    /// What was accepted of it. One of the person's own is started where nobody has seen it yet: what it offers then is accepted,
    /// for whoever configured it meant it to be used. What a project names is started by nobody before it was accepted by hand.
    pub(crate) async fn accepted(&self) -> Accepted {
        let mut accepted = self.accepted_tools().await;
        let (sign_ins, name) = (self.pinned.sign_ins(), self.spec.pin_name());
        if let Some(url) = self.spec.remote.as_ref().map(|remote| remote.url.clone())
            && !accepted.tools.is_empty()
        {
            let state = tokio::task::spawn_blocking(move || sign_ins.state(&name, &url)).await;
            let name = &self.spec.name;
            match state {
                Ok(Some(SignInState::Over)) => {
                    accepted.notices.push(format!("MCP server {name}: {}", sign_in::over(name, "")));
                }
                Ok(Some(SignInState::Unreadable)) => accepted.notices.push(format!(
                    "MCP server {name}: what is kept of its sign-in cannot be read: q mcp login {name}"
                )),
                Ok(Some(SignInState::Renewed | SignInState::Until(_)) | None) | Err(_) => {}
            }
        }
        accepted
    }

    async fn accepted_tools(&self) -> Accepted {
        let name = &self.spec.name;
        let tell = |what: String| Accepted {
            tools: Vec::new(),
            notices: vec![format!("MCP server {name}: {what}")],
        };
        match self.pin().await {
            Err(why) => tell(format!(
                "none of its tools is offered: {why}; `q mcp check {name} --accept` accepts them anew"
            )),
            Ok(Some(pin)) if pin.command != self.spec.accepted_words() => tell(format!(
                "its command is not the one that was accepted, so it is not started; `q mcp check {name}` shows the difference"
            )),
            Ok(Some(pin)) => self.unchanged(pin).await,
            Ok(None) if self.spec.origin != ServerOrigin::Person => tell(format!(
                "this project names it, and it is not started before you accept it: `q mcp check {name}` in this directory shows what it is"
            )),
            Ok(None) => match self.see().await {
                Ok(list) => {
                    let left_out =
                        list.left_out.iter().map(|what| format!("MCP server {name}: left out: {what}"));
                    Accepted { notices: left_out.collect(), tools: list.tools }
                }
                Err(why) => tell(format!("it offers nothing: {why}")),
            },
        }
    }

    /// Of what was accepted all that is so still, as far as is known without starting it.
    async fn unchanged(&self, pin: Pin) -> Accepted {
        let name = &self.spec.name;
        let state = self.state.lock().await;
        let Some(list) = state.running.as_ref().map(|running| running.list.tools.clone()) else {
            return Accepted { tools: pin.tools, notices: Vec::new() };
        };
        let now = Pin::new(&self.spec.accepted_words(), list);
        let notices = if pin.difference(&now).is_empty() {
            Vec::new()
        } else {
            vec![format!(
                "MCP server {name}: its tools have changed; what is new or other is not offered until you accept it: `q mcp check {name}` shows the difference"
            )]
        };
        Accepted { tools: pin.tools.iter().filter(|tool| now.has(tool)).cloned().collect(), notices }
    }

    /// Looks at it for the first time.
    async fn see(&self) -> Result<ToolList, String> {
        let running = self.running().await?;
        let pin = Pin::new(&self.spec.accepted_words(), running.list.tools.clone());
        let (pinned, name) = (self.pinned.clone(), self.spec.pin_name());
        let accepting = tokio::task::spawn_blocking(move || pinned.accept_first(&name, &pin));
        accepting.await.unwrap_or_else(|_| Err("what it offers could not be kept".into()))?;
        Ok(running.list)
    }

    async fn pin(&self) -> Result<Option<Pin>, String> {
        let (pinned, name) = (self.pinned.clone(), self.spec.pin_name());
        let reading = tokio::task::spawn_blocking(move || pinned.read(&name));
        reading.await.unwrap_or_else(|_| Err("what was accepted could not be read".into()))
    }

    /// Whether a tool is what the person accepted, as far as is known without starting anything; says why not. What is known to be
    /// otherwise is nothing to ask anybody about.
    pub(crate) async fn is_as_accepted(&self, tool: &ListedTool) -> Result<(), String> {
        self.was_accepted(tool).await?;
        // Whoever starts it meanwhile compares what it offers then.
        let Ok(mut state) = self.state.try_lock() else { return Ok(()) };
        let Some(running) = state.running.as_mut().filter(|running| !running.connection.has_ended()) else {
            return Ok(());
        };
        if let Ok(Some(list)) = running.connection.changed_list().await {
            running.list = list;
        }
        if running.list.tools.contains(tool) { Ok(()) } else { Err(self.has_changed()) }
    }

    /// Whether a tool is among what the person accepted, whatever the server offers now; says why not.
    async fn was_accepted(&self, tool: &ListedTool) -> Result<(), String> {
        let name = &self.spec.name;
        match self.pin().await {
            Err(why) => Err(format!("MCP server {name}: {why}; it did not run")),
            Ok(None) => Err(format!("MCP server {name} was removed, so it did not run")),
            Ok(Some(pin)) if pin.command != self.spec.accepted_words() || !pin.has(tool) => {
                Err(self.has_changed())
            }
            Ok(Some(_)) => Ok(()),
        }
    }

    fn has_changed(&self) -> String {
        let name = &self.spec.name;
        format!(
            "MCP server {name} has changed this tool since the person accepted it, so it did not run. They can see the difference and accept it: q mcp check {name}"
        )
    }

    /// It as it runs, with its tools as they are: started where it does not. Where it has just ended this waits a little; where it
    /// did so again and again it says when it may be started.
    async fn running(&self) -> Result<Running, String> {
        let mut state = self.state.lock().await;
        if let Some(running) = &state.running {
            running.connection.is_settled().await;
        }
        if let Some(running) = state.running.take_if(|running| running.connection.has_ended()) {
            state.is_gone(&running.connection);
        }
        if let Some(running) = &mut state.running {
            if let Some(list) = running.connection.changed_list().await? {
                running.list = list;
            }
            return Ok(running.clone());
        }
        let wait = state.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        if wait > WAITS {
            return Err(format!(
                "it has ended or not started {} times in a row; it may be started again in {} s",
                state.failures,
                wait.as_secs() + 1
            ));
        }
        tokio::time::sleep(wait).await;
        let started = async {
            let connection = McpConnection::started(&self.spec, &self.means, &self.pinned).await?;
            match connection.list().await {
                Ok(list) => Ok(Running { connection: Arc::new(connection), list }),
                Err(why) => Err(StartFault { why, wants_sign_in: connection.wants_sign_in() }),
            }
        };
        match started.await {
            Ok(running) => {
                state.running = Some(running.clone());
                Ok(running)
            }
            Err(StartFault { why, wants_sign_in }) => {
                // Who has signed in by the next call is not to wait, and who has not is told so at once.
                if !wants_sign_in {
                    state.fail();
                }
                Err(why)
            }
        }
    }

    /// Calls one of its tools, once, if it is the one that was accepted.
    pub(crate) async fn call(self: &Arc<Self>, call: ServedCall, listener: &CallListener) -> ServedReply {
        // What it offers now is looked at where it runs, in the next step: a list is asked for once.
        if let Err(why) = self.was_accepted(&call.tool).await {
            return ServedReply::never_ran(why);
        }
        match self.call_in_session(&call, listener).await {
            Some(reply) => reply,
            // In a session that it has forgotten it did nothing; in another one it may.
            None => self.call_in_session(&call, listener).await.unwrap_or_else(|| {
                let name = &self.spec.name;
                ServedReply::never_ran(format!(
                    "MCP server {name} forgets each session at once, so nothing ran"
                ))
            }),
        }
    }

    /// The same in the session that there is with it; nothing where it has forgotten that one.
    async fn call_in_session(
        self: &Arc<Self>,
        call: &ServedCall,
        listener: &CallListener,
    ) -> Option<ServedReply> {
        let name = &self.spec.name;
        let running = match self.running().await {
            Ok(running) => running,
            Err(why) => {
                return Some(ServedReply::never_ran(format!("MCP server {name} cannot be used: {why}")));
            }
        };
        if !running.list.tools.contains(&call.tool) {
            return Some(ServedReply::never_ran(self.has_changed()));
        }
        let connection = &running.connection;
        let request = match resources::request(&call.tool, call.arguments.clone()) {
            Ok(request) => request,
            Err(why) => return Some(ServedReply::never_ran(why)),
        };
        let called = connection.call(request, self.spec.timeout, listener).await;
        self.end_when_idle().await;
        match called {
            Ok(reply) => {
                let mut state = self.state.lock().await;
                (state.failures, state.not_before) = (0, None);
                Some(reply)
            }
            Err(fault) => {
                match fault {
                    // It has ended by itself: from now on it is counted when it may be started again.
                    CallFault::Ended(_) if self.leave(connection).await => {
                        self.state.lock().await.is_gone(connection);
                    }
                    // What else is under way there may still be answered: it ends with the last of that.
                    CallFault::Forgotten => drop(self.leave(connection).await),
                    CallFault::Ended(_)
                    | CallFault::TimedOut
                    | CallFault::Refused(_)
                    | CallFault::Unsent(_)
                    | CallFault::Odd => {}
                }
                self.reply_to(fault)
            }
        }
    }

    /// Calls that are made from here on go over another connection; whether they went over this one.
    async fn leave(&self, connection: &Arc<McpConnection>) -> bool {
        let mut state = self.state.lock().await;
        state.running.take_if(|running| Arc::ptr_eq(&running.connection, connection)).is_some()
    }

    /// What is told of a call that has no result; nothing of one that may be made again.
    fn reply_to(&self, fault: CallFault) -> Option<ServedReply> {
        let name = &self.spec.name;
        let (ending, told) = match fault {
            CallFault::Forgotten => return None,
            CallFault::Refused(why) => (ServedEnding::Failed, format!("the server refuses it: {why}")),
            CallFault::Unsent(why) => (
                ServedEnding::NeverRan,
                format!("MCP server {name} cannot be reached, so it did not run: {why}"),
            ),
            CallFault::Odd => (
                ServedEnding::CutShort,
                "the server answered something that q does not understand: what the call did is unknown"
                    .to_owned(),
            ),
            CallFault::TimedOut => (
                ServedEnding::CutShort,
                format!(
                    "it took longer than {} seconds and was given up: whether it did anything is unknown",
                    self.spec.timeout.as_secs()
                ),
            ),
            CallFault::Ended(why) => (
                ServedEnding::CutShort,
                format!(
                    "MCP server {name} ended while this ran: whether it did anything is unknown. It is not run again by itself; the server is started again at the next call{why}"
                ),
            ),
        };
        Some(ServedReply::new(ending, told))
    }

    /// Ends it when nobody calls it for a while.
    async fn end_when_idle(self: &Arc<Self>) {
        let server: Weak<Self> = Arc::downgrade(self);
        let waiting = tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(server) = server.upgrade() {
                server.end().await;
            }
        });
        if let Some(earlier) = self.state.lock().await.idle.replace(waiting.abort_handle()) {
            earlier.abort();
        }
    }

    /// Ends it, if it runs; it may be started again.
    pub(crate) async fn end(&self) {
        if let Some(running) = self.state.lock().await.running.take() {
            running.connection.end();
        }
    }
}

impl State {
    /// It runs no longer. That is a fault of its only where it was not ended from here.
    fn is_gone(&mut self, connection: &McpConnection) {
        if !connection.was_ended() {
            self.fail();
        }
        connection.end();
    }

    fn fail(&mut self) {
        self.failures += 1;
        let twice = 2_u32.saturating_pow(self.failures.saturating_sub(1).min(10));
        self.not_before = Some(Instant::now() + BACKOFF.saturating_mul(twice).min(LONGEST_BACKOFF));
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.abort();
        }
    }
}
