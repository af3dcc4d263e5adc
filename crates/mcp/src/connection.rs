//! One connection to a server, from its start to its end: a process, or a session at an address.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use q_tools::{BoundedOutput, LastWords, Said, ServingGroup};
use rmcp::model::{
    ClientNotification, ClientRequest, CustomNotification, PaginatedRequestParams, RequestId, ServerResult,
    Tool,
};
use rmcp::service::{ClientInitializeError, PeerRequestOptions, RequestHandle, RunningService, ServiceError};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{ClientLifecycleMode, Peer, RoleClient, serve_client_with_lifecycle};
use serde_json::json;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::closable_input::ClosableInput;
use crate::means::ServingMeans;
use crate::peer::McpPeer;
use crate::pin::PinnedTools;
use crate::remote::{RemoteFault, RemoteLine};
use crate::reply::{self, ServedReply};
use crate::resources;
use crate::session_servers::CallListener;
use crate::sign_in::Pass;
use crate::tool_list::{MOST, ToolList};
use q_seat::{McpSpec, RemoteServer};

/// How long a server may take until it speaks, and to list its tools.
const START: Duration = Duration::from_secs(30);
/// How long a call that nobody waits for any longer may take to end; its server is ended then.
const GRACE: Duration = Duration::from_secs(2);
/// The most pages of a list.
const PAGES: usize = 16;
/// How much of what it says on standard error is kept: the end.
const ERRORS: usize = 2 << 10;

/// A server that runs. Dropped, it is told to end, and killed with all it started where it does not.
#[derive(Debug)]
pub struct McpConnection {
    name: String,
    service: RunningService<RoleClient, McpPeer>,
    channel: Channel,
    said: Said,
    peer: McpPeer,
    /// Calls that were given up and have not ended.
    given_up: watch::Sender<usize>,
    /// Whether it was ended from here, which is no fault of its.
    is_ended: AtomicBool,
}

/// What is between it and q.
#[derive(Debug)]
enum Channel {
    Program { input: ClosableInput, group: Mutex<Option<ServingGroup>>, errors: LastWords },
    Remote(RemoteLine),
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// The server has ended, and said this: what it did meanwhile nobody knows.
    Ended(String),
    /// It took longer than it may.
    TimedOut,
    /// The server refuses it.
    Refused(String),
    /// It never left, since nobody was reached.
    Unsent(String),
    /// The server has forgotten the session, and so did nothing: another one may be asked.
    Forgotten,
    /// It answered, and q does not understand what.
    Odd,
}

/// Why a server is not there.
#[derive(Debug)]
pub(crate) struct StartFault {
    pub(crate) why: String,
    /// Whether the person has to sign in first: that is no fault of the server's.
    pub(crate) wants_sign_in: bool,
}

impl From<String> for StartFault {
    fn from(why: String) -> Self {
        Self { why, wants_sign_in: false }
    }
}

impl McpConnection {
    /// Starts it in its directory, or opens a session at its address, and greets it. Says why where that cannot be done.
    pub async fn start(spec: &McpSpec, means: &ServingMeans, pinned: &PinnedTools) -> Result<Self, String> {
        Self::started(spec, means, pinned).await.map_err(|fault| fault.why)
    }

    /// The same, with whether it is for a person to do something first.
    pub(crate) async fn started(
        spec: &McpSpec,
        means: &ServingMeans,
        pinned: &PinnedTools,
    ) -> Result<Self, StartFault> {
        match &spec.remote {
            Some(server) => Self::reach(spec, server, means, pinned).await,
            None => Self::run(spec, means, pinned).await.map_err(StartFault::from),
        }
    }

