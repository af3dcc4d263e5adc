//! q's side of the protocol: what a server asks of it, and mostly does not get. Models are not lent (sampling), questions are not
//! passed on (elicitation): q does not say that it could, and declines where it is asked all the same.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::ClientHandler;
use rmcp::RoleClient;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, ErrorData,
    Implementation, ProgressNotificationParam, ProgressToken,
};
use rmcp::service::{NotificationContext, RequestContext};
use tokio::sync::mpsc;

/// How much of a progress message is shown.
const MESSAGE: usize = 500;

/// What is known of a connection beside its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct McpPeer(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    list_changed: AtomicBool,
    declined: AtomicU32,
    /// Whoever watches a call, by the token of its request; a handful at most.
    watched: Mutex<Vec<(ProgressToken, mpsc::Sender<String>)>>,
}

/// A call that is watched, until this is dropped.
pub(crate) struct Watched<'a>(&'a McpPeer, ProgressToken);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut watched = self.0.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|(token, _)| *token != self.1);
    }
}

impl McpPeer {
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

    /// Has the progress of that request told to somebody.
    pub(crate) fn watch(&self, token: ProgressToken, progress: mpsc::Sender<String>) -> Watched<'_> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).push((token.clone(), progress));
        Watched(self, token)
    }
}

impl ClientHandler for McpPeer {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("q", env!("CARGO_PKG_VERSION")))
    }

    async fn create_elicitation(
        &self,
        _asked: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.0.declined.fetch_add(1, Ordering::Relaxed);
        Ok(ElicitResult::new(ElicitationAction::Decline))
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
