//! A server at an address, spoken to over streamable HTTP: each message is posted, what it answers comes as JSON or as a stream of
//! events, and a stream of its own brings what it says unasked.
//!
//! Nothing is sent twice from here. An answer that breaks off ends the connection: what the request did nobody knows.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use q_seat::RemoteServer;
use q_tools::Said;
use rmcp::RoleClient;
use rmcp::model::{JsonRpcMessage, RequestId, ServerResult};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::http::{HttpAnswer, HttpClient, HttpMethod, HttpRequest, HttpTrouble};
use crate::sent_secrets::SentSecrets;
use crate::sign_in::{Challenge, Pass, is_invalid};

/// How long a server may stay silent: whoever asked gives up before that, but where the person is asked meanwhile; and the stream for
/// what it says unasked ends with the connection.
const SILENCE: Duration = Duration::from_hours(24);
/// How long the end of a session may take to be told.
const ENDING: Duration = Duration::from_secs(3);
/// How much of an address elsewhere is shown, in letters.
const LOCATION: usize = 300;
/// The longest name of a session, in bytes.
const SESSION_BYTES: usize = 1 << 10;
/// Messages that came and nobody has taken yet.
const WAITING: usize = 16;
/// Where a session and a version stand.
const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";

/// A connection to a server at an address, as far as there is one: a session that it gave a name.
#[derive(Clone)]
pub(crate) struct RemoteLine(Arc<Line>);

struct Line {
    client: Arc<dyn HttpClient>,
    /// With what the person signed in at it.
    pass: Pass,
    server: RemoteServer,
    said: Said,
    state: Mutex<State>,
    is_closed: watch::Sender<bool>,
    came: mpsc::Sender<RxJsonRpcMessage<RoleClient>>,
    /// How many sessions are being ended.
    ending: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<String>,
    version: Option<String>,
    /// Why it cannot be used any more.
    fault: Option<RemoteFault>,
    hearing: Hearing,
}

/// Whether what it says unasked is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hearing {
    #[default]
    NotYet,
    Heard,
    /// The stream has ended: something may have been missed.
    Missed,
    /// It has no such stream.
    Never,
}

/// Why a message came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RemoteFault {
    /// It never left: nobody was reached.
    Unsent(String),
    /// The server refuses it, and did nothing.
    Refused(String),
    /// The server knows the session no longer, and did nothing.
    Forgotten,
    /// It may have arrived: nobody knows.
    Broken(String),
}

impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(why) | Self::Refused(why) | Self::Broken(why) => f.write_str(why),
            Self::Forgotten => f.write_str("the server has forgotten this session"),
        }
    }
}

impl std::error::Error for RemoteFault {}

/// The other end of a line: what the library reads and writes.
pub(crate) struct RemoteTransport {
    line: RemoteLine,
    coming: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
}

