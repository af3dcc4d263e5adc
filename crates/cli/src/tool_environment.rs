//! What an agent's tools get of the environment in which it was brought: variables by an allow-list and no key, the umask, and this
//! program as the one that supervises commands; and where it is written which MCP servers it is offered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use q_agent::TOOL_VARIABLES;
use q_proto::Place;
use q_proto::shaping::ToolEnvironment;

use crate::config::{AgentConfig, Config, McpConfig};
use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::places::{config_file, place};

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
        configured: String::new(),
        agent: String::new(),
        own: own_places(environment),
        server_keys: Vec::new(),
        bounds: None,
    }
}

/// What a line for the shell gets, whichever agent answers: the person typed it, and no sandbox holds it.
pub(crate) fn of_person(context: &Context) -> ToolEnvironment {
    ToolEnvironment {
        is_free: true,
        bounds: Some(context.command_bounds),
        ..always(&AgentConfig::default(), &context.environment)
    }
}

/// What hooks get, which are of no agent: of this process's environment, which is the host's.
pub(crate) fn of_host(environment: &ProcessEnvironment, config: &Config) -> ToolEnvironment {
    let bounds = Some(config.limits.command_bounds());
    ToolEnvironment { bounds, ..always(&AgentConfig::default(), environment) }
}

/// Says where the servers of that agent are written, with the keys that they name in the environment: the host reads them there before
/// each turn, and has no environment. A path that is no text cannot be named, and has none.
pub(crate) fn name_tables(
    tools: &mut ToolEnvironment,
    (file, servers): (&Path, &BTreeMap<String, McpConfig>),
    environment: &ProcessEnvironment,
    agent: &str,
) {
    file.to_str().unwrap_or_default().clone_into(&mut tools.configured);
    agent.clone_into(&mut tools.agent);
    let named = servers.values().filter_map(|server| server.key_env.as_ref()).collect::<BTreeSet<_>>();
    let value = |name: &String| Some((name.clone(), environment.text(name)?.to_owned()));
    tools.server_keys = named.into_iter().filter_map(value).collect();
}

/// Where `q` keeps what is asked about and what it runs by. What cannot be named is where no session can be either.
fn own_places(environment: &ProcessEnvironment) -> Vec<String> {
    let config = config_file(environment).ok();
    let beside = config.as_deref().and_then(|file| file.parent().filter(|above| above.ends_with("q")));
    let config = beside.or(config.as_deref()).map(Path::to_owned);
    let place = place(environment).ok();
    let places = place.iter().flat_map(Place::directories).map(Path::to_owned).chain(config);
    places.filter_map(|path| path.to_str().map(str::to_owned)).collect()
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
            configured: String::new(),
            agent: String::new(),
            own: own_places(&environment),
            server_keys: Vec::new(),
            bounds: None,
        };
        assert!(home.own.iter().any(|path| path.ends_with("/q")), "{:?}", home.own);
        let with = |sandbox| AgentConfig { tools: true, sandbox, ..AgentConfig::default() };
        assert_eq!(of(&with(None), &environment), Some(home.clone()));
        assert_eq!(of(&with(Some(false)), &environment), Some(ToolEnvironment { is_free: true, ..home }));
    }
}
