//! The agents of this configuration and environment. Keys are read here, held in memory, and go to the host only.

use q_agent::NetworkEnvironment;
use q_host::wire::message::{NamedAgent, Reach};
use q_host::wire::network::Network;
use q_term::slash::nearest;

use crate::config::Config;
use crate::environment::Environment;
use crate::error::CliError;
use crate::trusted;

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
    let network = Network::from(network(environment));
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
                network: network.clone(),
            },
        });
        origins.push("config");
    }
    if let Some(agent) = from_environment(environment, network) {
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
fn from_environment(environment: &Environment, network: Network) -> Option<NamedAgent> {
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
        network,
    };
    Some(NamedAgent { name: FROM_ENVIRONMENT.to_owned(), reach })
}

/// How the network is left from here. Proxies may be written in either case, as everywhere; the lower one wins. The host's
/// directory is another one, so paths are made whole.
fn network(environment: &Environment) -> NetworkEnvironment {
    let proxy = |name: &str| {
        let given = environment.text(name).or_else(|| environment.text(&name.to_uppercase()));
        given.map(str::to_owned)
    };
    let path = |name: &str| environment.path(name).map(|path| environment.directory.join(path));
    NetworkEnvironment {
        http_proxy: proxy("http_proxy"),
        https_proxy: proxy("https_proxy"),
        all_proxy: proxy("all_proxy"),
        no_proxy: proxy("no_proxy"),
        ca_file: path("SSL_CERT_FILE"),
        ca_dir: path("SSL_CERT_DIR"),
        extra_ca_file: path("NODE_EXTRA_CA_CERTS"),
    }
}

fn key_from(file: &std::path::Path, agent: &str) -> Result<String, CliError> {
    match trusted::read(file) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(untrusted) => Err(untrusted
            .told(&format!("the key of agent `{agent}`"), file)
            .hint("mend key_file in the config, or use key_env")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn the_network_of_an_agent_is_that_of_the_client_that_brings_it() {
        let variables = [
            ("OPENAI_API_KEY", "sk"),
            ("http_proxy", "http://lower:1"),
            ("HTTP_PROXY", "http://upper:1"),
            ("HTTPS_PROXY", "http://user:pass@upper:2"),
            ("all_proxy", ""),
            ("ALL_PROXY", "socks5://upper:3"),
            ("no_proxy", "localhost"),
            ("SSL_CERT_FILE", "certs/ca.pem"),
            ("SSL_CERT_DIR", "/etc/certs"),
            ("NODE_EXTRA_CA_CERTS", "../extra.pem"),
        ];
        let environment = Environment::of(&variables, "/home/me/work");
        let text = |text: &str| Some(text.to_owned());
        let expected = NetworkEnvironment {
            http_proxy: text("http://lower:1"),
            https_proxy: text("http://user:pass@upper:2"),
            all_proxy: text("socks5://upper:3"),
            no_proxy: text("localhost"),
            ca_file: Some("/home/me/work/certs/ca.pem".into()),
            ca_dir: Some("/etc/certs".into()),
            extra_ca_file: Some("/home/me/work/../extra.pem".into()),
        };
        let config: Config =
            toml::from_str("[agents.local]\nbase_url = \"http://127.0.0.1:1/v1\"\n").unwrap();
        let known = known(&config, &environment).unwrap();
        let networks = known.agents.iter().filter_map(|agent| match &agent.reach {
            Reach::Http { network, .. } => Some(NetworkEnvironment::from(network.clone())),
            Reach::Guide => None,
        });
        assert_eq!(networks.collect::<Vec<_>>(), [expected.clone(), expected]);
        assert!(!format!("{:?}", known.agents).contains("pass"));
    }
}
