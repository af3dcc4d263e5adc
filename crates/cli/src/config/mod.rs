//! The configuration file: `$XDG_CONFIG_HOME/q/config.toml`. A file that is not there is an empty one; a mistake in it is
//! told with its line and the way out. One in the table of an agent costs that agent alone, and one in that of keys its key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use q_agent::Dialect;
use q_agent::http::address_fault;
use q_term::notification::{NotificationSetting, TitleSetting};
use q_term::suggest::nearest;
use q_term::typed;
use serde::Deserialize;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

use crate::commands::FaceSetting;
use crate::error::CliError;
use crate::hooks_file;
use crate::missing::Missing;
use crate::trusted::{self, Untrusted};

pub(crate) mod acp;
pub(crate) mod aws;
pub(crate) mod headers;
pub(crate) mod hooks;
pub(crate) mod key_command;
pub(crate) mod keys;
pub(crate) mod kinds;
mod limits;
pub(crate) mod mcp;
pub(crate) mod path;
pub(crate) mod providers;
mod screen;
pub(crate) mod sso;
pub(crate) mod theme;

pub(crate) use kinds::{KindConfig, Tools};
pub(crate) use limits::LimitsConfig;
pub(crate) use mcp::{McpConfig, WorkPlace};
use providers::Provider;
pub(crate) use screen::ScreenSettings;

/// The file as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Which agent answers in new sessions.
    #[serde(default)]
    pub(crate) agent: Option<String>,
    /// How q is shown: on a screen of its own, above the terminal's scrollback, or line by line.
    #[serde(default)]
    pub(crate) face: FaceSetting,
    /// Whether the mouse is q's while it has the screen; unless it says no.
    #[serde(default)]
    pub(crate) mouse: Option<bool>,
    #[serde(default)]
    pub(crate) agents: BTreeMap<String, AgentConfig>,
    /// Agents in whose tables there is a mistake, by name; the others can be asked all the same.
    #[serde(skip)]
    pub(crate) mistaken: BTreeMap<String, Missing>,
    #[serde(default)]
    pub(crate) limits: LimitsConfig,
    /// Kinds of session, by name; one of `q`'s own may be given another system prompt.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<String, KindConfig>,
    /// MCP servers, by name.
    #[serde(default)]
    pub(crate) mcp: BTreeMap<String, McpConfig>,
    /// What the colours of the screen are, by name; see [`theme`].
    #[serde(default)]
    pub(crate) theme: Option<String>,
    /// Which keys do what.
    #[serde(default)]
    pub(crate) keys: keys::KeysConfig,
    /// Commands that are told what happens.
    #[serde(default)]
    pub(crate) hooks: Vec<hooks::HookConfig>,
    /// How the person is told that a session needs them while nobody looks.
    #[serde(default, deserialize_with = "screen::notification")]
    pub(crate) notify: NotificationSetting,
    /// Whether that names sessions, on screens that others may see.
    #[serde(default)]
    pub(crate) notify_names: bool,
    /// What the title of the window says.
    #[serde(default, deserialize_with = "screen::title")]
    pub(crate) title: TitleSetting,
    /// Whether q says something once because it may help; unless it says no.
    #[serde(default)]
    pub(crate) hints: Option<bool>,
    /// The widest that prose is set.
    #[serde(default, deserialize_with = "screen::text_width")]
    pub(crate) text_width: Option<u16>,
}

/// A model behind an API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AgentConfig {
    /// Who is asked: says all the rest that is not written.
    #[serde(deserialize_with = "providers::known")]
    pub(crate) provider: Option<&'static Provider>,
    /// The program that it is, in the place of all that follows but the model, `idle_timeout`, tools and these variables.
    pub(crate) acp: Option<acp::AcpProgram>,
    pub(crate) environment: BTreeMap<String, String>,
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
    fn check(&self) -> Result<(), Missing> {
        let mistake =
            |why: &str, way_out: &str| Err(Missing { why: why.to_owned(), way_out: way_out.to_owned() });
        if self.key_command.is_some() && (self.key_env.is_some() || self.key_file.is_some()) {
            return mistake("it has a key_command beside another place of its key", "leave one of them");
        }
        let address = self.base_url.as_deref();
        if let Some(why) = address.and_then(address_fault) {
            return mistake(&why, "for example: base_url = \"http://127.0.0.1:8080/v1\"");
        }
        if let Some(program) = &self.acp {
            return match program.check() {
                Err(why) => {
                    mistake(why, "for example: acp = \"codex\", or acp = [\"PROGRAM\", \"ARGUMENT\"]")
                }
                Ok(()) if self.provider.is_some() || address.is_some() => mistake(
                    "it is a program (acp), and has a provider or a base_url, too",
                    "leave one of them",
                ),
                Ok(()) => Ok(()),
            };
        }
        match (self.provider, address) {
            (None, None) => mistake(
                "it names neither a provider nor a base_url, and no program (acp)",
                "for example: provider = \"anthropic\", or base_url = \"http://127.0.0.1:8080/v1\"",
            ),
            (Some(provider), None) if provider.base_url.is_empty() => mistake(
                &format!("it needs a base_url: where {} is, only you know", provider.name),
                "for example: base_url = \"https://NAME.openai.azure.com/openai/v1\"",
            ),
            (Some(_) | None, _) => Ok(()),
        }
    }
}