    async fn run(spec: &McpSpec, means: &ServingMeans, pinned: &PinnedTools) -> Result<Self, String> {
        let directory = match &spec.directory {
            Some(directory) => directory.clone(),
            None => pinned.own_directory(&spec.pin_name())?,
        };
        let program = means.programs.start(&means.settings, &directory, &spec.command, &spec.environment)?;
        let (errors, said) = (LastWords::default(), Said::default());
        let peer = McpPeer::new(&spec.name, means.may_ask);
        tokio::spawn(errors.clone().take_in(program.errors));
        let input = ClosableInput::new(program.input);
        let output = BoundedOutput::new(program.output, said.clone());
        let transport = AsyncRwTransport::<RoleClient, _, _>::new(output, input.clone());
        let service = match greeted(&peer, transport).await {
            Ok(service) => service,
            Err(_) if said.is_too_much() => return Err("it says more than it may".into()),
            Err(mut fault) => {
                if fault.may_have_ended
                    && let Ok(Some(ending)) = timeout(GRACE, program.group.ended()).await
                {
                    fault.why = format!("it ended ({ending})");
                }
                return Err(format!("{}{}", fault.why, last_words(&errors)));
            }
        };
        let channel = Channel::Program { input, group: Mutex::new(Some(program.group)), errors };
        Ok(Self::greeted(spec, service, channel, said, peer))
    }

    async fn reach(
        spec: &McpSpec,
        server: &RemoteServer,
        means: &ServingMeans,
        pinned: &PinnedTools,
    ) -> Result<Self, StartFault> {
        let client = means
            .http
            .clone()
            .ok_or_else(|| "no server at an address can be reached from here".to_owned())?;
        let (said, peer) = (Said::default(), McpPeer::new(&spec.name, means.may_ask));
        let pass = Pass::new(spec, server, pinned.sign_ins(), Arc::clone(&client), means.ending.clone());
        let (line, transport) =
            RemoteLine::new((client, pass), server.clone(), said.clone(), means.ending.clone());
        match greeted(&peer, transport).await {
            Ok(service) => Ok(Self::greeted(spec, service, Channel::Remote(line), said, peer)),
            Err(fault) => {
                let why = line.fault().map_or(fault.why, |fault| fault.to_string());
                line.close();
                Err(StartFault { why, wants_sign_in: line.wants_sign_in() })
            }
        }
    }

    fn greeted(
        spec: &McpSpec,
        service: RunningService<RoleClient, McpPeer>,
        channel: Channel,
        said: Said,
        peer: McpPeer,
    ) -> Self {
        let (name, given_up, is_ended) = (spec.name.clone(), watch::channel(0).0, AtomicBool::default());
        Self { name, service, channel, said, peer, given_up, is_ended }
    }

    /// What the server calls itself, and its version, as it says.
    pub fn introduction(&self) -> String {
        let info = self.service.peer().peer_info();
        let info = info.and_then(|info| info.server_info.clone());
        info.map(|info| format!("{} {}", info.name, info.version)).unwrap_or_default()
    }

    /// Whether the last it said is that the person has to sign in first.
    pub(crate) fn wants_sign_in(&self) -> bool {
        match &self.channel {
            Channel::Program { .. } => false,
            Channel::Remote(line) => line.wants_sign_in(),
        }
    }

    /// Whether it says that it has prompts.
    pub(crate) fn has_prompts(&self) -> bool {
        self.service.peer().peer_info().is_some_and(|info| info.capabilities.prompts.is_some())
    }

