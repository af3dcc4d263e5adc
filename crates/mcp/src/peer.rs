//! q's side of the protocol: what a server asks of it, and mostly does not get. Models are not lent (sampling). Questions go to the
//! person while a call is under way (elicitation), as far as words can answer them; all others are declined.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::ClientHandler;
use rmcp::RoleClient;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ErrorData, FormElicitationCapability, Implementation, ProgressNotificationParam,
    ProgressToken,
};
use rmcp::service::{NotificationContext, RequestContext};
use tokio::sync::{oneshot, watch};

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
    /// How many questions are being put to the person.
    waiting: AtomicU32,
    /// Calls that are under way; a handful at most. Their number wakes those who wait for the end of all.
    calls: Mutex<Vec<CallUnderWay>>,
    count: watch::Sender<usize>,
}

/// What is known of a call beside its request. The protocol does not say for which of several a question is asked.
#[derive(Debug)]
struct CallUnderWay {
    token: ProgressToken,
    listener: CallListener,
    /// How many questions were put for it.
    asked: u32,
    /// Whether a question was declined while it was under way.
    has_declined: bool,
}

/// A call that is watched, until this is dropped.
pub(crate) struct Watched<'a>(&'a McpPeer, ProgressToken);

impl Watched<'_> {
    /// Whether a question was declined since it is watched.
    pub(crate) fn has_declined(&self) -> bool {
        self.0.calls().iter().any(|call| call.token == self.1 && call.has_declined)
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.calls().retain(|call| call.token != self.1);
        self.0.note_count();
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

    fn note_count(&self) {
        let count = self.calls().len();
        self.0.count.send_replace(count);
    }

    fn calls(&self) -> MutexGuard<'_, Vec<CallUnderWay>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the progress of that request told to somebody, and what the server asks meanwhile.
    pub(crate) fn watch(&self, token: ProgressToken, listener: &CallListener) -> Watched<'_> {
        let listener = listener.clone();
        let call = CallUnderWay { token: token.clone(), listener, asked: 0, has_declined: false };
        self.calls().push(call);
        self.note_count();
        Watched(self, token)
    }
}

impl McpPeer {
    /// Puts a question to the person, where a call may still have one put and it can be answered in words.
    async fn put(&self, asked: &ElicitRequestParams) -> Option<oneshot::Receiver<ElicitResult>> {
        let (question, answered) = ServerQuestion::of(&self.0.server, asked)?;
        let questions = self.next_to_ask()?;
        questions.send(question).await.ok().map(|()| answered)
    }

    /// To whom the next question goes: the newest call that has not had its share.
    fn next_to_ask(&self) -> Option<Questions> {
        let mut calls = self.calls();
        let call = calls.iter_mut().rev().find(|call| call.asked < questions::MOST)?;
        call.asked += 1;
        Some(call.listener.questions.clone())
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
        // While it is on its way to the person nobody's time runs out either.
        let _waiting = Waiting::begin(&self.0.waiting);
        let mut over = self.0.count.subscribe();
        let Some(answered) = self.put(&asked).await else {
            self.calls().iter_mut().for_each(|call| call.has_declined = true);
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        let answer = tokio::select! {
            answer = answered => answer.ok(),
            () = context.ct.cancelled() => None,
            // With the last call it is over, however that ended.
            _no_call = over.wait_for(|count| *count == 0) => None,
        };
        Ok(answer.unwrap_or_else(|| ElicitResult::new(ElicitationAction::Cancel)))
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.note_list_changed();
    }

    async fn on_progress(&self, told: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        let calls = self.calls();
        let Some(call) = calls.iter().find(|call| call.token == told.progress_token) else { return };
        let total = told.total.map(|total| format!("/{total}")).unwrap_or_default();
        let message: String = told.message.unwrap_or_default().chars().take(MESSAGE).collect();
        let blank = if message.is_empty() { "" } else { " " };
        // Whoever does not keep up misses some.
        let _missed = call.listener.progress.try_send(format!("{}{total}{blank}{message}\n", told.progress));
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::NumberOrString;
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn each_call_that_is_under_way_has_its_own_share_of_questions() {
        let peer = McpPeer::new("s", true);
        let watch = |no: i64| {
            let listener = CallListener { progress: mpsc::channel(1).0, questions: mpsc::channel(1).0 };
            peer.watch(ProgressToken(NumberOrString::Number(no)), &listener)
        };
        assert!(peer.next_to_ask().is_none(), "no call is under way");
        let (first, second) = (watch(1), watch(2));
        let asked = |most: u32| (0..most).filter(|_| peer.next_to_ask().is_some()).count();
        assert_eq!(asked(questions::MOST), 8);
        drop(second);
        assert_eq!(asked(100), 8, "the end of one call is not the end of the other's questions");
        assert!(!first.has_declined());
        drop(first);
        assert_eq!(asked(1), 0);
    }
}
