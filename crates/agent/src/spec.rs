//! How an agent is reached, as data.
//!
//! Not here: where it is configured (files and environment are read by whoever builds a spec).

use std::sync::Arc;
use std::time::Duration;

use crate::ask::Agent;
use crate::guide::Guide;
use crate::http::HttpAgent;
use crate::secret::Secret;

/// How an agent is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentSpec {
    /// The built-in guide: offline, needs nothing.
    Guide,
    /// A model behind an OpenAI-compatible API.
    Http(HttpSpec),
}

/// How a model behind an OpenAI-compatible API is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSpec {
    /// The address in front of `/chat/completions`, used as given: `https://api.openai.com/v1`,
    /// `http://127.0.0.1:8080/v1`. Nothing is added but the path; a slash at the end does not matter.
    pub base_url: String,
    /// The key; without one no `Authorization` header is sent.
    pub key: Option<Secret>,
    /// The model asked when an [`crate::Ask`] names none.
    pub model: String,
    /// How long the server may stay silent, before the first byte and between bytes.
    pub idle_timeout: Duration,
}

impl HttpSpec {
    /// The idle timeout unless configured otherwise.
    pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
}

impl AgentSpec {
    /// The agent so reached. Cheap: nothing is connected, nothing is read.
    pub fn agent(&self) -> Arc<dyn Agent> {
        match self {
            Self::Guide => Arc::new(Guide),
            Self::Http(spec) => Arc::new(HttpAgent::new(spec.clone())),
        }
    }
}
