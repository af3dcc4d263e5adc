//! q's side of the protocol: what a server asks of it, and mostly does not get. Models are not lent (sampling). Questions go to the
//! person while a call is under way (elicitation), as far as words can answer them; all others are declined.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::ClientHandler;
use rmcp::RoleClient;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ErrorData, FormElicitationCapability, Implementation, ProgressNotificationParam,
    ProgressToken,
};
use rmcp::service::{NotificationContext, RequestContext};
use tokio::sync::{mpsc, oneshot};

use crate::questions::{self, Questions, ServerQuestion};
use crate::session_servers::CallListener;

/// How much of a progress message is shown.
const MESSAGE: usize = 500;

/// What is known of a connection beside its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct McpPeer(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    /// What the server is called here.
    server: String,
    /// Whether it is told that it may ask.
    may_ask: bool,
    list_changed: AtomicBool,
    declined: AtomicU32,
    /// Who puts questions to the person, while a call is under way; how many it asked, and how many wait.
    questions: Mutex<Option<Questions>>,
    asked: AtomicU32,
    waiting: AtomicU32,
    /// Whoever watches a call, by the token of its request; a handful at most.
    watched: Mutex<Vec<(ProgressToken, mpsc::Sender<String>)>>,
}

/// A call that is watched, until this is dropped.
pub(crate) struct Watched<'a>(&'a McpPeer, ProgressToken);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut watched = self.0.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|(token, _)| *token != self.1);
        self.0.0.questions.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A question that waits, until this is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl McpPeer {
    pub(crate) fn new(server: &str, may_ask: bool) -> Self {
        Self(Arc::new(Told { server: server.to_owned(), may_ask, ..Told::default() }))
    }

    /// Whether the person is being asked something.
    pub(crate) fn is_asking(&self) -> bool {
        self.0.waiting.load(Ordering::Relaxed) > 0
    }

    /// Whether the server said that its list is another one since this was last asked.
    pub(crate) fn take_list_changed(&self) -> bool {
        self.0.list_changed.swap(false, Ordering::Relaxed)
    }

    /// Has it that its list is another one.
    pub(crate) fn note_list_changed(&self) {
        self.0.list_changed.store(true, Ordering::Relaxed);
    }

    /// How many questions were declined since this was last asked.
    pub(crate) fn take_declined(&self) -> u32 {
        self.0.declined.swap(0, Ordering::Relaxed)
    }

    /// Has the progress of that request told to somebody, and what the server asks meanwhile.
    pub(crate) fn watch(&self, token: ProgressToken, listener: &CallListener) -> Watched<'_> {
        let progress = (token.clone(), listener.progress.clone());
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).push(progress);
        self.0.questions.lock().unwrap_or_else(PoisonError::into_inner).replace(listener.questions.clone());
        self.0.asked.store(0, Ordering::Relaxed);
        Watched(self, token)
    }
}

impl McpPeer {
    /// Puts a question to the person, where somebody does that and it can be answered in words.
    async fn put(&self, asked: &ElicitRequestParams) -> Option<oneshot::Receiver<ElicitResult>> {
        let questions = self.0.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        if self.0.asked.fetch_add(1, Ordering::Relaxed) >= questions::MOST {
            return None;
        }
        let (question, answered) = ServerQuestion::of(&self.0.server, asked)?;
        questions.send(question).await.ok().map(|()| answered)
    }
}

impl ClientHandler for McpPeer {
    fn get_info(&self) -> ClientConfig {
        let mut may = ClientCapabilities::default();
        let form = || ElicitationCapability::new().with_form(FormElicitationCapability::default());
        may.elicitation = self.0.may_ask.then(form);
        ClientConfig::new(may, Implementation::new("q", env!("CARGO_PKG_VERSION")))
    }

    async fn create_elicitation(
        &self,
        asked: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let Some(answered) = self.put(&asked).await else {
            self.0.declined.fetch_add(1, Ordering::Relaxed);
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        let _waiting = Waiting::begin(&self.0.waiting);
        let answer = tokio::select! {
            answer = answered => answer.ok(),
            () = context.ct.cancelled() => None,
        };
        Ok(answer.unwrap_or_else(|| ElicitResult::new(ElicitationAction::Cancel)))
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.note_list_changed();
    }

    async fn on_progress(&self, told: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, watching)) = watched.iter().find(|(token, _)| *token == told.progress_token) else {
            return;
        };
        let total = told.total.map(|total| format!("/{total}")).unwrap_or_default();
        let message: String = told.message.unwrap_or_default().chars().take(MESSAGE).collect();
        let blank = if message.is_empty() { "" } else { " " };
        // Whoever does not keep up misses some.
        let _missed = watching.try_send(format!("{}{total}{blank}{message}\n", told.progress));
    }
}