/// Reads the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Config, CliError> {
    let text = match trusted::read(path) {
        Ok(text) => text,
        Err(Untrusted::Unreadable(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(untrusted) => return Err(untrusted.into_error("the configuration", path)),
    };
    parsed(&text, path)
}

/// What a text means that stands in the file at `path`, or would.
pub(crate) fn parsed(text: &str, path: &Path) -> Result<Config, CliError> {
    let text = typed::text(text).into_owned();
    let told = |error: toml::de::Error| mistake(&text, &error).in_file(path);
    let mut file = DeTable::parse(&text).map_err(told)?;
    let mistaken = without_mistaken(file.get_mut(), &text);
    let keys = file.get_mut().remove("keys").map(|keys| Written::of(&keys));
    let keys = keys::read(keys.as_ref(), &text, path);
    let mut config = Config::deserialize(Deserializer::from(file)).map_err(told)?;
    (config.mistaken, config.keys) = (mistaken, keys);
    let in_file = |complaint: CliError| CliError {
        message: format!("{}: {}", path.display(), complaint.message),
        ..complaint
    };
    kinds::all(&config.kinds).map_err(in_file)?;
    mcp::check(&config.mcp).map_err(in_file)?;
    hooks_file::own_fault(&config.hooks).map_or(Ok(()), |why| Err(in_file(CliError::usage(why))))?;
    Ok(config)
}

/// What a project's file names; or why nothing of it can be used.
pub(crate) fn project_hooks(text: &str) -> Result<Vec<hooks::HookConfig>, String> {
    let hooks::ProjectTables { hooks } = toml::from_str(text).map_err(|error| mistake(text, &error).what)?;
    hooks::fault(&hooks).map_or(Ok(hooks), Err)
}

/// What a file says that names texts and nothing else; or why it says nothing.
fn named_texts(text: &str) -> Result<BTreeMap<String, String>, String> {
    toml::from_str(text).map_err(|error| mistake(text, &error).what)
}

/// Takes the tables of agents out in which there is a mistake; gives what that is, by the agent.
fn without_mistaken(file: &mut DeTable<'_>, text: &str) -> BTreeMap<String, Missing> {
    let Some(DeValue::Table(agents)) = file.get_mut("agents").map(toml::Spanned::get_mut) else {
        return BTreeMap::new();
    };
    let fault = |agent: &toml::Spanned<DeValue<'_>>| {
        let read = AgentConfig::deserialize(ValueDeserializer::from(agent.clone()));
        read.map_err(|error| mistake(text, &error).missing()).and_then(|agent| agent.check()).err()
    };
    let mistaken: BTreeMap<String, Missing> =
        agents.iter().filter_map(|(name, agent)| Some((name.get_ref().to_string(), fault(agent)?))).collect();
    for name in mistaken.keys() {
        agents.remove(name.as_str());
    }
    mistaken
}

/// A part of the file that is read piece by piece, since a mistake in one costs no other.
pub(crate) struct Written {
    /// Where it begins, in bytes.
    pub(crate) at: usize,
    pub(crate) value: WrittenValue,
}

/// What may stand there; of what is not read so, that it is something else.
pub(crate) enum WrittenValue {
    Word(String),
    List(Vec<Written>),
    Table(WrittenTable),
    Other,
}

/// Names, each with where it stands.
pub(crate) type WrittenTable = Vec<(usize, String, Written)>;

