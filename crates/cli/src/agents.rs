//! The agents of this configuration and environment. Keys are read here, held in memory, and go to the host only.

use q_host::wire::message::{NamedAgent, Reach};
use q_term::suggest::nearest;

use crate::config::Config;
use crate::environment::Environment;
use crate::error::CliError;

/// The built-in agent's name.
pub(crate) const GUIDE: &str = "guide";
/// The name of the agent that the environment alone describes.
const FROM_ENVIRONMENT: &str = "openai";
const OPENAI: &str = "https://api.openai.com/v1";
const IDLE_TIMEOUT_MS: u64 = 60_000;

/// Every agent known here, and which one answers in new sessions.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) agents: Vec<NamedAgent>,
    pub(crate) default: String,
    /// Where each comes from, in the same order: for people.
    pub(crate) origins: Vec<&'static str>,
}

impl Known {
    /// The agent of that name, or the default.
    pub(crate) fn choose(&self, wanted: Option<&str>) -> Result<&NamedAgent, CliError> {
        let name = wanted.unwrap_or(&self.default);
        self.agents.iter().find(|agent| agent.name == name).ok_or_else(|| {
            let error = CliError::usage(format!("there is no agent `{name}`"));
            match nearest(name, self.agents.iter().map(|agent| agent.name.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`? `q agents` lists them")),
                None => error.hint("`q agents` lists them; add one to the config as [agents.NAME]"),
            }
        })
    }
}

/// Puts together what configuration and environment say.
pub(crate) fn known(config: &Config, environment: &Environment) -> Result<Known, CliError> {
    let mut agents = vec![NamedAgent { name: GUIDE.to_owned(), reach: Reach::Guide }];
    let mut origins = vec!["built in"];
    for (name, agent) in &config.agents {
        let key = match (&agent.key_env, &agent.key_file) {
            (Some(variable), _) => environment.text(variable).map(str::to_owned),
            (None, Some(file)) => Some(key_from(file, name)?),
            (None, None) => None,
        };
        agents.push(NamedAgent {
            name: name.clone(),
            reach: Reach::Http {
                base_url: agent.base_url.clone(),
                key,
                model: agent.model.clone(),
                idle_timeout_ms: agent
                    .idle_timeout
                    .map_or(IDLE_TIMEOUT_MS, |seconds| seconds.saturating_mul(1000)),
            },
        });
        origins.push("config");
    }
    if let Some(agent) = from_environment(environment) {
        if let Some(place) = agents.iter().position(|known| known.name == agent.name) {
            agents.remove(place);
            origins.remove(place);
        }
        agents.push(agent);
        origins.push("environment");
    }
    let default = default_among(config, environment, &agents);
    let known = Known { agents, default, origins };
    known.choose(None)?;
    Ok(known)
}

fn default_among(config: &Config, environment: &Environment, agents: &[NamedAgent]) -> String {
    if let Some(name) = environment.text("Q_AGENT").or(config.agent.as_deref()) {
        return name.to_owned();
    }
    let environments = agents.iter().find(|agent| agent.name == FROM_ENVIRONMENT);
    let first_configured = agents.iter().find(|agent| agent.name != GUIDE);
    environments.or(first_configured).map_or_else(|| GUIDE.to_owned(), |agent| agent.name.clone())
}

/// `Q_…` wins over `OPENAI_…`; any one of URL and key makes an agent.
fn from_environment(environment: &Environment) -> Option<NamedAgent> {
    let of = |name: &str| {
        environment
            .text(&format!("Q_{name}"))
            .or_else(|| environment.text(&format!("OPENAI_{name}")))
            .map(str::to_owned)
    };
    let (base_url, key) = (of("BASE_URL"), of("API_KEY"));
    if base_url.is_none() && key.is_none() {
        return None;
    }
    let reach = Reach::Http {
        base_url: base_url.unwrap_or_else(|| OPENAI.to_owned()),
        key,
        model: of("MODEL").unwrap_or_default(),
        idle_timeout_ms: IDLE_TIMEOUT_MS,
    };
    Some(NamedAgent { name: FROM_ENVIRONMENT.to_owned(), reach })
}

fn key_from(file: &std::path::Path, agent: &str) -> Result<String, CliError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) => Err(CliError::usage(format!(
            "the key of agent `{agent}` cannot be read from {}: {error}",
            file.display()
        ))
        .hint("mend key_file in the config, or use key_env")),
    }
}