    /// Asks it for something of which nothing is left to be undone.
    pub(crate) async fn ask(&self, request: ClientRequest) -> Result<ServerResult, String> {
        self.said.begin();
        match timeout(START, self.service.peer().send_request(request)).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(self.why(&error)),
            Err(_) => Err(format!("it did not answer within {} seconds", START.as_secs())),
        }
    }

    /// Its tools as they are now.
    pub async fn list(&self) -> Result<ToolList, String> {
        self.said.begin();
        let (tools, is_whole) = match timeout(START, self.all_tools()).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => return Err(format!("its tools cannot be listed: {}", self.why(&error))),
            Err(_) => return Err(format!("its tools were not listed within {} seconds", START.as_secs())),
        };
        let info = self.service.peer().peer_info();
        let has_resources = info.is_some_and(|info| info.capabilities.resources.is_some());
        let own = if has_resources { resources::tools().into() } else { Vec::new() };
        let mut list = ToolList::of(&self.name, tools, own);
        if !is_whole {
            list.left_out.push(format!("what stands behind page {PAGES} of its list"));
        }
        Ok(list)
    }

    /// With whether those are all.
    async fn all_tools(&self) -> Result<(Vec<Tool>, bool), ServiceError> {
        let (mut all, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            let wanted = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self.service.peer().list_tools(Some(wanted)).await?;
            all.extend(page.tools);
            cursor = page.next_cursor;
            // Of more than are taken it is said anyway.
            if cursor.is_none() || all.len() > MOST {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    /// Its tools, where it said that they are others than when they were last listed. What cannot be listed is asked again.
    pub(crate) async fn changed_list(&self) -> Result<Option<ToolList>, String> {
        if !self.peer.take_list_changed() && !self.may_have_missed() {
            return Ok(None);
        }
        let listed = self.list().await;
        if listed.is_err() {
            self.peer.note_list_changed();
        }
        listed.map(Some)
    }

    /// Whether it may have changed its list without a word of that having come, as far as it says that it changes it at all.
    fn may_have_missed(&self) -> bool {
        let Channel::Remote(line) = &self.channel else { return false };
        let info = self.service.peer().peer_info();
        let tools = info.as_deref().and_then(|info| info.capabilities.tools.as_ref());
        tools.is_some_and(|tools| tools.list_changed == Some(true)) && line.may_have_missed()
    }

    /// Whether it takes no more calls.
    pub(crate) fn has_ended(&self) -> bool {
        let has_fault = matches!(&self.channel, Channel::Remote(line) if line.fault().is_some());
        has_fault || self.was_ended() || self.service.is_closed() || self.service.peer().is_transport_closed()
    }

    /// Whether it was ended from here.
    pub(crate) fn was_ended(&self) -> bool {
        self.is_ended.load(Ordering::Relaxed)
    }

    /// Waits until no call is under way any more that was given up.
    pub(crate) async fn is_settled(&self) {
        let mut given_up = self.given_up.subscribe();
        let _counted_here = given_up.wait_for(|count| *count == 0).await.is_ok();
    }

    /// Asks it for that, once: mostly a call of a tool. Given up, the server is told so, and ended where the call does not end within two seconds.
    pub(crate) async fn call(
        self: &Arc<Self>,
        request: ClientRequest,
        limit: Duration,
        listener: &CallListener,
    ) -> Result<ServedReply, CallFault> {
        self.said.begin();
        let sent = self.service.peer().send_cancellable_request(request, PeerRequestOptions::no_options());
        let handle = match timeout(GRACE, sent).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(error)) => return Err(self.fault(&error)),
            Err(_) => return Err(CallFault::TimedOut),
        };
        let watched = self.peer.watch(handle.progress_token.clone(), listener);
        let mut under_way = UnderWay::new(self, handle);
        let answer = loop {
            // While the person is asked the server waits for them, and nobody for it.
            match timeout(limit, under_way.answer()).await {
                Ok(answer) => break answer,
                Err(_) if self.peer.is_asking() => {}
                Err(_) => return Err(CallFault::TimedOut),
            }
        };
        let mut reply = match answer {
            Some(Ok(result)) => resources::reply(result).ok_or(CallFault::Odd)?,
            Some(Err(ServiceError::McpError(error))) => {
                return Err(CallFault::Refused(reply::bounded(error.message.into_owned())));
            }
            Some(Err(error)) => return Err(self.fault(&error)),
            None => return Err(self.ended()),
        };
        if watched.has_declined() {
            reply.text.push_str("\n(The server wanted to ask the person something: q declined, since it cannot be put to them in words, or not any more.)");
        }
        Ok(reply)
    }

    /// Ends it. What is under way comes to nothing.
    pub fn end(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        match &self.channel {
            Channel::Program { input, group, errors: _ } => {
                input.close();
                drop(group.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
            Channel::Remote(line) => line.close(),
        }
    }

    /// What became of a call that the library has no result of.
    fn fault(&self, error: &ServiceError) -> CallFault {
        let ServiceError::TransportSend(unsent) = error else { return self.ended() };
        match unsent.error.downcast_ref::<RemoteFault>() {
            Some(RemoteFault::Unsent(why)) => CallFault::Unsent(why.clone()),
            Some(RemoteFault::Refused(why)) => CallFault::Refused(why.clone()),
            Some(RemoteFault::Forgotten) => CallFault::Forgotten,
            Some(RemoteFault::Broken(why)) => CallFault::Ended(format!("; {why}")),
            None => self.ended(),
        }
    }

    fn ended(&self) -> CallFault {
        let why = if self.said.is_too_much() { "; it said more than it may" } else { "" };
        CallFault::Ended(format!("{why}{}", self.last_words()))
    }

    fn why(&self, error: &ServiceError) -> String {
        if self.said.is_too_much() {
            return "it said more than it may".into();
        }
        match self.fault(error) {
            CallFault::Unsent(why) | CallFault::Refused(why) => why,
            CallFault::Ended(_) | CallFault::Forgotten | CallFault::TimedOut | CallFault::Odd => {
                let told: String = error.to_string().chars().take(ERRORS).collect();
                format!("{told}{}", self.last_words())
            }
        }
    }

    /// What it said last, as the end of a sentence.
    fn last_words(&self) -> String {
        match &self.channel {
            Channel::Program { errors, .. } => last_words(errors),
            Channel::Remote(line) => line.fault().map(|fault| format!("; {fault}")).unwrap_or_default(),
        }
    }
}

/// Why a server was not greeted, and whether it may be because it ended.
struct GreetingFault {
    why: String,
    may_have_ended: bool,
}

async fn greeted<T>(
    peer: &McpPeer,
    transport: T,
) -> Result<RunningService<RoleClient, McpPeer>, GreetingFault>
where
    T: Transport<RoleClient> + 'static,
{
    let greeting = serve_client_with_lifecycle(peer.clone(), transport, ClientLifecycleMode::Initialize);
    match timeout(START, greeting).await {
        Ok(Ok(service)) => Ok(service),
        Ok(Err(error)) => {
            let sent = if let ClientInitializeError::TransportError { error, .. } = &error {
                error.error.downcast_ref::<RemoteFault>()
            } else {
                None
            };
            let told = sent.map_or_else(|| error.to_string(), ToString::to_string);
            Err(GreetingFault { why: told.chars().take(ERRORS).collect(), may_have_ended: true })
        }
        Err(_) => {
            let why = format!("it did not answer within {} seconds", START.as_secs());
            Err(GreetingFault { why, may_have_ended: false })
        }
    }
}

impl Drop for McpConnection {
    fn drop(&mut self) {
        self.end();
    }
}

/// A call that has not ended. Dropped before that, the server is told that nobody waits.
struct UnderWay<'a> {
    connection: &'a Arc<McpConnection>,
    of: RequestId,
    peer: Peer<RoleClient>,
    answer: Option<oneshot::Receiver<Result<ServerResult, ServiceError>>>,
}

impl<'a> UnderWay<'a> {
    fn new(connection: &'a Arc<McpConnection>, handle: RequestHandle<RoleClient>) -> Self {
        Self { connection, of: handle.id, peer: handle.peer, answer: Some(handle.rx) }
    }

    /// The answer; nothing where none can come any more.
    async fn answer(&mut self) -> Option<Result<ServerResult, ServiceError>> {
        let answer = self.answer.as_mut()?.await.ok();
        self.answer = None;
        answer
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let Some(answer) = self.answer.take() else { return };
        let (connection, peer) = (Arc::clone(self.connection), self.peer.clone());
        // Not in the library's own words, after which it would hear no answer any more.
        let told = json!({ "requestId": self.of, "reason": "nobody waits for it" });
        let told = CustomNotification::new("notifications/cancelled", Some(told));
        connection.given_up.send_modify(|count| *count += 1);
        let ending = async move {
            let ends = async {
                let _it_is_gone = peer.send_notification(ClientNotification::CustomNotification(told)).await;
                answer.await
            };
            // Without a word of its end nobody knows whether it goes on.
            if timeout(GRACE, ends).await.is_err() {
                connection.end();
            }
            connection.given_up.send_modify(|count| *count -= 1);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(ending)),
            Err(_) => self.connection.end(),
        }
    }
}

/// The end of what a server said, as the end of a sentence; nothing where it said nothing.
fn last_words(errors: &LastWords) -> String {
    let text = errors.text();
    if text.is_empty() { text } else { format!("; it said: {text}") }
}
