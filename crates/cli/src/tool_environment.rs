//! What an agent's tools get of the environment in which it was brought: variables by an allow-list and no key, the umask, and this
//! program as the one that supervises commands; and where it is written which MCP servers it is offered.

use std::path::Path;

use q_agent::TOOL_VARIABLES;
use q_proto::shaping::ToolEnvironment;

use crate::config::AgentConfig;
use crate::environment::ProcessEnvironment;

/// All that, where the agent may use tools.
pub(crate) fn of(agent: &AgentConfig, environment: &ProcessEnvironment) -> Option<ToolEnvironment> {
    let variable = |name: &&str| Some(((*name).to_owned(), environment.text(name)?.to_owned()));
    agent.tools.then(|| ToolEnvironment {
        variables: TOOL_VARIABLES.iter().filter_map(variable).collect(),
        umask: environment.umask,
        // One whose path is no text cannot be named; commands go unsupervised then.
        supervisor: environment.program.to_str().unwrap_or_default().to_owned(),
        is_free: agent.sandbox == Some(false),
        configured: String::new(),
        agent: String::new(),
    })
}

/// Says where the servers of that agent are written: the host reads them there before each turn. A path that is no text cannot be
/// named, and has none.
pub(crate) fn name_tables(tools: &mut ToolEnvironment, file: &Path, agent: &str) {
    file.to_str().unwrap_or_default().clone_into(&mut tools.configured);
    agent.clone_into(&mut tools.agent);
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
        };
        let with = |sandbox| AgentConfig { tools: true, sandbox, ..AgentConfig::default() };
        assert_eq!(of(&with(None), &environment), Some(home.clone()));
        assert_eq!(of(&with(Some(false)), &environment), Some(ToolEnvironment { is_free: true, ..home }));
    }
}
