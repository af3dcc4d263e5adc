//! How an agent is reached, as data.
//!
//! Not here: where it is configured (files and environment are read by whoever builds a spec), which agent that makes
//! (`agents`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use q_acp::AcpSpec;
use q_core::Settings;
use q_seat::ServerTables;
use q_tools::ToolSettings;

use crate::dialect::Dialect;
use crate::network::NetworkEnvironment;
use crate::secret::{Secret, Secrets};
use crate::server_limits::{ServerLimit, ServerLimits};
use crate::shape::RequestShape;

/// How an agent is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentSpec {
    /// The built-in guide: offline, needs nothing.
    Guide,
    /// A model behind an API. Shared: each turn of each session has it at hand.
    Http(Arc<HttpSpec>),
    /// An agent that somebody else wrote, over the Agent Client Protocol.
    Acp(Arc<AcpSpec>),
}

impl AgentSpec {
    /// Tokens that its model takes at once; 0 where nobody says.
    pub fn window(&self) -> u64 {
        match self {
            Self::Guide | Self::Acp(_) => 0,
            Self::Http(spec) => spec.shape.window.unwrap_or(0),
        }
    }

    /// Where its MCP servers are written, where it may use tools.
    pub fn server_tables(&self) -> Option<&ServerTables> {
        match self {
            Self::Guide => None,
            Self::Http(spec) => Some(&spec.servers).filter(|_| spec.tools.is_some()),
            Self::Acp(spec) => Some(&spec.servers),
        }
    }

    /// What its server told of its own limits, with the newest answer; none where it says nothing.
    pub fn server_limits(&self) -> Vec<ServerLimit> {
        match self {
            Self::Guide | Self::Acp(_) => Vec::new(),
            Self::Http(spec) => spec.limits.told(),
        }
    }

    /// Whether a project's own files for agents go before its conversations: only a model has a use for them.
    pub fn takes_project_files(&self) -> bool {
        match self {
            // An agent with tools of its own finds those by itself.
            Self::Guide | Self::Acp(_) => false,
            Self::Http(spec) => !spec.shape.no_project_files,
        }
    }

    /// Whether it has a tool by which it reads the skills that it is told of.
    pub fn reads_skills(&self) -> bool {
        match self {
            Self::Guide | Self::Acp(_) => false,
            Self::Http(spec) => spec.tools.is_some(),
        }
    }
}

/// How a model behind an API is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSpec {
    pub dialect: Dialect,
    /// The address below which the protocol is asked: with a version, as `https://api.openai.com/v1`, or without, or all of the
    /// endpoint. `unix:` and a path stand for a socket of this machine.
    pub base_url: String,
    /// The key; without one none is sent.
    pub key: Option<Secret>,
    /// The model asked when a [`crate::Turn`] names none.
    pub model: String,
    /// What is asked otherwise than the protocol has it.
    pub shape: RequestShape,
    /// Tools are offered, and may use this; nothing where none are.
    pub tools: Option<ToolSettings>,
    /// Where it is written whose tools are offered beside q's own.
    pub servers: ServerTables,
    pub patience: Patience,
    /// The network of whoever brought it.
    pub network: NetworkEnvironment,
    /// What serves at the address, started where nobody does; only where it is a socket of this machine.
    pub program: Option<ServerProgram>,
    /// What its server told of its own limits last.
    pub limits: ServerLimits,
}

/// How long a server is waited for, and how often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long the server may stay silent, between bytes.
    pub idle_timeout: Duration,
    /// How long before the first; nothing for as long as between them.
    pub first_byte: Option<Duration>,
    /// How often a request that a server refused without doing anything is repeated.
    pub retries: u32,
}

impl Patience {
    /// The repetitions unless configured otherwise, as many as there may be: whoever waits sees until when, and may stop it.
    pub const RETRIES: u32 = 5;
    /// The idle timeout unless configured otherwise.
    pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

    /// As this, where the person in front of a session waits otherwise.
    pub(crate) fn with(self, settings: &Settings) -> Self {
        let idle_timeout = settings.idle_timeout.map_or(self.idle_timeout, Duration::from_secs);
        let first_byte = settings.first_byte.map(Duration::from_secs).or(self.first_byte);
        Self { idle_timeout, first_byte, ..self }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { idle_timeout: Self::IDLE_TIMEOUT, first_byte: None, retries: Self::RETRIES }
    }
}

/// A program that serves a model at a Unix socket, once it is started. It gets no variable of any environment, says `ready` in a
/// line once connections are taken, or else why they are not, and ends by itself when it is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProgram {
    pub path: PathBuf,
    pub arguments: Vec<String>,
}

/// A model that is reached as nothing says otherwise: chat completions without a key, and at no address yet.
impl Default for HttpSpec {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            base_url: String::new(),
            key: None,
            model: String::new(),
            shape: RequestShape::default(),
            tools: None,
            servers: ServerTables::default(),
            patience: Patience::default(),
            network: NetworkEnvironment::default(),
            program: None,
            limits: ServerLimits::default(),
        }
    }
}

impl HttpSpec {
    /// What must not show in anything that is said of the agent.
    pub(crate) fn secrets(&self) -> Secrets {
        let person = self.base_url.split_once("://").and_then(|(_, rest)| {
            let authority = rest.split(['/', '?', '#']).next()?;
            Some(authority.rsplit_once('@')?.0)
        });
        let password = person.and_then(|person| Some(person.split_once(':')?.1));
        Secrets::new(self.key.as_ref(), &self.shape.headers, password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_waits_as_it_is_set_and_else_as_its_agent() {
        let seconds = Duration::from_secs;
        let table = Patience { idle_timeout: seconds(60), first_byte: Some(seconds(90)), retries: 3 };
        for (first_byte, idle_timeout, expected) in [
            (None, None, (Some(90), 60)),
            (Some(300), None, (Some(300), 60)),
            (None, Some(5), (Some(90), 5)),
            (Some(1), Some(86_400), (Some(1), 86_400)),
        ] {
            let set = table.with(&Settings { first_byte, idle_timeout, ..Settings::default() });
            let (first, idle) = expected;
            assert_eq!((set.first_byte, set.idle_timeout), (first.map(seconds), seconds(idle)));
            assert_eq!(set.retries, 3);
        }
    }
}
