//! The agents of this configuration and environment. Keys are read here, held in memory, and go to the host only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use q_agent::{Dialect, NetworkEnvironment};
use q_core::Summary;
use q_proto::Place;
use q_proto::message::{NamedAgent, Reach};
use q_proto::network::Network;
use q_proto::shaping::Shaping;
use q_term::suggest::nearest;

use crate::agent_key::{key, key_variables, source};
use crate::config::providers::{LOCAL, PROVIDERS};
use crate::config::{AgentConfig, Config, aws};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::key_commands::KeyCommands;
use crate::local::{self, Served};
use crate::missing::Missing;
use crate::{out, tool_environment};

/// The built-in agent's name.
pub(crate) const GUIDE: &str = "guide";
/// The name of the agent that the environment alone describes.
const FROM_ENVIRONMENT: &str = "openai";
const OPENAI: &str = "https://api.openai.com/v1";
const IDLE_TIMEOUT_MS: u64 = 60_000;

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

/// An agent of the configuration that cannot be asked from here.
#[derive(Clone, Debug)]
pub(crate) struct Unusable {
    pub(crate) name: String,
    pub(crate) why: Missing,
    agent: AgentConfig,
}

impl Unusable {
    pub(crate) fn base_url(&self) -> &str {
        base_url(&self.agent)
    }

