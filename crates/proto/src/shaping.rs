//! How a client's agent is to be asked, on the wire: in which protocol, and what of its requests is to be otherwise. Headers and
//! body may hold keys.

use serde::{Deserialize, Serialize};

use super::few::few;

/// How requests are to differ from what the protocol has, and what else of an agent is rarely said.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shaping {
    /// The protocol by its word in the configuration; empty for chat completions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dialect: String,
    /// How long the server may stay silent before the first byte, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// How often a request is repeated that a server refused without doing anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How freely the model chooses its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The most tokens of one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// How hard the model is to think, in the server's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Headers beside those of the protocol; a value may be a key.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "few")]
    pub headers: Vec<(String, String)>,
    /// What is merged into the request, as JSON; empty for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Fields of the request that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "few")]
    pub omit: Vec<String>,
    /// Tokens that the model takes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The model that is asked for summaries; empty for the one that answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub compact_model: String,
    /// Whether `<think>` inside a text sets thinking apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub think_tags: bool,
    /// Whether a project's own files for agents do not go along.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_project_files: bool,
    /// Whether it may use tools, and which variables their commands get to choose from; no key is among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolEnvironment>,
    /// What serves at the socket that the address is; started where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// What tools get of whoever brings the agent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolEnvironment {
    #[serde(deserialize_with = "few")]
    pub variables: Vec<(String, String)>,
    /// The umask for files that they make.
    #[serde(default = "usual_umask")]
    pub umask: u32,
    /// The program that supervises commands; empty for none.
    #[serde(default)]
    pub supervisor: String,
    /// Whether commands go without a sandbox where there could be one.
    #[serde(default)]
    pub is_free: bool,
    /// The configuration in which it is written which MCP servers there are; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub configured: String,
    /// What the agent is called there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// What is `q`'s own, and changed by no command in a sandbox.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "few")]
    pub own: Vec<String>,
    /// The variables that hold keys of MCP servers at an address, as far as the configuration names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "few")]
    pub server_keys: Vec<(String, String)>,
    /// The most processes of a command, and bytes of memory that these take; 0 for any number, nothing where the supervisor knows of no
    /// such bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<(u64, u64)>,
}

/// It may hold keys.
impl std::fmt::Debug for ToolEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolEnvironment").field("agent", &self.agent).finish_non_exhaustive()
    }
}

impl ToolEnvironment {
    /// How long its texts are.
    pub fn bytes(&self) -> usize {
        let variables = self.variables.iter().chain(&self.server_keys);
        let variables = variables.map(|(name, value)| name.len() + value.len());
        let named = [&self.supervisor, &self.configured, &self.agent].map(String::len);
        variables.chain(named).chain(self.own.iter().map(String::len)).sum()
    }
}

/// What most systems set, for a client that does not say.
const fn usual_umask() -> u32 {
    0o022
}

/// A program that serves a model on the machine of the host, and its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub path: String,
    #[serde(deserialize_with = "few")]
    pub arguments: Vec<String>,
}

/// Wherever it could be compared, a temperature is a number.
impl Eq for Shaping {}

impl Shaping {
    /// How long its texts are.
    pub fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        let tools = self.tools.iter().map(ToolEnvironment::bytes);
        let texts = [&self.dialect, &self.body, &self.compact_model]
            .into_iter()
            .chain(&self.reasoning)
            .chain(&self.omit);
        let program = self.program.iter().flat_map(|program| program.arguments.iter().chain([&program.path]));
        headers.chain(tools).chain(texts.chain(program).map(String::len)).sum()
    }
}

impl std::fmt::Debug for Shaping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shaping").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}
