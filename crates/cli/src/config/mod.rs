//! The configuration file: `$XDG_CONFIG_HOME/q/config.toml`. A file that is not there is an empty one; a mistake in it is
//! told with its line and the way out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use q_agent::Dialect;
use q_term::suggest::nearest;
use q_term::typed;
use serde::Deserialize;

use crate::error::CliError;
use crate::trusted::{self, Untrusted};

pub(crate) mod aws;
mod headers;
pub(crate) mod key_command;
pub(crate) mod kinds;
mod limits;
pub(crate) mod mcp;
pub(crate) mod path;
pub(crate) mod providers;
pub(crate) mod sso;

pub(crate) use kinds::{KindConfig, Tools};
pub(crate) use limits::LimitsConfig;
pub(crate) use mcp::{McpConfig, WorkPlace};
use providers::Provider;

/// The file as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Which agent answers in new sessions.
    #[serde(default)]
    pub(crate) agent: Option<String>,
    #[serde(default)]
    pub(crate) agents: BTreeMap<String, AgentConfig>,
    #[serde(default)]
    pub(crate) limits: LimitsConfig,
    /// Kinds of session, by name; one of `q`'s own may be given another system prompt.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<String, KindConfig>,
    /// MCP servers, by name.
    #[serde(default)]
    pub(crate) mcp: BTreeMap<String, McpConfig>,
}

/// A model behind an API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AgentConfig {
    /// Who is asked: says all the rest that is not written.
    #[serde(deserialize_with = "providers::known")]
    pub(crate) provider: Option<&'static Provider>,
    pub(crate) base_url: Option<String>,
    #[serde(deserialize_with = "providers::dialect")]
    pub(crate) dialect: Option<Dialect>,
    pub(crate) model: String,
    /// The variable that holds the key.
    pub(crate) key_env: Option<String>,
    /// The file that holds the key, alone; see [`path`].
    pub(crate) key_file: Option<PathBuf>,
    /// The command that says the key; see [`crate::key_commands`].
    pub(crate) key_command: Option<key_command::KeyCommand>,
    /// Seconds: for the first byte, between bytes, and for both where these do not say.
    pub(crate) first_byte: Option<u64>,
    pub(crate) between_bytes: Option<u64>,
    pub(crate) idle_timeout: Option<u64>,
    /// How often a request is repeated that the server refused without doing anything.
    pub(crate) retries: Option<u32>,
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<u64>,
    /// How much the model is to think first.
    pub(crate) reasoning: Option<String>,
    /// Headers beside those that are sent anyway, or in their place.
    #[serde(deserialize_with = "headers::read")]
    pub(crate) headers: BTreeMap<String, String>,
    /// What is merged into the body of a request.
    pub(crate) body: toml::Table,
    /// What is left out of it.
    pub(crate) omit: Vec<String>,
    /// Whether chat completions are asked for what they cost: some servers refuse the question.
    pub(crate) stream_options: Option<bool>,
    /// Tokens that the model takes at once.
    pub(crate) context_window: Option<u64>,
    /// The model that is asked for summaries; empty for the one that answers.
    pub(crate) compact_model: String,
    /// Whether thoughts stand in the text, between `<think>` and `</think>`.
    pub(crate) think_tags: bool,
    /// Whether files such as `AGENTS.md` of a trusted directory go along; unless it says no.
    pub(crate) project_files: Option<bool>,
    /// Whether it may look into a session's directory, and ask to change things there and to run commands.
    pub(crate) tools: bool,
    /// Whether commands of its tools are held to a sandbox where the system can; unless it says no.
    pub(crate) sandbox: Option<bool>,
    /// Seconds that a model on this machine stays in memory when nobody asks it.
    pub(crate) keep_alive: Option<u64>,
}

