//! An agent that is a program of its own, as it is brought to the host: its command, and what its process gets of this environment.

use std::time::Duration;

use q_agent::AcpSpec;
use q_proto::message::Reach;

use crate::config::AgentConfig;
use crate::config::acp::{AcpPreset, AcpProgram};
use crate::environment::ProcessEnvironment;
use crate::tool_environment;

/// Variables that an agent gets beside those of commands: where its own files are, and how the network is left. No key is among them.
const PASSED_ON: [&str; 14] = [
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "ALL_PROXY",
];

/// How it is reached.
pub(crate) fn reach(agent: &AgentConfig, program: &AcpProgram, environment: &ProcessEnvironment) -> Reach {
    let (keys, install): (&[&str], _) = match program {
        AcpProgram::Known(AcpPreset { keys, install, .. }) => (keys, *install),
        AcpProgram::Command(_) => (&[], ""),
    };
    let passed = PASSED_ON.iter().chain(keys);
    let mut variables: Vec<(String, String)> = passed
        .filter_map(|name| Some(((*name).to_owned(), environment.text(name)?.to_owned())))
        .filter(|(name, _)| !agent.environment.contains_key(name))
        .collect();
    variables.extend(agent.environment.clone());
    let silence = agent.idle_timeout.map_or(AcpSpec::SILENCE, Duration::from_secs);
    Reach::Acp {
        command: program.command(),
        variables,
        model: agent.model.clone(),
        install: install.to_owned(),
        silence_ms: u64::try_from(silence.as_millis()).unwrap_or(u64::MAX),
        tools: tool_environment::always(agent, environment),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::config::acp::PRESETS;

    #[test]
    fn an_agent_gets_the_keys_of_its_preset_and_no_others() {
        let environment = ProcessEnvironment::of(
            &[
                ("ANTHROPIC_API_KEY", "sk-a"),
                ("OPENAI_API_KEY", "sk-o"),
                ("https_proxy", "p"),
                ("LD_PRELOAD", "x"),
            ],
            "/",
        );
        let known = |name: &str| PRESETS.iter().find(|preset| preset.name == name).map(AcpProgram::Known);
        let command = || Some(AcpProgram::Command(vec!["claude-agent-acp".into()]));
        for (acp, own, gets) in [
            (known("claude-code"), None, vec!["https_proxy", "ANTHROPIC_API_KEY"]),
            (known("codex"), None, vec!["https_proxy", "OPENAI_API_KEY"]),
            (command(), None, vec!["https_proxy"]),
            (command(), Some(("https_proxy".to_owned(), "q".to_owned())), vec!["https_proxy"]),
        ] {
            let environment_of_its_own = own.into_iter().collect();
            let agent = AgentConfig { acp, environment: environment_of_its_own, ..AgentConfig::default() };
            let reach = reach(&agent, agent.acp.as_ref().unwrap(), &environment);
            let Reach::Acp { variables, .. } = &reach else { return };
            let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, gets, "{:?}", agent.acp);
            assert!(!format!("{reach:?}").contains("sk-"));
        }
    }
}
