//! The protocols that models are spoken to in, as data: their words, and how each of them carries a key.
//!
//! Not here: what each asks and how its answers are read (`http/dialect`).

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
    /// Amazon Bedrock's `ConverseStream`, for the models of many makers.
    Bedrock,
}

impl Dialect {
    pub const ALL: [Self; 6] =
        [Self::ChatCompletions, Self::Responses, Self::Anthropic, Self::Gemini, Self::Ollama, Self::Bedrock];

    /// Its word, in configurations and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Bedrock => "bedrock",
        }
    }

    /// The dialect of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.word() == word)
    }

    /// Whether an answer comes as binary frames of an event stream.
    pub(crate) const fn is_framed(self) -> bool {
        matches!(self, Self::Bedrock)
    }

    /// The service that a pair of AWS keys signs requests for, where the dialect takes such in place of one key.
    pub(crate) const fn signed_service(self) -> Option<&'static str> {
        if matches!(self, Self::Bedrock) { Some("bedrock") } else { None }
    }

    /// The header that carries a key, and what stands in front of the key there.
    pub(crate) const fn key_header(self) -> (&'static str, &'static str) {
        match self {
            Self::ChatCompletions | Self::Responses | Self::Ollama | Self::Bedrock => {
                ("authorization", "Bearer ")
            }
            Self::Anthropic => ("x-api-key", ""),
            Self::Gemini => ("x-goog-api-key", ""),
        }
    }

    /// Headers that each request has.
    pub(crate) const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Anthropic => &[("anthropic-version", "2023-06-01")],
            Self::ChatCompletions | Self::Responses | Self::Gemini | Self::Ollama | Self::Bedrock => &[],
        }
    }
}
