//! How an agent is reached, as a client brings it: the one thing on the wire that holds keys.

use serde::{Deserialize, Serialize};

use super::few::few;
use super::network::Network;
use super::shaping::{Shaping, ToolEnvironment};

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
    /// An agent that somebody else wrote: a program that is spoken to over its standard input and output.
    Acp {
        /// The program and its arguments.
        #[serde(deserialize_with = "few")]
        command: Vec<String>,
        /// Variables beside those of [`ToolEnvironment`], keys among them. Never written to disk or log by the host.
        #[serde(deserialize_with = "few")]
        variables: Vec<(String, String)>,
        /// The model unless the session says another; empty for the agent's own choice.
        model: String,
        /// What to type where its program is missing; empty where nobody knows.
        install: String,
        /// How long it may say nothing in a turn.
        silence_ms: u64,
        /// What its process gets of whoever brings it, and where the servers are written that it is told to start.
        tools: ToolEnvironment,
    },
}

impl Reach {
    /// Puts a key in that was not known before.
    pub fn set_key(&mut self, said: &str) {
        match self {
            Self::Guide | Self::Acp { .. } => {}
            Self::Http { key, .. } => *key = Some(said.to_owned()),
        }
    }

    /// What its tools or its process get of whoever brings it, where it has either.
    pub fn tools_mut(&mut self) -> Option<&mut ToolEnvironment> {
        match self {
            Self::Guide => None,
            Self::Http { shaping, .. } => shaping.tools.as_mut(),
            Self::Acp { tools, .. } => Some(tools),
        }
    }

    /// The model that is asked unless the session says another; empty where nobody says.
    pub fn model(&self) -> &str {
        match self {
            Self::Guide => "",
            Self::Http { model, .. } | Self::Acp { model, .. } => model,
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
            Self::Acp { command, variables, model, install, silence_ms: _, tools } => {
                let variables = variables.iter().map(|(name, value)| name.len() + value.len());
                let words = command.iter().map(String::len).chain(variables);
                words.sum::<usize>() + model.len() + install.len() + tools.bytes()
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
            Self::Acp { .. } => "Acp { .. }",
        })
    }
}
