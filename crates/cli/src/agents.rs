//! The agents of this configuration and environment. Keys are read here, held in memory, and go to the host only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use q_core::{Setup, Summary};
use q_proto::Place;
use q_proto::message::{NamedAgent, Reach};
use q_proto::network::Network;
use q_proto::shaping::Shaping;
use q_term::suggest::nearest;

use crate::agent_key::{self, key_variables, source};
use crate::agent_reach::{self, IDLE_TIMEOUT_MS, known_address, named_model, network, reach};
use crate::config::providers::{LOCAL, PROVIDERS, Provider};
use crate::config::{AgentConfig, Config};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::key_commands::KeyCommands;
use crate::missing::Missing;
use crate::{local, out, tool_environment};

/// The built-in agent's name.
pub(crate) const GUIDE: &str = Setup::GUIDE;
/// The name of the agent that the environment alone describes.
const FROM_ENVIRONMENT: &str = "openai";
/// Where agents are written: for people.
const CONFIG: &str = "config";
const ENVIRONMENT: &str = "environment";
/// Variables that may hold its key, the one that wins first.
const ITS_KEYS: [&str; 2] = ["Q_API_KEY", "OPENAI_API_KEY"];

/// Every agent known here, and which one answers in new sessions.
#[derive(Clone, Debug)]
pub(crate) struct AgentRegistry {
    pub(crate) agents: Vec<NamedAgent>,
    pub(crate) default: String,
    /// Where each comes from, in the same order: for people.
    pub(crate) origins: Vec<&'static str>,
    /// Where the key of each comes from that has one, by the agent's name.
    pub(crate) key_sources: BTreeMap<String, String>,
    /// Those whose key a command says.
    pub(crate) key_commands: KeyCommands,
    /// Those of the configuration that cannot be asked from here.
    pub(crate) unusable: Vec<Unusable>,
    /// Whether the guide answers only because nobody else can.
    pub(crate) left_to_guide: bool,
    /// Whether the configuration says who `openai` is, and not the environment.
    has_own_openai: bool,
    /// The file of the configuration that was read.
    pub(crate) file: PathBuf,
}

/// An agent that cannot be asked from here.
#[derive(Clone, Debug)]
pub(crate) struct Unusable {
    pub(crate) name: String,
    pub(crate) why: Missing,
    /// Where it is written.
    pub(crate) origin: &'static str,
    /// Where it would be, if that is known.
    pub(crate) base_url: Option<String>,
    pub(crate) model: String,
    /// Whether its table cannot be read.
    is_mistaken: bool,
    /// How its server can be asked for models: nothing else is missing than the name of one.
    reach: Option<Reach>,
    /// The variables that its key would be in.
    variables: Vec<String>,
}

impl Unusable {
    /// One of which no more is known than why.
    fn of(name: &str, why: Missing, origin: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            why,
            origin,
            base_url: None,
            model: String::new(),
            is_mistaken: false,
            reach: None,
            variables: if origin == ENVIRONMENT { ITS_KEYS.map(str::to_owned).into() } else { Vec::new() },
        }
    }

    fn mistaken((name, why): (&String, &Missing)) -> Self {
        Self { is_mistaken: true, ..Self::of(name, why.clone(), CONFIG) }
    }

    /// Why it is not asked, with the way out. `file` is where the configuration is.
    fn complaint(&self, file: &Path) -> CliError {
        let Missing { why, way_out } = &self.why;
        let told = format!("agent `{}` cannot be asked: {why}", self.name);
        let error = if self.is_mistaken { CliError::usage(told) } else { CliError::failed(told) };
        let error = if self.origin == CONFIG {
            error.hint(format!("[agents.{}] in {} says so", self.name, file.display()))
        } else {
            error
        };
        error.hint(way_out.clone())
    }
}

