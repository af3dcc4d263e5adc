//! How an agent is reached, as data.
//!
//! Not here: where it is configured (files and environment are read by whoever builds a spec), which agent that makes
//! (`agents`).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use q_tools::ToolSettings;

use crate::dialect::Dialect;
use crate::secret::{Secret, Secrets};
use crate::shape::RequestShape;

/// How an agent is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentSpec {
    /// The built-in guide: offline, needs nothing.
    Guide,
    /// A model behind an API. Shared: each turn of each session has it at hand.
    Http(Arc<HttpSpec>),
}

impl AgentSpec {
    /// Tokens that its model takes at once; 0 where nobody says.
    pub fn window(&self) -> u64 {
        match self {
            Self::Guide => 0,
            Self::Http(spec) => spec.shape.window.unwrap_or(0),
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
    /// How long the server may stay silent, between bytes.
    pub idle_timeout: Duration,
    /// How long before the first; nothing for as long as between them.
    pub first_byte: Option<Duration>,
    /// How often a request that a server refused without doing anything is repeated.
    pub retries: u32,
    /// What is asked otherwise than the protocol has it.
    pub shape: RequestShape,
    /// The network of whoever brought it.
    pub network: NetworkEnvironment,
    /// Tools are offered, and may use this; nothing where none are.
    pub tools: Option<ToolSettings>,
    /// What serves at that address, started where nobody does; only where it is a socket of this machine.
    pub program: Option<ServerProgram>,
}

/// A program that serves a model at a Unix socket, once it is started. It gets no variable of any environment, says `ready` in a
/// line once connections are taken, or else why they are not, and ends by itself when it is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProgram {
    pub path: PathBuf,
    pub arguments: Vec<String>,
}

/// How a person's network is left: what the variables of that name say in the environment of the client that brought the
/// agent. By default nothing: no proxy, the certificates q trusts anyway.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkEnvironment {
    /// The proxy for `http://` addresses.
    pub http_proxy: Option<String>,
    /// The proxy for `https://` addresses.
    pub https_proxy: Option<String>,
    /// The proxy where none of these two is set.
    pub all_proxy: Option<String>,
    /// Hosts that are reached without a proxy, with commas between them.
    pub no_proxy: Option<String>,
    /// Certificates trusted instead of the system's (`SSL_CERT_FILE`).
    pub ca_file: Option<PathBuf>,
    /// A directory of such (`SSL_CERT_DIR`).
    pub ca_dir: Option<PathBuf>,
    /// Certificates trusted beside the others (`NODE_EXTRA_CA_CERTS`).
    pub extra_ca_file: Option<PathBuf>,
}

/// What is set, and nothing of it: the address of a proxy may hold a password.
impl fmt::Debug for NetworkEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = self;
        let is_set = [
            ("http_proxy", http_proxy.is_some()),
            ("https_proxy", https_proxy.is_some()),
            ("all_proxy", all_proxy.is_some()),
            ("no_proxy", no_proxy.is_some()),
            ("ca_file", ca_file.is_some()),
            ("ca_dir", ca_dir.is_some()),
            ("extra_ca_file", extra_ca_file.is_some()),
        ];
        f.debug_set().entries(is_set.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name)).finish()
    }
}

/// A model that is reached as nothing says otherwise: chat completions without a key, and at no address yet.
impl Default for HttpSpec {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            base_url: String::new(),
            key: None,
            model: String::new(),
            idle_timeout: Self::IDLE_TIMEOUT,
            first_byte: None,
            retries: Self::RETRIES,
            shape: RequestShape::default(),
            network: NetworkEnvironment::default(),
            tools: None,
            program: None,
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

    /// The repetitions unless configured otherwise, as many as there may be: whoever waits sees until when, and may stop it.
    pub const RETRIES: u32 = 5;
    /// The idle timeout unless configured otherwise.
    pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
}
