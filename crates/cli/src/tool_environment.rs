//! What an agent's tools get of the environment in which it was brought: variables by an allow-list and no key, the umask, and this
//! program as the one that supervises commands; and the MCP servers whose tools it is offered.

use q_agent::TOOL_VARIABLES;
use std::collections::BTreeMap;

use q_proto::Place;
use q_proto::shaping::{McpServer, ToolEnvironment};

use crate::config::{AgentConfig, McpConfig};
use crate::context::{config_file, place};
use crate::environment::ProcessEnvironment;

/// All that, where the agent may use tools.
pub(crate) fn of(agent: &AgentConfig, environment: &ProcessEnvironment) -> Option<ToolEnvironment> {
    agent.tools.then(|| always(agent, environment))
}

/// The same, whether it may use q's tools or not: for an agent whose process is one that commands are like.
pub(crate) fn always(agent: &AgentConfig, environment: &ProcessEnvironment) -> ToolEnvironment {
    let variable = |name: &&str| Some(((*name).to_owned(), environment.text(name)?.to_owned()));
    ToolEnvironment {
        variables: TOOL_VARIABLES.iter().filter_map(variable).collect(),
        umask: environment.umask,
        // One whose path is no text cannot be named; commands go unsupervised then.
        supervisor: environment.program.to_str().unwrap_or_default().to_owned(),
        is_free: agent.sandbox == Some(false),
        servers: Vec::new(),
        pinned: String::new(),
        own: own_places(environment),
    }
}

/// Where `q` keeps what is asked about and what it runs by. What cannot be named is where no session can be either.
fn own_places(environment: &ProcessEnvironment) -> Vec<String> {
    let config = config_file(environment).ok();
    let beside = config.as_deref().and_then(|file| file.parent().filter(|above| above.ends_with("q")));
    let config = beside.or(config.as_deref()).map(std::path::Path::to_owned);
    let place = place(environment).ok();
    let places = place.iter().flat_map(Place::directories).map(std::path::Path::to_owned).chain(config);
    places.filter_map(|path| path.to_str().map(str::to_owned)).collect()
}

/// The servers of the configuration.
pub(crate) struct Servers<'a> {
    pub(crate) configured: &'a BTreeMap<String, McpConfig>,
    pub(crate) place: &'a Place,
}

impl Servers<'_> {
    /// Adds those that are for that agent, where it may use any.
    pub(crate) fn add_to(&self, tools: Option<&mut ToolEnvironment>, agent: &str) {
        let Some(tools) = tools else { return };
        let configured = self.configured.iter().filter(|(_, server)| server.is_for(agent));
        tools.servers = configured.map(|(name, server)| as_sent(name, server)).collect();
        if !tools.servers.is_empty() {
            tools.pinned = self.place.accepted_servers().display().to_string();
        }
    }
}

fn as_sent(name: &str, server: &McpConfig) -> McpServer {
    let spec = server.spec(name);
    McpServer {
        name: spec.name,
        command: spec.command,
        variables: spec.environment.into_iter().collect(),
        timeout_ms: u64::try_from(spec.timeout.as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_off_until_the_configuration_says_so_and_get_no_keys() {
        let variables = [("HOME", "/h"), ("OPENAI_API_KEY", "sk-canary"), ("LD_PRELOAD", "x")];
        let environment = ProcessEnvironment::of(&variables, "/");
        assert_eq!(of(&AgentConfig::default(), &environment), None);
        let home = ToolEnvironment {
            variables: vec![("HOME".into(), "/h".into())],
            umask: environment.umask,
            supervisor: environment.program.display().to_string(),
            is_free: false,
            servers: Vec::new(),
            pinned: String::new(),
            own: own_places(&environment),
        };
        assert!(home.own.iter().any(|path| path.ends_with("/q")), "{:?}", home.own);
        let with = |sandbox| AgentConfig { tools: true, sandbox, ..AgentConfig::default() };
        assert_eq!(of(&with(None), &environment), Some(home.clone()));
        assert_eq!(of(&with(Some(false)), &environment), Some(ToolEnvironment { is_free: true, ..home }));
    }
}
