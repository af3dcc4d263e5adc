//! `[mcp.NAME]`: servers whose tools models may call, beside q's own.

use std::collections::BTreeMap;
use std::time::Duration;

use q_mcp::{McpSpec, check_name};
use serde::Deserialize;

use crate::error::CliError;

/// The longest a call may take, in seconds.
const MOST_SECONDS: u64 = 600;
/// The most tables of servers that one file may have.
const MOST: usize = 64;

/// A server as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct McpConfig {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
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

/// Where a server may run but in a directory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WorkPlace {
    /// In the directory of the session, once that is trusted: what lies there may become a part of the server.
    Session,
}

impl McpConfig {
    /// How it is started.
    pub(crate) fn spec(&self, name: &str) -> McpSpec {
        McpSpec {
            environment: self.environment.clone(),
            timeout: self.timeout_seconds.map_or(McpSpec::TIMEOUT, Duration::from_secs),
            ..McpSpec::new(name, self.command.clone())
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        check_name(name).map_err(|why| format!("is no name: it {why}"))?;
        if self.command.first().is_none_or(String::is_empty) {
            return Err("names no program: command = [\"PROGRAM\", \"ARGUMENT\"]".into());
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
