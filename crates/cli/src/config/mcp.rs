//! `[mcp.NAME]`: servers whose tools models may call, beside q's own: programs, and servers at an address.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use q_agent::http::address_fault;
use q_mcp::{McpSpec, RemoteServer, check_name};
use serde::Deserialize;

use super::headers;
use crate::agent_key;
use crate::error::CliError;
use crate::missing::Missing;

/// The longest a call may take, in seconds.
const MOST_SECONDS: u64 = 600;
/// The longest name that q was registered by, in bytes.
const CLIENT_ID_BYTES: usize = 1 << 10;
/// The most tables of servers that one file may have.
const MOST: usize = 64;

/// A server as written.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct McpConfig {
    /// The program and its arguments, where it is one.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    /// Where it is, where it is none.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// What each request has beside its own headers.
    #[serde(default, deserialize_with = "headers::read")]
    pub(crate) headers: BTreeMap<String, String>,
    /// The variable that holds its key.
    #[serde(default)]
    pub(crate) key_env: Option<String>,
    /// The file that holds its key, alone; see [`super::path`].
    #[serde(default)]
    pub(crate) key_file: Option<PathBuf>,
    /// As what it is asked for tokens, where somebody registered that on its pages.
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    /// Variables beside those that commands get.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// How long one of its calls may take.
    #[serde(default)]
    pub(crate) timeout_seconds: Option<u64>,
    /// Which agents are offered its tools; all that may use tools unless it says.
    #[serde(default)]
    pub(crate) agents: Option<Vec<String>>,
    /// Whether it is used at all; unless it says no.
    #[serde(default)]
    pub(crate) enabled: Option<bool>,
    /// Where it runs; in a directory of its own unless it says.
    #[serde(default)]
    pub(crate) directory: Option<WorkPlace>,
}

/// It may hold keys.
impl fmt::Debug for McpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpConfig").field("agents", &self.agents).finish_non_exhaustive()
    }
}

/// Where a server may run but in a directory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WorkPlace {
    /// In the directory of the session, once that is trusted: what lies there may become a part of the server.
    Session,
}

impl McpConfig {
    /// How it is started or reached, without its key.
    pub(crate) fn spec(&self, name: &str) -> McpSpec {
        let remote = |url: &String| RemoteServer { url: url.clone(), headers: self.headers.clone() };
        McpSpec {
            remote: self.url.as_ref().map(remote),
            environment: self.environment.clone(),
            timeout: self.timeout_seconds.map_or(McpSpec::TIMEOUT, Duration::from_secs),
            ..McpSpec::new(name, self.command.clone())
        }
    }

    /// Its key, of a variable or a file; or why that cannot be had. `config` is the file that names it.
    pub(crate) fn key(
        &self,
        variable: impl Fn(&str) -> Option<String>,
        config: &Path,
    ) -> Result<Option<String>, String> {
        let said = |Missing { why, way_out }| format!("{why}; {way_out}");
        match (&self.key_env, &self.key_file) {
            (Some(name), _) => match variable(name) {
                Some(key) => agent_key::checked(&key, name).map(Some).map_err(said),
                None => Err(format!("{name}, which key_env names, is not set where q was started")),
            },
            (None, Some(written)) => {
                let home = variable("HOME").map(PathBuf::from);
                let place = written.display().to_string();
                let key = agent_key::key_from(written, home.as_deref(), config)
                    .map_err(|why| format!("its key cannot be read from {place}: {why}"))?;
                agent_key::checked(&key, &place).map(Some).map_err(said)
            }
            (None, None) => Ok(None),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        check_name(name).map_err(|why| format!("is no name: it {why}"))?;
        if let Some(url) = &self.url {
            self.check_remote(url)?;
        } else if self.command.first().is_none_or(String::is_empty) {
            return Err(
                "names no program: command = [\"PROGRAM\", \"ARGUMENT\"], or url = \"https://…\"".into()
            );
        } else if !self.headers.is_empty() || self.key_env.is_some() || self.key_file.is_some() {
            return Err(
                "has a key or headers, which only a server with a url is sent; a program gets environment"
                    .into(),
            );
        } else if self.client_id.is_some() {
            return Err("has a client_id, and nobody signs in at a program".into());
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return Err("has a zero byte in its command".into());
        }
        let is_odd = |(name, value): (&String, &String)| {
            name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
        };
        if self.environment.iter().any(is_odd) {
            return Err("has a variable that can be none".into());
        }
        if self.timeout_seconds.is_some_and(|seconds| seconds == 0 || seconds > MOST_SECONDS) {
            return Err(format!("has a timeout_seconds that is not from 1 to {MOST_SECONDS}"));
        }
        Ok(())
    }
}

impl McpConfig {
    /// Whether a server at an address can be asked as it is written.
    fn check_remote(&self, url: &str) -> Result<(), String> {
        if !self.command.is_empty() || !self.environment.is_empty() || self.directory.is_some() {
            return Err(
                "has a url, and with it no command, environment or directory: it runs elsewhere".into()
            );
        }
        if self.key_env.is_some() && self.key_file.is_some() {
            return Err("has two places of its key: leave one of them".into());
        }
        let is_id = |id: &String| {
            !id.is_empty() && id.len() <= CLIENT_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !self.client_id.as_ref().is_none_or(is_id) {
            return Err("has a client_id that can be none: visible letters, at most 1 KB".into());
        }
        if url.trim().starts_with("unix:") {
            return Err("has a url that is no address: it must begin with http:// or https://".into());
        }
        let what = "base_url is not an address: ";
        let why = address_fault(url).map(|why| why.strip_prefix(what).unwrap_or(&why).to_owned());
        why.map_or(Ok(()), |why| Err(format!("has a url that is no address: {why}")))
    }
}

/// Whether all of them can be used.
pub(crate) fn check(servers: &BTreeMap<String, McpConfig>) -> Result<(), CliError> {
    if servers.len() > MOST {
        return Err(CliError::usage(format!("there are more than {MOST} tables [mcp.NAME]")));
    }
    servers.iter().try_for_each(|(name, server)| {
        server.check(name).map_err(|why| {
            CliError::usage(format!("[mcp.{name}] {why}"))
                .hint("for example: [mcp.files] command = [\"npx\", \"-y\", \"@modelcontextprotocol/server-filesystem\", \"/home/me/notes\"]")
        })
    })
}
