//! The protocols that models are spoken to in. Each is a small module over the one streaming layer: where it is asked, how a key
//! is sent, what is asked, what a frame of the answer means, and by which rules a history must be written.
//!
//! | module | protocol |
//! |---|---|
//! | `chat_completions` | `OpenAI`'s chat completions, which most servers speak |
//! | `responses` | `OpenAI`'s responses |
//! | `anthropic` | Anthropic's messages |
//! | `gemini` | Google's `streamGenerateContent` |
//! | `ollama` | Ollama's own |
//! | `endpoint` | where below a base address each is asked |
//! | `rules` | the rules of their histories, which tests hold them to |

mod anthropic;
mod chat_completions;
mod endpoint;
mod gemini;
mod ollama;
mod responses;
#[cfg(test)]
mod rules;

use std::fmt;

use q_core::conversation::{Message, Role};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::json::{elements, members, text};
use crate::seat::Turn;
use crate::shape::RequestShape;

/// A protocol that models are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `OpenAI`'s chat completions, and whatever speaks them.
    #[default]
    ChatCompletions,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
}

/// What a frame means for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is none of this dialect.
    Foreign,
    /// It belongs to the dialect, and says nothing of the answer.
    Aside,
    /// It is a part of the answer.
    Part,
    /// It is the last.
    End,
}

/// What reads the frames of one answer.
pub(super) trait Reader: fmt::Debug + Send {
    /// Takes one frame in, which came with an event of this name; mostly it has none.
    fn read(&mut self, event: &str, frame: &RawValue, answer: &mut Answer) -> Meaning;
}

impl Dialect {
    pub const ALL: [Self; 5] =
        [Self::ChatCompletions, Self::Responses, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// Its word, in configurations and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// The dialect of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.word() == word)
    }

    /// Whether an answer comes as JSON, one frame a line.
    pub(super) const fn is_in_lines(self) -> bool {
        matches!(self, Self::Ollama)
    }

    pub(super) fn reader(self) -> Box<dyn Reader> {
        match self {
            Self::ChatCompletions => Box::<chat_completions::Chunks>::default(),
            Self::Responses => Box::<responses::Items>::default(),
            Self::Anthropic => Box::<anthropic::Blocks>::default(),
            Self::Gemini => Box::<gemini::Candidates>::default(),
            Self::Ollama => Box::<ollama::Lines>::default(),
        }
    }

    /// The header that carries a key, and what stands in front of the key there.
    pub(super) const fn key_header(self) -> (&'static str, &'static str) {
        match self {
            Self::ChatCompletions | Self::Responses | Self::Ollama => ("authorization", "Bearer "),
            Self::Anthropic => ("x-api-key", ""),
            Self::Gemini => ("x-goog-api-key", ""),
        }
    }

    /// Headers that each request has.
    pub(super) const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Anthropic => &[("anthropic-version", "2023-06-01")],
            Self::ChatCompletions | Self::Responses | Self::Gemini | Self::Ollama => &[],
        }
    }

    /// The paths at which it may be asked below a base address of this path, the likeliest first.
    pub(super) fn paths(self, base: &str, model: &str) -> Vec<String> {
        endpoint::paths(self, base, model)
    }

    /// What is asked, as it is sent.
    pub(super) fn request(self, turn: &Turn, model: &str, shape: &RequestShape) -> Value {
        let mut request = match self {
            Self::ChatCompletions => chat_completions::request(turn, model, shape),
            Self::Responses => responses::request(turn, model, shape),
            Self::Anthropic => anthropic::request(turn, model, shape),
            Self::Gemini => gemini::request(turn, shape),
            Self::Ollama => ollama::request(turn, model, shape),
        };
        shape.apply(&mut request);
        request
    }
}

/// Members that are there only where something is to be said.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let said = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(said.collect::<Map<_, _>>())
}

/// The messages as this dialect names who speaks, each made by `message` of that name and its text.
fn messages<'a>(
    turn: &'a Turn,
    assistant: &'static str,
    message: impl Fn(&str, String) -> Value + 'a,
) -> impl Iterator<Item = Value> + 'a {
    turn.messages.iter().map(move |one: &Message| {
        let role = match one.role {
            Role::User => "user",
            Role::Assistant => assistant,
        };
        message(role, one.text())
    })
}

/// What the agent is told about its task, where that is something.
fn brief(turn: &Turn) -> Option<String> {
    (!turn.brief.trim().is_empty()).then(|| turn.brief.clone())
}

/// The name of a function that is called. Of one that comes in several pieces only the first has it.
fn name(function: &RawValue) -> Option<String> {
    members(function, ["name"])[0].and_then(text).filter(|name| !name.is_empty())
}

/// The text of a member; empty where there is none.
fn words(member: Option<&RawValue>) -> String {
    member.and_then(text).unwrap_or_default()
}

/// The elements of a member.
fn each(member: Option<&RawValue>) -> Vec<&RawValue> {
    member.map(elements).unwrap_or_default()
}
