//! How an agent is reached, as a client brings it: the one thing on the wire that holds keys.

use serde::{Deserialize, Serialize};

use super::network::Network;
use super::shaping::Shaping;

/// An agent as a client's configuration names it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedAgent {
    pub name: String,
    /// How it is reached.
    pub reach: Reach,
}

/// How an agent is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "there are a handful, and nearly all are of the large one")]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// It is built in.
    Guide,
    /// A model behind an API.
    Http {
        /// The address below which its protocol is asked.
        base_url: String,
        /// The key, if the server wants one. Never written to disk or log by the host.
        key: Option<String>,
        /// The model unless the session says another.
        model: String,
        /// How long it may stay silent.
        idle_timeout_ms: u64,
        /// The network of whoever brings it.
        #[serde(default)]
        network: Network,
        /// What of the requests is to be otherwise.
        #[serde(default)]
        shaping: Shaping,
    },
}

impl Reach {
    /// Puts a key in that was not known before.
    pub fn set_key(&mut self, said: &str) {
        match self {
            Self::Guide => {}
            Self::Http { key, .. } => *key = Some(said.to_owned()),
        }
    }

    /// How long its texts are.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Guide => 0,
            Self::Http { base_url, key, model, idle_timeout_ms: _, network, shaping } => {
                let key = key.as_ref().map_or(0, String::len);
                base_url.len() + key + model.len() + network.bytes() + shaping.bytes()
            }
        }
    }
}

/// Which agents there are is no secret; how they are reached holds keys.
impl std::fmt::Debug for NamedAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedAgent").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Guide => "Guide",
            Self::Http { .. } => "Http { .. }",
        })
    }
}
