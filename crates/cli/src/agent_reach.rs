//! How an agent of the configuration is reached, as far as nothing is missing for that.
//!
//! Not here: its key (`agent_key`), and which agents there are (`agents`).

use std::path::Path;

use q_agent::http::address_fault;
use q_agent::{CertificateFiles, Dialect, NetworkEnvironment};
use q_proto::Place;
use q_proto::message::Reach;
use q_proto::network::Network;
use q_proto::shaping::Shaping;

use crate::agent_key::key;
use crate::config::providers::LOCAL;
use crate::config::{AgentConfig, aws};
use crate::environment::ProcessEnvironment;
use crate::local::{self, Served};
use crate::missing::Missing;
use crate::{acp_agent, tool_environment};

/// How long a server may stay silent unless it is configured.
pub(crate) const IDLE_TIMEOUT_MS: u64 = 60_000;

/// How the network is left from here. The host's directory is another one, so paths are made whole.
pub(crate) fn network_here(environment: &ProcessEnvironment) -> NetworkEnvironment {
    let text = |name: &str| environment.text(name).map(str::to_owned);
    let path = |name: &str| environment.path(name).map(|path| environment.directory.join(path));
    NetworkEnvironment::of_variables(text, path)
}

/// The same as it is told to the host.
pub(crate) fn network(environment: &ProcessEnvironment) -> Network {
    let NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, certificates } =
        network_here(environment);
    let CertificateFiles { ca_file, ca_dir, extra_ca_file } = certificates;
    Network { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file }
}

/// How an agent of the configuration is reached, or what is missing. Whether it names a model is looked at apart
/// ([`named_model`]): without one its server can still be asked which there are.
pub(crate) fn reach(
    agent: &AgentConfig,
    environment: &ProcessEnvironment,
    file: &Path,
    place: &Place,
    network: &Network,
) -> Result<Reach, Missing> {
    if let Some(program) = &agent.acp {
        return Ok(acp_agent::reach(agent, program, environment));
    }
    let key = key(agent, environment, file)?;
    let (base_url, model, program) = if is_local(agent) {
        let served = local::served(&agent.model, agent.keep_alive, place, environment, file)?;
        let Served { base_url, model, program } = served;
        (base_url, model, Some(program))
    } else {
        (address(agent, environment)?, model(agent).to_owned(), None)
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

/// Whether it is known which model is asked; a provider that is known by name has one, or the person names one.
pub(crate) fn named_model(name: &str, agent: &AgentConfig) -> Result<(), Missing> {
    let unnamed = agent.provider.filter(|_| model(agent).is_empty() && !is_local(agent));
    unnamed.map_or(Ok(()), |provider| {
        Err(Missing {
            why: format!("it names no model, and {} has none that would be the usual one", provider.name),
            way_out: format!("name one there: model = \"MODEL\"; q agents models {name} lists what there is"),
        })
    })
}

/// Where it would be, as far as the whole of that is known.
pub(crate) fn known_address(agent: &AgentConfig, environment: &ProcessEnvironment) -> Option<String> {
    address(agent, environment).ok().filter(|address| !address.is_empty() && !is_local(agent))
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

/// A base address of a variable, as far as it is one.
pub(crate) fn checked(base_url: &str, variable: &str) -> Result<String, Missing> {
    match address_fault(base_url) {
        None => Ok(base_url.to_owned()),
        Some(why) => Err(Missing {
            why: format!("{variable} names no address: {why}"),
            way_out: format!("for example: export {variable}=http://127.0.0.1:8080/v1"),
        }),
    }
}

fn base_url(agent: &AgentConfig) -> &str {
    agent.base_url.as_deref().or(agent.provider.map(|provider| provider.base_url)).unwrap_or_default()
}

pub(crate) fn model(agent: &AgentConfig) -> &str {
    let usual = agent.provider.map_or("", |provider| provider.model);
    if agent.model.is_empty() { usual } else { &agent.model }
}

fn dialect(agent: &AgentConfig) -> Dialect {
    agent.dialect.or(agent.provider.map(|provider| provider.dialect)).unwrap_or_default()
}
