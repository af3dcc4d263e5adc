//! The models that agents can be asked for, by their servers' own lists: asked beside the loop, a few at once, and kept for a
//! moment, since whoever completes a name asks again with the next key.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use q_agent::AgentSpec;
use q_core::{AgentFailure, FailureKind};
use q_proto::{HostMessage, Refused, Response};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::listener::Outbox;

/// Lists that are asked for at once.
const AT_ONCE: usize = 4;
/// How long a list is good, and of how many agents it is kept.
const GOOD_FOR: Duration = Duration::from_mins(1);
const MOST_KEPT: usize = 16;

/// Whoever asks for lists, and those that came last.
pub(crate) struct ModelLists {
    places: Arc<Semaphore>,
    kept: Arc<Mutex<VecDeque<KeptList>>>,
}

struct KeptList {
    agent: AgentSpec,
    came: Instant,
    models: Vec<String>,
}

impl ModelLists {
    pub(crate) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), kept: Arc::default() }
    }

    /// Answers a request with the models of the agent so reached.
    pub(crate) fn answer(&self, outbox: Arc<Outbox>, request: u64, agent: AgentSpec) {
        let (places, kept) = (Arc::clone(&self.places), Arc::clone(&self.kept));
        tokio::spawn(async move {
            let Ok(_place) = places.acquire_owned().await else { return };
            let answer = listed(&kept, &agent).await.map(Response::Models).map_err(refused);
            outbox.push(HostMessage::Reply { id: request, answer });
        });
    }
}

async fn listed(kept: &Mutex<VecDeque<KeptList>>, agent: &AgentSpec) -> Result<Vec<String>, AgentFailure> {
    let now = Instant::now();
    let known = {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|list| now.duration_since(list.came) < GOOD_FOR);
        kept.iter().find(|list| list.agent == *agent).map(|list| list.models.clone())
    };
    if let Some(models) = known {
        return Ok(models);
    }
    let models = agent.models().await?;
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push_back(KeptList { agent: agent.clone(), came: Instant::now(), models: models.clone() });
    if kept.len() > MOST_KEPT {
        kept.pop_front();
    }
    Ok(models)
}

fn refused(failure: AgentFailure) -> Refused {
    let code = failure.kind.code();
    let message = if failure.kind == FailureKind::NotConfigured {
        failure.detail // it says itself that there is none
    } else {
        format!("the models cannot be listed: {} ({})", failure.kind.what(), failure.detail)
    };
    Refused { code: code.to_owned(), message, limit: false }
}