impl RemoteLine {
    /// Nothing is sent before the library speaks. `ending` counts sessions whose end is still being told.
    pub(crate) fn new(
        (client, pass): (Arc<dyn HttpClient>, Pass),
        server: RemoteServer,
        said: Said,
        ending: watch::Sender<usize>,
    ) -> (Self, RemoteTransport) {
        let (came, coming) = mpsc::channel(WAITING);
        let (state, is_closed) = (Mutex::default(), watch::channel(false).0);
        let line = Self(Arc::new(Line { client, pass, server, said, state, is_closed, came, ending }));
        (line.clone(), RemoteTransport { line, coming })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it cannot be used any more, where that is known.
    pub(crate) fn fault(&self) -> Option<RemoteFault> {
        self.state().fault.clone()
    }

    /// Whether the person has to sign in before it does anything.
    pub(crate) fn wants_sign_in(&self) -> bool {
        self.0.pass.is_wanted()
    }

    /// Whether its list may be another one without a word of that having come. A stream that has ended is opened again.
    pub(crate) fn may_have_missed(&self) -> bool {
        let hearing = self.state().hearing;
        match hearing {
            Hearing::Missed => {
                self.hear();
                true
            }
            Hearing::Never => true,
            Hearing::NotYet | Hearing::Heard => false,
        }
    }

    /// Ends the session: the server is told so, and nothing that it says is heard any more.
    pub(crate) fn close(&self) {
        if self.0.is_closed.send_replace(true) {
            return;
        }
        let (line, request) = (self.clone(), self.request(HttpMethod::Delete, String::new(), ENDING));
        if self.state().session.take().is_none() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        self.0.ending.send_modify(|count| *count += 1);
        runtime.spawn(async move {
            // A server need not let a session be ended.
            drop(timeout(ENDING, line.0.client.ask(request)).await);
            line.0.ending.send_modify(|count| *count -= 1);
        });
    }

    fn fail(&self, fault: RemoteFault) {
        self.state().fault.get_or_insert(fault);
        self.close();
    }

    /// A request with all headers that belong to it, its session's among them where there is one.
    fn request(&self, method: HttpMethod, body: String, patience: Duration) -> HttpRequest {
        let RemoteServer { url, headers } = &self.0.server;
        let accept = match method {
            HttpMethod::Post => "application/json, text/event-stream",
            HttpMethod::Get | HttpMethod::Delete => "text/event-stream",
        };
        let mut all = vec![("accept".to_owned(), accept.to_owned())];
        if method == HttpMethod::Post {
            all.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let state = self.state();
        let named = [(SESSION, &state.session), (VERSION, &state.version)];
        all.extend(named.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value).clone()?))));
        all.extend(headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
        all.extend(self.0.pass.sent().map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
        HttpRequest { method, url: url.clone(), headers: all, body, patience, named_by: None }
    }

    /// What of its requests is shown nowhere, whoever says it back.
    fn sent(&self) -> SentSecrets {
        let (token, session) = (self.0.pass.sent(), self.state().session.clone());
        let own = self.0.server.headers.values();
        SentSecrets::of(own.chain(&token).chain(&session).map(String::as_str))
    }

    /// Sends a message. What is answered to a request comes behind it, by itself.
    async fn post(self, message: TxJsonRpcMessage<RoleClient>) -> Result<(), RemoteFault> {
        let asked = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            JsonRpcMessage::Notification(_) | JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => None,
        };
        let body = serde_json::to_string(&message).map_err(|error| RemoteFault::Unsent(error.to_string()))?;
        let had_session = self.state().session.is_some();
        let mut closed = self.0.is_closed.subscribe();
        let mut answer = tokio::select! {
            answer = self.ask(&body) => answer?,
            _ended = closed.wait_for(|closed| *closed) => {
                return Err(RemoteFault::Broken("it was ended".to_owned()));
            }
        };
        match answer.status() {
            200..=299 => {}
            404 if had_session => {
                // There is nothing left to end, and what else is under way may still be answered.
                let mut state = self.state();
                (state.session, state.fault) = (None, Some(RemoteFault::Forgotten));
                return Err(RemoteFault::Forgotten);
            }
            _ => return Err(refusal(answer.as_mut(), &self.0.pass, &self.sent()).await),
        }
        self.take_session(answer.as_ref());
        match asked {
            Some(id) => drop(tokio::spawn(async move { self.answered(answer, id).await })),
            // The first that is no request says that the greeting is over.
            None if self.state().hearing == Hearing::NotYet => self.hear(),
            None => {}
        }
        Ok(())
    }

    /// The head of the answer to that. A server that refuses a token did nothing: where there is another it gets that, once.
    async fn ask(&self, body: &str) -> Result<Box<dyn HttpAnswer>, RemoteFault> {
        let (token, client) = (self.0.pass.token().await.map_err(RemoteFault::Unsent)?, &self.0.client);
        let posted = || client.ask(self.request(HttpMethod::Post, body.to_owned(), SILENCE));
        let told = |HttpTrouble { why, may_have_arrived }| {
            if may_have_arrived { RemoteFault::Broken(why) } else { RemoteFault::Unsent(why) }
        };
        let answer = posted().await.map_err(told)?;
        if answer.status() != 401 {
            self.0.pass.was_let_in();
            return Ok(answer);
        }
        let is_invalid = is_invalid(answer.header("www-authenticate"));
        let another = self.0.pass.after(token, is_invalid).await.map_err(RemoteFault::Unsent)?;
        if another.is_none() {
            self.0.pass.want();
            return Ok(answer);
        }
        posted().await.map_err(told)
    }

    /// The first answer may name the session.
    fn take_session(&self, answer: &dyn HttpAnswer) {
        let mut state = self.state();
        if state.session.is_none() && state.version.is_none() {
            let is_name =
                |name: &&str| name.len() <= SESSION_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic());
            state.session = answer.header(SESSION).filter(is_name).map(str::to_owned);
        }
    }

    /// Takes in what comes as the answer to a request, until that is there.
    async fn answered(self, mut answer: Box<dyn HttpAnswer>, of: RequestId) {
        let mut closed = self.0.is_closed.subscribe();
        let taken = async {
            loop {
                match answer.next().await {
                    Ok(Some(bytes)) => {
                        if self.take(&bytes, Some(&of)).await {
                            return;
                        }
                    }
                    Ok(None) => return self.fail(RemoteFault::Broken("its answer broke off".to_owned())),
                    Err(why) => {
                        return self.fail(RemoteFault::Broken(format!("its answer broke off: {why}")));
                    }
                }
            }
        };
        tokio::select! {
            () = taken => {}
            _ended = closed.wait_for(|closed| *closed) => {}
        }
    }

    /// Hears what it says unasked, for as long as it has a stream for that.
    fn hear(&self) {
        self.state().hearing = Hearing::Heard;
        let (line, request) = (self.clone(), self.request(HttpMethod::Get, String::new(), SILENCE));
        let mut closed = self.0.is_closed.subscribe();
        let hearing = async move {
            let Ok(mut answer) = line.0.client.ask(request).await else { return Hearing::Missed };
            if !matches!(answer.status(), 200..=299) {
                return Hearing::Never;
            }
            while let Ok(Some(bytes)) = answer.next().await {
                line.take(&bytes, None).await;
            }
            Hearing::Missed
        };
        let line = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                heard = hearing => line.state().hearing = heard,
                _ended = closed.wait_for(|closed| *closed) => {}
            }
        });
    }

    /// Takes a message in; whether it was the answer that is waited for. What cannot be read is none.
    async fn take(&self, bytes: &[u8], waited_for: Option<&RequestId>) -> bool {
        let length = bytes.len() as u64;
        if self.0.said.take(length, length) {
            self.fail(RemoteFault::Broken("it says more than it may".to_owned()));
            return true;
        }
        let Ok(mut message) = serde_json::from_slice::<RxJsonRpcMessage<RoleClient>>(bytes) else {
            return false;
        };
        let is_answer = match &mut message {
            JsonRpcMessage::Response(response) => {
                if let ServerResult::InitializeResult(greeting) = &response.result {
                    self.state().version = Some(greeting.protocol_version.to_string());
                }
                Some(&response.id) == waited_for
            }
            JsonRpcMessage::Error(error) => {
                // What cannot even be read is refused without a number.
                error.id = error.id.take().or_else(|| waited_for.cloned());
                error.id.as_ref() == waited_for
            }
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => false,
        };
        // Nobody takes it any more where the connection has ended.
        let _ended = self.0.came.send(message).await;
        is_answer && waited_for.is_some()
    }
}

