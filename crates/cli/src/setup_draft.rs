//! An agent as `q setup` would write it: its table, and how it is tried before there is one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use q_agent::Dialect;

use crate::config::providers::LOCAL;
use crate::environment::ProcessEnvironment;
use crate::permissions_file::quoted;
use crate::setup_choice::AgentOrigin;

/// The directory of keys that were typed, beside the configuration.
pub(crate) const KEYS: &str = "keys";
/// The variable that a key is in which was typed and is in no file yet. No other process gets it.
const TYPED: &str = "Q_SETUP_KEY";
/// The longest name of an agent that is written.
const MOST: usize = 40;

/// Where its key is.
pub(crate) enum AgentKey {
    /// In the variable that its provider has it in, or it wants none.
    Usual,
    Variable(String),
    /// Here: it goes to a file.
    Typed(String),
}

/// What was answered so far.
pub(crate) struct AgentDraft {
    pub(crate) key: AgentKey,
    pub(crate) name: String,
    pub(crate) source: AgentOrigin,
    pub(crate) base_url: Option<String>,
    /// Empty for the one that its provider, its server or its program has by itself.
    pub(crate) model: String,
}

impl AgentDraft {
    /// Its table as it is written.
    pub(crate) fn table(&self) -> String {
        match &self.key {
            AgentKey::Usual => self.table_with(None),
            AgentKey::Variable(variable) => self.table_with(Some(("key_env", variable))),
            AgentKey::Typed(_) => self.table_with(Some(("key_file", &format!("{KEYS}/{}", self.name)))),
        }
    }

    fn table_with(&self, key: Option<(&str, &str)>) -> String {
        let source = match self.source {
            AgentOrigin::Provider(provider) => Some(("provider", provider.name)),
            AgentOrigin::Program(preset) => Some(("acp", preset.name)),
            AgentOrigin::Server => None,
        };
        let base_url = self.base_url.as_deref().map(|url| ("base_url", url));
        let model = (!self.model.is_empty()).then_some(("model", self.model.as_str()));
        let mut table = format!("[agents.{}]\n", self.name);
        for (setting, value) in [source, base_url, model, key].into_iter().flatten() {
            let _written = writeln!(table, "{setting} = {}", quoted(value));
        }
        table
    }

    /// Its table and the environment by which it can be asked while nothing is written yet.
    pub(crate) fn trial(&self, environment: &ProcessEnvironment) -> (String, ProcessEnvironment) {
        match &self.key {
            AgentKey::Typed(key) => {
                (self.table_with(Some(("key_env", TYPED))), environment.clone().with(TYPED, key))
            }
            AgentKey::Usual | AgentKey::Variable(_) => (self.table(), environment.clone()),
        }
    }

    /// The file for a key that was typed, and the key.
    pub(crate) fn key_file(&self, config: &Path) -> Option<(PathBuf, &str)> {
        let AgentKey::Typed(key) = &self.key else { return None };
        Some((config.with_file_name(KEYS).join(&self.name), key))
    }

    /// The variable that its key is still to come to, where it has none yet.
    pub(crate) fn awaited_key(&self, environment: &ProcessEnvironment) -> Option<&str> {
        let is_unset = |name: &&str| environment.text(name).is_none();
        match (&self.key, self.source) {
            (AgentKey::Variable(variable), _) => Some(variable.as_str()).filter(is_unset),
            // AWS's tools may have them.
            (AgentKey::Usual, AgentOrigin::Provider(provider)) if provider.dialect != Dialect::Bedrock => {
                provider.keys.first().copied().filter(|_| provider.keys.iter().all(is_unset))
            }
            (AgentKey::Typed(_), _)
            | (AgentKey::Usual, AgentOrigin::Provider(_) | AgentOrigin::Program(_) | AgentOrigin::Server) => {
                None
            }
        }
    }

    /// Whether a server could be asked which models there are.
    pub(crate) fn lists_models(&self) -> bool {
        match self.source {
            AgentOrigin::Provider(provider) => provider.name != LOCAL,
            AgentOrigin::Program(_) => false,
            AgentOrigin::Server => true,
        }
    }

    /// The model that is asked where none is named; empty where that is not known.
    pub(crate) fn usual_model(&self) -> &'static str {
        match self.source {
            AgentOrigin::Provider(provider) => provider.model,
            AgentOrigin::Program(_) | AgentOrigin::Server => "",
        }
    }
}

/// What an agent can be called here: a word that is a key of TOML and the name of a file as it stands.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let is_fine = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    let begins = name.chars().next().is_some_and(|letter| letter.is_ascii_alphanumeric());
    if !is_fine || !begins || name.len() > MOST {
        return Some(format!("`{name}` is no name: 1 to {MOST} letters of English, digits, - and _"));
    }
    (name == q_core::Setup::GUIDE).then(|| format!("`{name}` is the one that is built in"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::providers::PROVIDERS;

    fn draft(provider: &str, key: AgentKey) -> AgentDraft {
        let provider = PROVIDERS.iter().find(|known| known.name == provider);
        AgentDraft {
            name: "mine".to_owned(),
            source: provider.map_or(AgentOrigin::Server, AgentOrigin::Provider),
            base_url: provider.is_none().then(|| "http://x/v1".to_owned()),
            model: String::new(),
            key,
        }
    }

    #[test]
    fn a_typed_key_is_in_no_table() {
        let environment = ProcessEnvironment::of(&[], "/");
        let typed = draft("openai", AgentKey::Typed("sk-canary".to_owned()));
        assert_eq!(typed.table(), "[agents.mine]\nprovider = \"openai\"\nkey_file = \"keys/mine\"\n");
        let (table, with) = typed.trial(&environment);
        assert_eq!(table, "[agents.mine]\nprovider = \"openai\"\nkey_env = \"Q_SETUP_KEY\"\n");
        assert_eq!(with.text(TYPED), Some("sk-canary"));
        let file = typed.key_file(Path::new("/c/config.toml"));
        assert_eq!(file, Some((PathBuf::from("/c/keys/mine"), "sk-canary")));
        let server = draft("", AgentKey::Variable("A_KEY".to_owned()));
        assert_eq!(server.table(), "[agents.mine]\nbase_url = \"http://x/v1\"\nkey_env = \"A_KEY\"\n");
    }

    #[test]
    fn it_is_known_which_key_is_still_to_come() {
        let environment = ProcessEnvironment::of(&[("GOOGLE_API_KEY", "k")], "/");
        for (provider, key, awaited) in [
            ("openai", AgentKey::Usual, Some("OPENAI_API_KEY")),
            ("openai", AgentKey::Typed("k".to_owned()), None),
            ("gemini", AgentKey::Usual, None),
            ("gemini", AgentKey::Variable("OTHER".to_owned()), Some("OTHER")),
            ("bedrock", AgentKey::Usual, None),
            ("ollama", AgentKey::Usual, None),
            ("", AgentKey::Usual, None),
        ] {
            assert_eq!(draft(provider, key).awaited_key(&environment), awaited, "{provider}");
        }
    }

    #[test]
    fn a_name_is_one_in_toml_and_of_a_file() {
        for (name, is_one) in [
            ("claude-2", true),
            ("a", true),
            ("", false),
            ("-a", false),
            ("a.b", false),
            ("a/b", false),
            ("é", false),
            ("guide", false),
        ] {
            assert_eq!(name_fault(name).is_none(), is_one, "{name}");
        }
    }
}
