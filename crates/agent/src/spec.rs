//! How an agent is reached, as data.
//!
//! Not here: where it is configured (files and environment are read by whoever builds a spec).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::ask::Agent;
use crate::guide::Guide;
use crate::http::HttpAgent;
use crate::secret::Secret;

/// How an agent is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there are as many as agents are configured")]
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
    /// What the session's environment says about the network.
    pub network: NetworkEnvironment,
}

/// What a session's environment says about the network: the usual variables, as they were where the session was made. Nothing
/// of it is read from the environment of the process that asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkEnvironment {
    /// The proxy for `http` addresses.
    pub http_proxy: Option<String>,
    /// The proxy for `https` addresses.
    pub https_proxy: Option<String>,
    /// The proxy for those that have none of their own.
    pub all_proxy: Option<String>,
    /// What is reached without a proxy. This machine always is.
    pub no_proxy: Option<String>,
    /// `SSL_CERT_FILE`: authorities in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`: directories of authorities in place of the system's, divided by colons.
    pub ca_dir: Option<PathBuf>,
    /// `NODE_EXTRA_CA_CERTS`: authorities beside the others.
    pub extra_ca_file: Option<PathBuf>,
}

/// Proxies are shown without the names and passwords in their addresses.
impl fmt::Debug for NetworkEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = self;
        let shown = |proxy: &Option<String>| {
            proxy
                .as_ref()
                .map(|proxy| proxy.rsplit_once('@').map_or(proxy.clone(), |(_, place)| place.to_owned()))
        };
        f.debug_struct("NetworkEnvironment")
            .field("http_proxy", &shown(http_proxy))
            .field("https_proxy", &shown(https_proxy))
            .field("all_proxy", &shown(all_proxy))
            .field("no_proxy", no_proxy)
            .field("ca_file", ca_file)
            .field("ca_dir", ca_dir)
            .field("extra_ca_file", extra_ca_file)
            .finish()
    }
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