impl Written {
    fn of(value: &toml::Spanned<DeValue<'_>>) -> Self {
        let inner = value.get_ref();
        let word = || inner.as_str().map(|word| WrittenValue::Word(word.to_owned()));
        let list = || Some(WrittenValue::List(inner.as_array()?.iter().map(Self::of).collect()));
        let table = || {
            let rows = inner.as_table()?.iter();
            let rows =
                rows.map(|(name, value)| (name.span().start, name.get_ref().to_string(), Self::of(value)));
            Some(WrittenValue::Table(rows.collect()))
        };
        let value_of = word().or_else(list).or_else(table);
        Self { at: value.span().start, value: value_of.unwrap_or(WrittenValue::Other) }
    }
}

/// A mistake that a parser found.
struct Mistake {
    /// What it is, with its line.
    what: String,
    /// The word that may have been meant.
    meant: Option<String>,
}

fn mistake(text: &str, error: &toml::de::Error) -> Mistake {
    let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
    let said = error.message().trim();
    let unknown = unknown_and_known(said);
    let is_key =
        unknown.as_ref().is_some_and(|(unknown, _)| ["key", "api_key", "apikey", "token"].contains(unknown));
    let meant = unknown.and_then(|(unknown, known)| nearest(unknown, known));
    // All that there is, is not listed where one of it is meant.
    let said = if meant.is_some() { said.split(", expected").next().unwrap_or(said) } else { said };
    let meant = if is_key {
        Some("no key stands in this file: key_env names a variable that holds it, key_file a file, key_command a program that says it".to_owned())
    } else {
        meant.map(|name| format!("did you mean `{name}`?"))
    };
    Mistake { what: format!("line {line}: {said}"), meant }
}

impl Mistake {
    /// In the file as such: nothing of it counts.
    fn in_file(self, path: &Path) -> CliError {
        let complaint = CliError::usage(format!("{}, {}", path.display(), self.what));
        let complaint = self.meant.into_iter().fold(complaint, CliError::hint);
        complaint.hint("mend the file, or start without it: Q_CONFIG=/dev/null q")
    }