    pub(crate) fn model(&self) -> &str {
        model(&self.agent)
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
            let Unusable { why: Missing { why, way_out }, .. } = unusable;
            let error = CliError::failed(format!("agent `{name}` cannot be asked: {why}"));
            return Err(error
                .hint(format!("[agents.{name}] in {} says so", self.file.display()))
                .hint(way_out.clone()));
        }
        self.agents.iter().find(|agent| agent.name == name).ok_or_else(|| {
            let error = CliError::usage(format!("there is no agent `{name}`"));
            match nearest(name, self.agents.iter().map(|agent| agent.name.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`? `q agents` lists them")),
                None => error.hint("`q agents` lists them; add one to the config as [agents.NAME]"),
            }
        })
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
            let mut keys = self.agents.iter().filter_map(|agent| match &agent.reach {
                Reach::Http { key, .. } => key.as_deref(),
                Reach::Guide => None,
            });
            keys.any(|key| environment.text(variable) == Some(key))
                || self
                    .unusable
                    .iter()
                    .any(|unusable| key_variables(&unusable.agent).iter().any(|name| name == variable))
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
            .hint("name one: export OPENAI_API_KEY=sk-... OPENAI_MODEL=MODEL, or [agents.claude] provider = \"anthropic\" in that file")
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
    let mut unusable = Vec::new();
    let mut agents = vec![NamedAgent { name: GUIDE.to_owned(), reach: Reach::Guide }];
    let mut origins = vec!["built in"];
    let mut key_sources = BTreeMap::new();
    let mut key_commands = KeyCommands::new(file);
    let network = network(environment);
    let written = config.agents.iter().map(|(name, agent)| (name.as_str(), agent, "config"));
    let local = local_agent(config, place);
    for (name, agent, origin) in written.chain(local.iter().map(|agent| (LOCAL, agent, "q model"))) {
        let reached = key_commands
            .take(name, agent, environment, file)
            .and_then(|()| reach(agent, environment, file, place, &network));
        match reached {
            Ok(mut reach) => {
                if let Reach::Http { shaping: Shaping { tools: Some(tools), .. }, .. } = &mut reach {
                    tool_environment::name_tables(tools, file, name);
                }
                key_sources.extend(source(agent, environment).map(|source| (name.to_owned(), source)));
                agents.push(NamedAgent { name: name.to_owned(), reach });
                origins.push(origin);
            }
            Err(why) => {
                unusable.push(Unusable { name: name.to_owned(), why, agent: agent.clone() });
            }
        }
    }
    let described = from_environment(environment, network);
    let is_described = described.is_some();
    // What somebody wrote down under that name is what is meant by it: variables may be there for other programs.
    let has_own_openai = config.agents.contains_key(FROM_ENVIRONMENT);
    if let Some(agent) = described.filter(|_| !has_own_openai) {
        let variable =
            ["Q_API_KEY", "OPENAI_API_KEY"].into_iter().find(|name| environment.text(name).is_some());
        key_sources.extend(variable.map(|variable| (agent.name.clone(), variable.to_owned())));
        agents.push(agent);
        origins.push("environment");
    }
    let chosen = default_among(config, environment, is_described, &agents);
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

/// The agent of new sessions, if any is named anywhere. One that cannot be asked is not passed over for another.
fn default_among<'a>(
    config: &'a Config,
    environment: &'a ProcessEnvironment,
    is_described: bool,
    agents: &[NamedAgent],
) -> Option<&'a str> {
    let named = environment.text("Q_AGENT").or(config.agent.as_deref());
    let is_known = |name: &str| agents.iter().any(|agent| agent.name == name);
    let environments = (is_described || is_known(FROM_ENVIRONMENT)).then_some(FROM_ENVIRONMENT);
    named
        .or(environments)
        .or_else(|| config.agents.keys().map(String::as_str).find(|name| *name != GUIDE))
        .or_else(|| is_known(LOCAL).then_some(LOCAL))
}

/// `Q_…` wins over `OPENAI_…`; any one of URL and key makes an agent.
fn from_environment(environment: &ProcessEnvironment, network: Network) -> Option<NamedAgent> {
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
        shaping: Shaping::default(),
    };
    Some(NamedAgent { name: FROM_ENVIRONMENT.to_owned(), reach })
}

/// How the network is left from here. The host's directory is another one, so paths are made whole.
fn network(environment: &ProcessEnvironment) -> Network {
    let text = |name: &str| environment.text(name).map(str::to_owned);
    let path = |name: &str| environment.path(name).map(|path| environment.directory.join(path));
    let NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } =
        NetworkEnvironment::of_variables(text, path);
    Network { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file }
}

/// How an agent of the configuration is reached, or what is missing.
fn reach(
    agent: &AgentConfig,
    environment: &ProcessEnvironment,
    file: &Path,
    place: &Place,
    network: &Network,
) -> Result<Reach, Missing> {
    let key = key(agent, environment, file)?;
    let (base_url, model, program) = if is_local(agent) {
        let served = local::served(&agent.model, agent.keep_alive, place, environment, file)?;
        let Served { base_url, model, program } = served;
        (base_url, model, Some(program))
    } else {
        let model = named_model(agent)?.to_owned();
        (address(agent, environment)?, model, None)
    };
    let millis = |seconds: u64| seconds.saturating_mul(1000);
    let between = agent.between_bytes.or(agent.idle_timeout);
    Ok(Reach::Http {
        base_url,
        key,
        model,
        idle_timeout_ms: between.map_or(IDLE_TIMEOUT_MS, millis),
        network: network.clone(),
        shaping: Shaping { program, tools: tool_environment::of(agent, environment), ..shaping(agent)? },
    })
}

/// Whether it is a model on this machine: what it has for an address, its file says.
fn is_local(agent: &AgentConfig) -> bool {
    agent.base_url.is_none() && agent.provider.is_some_and(|provider| provider.name == LOCAL)
}

/// The model that is asked; a provider that is known by name has one, or the person names one.
fn named_model(agent: &AgentConfig) -> Result<&str, Missing> {
    let model = model(agent);
    match agent.provider.filter(|_| model.is_empty()) {
        None => Ok(model),
        Some(provider) => Err(Missing {
            why: format!("it names no model, and {} has none that would be the usual one", provider.name),
            way_out: "name one there: model = \"MODEL\"".to_owned(),
        }),
    }
}

/// Tokens that the model takes at once, of a provider's usual one.
fn usual_window(agent: &AgentConfig) -> Option<u64> {
    agent.provider.filter(|_| agent.model.is_empty())?.window()
}

/// What of its requests is to be otherwise.
fn shaping(agent: &AgentConfig) -> Result<Shaping, Missing> {
    let body = if agent.body.is_empty() { Ok(String::new()) } else { serde_json::to_string(&agent.body) };
    let body = body.map_err(|error| Missing {
        why: format!("its body cannot be written as JSON: {error}"),
        way_out: "mend body there".to_owned(),
    })?;
    let unasked = (agent.stream_options == Some(false)).then(|| "stream_options".to_owned());
    Ok(Shaping {
        dialect: dialect(agent).word().to_owned(),
        first_byte_ms: agent.first_byte.map(|seconds| seconds.saturating_mul(1000)),
        retries: agent.retries,
        temperature: agent.temperature,
        max_tokens: agent.max_tokens,
        reasoning: agent.reasoning.clone(),
        headers: agent.headers.clone().into_iter().collect(),
        body,
        omit: agent.omit.iter().cloned().chain(unasked).collect(),
        window: agent.context_window.or_else(|| usual_window(agent)),
        compact_model: agent.compact_model.clone(),
        think_tags: agent.think_tags,
        no_project_files: agent.project_files == Some(false),
        tools: None,
        program: None,
    })
}

/// Where it is. An address that AWS has in every region gets the one of this environment.
fn address(agent: &AgentConfig, environment: &ProcessEnvironment) -> Result<String, Missing> {
    match base_url(agent) {
        aws::BEDROCK => aws::base_url(environment).map_err(|why| Missing {
            why,
            way_out: "name one: export AWS_REGION=us-east-1, or base_url there".to_owned(),
        }),
        base_url => Ok(base_url.to_owned()),
    }
}

fn base_url(agent: &AgentConfig) -> &str {
    agent.base_url.as_deref().or(agent.provider.map(|provider| provider.base_url)).unwrap_or_default()
}

fn model(agent: &AgentConfig) -> &str {
    let usual = agent.provider.map_or("", |provider| provider.model);
    if agent.model.is_empty() { usual } else { &agent.model }
}

fn dialect(agent: &AgentConfig) -> Dialect {
    agent.dialect.or(agent.provider.map(|provider| provider.dialect)).unwrap_or_default()
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
                Reach::Guide => None,
            })
            .collect();
        let expected = [
            "a https://api.anthropic.com anthropic claude-sonnet-4-5 sk-a",
            "b https://generativelanguage.googleapis.com/v1beta gemini m sk-g",
            "c http://box:1 ollama l none",
            "d https://api.openai.com/v1 responses gpt-5-mini sk-o",
            "openai https://api.openai.com/v1   sk-o", // the environment's own agent names neither protocol nor model
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
            Reach::Guide => None,
        });
        assert_eq!(networks.collect::<Vec<_>>(), [expected.clone(), expected]);
        assert!(!format!("{:?}", known.agents).contains("pass"));
    }
}
