//! `acp = …`: agents that are programs of their own, known by name or by their command.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An agent that a name is enough for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AcpPreset {
    pub(crate) name: &'static str,
    /// The program and its arguments.
    pub(crate) command: &'static [&'static str],
    /// What to type where it is missing.
    pub(crate) install: &'static str,
    /// The variables with keys that it gets, where they are set: without them it asks to be logged in.
    pub(crate) keys: &'static [&'static str],
}

/// Every agent that is known by name. docs/acp.md says which were tried.
pub(crate) const PRESETS: [AcpPreset; 8] = [
    preset("kiro", &["kiro-cli", "acp"], "curl -fsSL https://cli.kiro.dev/install | bash", &[]),
    preset(
        "claude-code",
        &["claude-agent-acp"],
        "npm install -g @agentclientprotocol/claude-agent-acp",
        &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
    ),
    preset(
        "codex",
        &["codex-acp"],
        "npm install -g @agentclientprotocol/codex-acp",
        &["OPENAI_API_KEY", "CODEX_API_KEY"],
    ),
    preset("gemini", &["gemini", "--acp"], "npm install -g @google/gemini-cli", &["GEMINI_API_KEY"]),
    preset("opencode", &["opencode", "acp"], "npm install -g opencode-ai", &[]),
    preset("goose", &["goose", "acp"], "see https://goose-docs.ai/docs/getting-started/installation", &[]),
    preset("copilot", &["copilot", "--acp"], "npm install -g @github/copilot", &["COPILOT_GITHUB_TOKEN"]),
    preset("qwen", &["qwen", "--acp"], "npm install -g @qwen-code/qwen-code", &[]),
];

const fn preset(
    name: &'static str,
    command: &'static [&'static str],
    install: &'static str,
    keys: &'static [&'static str],
) -> AcpPreset {
    AcpPreset { name, command, install, keys }
}

/// An agent's program as written: a name, or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AcpProgram {
    Known(&'static AcpPreset),
    /// The program and its arguments.
    Command(Vec<String>),
}

impl AcpProgram {
    pub(crate) fn command(&self) -> Vec<String> {
        match self {
            Self::Known(preset) => preset.command.iter().map(|&word| word.to_owned()).collect(),
            Self::Command(words) => words.clone(),
        }
    }

    /// Says what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let Self::Command(words) = self else { return Ok(()) };
        let Some(program) = words.first().filter(|program| !program.is_empty()) else {
            return Err(
                "names no program: acp = [\"PROGRAM\", \"ARGUMENT\"], or the name of one that is known",
            );
        };
        if words.iter().any(|word| word.contains('\0')) {
            return Err("has a zero byte in its command");
        }
        // Sessions have directories of their own, and none of them chooses the program.
        if program.contains('/') && !program.starts_with('/') {
            return Err("names its program by a path that begins nowhere: write all of it, from / on");
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for AcpProgram {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = AcpProgram;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an agent that is known, or its command as a list")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<AcpProgram, E> {
        let known = PRESETS.iter().find(|preset| preset.name == name);
        known.map(AcpProgram::Known).ok_or_else(|| {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            let names = names.join(", ");
            E::custom(format!("no agent is known as `{name}`: name one of {names}, or its command as a list"))
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<AcpProgram, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(words)).map(AcpProgram::Command)
    }
}