    /// In the table of an agent.
    fn missing(self) -> Missing {
        Missing { why: self.what, way_out: self.meant.unwrap_or_else(|| "mend it there".to_owned()) }
    }
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
        let error = written("agent = \"local\"\n[limits]\nstore_bytes = 1\nlive_session = 3\n").unwrap_err();
        assert!(error.message.contains("line 4"), "{}", error.message);
        assert_eq!(error.hints[0], "did you mean `live_sessions`?");
        assert!(error.hints[1].contains("Q_CONFIG"));
        let error = written("[agnets.a]\nbase_url = \"http://x\"\n").unwrap_err();
        assert_eq!(error.hints[0], "did you mean `agents`?");
        let config = written("[agents.a]\nbase_url = \"http://x\"\nkey = \"sk-1\"\n").unwrap();
        let told = &config.mistaken["a"];
        assert!(told.way_out.contains("key_env names") && !told.way_out.contains("sk-1"), "{}", told.way_out);
        assert!(written("[agents.a]\nmodel = \"a\"\nmodel = \"b\"\n").is_err(), "that is no TOML");
    }

    #[test]
    fn a_provider_is_enough_and_one_that_is_not_known_is_named() {
        let config = written("[agents.claude]\nprovider = \"anthropic\"\n").unwrap();
        assert_eq!(config.agents["claude"].provider.map(|provider| provider.name), Some("anthropic"));
        let beside = "[agents.b]\nprovider = \"anthropic\"\n";
        for (text, [why, way_out]) in [
            (
                "[agents.a]\nproviders = \"x\"\n",
                ["line 2: unknown field `providers`", "did you mean `provider`?"],
            ),
            (
                "[agents.a]\nprovider = \"antropic\"\n",
                ["line 2: unknown variant `antropic`", "did you mean `anthropic`?"],
            ),
            (
                "[agents.a]\nbase_url = \"http://x\"\ndialect = \"respones\"\n",
                ["line 3: unknown variant `respones`", "did you mean `responses`?"],
            ),
            ("[agents.a]\nmodel = \"m\"\n", ["it names neither a provider nor a base_url", "provider ="]),
            ("[agents.a]\nprovider = \"azure\"\n", ["it needs a base_url", "openai.azure.com"]),
            (
                "[agents.a]\nprovider = \"openai\"\nkey_command = \"pass show x\"\n",
                ["line 3: key_command is a list", "mend it there"],
            ),
            (
                "[agents.a]\nbase_url = \"127.0.0.1:1/v1\"\n",
                ["it must begin with http://", "http://127.0.0.1"],
            ),
            (
                "[agents.a]\nprovider = \"openai\"\nbase_url = \"\"\n",
                ["base_url is not an address", "http://"],
            ),
            (
                "[agents.a]\nprovider = \"openai\"\nretries = \"x\"\n",
                ["line 3: invalid type", "mend it there"],
            ),
        ] {
            let config = written(&format!("{text}{beside}")).unwrap();
            let told = &config.mistaken["a"];
            assert!(told.why.contains(why), "{}", told.why);
            assert!(told.way_out.contains(way_out), "{}", told.way_out);
            assert!(!told.why.contains("expected one of"), "{}", told.why);
            let usable: Vec<&String> = config.agents.keys().collect();
            assert_eq!((usable, config.mistaken.len()), (vec![&"b".to_owned()], 1), "{text}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_told_with_its_line_and_without_what_it_holds() {
        let headers = |lines: &str| {
            written(&format!(
                "[agents.a]\nbase_url = \"http://x\"\n[agents.a.headers]\nx-team = \"blue\"\n{lines}"
            ))
            .unwrap()
        };
        assert_eq!(headers("X_2 = \"a\\tb ~\"\n").agents["a"].headers["X_2"], "a\tb ~");
        for (line, message) in [
            ("\"x team\" = \"t\"", "`x team` cannot be the name of a header"),
            ("\"\" = \"t\"", "`` cannot be the name of a header"),
            ("\"ключ\" = \"t\"", "`ключ` cannot be the name of a header"),
            ("Content-Length = \"5\"", "`content-length` is not to be set"),
            ("transfer-encoding = \"chunked\"", "`transfer-encoding` is not to be set"),
            ("HOST = \"x\"", "`host` is not to be set"),
            ("Connection = \"close\"", "`connection` is not to be set"),
            ("x-key = \"secret\\n\"", "a header can hold printable characters"),
            ("x-key = \"secrét\"", "a header can hold printable characters"),
        ] {
            let told = headers(line).mistaken.remove("a").unwrap();
            assert!(told.why.contains("line 5"), "{line}: {}", told.why);
            assert!(told.why.contains(message), "{line}: {}", told.why);
            assert!(!format!("{told:?}").contains("secr"), "{line}: {told:?}");
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
        assert_eq!((docs.system_prompt.as_str(), docs.tools), ("write", Some(Tools::Deny)));
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
            ("[mcp.a]\nurl = \"x.test\"\n", "a url that is no address"),
            ("[mcp.a]\nurl = \"unix:/x\"\n", "a url that is no address"),
            ("[mcp.a]\nurl = \"https://x.test\"\ncommand = [\"x\"]\n", "and with it no command"),
            ("[mcp.a]\nurl = \"https://x.test\"\nkey_env = \"A\"\nkey_file = \"a\"\n", "two places"),
            ("[mcp.a]\nurl = \"https://x.test\"\nheaders = { \"a b\" = \"c\" }\n", "the name of a header"),
            ("[mcp.a]\ncommand = [\"x\"]\nkey_env = \"A\"\n", "only a server with a url"),
        ] {
            let told = written(text).unwrap_err().message;
            assert!(told.contains(expected), "{text}: {told}");
        }
        let file = "[mcp.a]\ncommand = [\"x\"]\ntimeout_seconds = 600\n[mcp.b]\ncommand = [\"x\"]\nagents = [\"one\"]\n\
                    [mcp.c]\ncommand = [\"x\"]\nenabled = false\n";
        let servers = written(file).unwrap().mcp;
        let nowhere = Path::new("/nowhere");
        let known = crate::mcp_servers::known((nowhere, &servers), |_| None, nowhere, nowhere).all;
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

    #[test]
    fn a_program_has_a_name_that_is_known_or_a_whole_path() {
        for (written, is_one) in [
            ("acp = \"kiro\"", true),
            ("acp = \"clippy\"", false),
            ("acp = []", false),
            ("acp = [7]", false),
            ("acp = [\"./agent\"]", false),
            ("acp = [\"/opt/agent\", \"a\"]", true),
            ("acp = [\"agent\", \"a\\u0000\"]", false),
        ] {
            let agent = toml::from_str::<AgentConfig>(written);
            let is_good = agent.is_ok_and(|agent| agent.acp.is_some_and(|program| program.check().is_ok()));
            assert_eq!(is_good, is_one, "{written}");
        }
    }
}