impl AgentRegistry {
    /// The agent that is to answer: the one of that name, or the default. Where nobody sits in front of what it will say,
    /// the guide must have been asked for: pages of the manual would pass for an answer.
    pub(crate) fn choose(&self, wanted: Option<&str>, attended: bool) -> Result<&NamedAgent, CliError> {
        if wanted.is_none() && self.left_to_guide && !attended {
            return Err(self.nobody());
        }
        let name = wanted.unwrap_or(&self.default);
        if let Some(unusable) = self.unusable.iter().find(|agent| agent.name == name) {
            return Err(unusable.complaint(&self.file));
        }
        self.agents.iter().find(|agent| agent.name == name).ok_or_else(|| {
            let error = CliError::usage(format!("there is no agent `{name}`"));
            match nearest(name, self.agents.iter().map(|agent| agent.name.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`? `q agents` lists them")),
                None => error.hint("`q agents` lists them; add one to the config as [agents.NAME]"),
            }
        })
    }

    /// How the agent of that name is reached with its key, which a command may say; where only a model is asked about, or one is
    /// named, it need not name one itself.
    pub(crate) async fn reach(&self, name: &str, needs_model: bool) -> Result<Reach, CliError> {
        let unnamed = self.unusable.iter().find(|agent| agent.name == name && !needs_model);
        let mut reach = match unnamed.and_then(|agent| agent.reach.clone()) {
            Some(reach) => reach,
            None => self.choose(Some(name), true)?.reach.clone(),
        };
        if let Some(mut fetch) = self.key_commands.fetch(name) {
            reach.set_key(fetch.key().await.map_err(CliError::failed)?.expose());
        }
        Ok(reach)
    }

    /// Every agent as it is brought to the host: with its key, as far as that is known by now.
    pub(crate) fn brought(&self) -> Vec<NamedAgent> {
        let mut agents = self.agents.clone();
        for agent in &mut agents {
            if let Some(key) = self.key_commands.said(&agent.name) {
                agent.reach.set_key(key.expose());
            }
        }
        agents
    }

    /// Says what a prompt sent to this session meets where that may surprise: a guide that was not chosen, or an agent whose
    /// key is missing here, which answers only as long as the host still has it.
    pub(crate) fn note_who_answers(&self, session: &Summary) {
        if let Some(Unusable { name, why, .. }) =
            self.unusable.iter().find(|agent| agent.name == session.agent)
        {
            let Missing { why, way_out } = why;
            out::note(&format!("q: agent `{name}` cannot be brought from here: {why}; {way_out}"));
        }
        let chosen = self.default == GUIDE && !self.left_to_guide;
        if session.agent == GUIDE && !chosen {
            let name = &session.name;
            out::note(&format!(
                "q: the guide answers in {name}, which knows about q alone; a model needs a session of its own (`q agents`)"
            ));
        }
    }

    /// What lies idle in this environment, a line each: keys that no agent here uses, and an agent that the configuration
    /// has otherwise.
    pub(crate) fn idle(&self, environment: &ProcessEnvironment) -> Vec<String> {
        // By the keys themselves: an agent may have a provider's key from another variable, a file, or for another address.
        let is_used = |variable: &str| {
            let mut keys = self.agents.iter().flat_map(|agent| match &agent.reach {
                Reach::Http { key, .. } => key.iter().collect::<Vec<_>>(),
                Reach::Acp { variables, .. } => variables.iter().map(|(_, value)| value).collect(),
                Reach::Guide => Vec::new(),
            });
            keys.any(|key| environment.text(variable) == Some(key))
                || self.unusable.iter().any(|unusable| unusable.variables.iter().any(|name| name == variable))
        };
        let mut lines: Vec<String> = Vec::new();
        for provider in &PROVIDERS {
            let mut set = provider.keys.iter().filter(|key| environment.text(key).is_some()).peekable();
            let Some(variable) = set.peek().copied() else { continue };
            if set.any(|variable| is_used(variable)) {
                continue;
            }
            // A provider of two names is named once.
            if !lines.iter().any(|line| line.starts_with(variable)) {
                let name = provider.name;
                lines.push(format!(
                    "{variable} is set and no agent uses it: [agents.{name}] provider = \"{name}\" would"
                ));
            }
        }
        if self.has_own_openai
            && let Some(variable) =
                ["Q_BASE_URL", "OPENAI_BASE_URL"].into_iter().find(|name| environment.text(name).is_some())
        {
            lines.push(format!(
                "{variable} is set and no agent uses it: [agents.{FROM_ENVIRONMENT}] in {} says who that is",
                self.file.display()
            ));
        }
        lines
    }

    fn nobody(&self) -> CliError {
        let file = self.file.display();
        CliError::failed("no model is configured here, so nobody can answer")
            .hint(format!("neither the environment (OPENAI_API_KEY, OPENAI_BASE_URL) nor {file} names one"))
            .hint("q setup leads to one by a few questions")
            .hint("or name one: export OPENAI_API_KEY=sk-... OPENAI_MODEL=MODEL, or [agents.claude] provider = \"anthropic\" in that file")
            .hint("or have a small one answer on this machine, without a network: q model pull smollm2")
            .hint(format!(
                "or ask the guide, which knows about q alone: q chat --agent {GUIDE} \"how do I switch sessions?\""
            ))
    }
}

/// Puts together what configuration and environment say. `file` is where the configuration is.
pub(crate) fn known(
    config: &Config,
    environment: &ProcessEnvironment,
    file: &Path,
    place: &Place,
) -> Result<AgentRegistry, CliError> {
    let mut unusable: Vec<Unusable> = config.mistaken.iter().map(Unusable::mistaken).collect();
    let mut agents = vec![NamedAgent { name: GUIDE.to_owned(), reach: Reach::Guide }];
    let mut origins = vec!["built in"];
    let mut key_sources = BTreeMap::new();
    let mut key_commands = KeyCommands::new(file);
    let network = network(environment);
    let written = config.agents.iter().map(|(name, agent)| (name.as_str(), agent, CONFIG));
    let local = local_agent(config, place);
    for (name, agent, origin) in written.chain(local.iter().map(|agent| (LOCAL, agent, "q model"))) {
        let reached = key_commands
            .take(name, agent, environment, file)
            .and_then(|()| reach(agent, environment, file, place, &network));
        let (why, reach) = match reached {
            Ok(mut reach) => {
                if let Some(tools) = reach.tools_mut() {
                    tools.bounds = Some(config.limits.command_bounds());
                    if agent.tools {
                        tool_environment::name_tables(tools, (file, &config.mcp), environment, name);
                    }
                }
                let Err(unnamed) = named_model(name, agent) else {
                    key_sources.extend(source(agent, environment).map(|source| (name.to_owned(), source)));
                    agents.push(NamedAgent { name: name.to_owned(), reach });
                    origins.push(origin);
                    continue;
                };
                (unnamed, Some(reach))
            }
            Err(why) => (why, None),
        };
        unusable.push(Unusable {
            base_url: known_address(agent, environment),
            model: agent_reach::model(agent).to_owned(),
            reach,
            variables: key_variables(agent),
            ..Unusable::of(name, why, origin)
        });
    }
    // What somebody wrote down under that name is what is meant by it: variables may be there for other programs.
    let has_own_openai =
        config.agents.contains_key(FROM_ENVIRONMENT) || config.mistaken.contains_key(FROM_ENVIRONMENT);
    match from_environment(environment, network).filter(|_| !has_own_openai) {
        Some(Ok(agent)) => {
            let variable = ITS_KEYS.into_iter().find(|name| environment.text(name).is_some());
            key_sources.extend(variable.map(|variable| (agent.name.clone(), variable.to_owned())));
            agents.push(agent);
            origins.push(ENVIRONMENT);
        }
        Some(Err(why)) => unusable.push(Unusable::of(FROM_ENVIRONMENT, why, ENVIRONMENT)),
        None => {}
    }
    let chosen = default_among(config, environment, &agents, &unusable);
    let left_to_guide = chosen.is_none();
    let default = chosen.unwrap_or(GUIDE).to_owned();
    let known = AgentRegistry {
        agents,
        default,
        origins,
        key_sources,
        key_commands,
        unusable,
        left_to_guide,
        has_own_openai,
        file: file.to_owned(),
    };
    if !known.unusable.iter().any(|agent| agent.name == known.default) {
        known.choose(None, true)?;
    }
    Ok(known)
}

/// The agent that is there without any configuration once a model on this machine is used.
fn local_agent(config: &Config, place: &Place) -> Option<AgentConfig> {
    local::in_use(place).filter(|_| !config.agents.contains_key(LOCAL))?;
    let provider = PROVIDERS.iter().find(|provider| provider.name == LOCAL);
    Some(AgentConfig { provider, ..AgentConfig::default() })
}

/// The agent of new sessions, if any is named anywhere. One that is named and cannot be asked is not passed over for another;
/// where none is named it is the first that can be asked.
fn default_among<'a>(
    config: &'a Config,
    environment: &'a ProcessEnvironment,
    agents: &[NamedAgent],
    unusable: &[Unusable],
) -> Option<&'a str> {
    let named = environment.text("Q_AGENT").or(config.agent.as_deref());
    let written = || config.agents.keys().chain(config.mistaken.keys()).map(String::as_str);
    let ways =
        || std::iter::once(FROM_ENVIRONMENT).chain(written().filter(|name| *name != GUIDE)).chain([LOCAL]);
    let is_usable = |name: &&str| agents.iter().any(|agent| agent.name == *name);
    let is_there = |name: &&str| unusable.iter().any(|agent| agent.name == *name);
    named.or_else(|| ways().find(is_usable)).or_else(|| ways().find(is_there))
}

/// `Q_…` wins over `OPENAI_…`; any one of URL and key makes an agent, or says why there is none. At the provider itself its
/// usual model is asked unless another is named, elsewhere the server's own.
fn from_environment(
    environment: &ProcessEnvironment,
    network: Network,
) -> Option<Result<NamedAgent, Missing>> {
    let first = |names: [&'static str; 2]| {
        names.into_iter().find_map(|name| environment.text(name).map(|text| (name, text)))
    };
    let (base_url, key) = (first(["Q_BASE_URL", "OPENAI_BASE_URL"]), first(ITS_KEYS));
    if base_url.is_none() && key.is_none() {
        return None;
    }
    let named = first(["Q_MODEL", "OPENAI_MODEL"]).map(|(_, model)| model);
    let provider = PROVIDERS.iter().find(|provider| provider.name == FROM_ENVIRONMENT);
    let usual = provider.filter(|_| base_url.is_none());
    let model = named.or(usual.map(|provider| provider.model)).unwrap_or_default();
    let window = usual.filter(|_| named.is_none()).and_then(Provider::window);
    let addressed = || match base_url {
        Some((variable, base_url)) => agent_reach::checked(base_url, variable),
        None => Ok(provider.map(|provider| provider.base_url.to_owned()).unwrap_or_default()),
    };
    let agent = addressed().and_then(|base_url| {
        let key = key.map(|(variable, key)| agent_key::checked(key, variable)).transpose()?;
        let reach = Reach::Http {
            base_url,
            key,
            model: model.to_owned(),
            idle_timeout_ms: IDLE_TIMEOUT_MS,
            network,
            shaping: Shaping { window, ..Shaping::default() },
        };
        Ok(NamedAgent { name: FROM_ENVIRONMENT.to_owned(), reach })
    });
    Some(agent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use serde_json::json;

    use super::*;

    fn nowhere() -> Place {
        Place::new("/nowhere".into(), "/nowhere".into(), "/nowhere".into())
    }

    fn registry(config: &str, variables: &[(&str, &str)]) -> AgentRegistry {
        let config: Config = toml::from_str(config).unwrap();
        known(&config, &ProcessEnvironment::of(variables, "/"), Path::new("/c"), &nowhere()).unwrap()
    }

    #[test]
    fn a_provider_says_all_that_is_not_written() {
        let config = "agent = \"a\"\n[agents.a]\nprovider = \"anthropic\"\n[agents.b]\nprovider = \"gemini\"\nmodel = \"m\"\n\
                      [agents.c]\nprovider = \"ollama\"\nbase_url = \"http://box:1\"\nmodel = \"l\"\n\
                      [agents.d]\nprovider = \"openai\"\ndialect = \"responses\"\n";
        let keys = [("ANTHROPIC_API_KEY", "sk-a"), ("GOOGLE_API_KEY", "sk-g"), ("OPENAI_API_KEY", "sk-o")];
        let known = registry(config, &keys);
        let shown: Vec<String> = known
            .agents
            .iter()
            .filter_map(|agent| match &agent.reach {
                Reach::Http { base_url, key, model, shaping, .. } => {
                    let key = key.as_deref().unwrap_or("none");
                    Some(format!("{} {base_url} {} {model} {key}", agent.name, shaping.dialect))
                }
                Reach::Guide | Reach::Acp { .. } => None,
            })
            .collect();
        let expected = [
            "a https://api.anthropic.com anthropic claude-sonnet-4-5 sk-a",
            "b https://generativelanguage.googleapis.com/v1beta gemini m sk-g",
            "c http://box:1 ollama l none",
            "d https://api.openai.com/v1 responses gpt-5-mini sk-o",
            "openai https://api.openai.com/v1  gpt-5-mini sk-o", // the environment's own agent names no protocol
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_missing_is_said_and_what_lies_idle_is_offered() {
        let config =
            "agent = \"a\"\n[agents.a]\nprovider = \"anthropic\"\n[agents.l]\nprovider = \"ollama\"\n";
        let known = registry(config, &[("GEMINI_API_KEY", "sk-g")]);
        let why: Vec<&str> = known.unusable.iter().map(|agent| agent.why.why.as_str()).collect();
        assert_eq!(
            why,
            [
                "ANTHROPIC_API_KEY, where anthropic has its key, is not set here",
                "it names no model, and ollama has none that would be the usual one",
            ]
        );
        let idle = known
            .idle(&ProcessEnvironment::of(&[("GEMINI_API_KEY", "sk-g"), ("ANTHROPIC_API_KEY", "x")], "/"));
        assert_eq!(
            idle,
            ["GEMINI_API_KEY is set and no agent uses it: [agents.gemini] provider = \"gemini\" would"]
        );
    }

    #[test]
    fn a_key_is_idle_by_itself_and_not_by_where_its_provider_is() {
        let idle = |config: &str, variables: &[(&str, &str)]| {
            registry(config, variables).idle(&ProcessEnvironment::of(variables, "/"))
        };
        let offered = |variable: &str, name: &str| {
            vec![format!(
                "{variable} is set and no agent uses it: [agents.{name}] provider = \"{name}\" would"
            )]
        };
        // Behind a gateway, the provider's own key is used all the same.
        let gateway = "[agents.a]\nbase_url = \"http://gateway/v1\"\nkey_env = \"ANTHROPIC_API_KEY\"\n";
        assert_eq!(idle(gateway, &[("ANTHROPIC_API_KEY", "sk-a")]), Vec::<String>::new());
        // At the provider, with another key than its usual one.
        let other = "[agents.a]\nprovider = \"anthropic\"\nkey_env = \"WORK_KEY\"\n";
        assert_eq!(
            idle(other, &[("ANTHROPIC_API_KEY", "sk-a"), ("WORK_KEY", "sk-w")]),
            offered("ANTHROPIC_API_KEY", "anthropic")
        );
        let google = "[agents.a]\nprovider = \"gemini\"\n";
        assert_eq!(idle(google, &[("GEMINI_API_KEY", "g"), ("GOOGLE_API_KEY", "h")]), Vec::<String>::new());
    }

    #[test]
    fn what_is_configured_as_openai_is_not_replaced_by_variables() {
        let config =
            "[agents.a]\nbase_url = \"http://a\"\n[agents.openai]\nprovider = \"openai\"\nmodel = \"mine\"\n";
        let variables =
            [("OPENAI_API_KEY", "sk-o"), ("OPENAI_BASE_URL", "http://other"), ("OPENAI_MODEL", "m")];
        let known = registry(config, &variables);
        let openai: Vec<&NamedAgent> = known.agents.iter().filter(|agent| agent.name == "openai").collect();
        let [NamedAgent { reach: Reach::Http { base_url, model, .. }, .. }] = openai[..] else {
            panic!("{:?}", known.agents)
        };
        assert_eq!((base_url.as_str(), model.as_str()), ("https://api.openai.com/v1", "mine"));
        assert_eq!(known.default, "openai");
        let idle = known.idle(&ProcessEnvironment::of(&variables, "/"));
        assert_eq!(
            idle,
            ["OPENAI_BASE_URL is set and no agent uses it: [agents.openai] in /c says who that is"]
        );
        // One that cannot be asked is told, and not passed over for the one of the environment.
        let unusable =
            registry("[agents.openai]\nprovider = \"openai\"\nkey_env = \"NOWHERE\"\n", &variables);
        assert_eq!((unusable.default.as_str(), unusable.unusable.len()), ("openai", 1));
    }

    #[test]
    fn bedrock_is_reached_with_what_awss_tools_have() {
        let config = "agent = \"b\"\n[agents.b]\nprovider = \"bedrock\"\n";
        let pair = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "S"), ("AWS_REGION", "eu-west-1")];
        let bearer = [("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-x")];
        for (variables, url, expected) in [
            (pair.as_slice(), "https://bedrock-runtime.eu-west-1.amazonaws.com", "A:S"),
            (&bearer, "https://bedrock-runtime.us-east-1.amazonaws.com", "bedrock-api-key-x"),
        ] {
            let known = registry(config, variables);
            let Reach::Http { base_url, key, shaping, .. } = &known.agents[1].reach else {
                panic!("no model")
            };
            assert_eq!((base_url.as_str(), key.as_deref()), (url, Some(expected)));
            assert_eq!(shaping.dialect, "bedrock");
            assert!(known.idle(&ProcessEnvironment::of(variables, "/")).is_empty());
        }
        let known = registry(config, &[]);
        assert!(known.unusable[0].why.why.contains("AWS_BEARER_TOKEN_BEDROCK"), "{:?}", known.unusable);
        let known = registry(config, &[pair[0], pair[1], ("AWS_REGION", "evil.test/")]);
        assert_eq!(known.unusable[0].why.why, "`evil.test/` is no region");
    }

    #[test]
    fn requests_are_shaped_as_the_configuration_says() {
        let config = "[agents.a]\nbase_url = \"http://x\"\ntemperature = 0.5\nretries = 1\nmax_tokens = 7\nreasoning = \"low\"\n\
                      omit = [\"a.b\"]\nstream_options = false\nthink_tags = true\ncontext_window = 9000\ncompact_model = \"small\"\nfirst_byte = 90\nbetween_bytes = 30\n\
                      idle_timeout = 5\n[agents.a.headers]\nx-team = \"t\"\n[agents.a.body]\ntop_p = 0.5\nstop = [\"x\"]\n";
        let known = registry(config, &[]);
        let Reach::Http { shaping, idle_timeout_ms, .. } = &known.agents[1].reach else { return };
        assert_eq!(*idle_timeout_ms, 30_000);
        let expected = json!({
            "dialect": "chat_completions",
            "first_byte_ms": 90_000,
            "retries": 1,
            "temperature": 0.5,
            "max_tokens": 7,
            "reasoning": "low",
            "headers": [["x-team", "t"]],
            "body": r#"{"stop":["x"],"top_p":0.5}"#,
            "omit": ["a.b", "stream_options"],
            "window": 9000,
            "compact_model": "small",
            "think_tags": true,
        });
        assert_eq!(serde_json::to_value(shaping).unwrap(), expected, "no tools, and no program of its own");
    }

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
        let environment = ProcessEnvironment::of(&variables, "/home/me/work");
        let text = |text: &str| Some(text.to_owned());
        let expected = Network {
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
        let known = known(&config, &environment, Path::new("/c"), &nowhere()).unwrap();
        let networks = known.agents.iter().filter_map(|agent| match &agent.reach {
            Reach::Http { network, .. } => Some(network.clone()),
            Reach::Guide | Reach::Acp { .. } => None,
        });
        assert_eq!(networks.collect::<Vec<_>>(), [expected.clone(), expected]);
        assert!(!format!("{:?}", known.agents).contains("pass"));
    }
}
