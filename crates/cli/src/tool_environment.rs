//! What commands of an agent's tools get of the environment in which it was brought: an allow-list, and no key.

use q_agent::TOOL_VARIABLES;
use q_proto::shaping::ToolEnvironment;

use crate::config::AgentConfig;
use crate::environment::ProcessEnvironment;

/// Those variables, where the agent may use tools.
pub(crate) fn of(agent: &AgentConfig, environment: &ProcessEnvironment) -> Option<ToolEnvironment> {
    let variable = |name: &&str| Some(((*name).to_owned(), environment.text(name)?.to_owned()));
    agent.tools.then(|| ToolEnvironment { variables: TOOL_VARIABLES.iter().filter_map(variable).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_off_until_the_configuration_says_so_and_get_no_keys() {
        let variables = [("HOME", "/h"), ("OPENAI_API_KEY", "sk-canary"), ("LD_PRELOAD", "x")];
        let environment = ProcessEnvironment::of(&variables, "/");
        assert_eq!(of(&AgentConfig::default(), &environment), None);
        let home = ToolEnvironment { variables: vec![("HOME".into(), "/h".into())] };
        assert_eq!(of(&AgentConfig { tools: true, ..AgentConfig::default() }, &environment), Some(home));
    }
}