impl AgentConfig {
    /// What a reader of fields cannot see.
    fn check(&self, name: &str) -> Result<(), CliError> {
        let mistake = |what: &str| CliError::usage(format!("[agents.{name}] {what}"));
        if self.key_command.is_some() && (self.key_env.is_some() || self.key_file.is_some()) {
            return Err(
                mistake("has a key_command beside another place of its key").hint("leave one of them")
            );
        }
        match self.provider {
            None if self.base_url.is_none() => Err(mistake("names neither a provider nor a base_url")
                .hint("for example: provider = \"anthropic\", or base_url = \"http://127.0.0.1:8080/v1\"")),
            Some(provider) if provider.base_url.is_empty() && self.base_url.is_none() => {
                Err(mistake(&format!("needs a base_url: where {} is, only you know", provider.name))
                    .hint("for example: base_url = \"https://NAME.openai.azure.com/openai/v1\""))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Reads the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Config, CliError> {
    let text = match trusted::read(path) {
        Ok(text) => typed::text(&text).into_owned(),
        Err(Untrusted::Unreadable(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(untrusted) => return Err(untrusted.into_error("the configuration", path)),
    };
    let config: Config = toml::from_str(&text).map_err(|error| mistake(path, &text, &error))?;
    let in_file = |complaint: CliError| CliError {
        message: format!("{}: {}", path.display(), complaint.message),
        ..complaint
    };
    kinds::all(&config.kinds).map_err(in_file)?;
    mcp::check(&config.mcp).map_err(in_file)?;
    config.agents.iter().try_for_each(|(name, agent)| agent.check(name)).map_err(in_file)?;
    Ok(config)
}

fn mistake(path: &Path, text: &str, error: &toml::de::Error) -> CliError {
    let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
    let complaint = CliError::usage(format!("{}, line {line}: {}", path.display(), error.message().trim()));
    let complaint = match unknown_and_known(error.message()) {
        Some((unknown, known)) => match nearest(unknown, known) {
            Some(name) => complaint.hint(format!("did you mean `{name}`?")),
            None => complaint,
        },
        None => complaint,
    };
    complaint.hint("mend the file, or start without it: Q_CONFIG=/dev/null q")
}

/// The field or word that is not known and those that are, from the parser's own words.
fn unknown_and_known(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field").or_else(|| message.strip_prefix("unknown variant"))?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use q_core::Limits;

    fn written(text: &str) -> Result<Config, CliError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn a_typo_is_named_with_its_line_and_the_nearest_word() {
        let error = written(
            "agent = \"local\"\n[agents.local]\nbase_url = \"http://127.0.0.1:1/v1\"\nmodle = \"m\"\n",
        )
        .unwrap_err();
        assert!(error.message.contains("line 4"), "{}", error.message);
        assert_eq!(error.hints[0], "did you mean `model`?");
        assert!(error.hints[1].contains("Q_CONFIG"));
    }

    #[test]
    fn a_provider_is_enough_and_one_that_is_not_known_is_named() {
        let config = written("[agents.claude]\nprovider = \"anthropic\"\n").unwrap();
        assert_eq!(config.agents["claude"].provider.map(|provider| provider.name), Some("anthropic"));
        for (text, message, hint) in [
            (
                "[agents.a]\nprovider = \"antropic\"\n",
                "line 2: unknown variant `antropic`",
                "did you mean `anthropic`?",
            ),
            (
                "[agents.a]\nbase_url = \"http://x\"\ndialect = \"respones\"\n",
                "line 3: unknown variant `respones`",
                "did you mean `responses`?",
            ),
            (
                "[agents.a]\nmodel = \"m\"\n",
                "[agents.a] names neither a provider nor a base_url",
                "provider =",
            ),
            ("[agents.a]\nprovider = \"azure\"\n", "[agents.a] needs a base_url", "openai.azure.com"),
            ("[agents.a]\nproviders = \"x\"\n", "unknown field `providers`", "did you mean `provider`?"),
        ] {
            let error = written(text).unwrap_err();
            assert!(error.message.contains(message), "{}", error.message);
            assert!(error.hints[0].contains(hint), "{:?}", error.hints);
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_told_with_its_line_and_without_what_it_holds() {
        let headers = |lines: &str| {
            written(&format!(
                "[agents.a]\nbase_url = \"http://x\"\n[agents.a.headers]\nx-team = \"blue\"\n{lines}"
            ))
        };
        assert_eq!(headers("X_2 = \"a\\tb ~\"\n").unwrap().agents["a"].headers["X_2"], "a\tb ~");
        for (line, message) in [
            ("\"x team\" = \"t\"", "`x team` cannot be the name of a header"),
            ("\"\" = \"t\"", "`` cannot be the name of a header"),
            ("\"ключ\" = \"t\"", "`ключ` cannot be the name of a header"),
            ("x-key = \"secret\\n\"", "a header can hold printable characters"),
            ("x-key = \"secrét\"", "a header can hold printable characters"),
        ] {
            let error = headers(line).unwrap_err();
            assert!(error.message.contains("line 5"), "{line}: {}", error.message);
            assert!(error.message.contains(message), "{line}: {}", error.message);
            assert!(!error.on_one_line().contains("secr"), "{line}: {}", error.on_one_line());
            assert!(error.hints.iter().any(|hint| hint.contains("mend the file")), "{:?}", error.hints);
        }
    }

    #[test]
    fn no_file_is_an_empty_file() {
        assert!(read(Path::new("/nowhere/at/all.toml")).unwrap().agents.is_empty());
    }

    #[test]
    fn kinds_come_from_the_file_and_mistakes_in_them_are_named() {
        let config =
            written("[kinds.docs]\nsystem_prompt = \"write\"\ntools = \"deny\"\ncolour = \"green\"\n")
                .unwrap();
        let docs = &config.kinds["docs"];
        assert_eq!((docs.system_prompt.as_str(), docs.tools), ("write", Tools::Deny));
        let error = written("[kinds.docs]\ncolour = \"grene\"\n").unwrap_err();
        assert!(error.message.contains("line 2: unknown variant `grene`"), "{}", error.message);
        assert_eq!(error.hints[0], "did you mean `green`?");
        let error = written("[kinds.docs]\ntools = \"dney\"\n").unwrap_err();
        assert_eq!(error.hints[0], "did you mean `deny`?");
        let error = written("[kinds.1st]\n").unwrap_err();
        assert!(error.message.contains("[kinds.1st]"), "{}", error.message);
        assert!(error.message.contains("must begin with a letter"), "{}", error.message);
    }

    #[test]
    fn a_server_that_cannot_be_started_is_named() {
        for (text, expected) in [
            ("[mcp.a__b]\ncommand = [\"x\"]\n", "[mcp.a__b] is no name"),
            ("[mcp.a]\ncommand = []\n", "names no program"),
            ("[mcp.a]\ncommand = [\"\"]\n", "names no program"),
            ("[mcp.a]\ncommand = [\"x\\u0000\"]\n", "zero byte"),
            ("[mcp.a]\ncommand = [\"x\"]\nenvironment = { \"A=B\" = \"c\" }\n", "variable"),
            ("[mcp.a]\ncommand = [\"x\"]\ntimeout_seconds = 0\n", "from 1 to 600"),
            ("[mcp.a]\ncomand = [\"x\"]\n", "unknown field `comand`"),
        ] {
            let told = written(text).unwrap_err().message;
            assert!(told.contains(expected), "{text}: {told}");
        }
        let file = "[mcp.a]\ncommand = [\"x\"]\ntimeout_seconds = 600\n[mcp.b]\ncommand = [\"x\"]\nagents = [\"one\"]\n\
                    [mcp.c]\ncommand = [\"x\"]\nenabled = false\n";
        let servers = written(file).unwrap().mcp;
        let nowhere = Path::new("/nowhere");
        let known = crate::mcp_servers::known(&servers, nowhere, nowhere, nowhere).all;
        let of = |agent: &str| -> Vec<&str> {
            known.iter().filter(|(_, server)| server.is_for(agent)).map(|(name, _)| name.as_str()).collect()
        };
        assert_eq!((of("one"), of("two")), (vec!["a", "b"], vec!["a"]));
    }

    #[test]
    fn limits_come_from_the_file() {
        let config = written("[limits]\nlive_sessions = 3\n").unwrap();
        assert_eq!(config.limits.applied().live_sessions, 3);
        assert_eq!(config.limits.applied().queued_prompts, Limits::default().queued_prompts);
    }
}
