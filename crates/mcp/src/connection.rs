//! One process of a server, from its start to its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use q_tools::{BoundedOutput, LastWords, Said, ServingGroup, ServingPrograms, ToolSettings};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientNotification, ClientRequest, CustomNotification,
    JsonObject, PaginatedRequestParams, RequestId, ServerResult, Tool,
};
use rmcp::service::{PeerRequestOptions, RequestHandle, RunningService, ServiceError};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{ClientLifecycleMode, Peer, RoleClient, serve_client_with_lifecycle};
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::closable_input::ClosableInput;
use crate::peer::McpPeer;
use crate::pin::PinnedTools;
use crate::reply::{self, ServedReply};
use crate::tool_list::{MOST, ToolList};
use q_seat::McpSpec;

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
    input: ClosableInput,
    group: Mutex<Option<ServingGroup>>,
    errors: LastWords,
    said: Said,
    peer: McpPeer,
    /// Calls that were given up and have not ended.
    given_up: watch::Sender<usize>,
    /// Whether it was ended from here, which is no fault of its.
    is_ended: AtomicBool,
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
    /// It answered, and q does not understand what.
    Odd,
}

impl McpConnection {
    /// Starts it in its directory, and greets it. Says why where that cannot be done.
    pub async fn start(
        spec: &McpSpec,
        settings: &ToolSettings,
        pinned: &PinnedTools,
        programs: &ServingPrograms,
    ) -> Result<Self, String> {
        let directory = match &spec.directory {
            Some(directory) => directory.clone(),
            None => pinned.own_directory(&spec.pin_name())?,
        };
        let program = programs.start(settings, &directory, &spec.command, &spec.environment)?;
        let (errors, said, peer) = (LastWords::default(), Said::default(), McpPeer::default());
        tokio::spawn(errors.clone().take_in(program.errors));
        let input = ClosableInput::new(program.input);
        let output = BoundedOutput::new(program.output, said.clone());
        let transport = AsyncRwTransport::<RoleClient, _, _>::new(output, input.clone());
        let greeting = serve_client_with_lifecycle(peer.clone(), transport, ClientLifecycleMode::Initialize);
        let service = match timeout(START, greeting).await {
            Ok(Ok(service)) => service,
            Ok(Err(_)) if said.is_too_much() => return Err("it says more than it may".into()),
            Ok(Err(error)) => {
                let mut why: String = error.to_string().chars().take(ERRORS).collect();
                if let Ok(Some(ending)) = timeout(GRACE, program.group.ended()).await {
                    why = format!("it ended ({ending})");
                }
                return Err(format!("{why}{}", last_words(&errors)));
            }
            Err(_) => {
                return Err(format!(
                    "it did not answer within {} seconds{}",
                    START.as_secs(),
                    last_words(&errors)
                ));
            }
        };
        let group = Mutex::new(Some(program.group));
        let (name, given_up, is_ended) = (spec.name.clone(), watch::channel(0).0, AtomicBool::default());
        Ok(Self { name, service, input, group, errors, said, peer, given_up, is_ended })
    }

    /// What the server calls itself, and its version, as it says.
    pub fn introduction(&self) -> String {
        let info = self.service.peer().peer_info();
        let info = info.and_then(|info| info.server_info.clone());
        info.map(|info| format!("{} {}", info.name, info.version)).unwrap_or_default()
    }

    /// Its tools as they are now.
    pub async fn list(&self) -> Result<ToolList, String> {
        self.said.begin();
        let (tools, is_whole) = match timeout(START, self.all_tools()).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => return Err(format!("its tools cannot be listed: {}", self.why(&error))),
            Err(_) => return Err(format!("its tools were not listed within {} seconds", START.as_secs())),
        };
        let mut list = ToolList::of(&self.name, tools);
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
        if !self.peer.take_list_changed() {
            return Ok(None);
        }
        let listed = self.list().await;
        if listed.is_err() {
            self.peer.note_list_changed();
        }
        listed.map(Some)
    }

    /// Whether it takes no more calls.
    pub(crate) fn has_ended(&self) -> bool {
        self.was_ended() || self.service.is_closed() || self.service.peer().is_transport_closed()
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

    /// Calls a tool, once. Given up, the server is told so, and ended where the call does not end within two seconds.
    pub(crate) async fn call(
        self: &Arc<Self>,
        tool: &str,
        arguments: JsonObject,
        limit: Duration,
        progress: &mpsc::Sender<String>,
    ) -> Result<ServedReply, CallFault> {
        self.said.begin();
        let _of_earlier = self.peer.take_declined();
        let wanted = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(wanted));
        let sent = self.service.peer().send_cancellable_request(request, PeerRequestOptions::no_options());
        let handle = match timeout(GRACE, sent).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(_)) => return Err(self.ended()),
            Err(_) => return Err(CallFault::TimedOut),
        };
        let _watched = self.peer.watch(handle.progress_token.clone(), progress.clone());
        let mut under_way = UnderWay::new(self, handle);
        let Ok(answer) = timeout(limit, under_way.answer()).await else { return Err(CallFault::TimedOut) };
        let mut reply = match answer {
            Some(Ok(ServerResult::CallToolResult(result))) => reply::of(&result),
            Some(Ok(_other)) => return Err(CallFault::Odd),
            Some(Err(ServiceError::McpError(error))) => {
                return Err(CallFault::Refused(reply::bounded(error.message.into_owned())));
            }
            Some(Err(_)) | None => return Err(self.ended()),
        };
        if self.peer.take_declined() > 0 {
            reply.text.push_str("\n(The server wanted to ask the person something: q declined, it does not pass questions on.)");
        }
        Ok(reply)
    }

    /// Ends it. What is under way comes to nothing.
    pub fn end(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        self.input.close();
        drop(self.group.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn ended(&self) -> CallFault {
        let why = if self.said.is_too_much() { "; it said more than it may" } else { "" };
        CallFault::Ended(format!("{why}{}", last_words(&self.errors)))
    }

    fn why(&self, error: &ServiceError) -> String {
        if self.said.is_too_much() {
            return "it said more than it may".into();
        }
        let told: String = error.to_string().chars().take(ERRORS).collect();
        format!("{told}{}", last_words(&self.errors))
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
