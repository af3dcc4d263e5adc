//! Providers that are known by name: `provider = "anthropic"` is enough to reach one.

use q_agent::Dialect;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::aws::BEDROCK;

/// What is known of a provider.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    pub(crate) name: &'static str,
    /// The protocol that it is best spoken to in.
    pub(crate) dialect: Dialect,
    /// Where it is; empty where only its owner knows.
    pub(crate) base_url: &'static str,
    /// The variables that may hold a key for it, the first one first; none where it wants no key.
    pub(crate) keys: &'static [&'static str],
    /// The model that is asked unless another is named; empty where one must be named.
    pub(crate) model: &'static str,
}

/// What serves a model on this machine, and the agent that is there without any configuration once a model is used.
pub(crate) const LOCAL: &str = "local";

const CHAT: Dialect = Dialect::ChatCompletions;

/// Every provider that a name is enough for.
pub(crate) const PROVIDERS: [Provider; 16] = [
    provider("openai", CHAT, "https://api.openai.com/v1", &["OPENAI_API_KEY"], "gpt-5-mini"),
    provider(
        "anthropic",
        Dialect::Anthropic,
        "https://api.anthropic.com",
        &["ANTHROPIC_API_KEY"],
        "claude-sonnet-4-5",
    ),
    provider("gemini", Dialect::Gemini, GOOGLE, GOOGLE_KEYS, "gemini-2.5-flash"),
    provider("google", Dialect::Gemini, GOOGLE, GOOGLE_KEYS, "gemini-2.5-flash"),
    provider("bedrock", Dialect::Bedrock, BEDROCK, &["AWS_BEARER_TOKEN_BEDROCK"], BEDROCKS_MODEL),
    provider("openrouter", CHAT, "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"], "openrouter/auto"),
    provider("groq", CHAT, "https://api.groq.com/openai/v1", &["GROQ_API_KEY"], "llama-3.3-70b-versatile"),
    provider("deepseek", CHAT, "https://api.deepseek.com/v1", &["DEEPSEEK_API_KEY"], "deepseek-chat"),
    provider("mistral", CHAT, "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"], "mistral-small-latest"),
    provider("xai", CHAT, "https://api.x.ai/v1", &["XAI_API_KEY"], "grok-4"),
    provider("azure", CHAT, "", &["AZURE_OPENAI_API_KEY"], ""),
    provider("ollama", Dialect::Ollama, "http://127.0.0.1:11434", &[], ""),
    provider("llamacpp", CHAT, "http://127.0.0.1:8080/v1", &[], "default"),
    provider("lmstudio", CHAT, "http://127.0.0.1:1234/v1", &[], ""),
    provider("vllm", CHAT, "http://127.0.0.1:8000/v1", &[], ""),
    // Which socket it is, its model says.
    provider(LOCAL, CHAT, "unix:", &[], ""),
];

/// One of those that every region knows.
const BEDROCKS_MODEL: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
const GOOGLE: &str = "https://generativelanguage.googleapis.com/v1beta";
const GOOGLE_KEYS: &[&str] = &["GEMINI_API_KEY", "GOOGLE_API_KEY"];

/// Tokens that the usual model of a provider takes at once, where that is known for sure.
const WINDOWS: [(&str, u64); 4] = [
    ("gpt-5-mini", 400_000),
    ("claude-sonnet-4-5", 200_000),
    (BEDROCKS_MODEL, 200_000),
    ("gemini-2.5-flash", 1_048_576),
];

impl Provider {
    /// Tokens that its usual model takes at once, where that is known.
    pub(crate) fn window(&self) -> Option<u64> {
        WINDOWS.iter().find(|(model, _)| *model == self.model).map(|&(_, tokens)| tokens)
    }
}

const fn provider(
    name: &'static str,
    dialect: Dialect,
    base_url: &'static str,
    keys: &'static [&'static str],
    model: &'static str,
) -> Provider {
    Provider { name, dialect, base_url, keys, model }
}

// What may be written, for who wrote something else. Made of the lists themselves, as the compiler can: with a loop.
const NAMES: [&str; PROVIDERS.len()] = {
    let mut names = [""; PROVIDERS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = PROVIDERS[place].name;
        place += 1;
    }
    names
};
const DIALECTS: [&str; Dialect::ALL.len()] = {
    let mut words = [""; Dialect::ALL.len()];
    let mut place = 0;
    while place < words.len() {
        words[place] = Dialect::ALL[place].word();
        place += 1;
    }
    words
};

/// A provider by its name.
pub(super) fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static Provider>, D::Error> {
    let word = String::deserialize(from)?;
    let found = PROVIDERS.iter().find(|provider| provider.name == word);
    found.map(Some).ok_or_else(|| D::Error::unknown_variant(&word, &NAMES))
}

/// A protocol by its word.
pub(super) fn dialect<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Dialect>, D::Error> {
    let word = String::deserialize(from)?;
    Dialect::of(&word).map(Some).ok_or_else(|| D::Error::unknown_variant(&word, &DIALECTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = NAMES.into_iter().collect();
        assert_eq!(names.len(), NAMES.len());
    }
}