impl fmt::Debug for RemoteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteLine").field(&self.0.server).finish()
    }
}

impl Transport<RoleClient> for RemoteTransport {
    type Error = RemoteFault;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), RemoteFault>> + Send + 'static {
        self.line.clone().post(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let mut closed = self.line.0.is_closed.subscribe();
        tokio::select! {
            biased;
            message = self.coming.recv() => message,
            _ended = closed.wait_for(|closed| *closed) => None,
        }
    }

    async fn close(&mut self) -> Result<(), RemoteFault> {
        self.line.close();
        Ok(())
    }
}

/// What a status says that is no success, with the way out.
async fn refusal(answer: &mut dyn HttpAnswer, pass: &Pass, sent: &SentSecrets) -> RemoteFault {
    let status = answer.status();
    let place = "key_env, key_file or headers in its table";
    let challenge = answer.header("www-authenticate").and_then(Challenge::read);
    let wants_more = challenge.as_ref().is_some_and(Challenge::wants_more);
    let told = match status {
        300..=399 => {
            let place = answer.header("location").map(q_seat::shown_address).unwrap_or_default();
            let place: String = place.chars().take(LOCATION).collect();
            format!("it is elsewhere ({status} {place}), which is not followed: mend its url")
        }
        401 => match pass.sign_in() {
            Some(sign_in) => format!("it wants to know who asks (401): {sign_in}, or name a key by {place}"),
            None => format!("it wants to know who asks (401): name a key by {place}"),
        },
        403 if let (true, Some(sign_in)) = (wants_more, pass.sign_in()) => {
            let scope = challenge.and_then(|challenge| challenge.scope).filter(|scope| is_plain(scope));
            let scope = scope.map_or("…".to_owned(), |scope| format!("\"{scope}\""));
            format!("what you signed in for is not enough for this (403): {sign_in} --scope {scope}")
        }
        403 => format!("it does not let this key in (403): see {place}"),
        404 | 405 => format!("there is no MCP server at this address ({status}): see its url"),
        status => format!("it answers with status {status}"),
    };
    let said = match timeout(ENDING, answer.next()).await {
        Ok(Ok(Some(said))) => words(&said, sent),
        Ok(Ok(None) | Err(_)) | Err(_) => String::new(),
    };
    let between = if said.is_empty() { "" } else { "; it said: " };
    let told = format!("{told}{between}{said}");
    // A server that fails may have begun; one that refuses has not.
    if status >= 500 { RemoteFault::Broken(told) } else { RemoteFault::Refused(told) }
}

/// Whether scopes can be typed in a shell between quotes and mean nothing else there.
fn is_plain(scope: &str) -> bool {
    scope.chars().all(|letter| letter.is_ascii_alphanumeric() || " :/._-+*~".contains(letter))
}

/// What is said with a refusal: an error of the protocol, or a text; without what was sent.
fn words(said: &[u8], sent: &SentSecrets) -> String {
    let error = serde_json::from_slice::<serde_json::Value>(said).ok();
    let message =
        error.as_ref().and_then(|error| error.pointer("/error/message").or_else(|| error.get("error")));
    let told = match message.and_then(serde_json::Value::as_str) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(said).into_owned(),
    };
    let told = told.trim();
    // A page is for browsers.
    let told = if told.starts_with('<') { "" } else { told };
    // Before it is cut: a cut through a token would leave a part of it.
    sent.without(told)
        .chars()
        .take(500)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
