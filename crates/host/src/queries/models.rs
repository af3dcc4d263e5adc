//! The models that agents can be asked for, by their servers' own lists: asked beside the loop, a few at once, and kept for a
//! moment, since whoever completes a name asks again with the next key.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use q_agent::{AgentSpec, HttpSpec};
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
    kept: Arc<Mutex<KeptLists>>,
}

#[derive(Default)]
struct KeptLists(VecDeque<KeptList>);

struct KeptList {
    /// Kept alive by whoever is bound to it, and not by this: it has the key.
    agent: Weak<HttpSpec>,
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

impl KeptLists {
    fn find(&mut self, agent: &Arc<HttpSpec>, now: Instant) -> Option<Vec<String>> {
        self.0.retain(|list| now.duration_since(list.came) < GOOD_FOR);
        let is_its = |list: &&KeptList| list.agent.upgrade().is_some_and(|kept| kept == *agent);
        self.0.iter().find(is_its).map(|list| list.models.clone())
    }

    fn keep(&mut self, agent: &Arc<HttpSpec>, models: Vec<String>, now: Instant) {
        self.0.push_back(KeptList { agent: Arc::downgrade(agent), came: now, models });
        if self.0.len() > MOST_KEPT {
            self.0.pop_front();
        }
    }
}

async fn listed(kept: &Mutex<KeptLists>, agent: &AgentSpec) -> Result<Vec<String>, AgentFailure> {
    let AgentSpec::Http(spec) = agent else { return agent.models().await };
    let lists = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lists().find(spec, Instant::now());
    if let Some(models) = known {
        return Ok(models);
    }
    let models = agent.models().await?;
    lists().keep(spec, models.clone(), Instant::now());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_list_keeps_no_key_alive() {
        let at = |key: &str| {
            let key = Some(q_agent::Secret::new(key.to_owned()));
            Arc::new(HttpSpec { key, ..HttpSpec::default() })
        };
        let (mine, now) = (at("sk-mine"), Instant::now());
        let mut lists = KeptLists::default();
        lists.keep(&mine, vec!["small".into()], now);
        assert_eq!(lists.find(&at("sk-mine"), now), Some(vec!["small".into()]));
        assert_eq!(lists.find(&at("sk-other"), now), None);
        assert_eq!(lists.find(&mine, now + GOOD_FOR), None);
        lists.keep(&mine, vec!["small".into()], now);
        assert_eq!(Arc::strong_count(&mine), 1);
        drop(mine);
        assert_eq!(lists.find(&at("sk-mine"), now), None);
    }
}
