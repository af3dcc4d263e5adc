//! The key of an agent of the configuration: which variables may hold it, and where else it is read from.

use std::path::Path;

use q_agent::Dialect;
use q_term::typed;

use crate::config::providers::Provider;
use crate::config::{self, AgentConfig, aws, sso};
use crate::environment::ProcessEnvironment;
use crate::missing::Missing;
use crate::trusted;

/// The variables that an agent's key may be in.
pub(crate) fn key_variables(agent: &AgentConfig) -> Vec<String> {
    if agent.key_command.is_some() {
        return Vec::new();
    }
    match (&agent.key_env, &agent.key_file, agent.provider) {
        (Some(variable), _, _) => vec![variable.clone()],
        (None, None, Some(provider)) => provider.keys.iter().map(|&key| key.to_owned()).collect(),
        (None, Some(_), _) | (None, None, None) => Vec::new(),
    }
}

/// Where the key is from that [`key`] gives, in words.
pub(crate) fn source(agent: &AgentConfig, environment: &ProcessEnvironment) -> Option<String> {
    if let Some(command) = &agent.key_command {
        return Some(format!("command {}", command.program()));
    }
    match (&agent.key_env, &agent.key_file, agent.provider) {
        (Some(variable), _, _) => Some(variable.clone()),
        (None, Some(written), _) => Some(written.display().to_string()),
        (None, None, provider) => {
            let Provider { dialect, keys, .. } = provider?;
            let variable = keys.iter().find(|variable| environment.text(variable).is_some());
            let awss = (*dialect == Dialect::Bedrock).then(|| aws_source(environment));
            variable.map(|&variable| variable.to_owned()).or(awss)
        }
    }
}

/// The key that the configuration names, or its provider has, or why it cannot be had. One that a command says is not
/// asked for here.
pub(crate) fn key(
    agent: &AgentConfig,
    environment: &ProcessEnvironment,
    config: &Path,
) -> Result<Option<String>, Missing> {
    if agent.key_command.is_some() {
        return Ok(None);
    }
    let of = |variable: &str| Some(checked(environment.text(variable)?, variable));
    match (&agent.key_env, &agent.key_file, agent.provider) {
        (Some(variable), _, _) => match of(variable) {
            Some(key) => key.map(Some),
            None => Err(Missing {
                why: format!("{variable}, which key_env names, is not set here"),
                way_out: format!("set it: export {variable}=sk-..., or use key_file = \"PATH\""),
            }),
        },
        (None, Some(written), _) => {
            let key =
                key_from(written, environment.path("HOME").as_deref(), config).map_err(|why| Missing {
                    why: format!("its key cannot be read from {}: {why}", written.display()),
                    way_out: "mend key_file there, or use key_env = \"VARIABLE\"".to_owned(),
                })?;
            checked(&key, &written.display().to_string()).map(Some)
        }
        (None, None, Some(Provider { dialect: Dialect::Bedrock, keys, .. })) => {
            keys.iter().find_map(|variable| of(variable)).unwrap_or_else(|| aws_keys(environment)).map(Some)
        }
        (None, None, Some(Provider { name, keys: keys @ [first, ..], .. })) => {
            let missing = || Missing {
                why: format!("{first}, where {name} has its key, is not set here"),
                way_out: format!("set it: export {first}=..., or use key_file = \"PATH\""),
            };
            keys.iter().find_map(|variable| of(variable)).unwrap_or_else(|| Err(missing())).map(Some)
        }
        (None, None, Some(_) | None) => Ok(None),
    }
}

/// A key from that place, as far as it can be one: nothing is asked with any other.
pub(crate) fn checked(key: &str, place: &str) -> Result<String, Missing> {
    let why = match key {
        _ if key.trim().is_empty() => "holds no key: it is empty",
        _ if key.trim().bytes().all(|byte| byte.is_ascii_graphic()) => return Ok(key.trim().to_owned()),
        _ => "holds no key: there are blanks in it, or characters that no key has",
    };
    let way_out = "put the key there, and nothing else".to_owned();
    Err(Missing { why: format!("{place} {why}"), way_out })
}

/// Where a key of AWS's tools is from.
fn aws_source(environment: &ProcessEnvironment) -> String {
    match aws::keys(environment) {
        Ok(None) => format!("AWS's sign-in of profile {}", aws::profile(environment)),
        Ok(Some(_)) | Err(_) => "the keys of AWS's tools".to_owned(),
    }
}

/// The pair of keys that AWS's tools have here, or the role that they are signed in for, in the place of one.
fn aws_keys(environment: &ProcessEnvironment) -> Result<String, Missing> {
    let why = match aws::keys(environment) {
        Ok(Some(keys)) => return Ok(keys),
        Ok(None) => match sso::role(environment, q_host::clock::wall())? {
            Some(role) => return Ok(role.as_key()),
            None => {
                "neither AWS_BEARER_TOKEN_BEDROCK nor AWS_ACCESS_KEY_ID is set here, and the profile has no keys"
                    .to_owned()
            }
        },
        Err(why) => format!("its keys cannot be read from {why}"),
    };
    let way_out = "eval \"$(aws configure export-credentials --format env)\" sets them".to_owned();
    Err(Missing { why, way_out })
}

/// What stands in a file of the person's own that nobody else can read.
pub(crate) fn key_from(written: &Path, home: Option<&Path>, config: &Path) -> Result<String, String> {
    let file = config::path::meant(written, config, home)?;
    let text = trusted::read_secret(&file).map_err(trusted::Untrusted::why)?;
    Ok(typed::text(&text).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_key_is_told_and_not_shown() {
        let keys = ["sk-1", " sk-1\n", "ID:SECRET:TOKEN/+="].map(|text| checked(text, "KEY").ok());
        assert_eq!(keys.map(Option::unwrap_or_default), ["sk-1", "sk-1", "ID:SECRET:TOKEN/+="]);
        for text in ["", " \n", "sk canary", "canary\u{301}", "canary\ncanary"] {
            let told = checked(text, "KEY").err().map(|missing| missing.why).unwrap_or_default();
            assert!(told.starts_with("KEY holds no key") && !told.contains("canary"), "{text:?}: {told}");
        }
    }
}
