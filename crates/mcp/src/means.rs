//! What servers are reached with: programs that are started, or an HTTP client that is lent.

use std::sync::Arc;

use q_tools::{ServingPrograms, ToolSettings};
use tokio::sync::watch;

use crate::http::HttpClient;

/// What the servers of one session are reached with.
#[derive(Clone, Debug, Default)]
pub struct ServingMeans {
    /// What their programs get.
    pub settings: ToolSettings,
    /// Without one no server at an address is reached.
    pub http: Option<Arc<dyn HttpClient>>,
    /// Whether servers are told that they may ask the person.
    pub(crate) may_ask: bool,
    pub(crate) programs: ServingPrograms,
    /// How many sessions at addresses are being ended, and how many sign-ins renewed: what is given then is given once.
    pub(crate) ending: watch::Sender<usize>,
}

impl ServingMeans {
    /// With which programs are started, and servers at an address asked.
    pub fn new(settings: ToolSettings, http: Option<Arc<dyn HttpClient>>) -> Self {
        Self { settings, http, ..Self::default() }
    }

    /// Waits until every program that was told to end has ended, and every server knows that its session is over.
    pub async fn are_over(&self) {
        self.programs.are_over().await;
        let mut ending = self.ending.subscribe();
        let _counted_here = ending.wait_for(|count| *count == 0).await.is_ok();
    }
}
