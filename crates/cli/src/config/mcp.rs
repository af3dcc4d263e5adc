//! `[mcp.NAME]`: servers whose tools models may call, beside q's own.

use std::collections::BTreeMap;
use std::time::Duration;

use q_mcp::{McpSpec, check_name};
use serde::Deserialize;

use crate::error::CliError;

/// The longest a call may take, in seconds.
const MOST_SECONDS: u64 = 600;
/// The most servers.
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
}

impl McpConfig {
    /// How it is started.
    pub(crate) fn spec(&self, name: &str) -> McpSpec {
        McpSpec {
            name: name.to_owned(),
            command: self.command.clone(),
            environment: self.environment.clone(),
            timeout: self.timeout_seconds.map_or(McpSpec::TIMEOUT, Duration::from_secs),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    /// Whether that agent is offered its tools.
    pub(crate) fn is_for(&self, agent: &str) -> bool {
        self.is_enabled()
            && self.agents.as_ref().is_none_or(|agents| agents.iter().any(|named| named == agent))
    }

    fn check(&self, name: &str) -> Result<(), String> {
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
                .hint("for example: [mcp.files] command = [\"npx\", \"-y\", \"@modelcontextprotocol/server-filesystem\", \".\"]")
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_server_that_cannot_be_started_is_named() {
        for (text, expected) in [
            ("[files]\ncommand = [\"x\"]\ntimeout_seconds = 600\n", None),
            ("[a__b]\ncommand = [\"x\"]\n", Some("[mcp.a__b] is no name")),
            ("[a]\ncommand = []\n", Some("names no program")),
            ("[a]\ncommand = [\"\"]\n", Some("names no program")),
            ("[a]\ncommand = [\"x\\u0000\"]\n", Some("zero byte")),
            ("[a]\ncommand = [\"x\"]\nenvironment = { \"A=B\" = \"c\" }\n", Some("variable")),
            ("[a]\ncommand = [\"x\"]\ntimeout_seconds = 0\n", Some("from 1 to 600")),
        ] {
            let servers: BTreeMap<String, McpConfig> = toml::from_str(text).unwrap();
            let told = check(&servers).err().map(|error| error.message);
            assert_eq!(told.is_some(), expected.is_some(), "{text}: {told:?}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{text}");
        }
        let servers: BTreeMap<String, McpConfig> =
            toml::from_str("[a]\ncommand = [\"x\"]\n[b]\ncommand = [\"x\"]\nagents = [\"one\"]\n[c]\ncommand = [\"x\"]\nenabled = false\n")
                .unwrap();
        let of = |agent: &str| -> Vec<&str> {
            servers.iter().filter(|(_, server)| server.is_for(agent)).map(|(name, _)| name.as_str()).collect()
        };
        assert_eq!((of("one"), of("two")), (vec!["a", "b"], vec!["a"]));
    }
}
