//! What a request carries of what providers sealed: what its own server and model made, unchanged, and nothing else.

use std::borrow::Cow;

use q_core::Seal;
use q_core::conversation::{Message, Part};
use q_core::seal::SEAL_BYTES;
use serde_json::Value;

use super::reasoning_content;
use crate::dialect::Dialect;
use crate::http::answer::AnswerBuilder;
use q_seat::Turn;

/// A thought as it comes, in a dialect of blocks: it goes back as it was, with the signature behind it.
#[derive(Debug, Default)]
pub(super) struct SealedThought {
    text: String,
    signature: String,
    /// How many parts of the answer were lost before it.
    torn_before: Option<u64>,
}

impl SealedThought {
    /// Takes a piece in. What is longer than is kept grows no more; that there is a signature counts nevertheless.
    /// `torn` is how many parts of the answer were lost until it came.
    pub(super) fn add(&mut self, text: &str, signature: &str, torn: u64) {
        self.torn_before.get_or_insert(torn);
        for (known, piece) in [(&mut self.text, text), (&mut self.signature, signature)] {
            if known.len() <= SEAL_BYTES {
                known.push_str(piece);
            }
        }
    }

    /// Whether its signature has begun to come, behind which nothing is thought.
    pub(super) const fn is_signed(&self) -> bool {
        !self.signature.is_empty()
    }

    /// The thought is whole, and goes back in this form. Without a signature it cannot; where something was lost in it, it is not
    /// what was signed, and of what is sealed in a turn nothing goes back.
    pub(super) fn seal(self, form: impl Fn(&str, &str) -> Value, torn: u64, answer: &mut AnswerBuilder) {
        if self.torn_before.is_some_and(|before| before != torn) {
            answer.on_seal(String::new());
        } else if !self.signature.is_empty() {
            answer.on_seal(form(&self.text, &self.signature).to_string());
        }
    }
}

/// The turn with those seals that this one keeps. No message is empty without them: something stands behind each.
pub(in crate::http) fn keeping(turn: &Turn, keeps: impl Fn(&Seal) -> bool) -> Cow<'_, Turn> {
    let is_left_out = |part: &Part| matches!(part, Part::Sealed(seal) if !keeps(seal));
    if !turn.messages.iter().flat_map(|message| &message.parts).any(is_left_out) {
        return Cow::Borrowed(turn);
    }
    let message = |message: &Message| {
        let parts = message.parts.iter().filter(|part| !is_left_out(part)).cloned().collect();
        Message { role: message.role, parts }
    };
    Cow::Owned(Turn { messages: turn.messages.iter().map(message).collect(), ..turn.clone() })
}

/// What one carries, as it was sent.
pub(super) fn content(seal: &Seal) -> Value {
    serde_json::from_str(&seal.content).unwrap_or_default()
}

/// Whether one can be written into a request of this dialect.
pub(super) fn is_readable(dialect: Dialect, seal: &Seal) -> bool {
    let content = content(seal);
    match dialect {
        Dialect::ChatCompletions => {
            content.as_array().is_some_and(|parts| !parts.is_empty()) || thought_of(seal).is_some()
        }
        Dialect::Responses => content["type"] == "reasoning",
        Dialect::Anthropic => ["thinking", "redacted_thinking"].iter().any(|kind| content["type"] == *kind),
        Dialect::Gemini => content["thoughtSignature"].is_string(),
        Dialect::Bedrock => content["reasoningContent"].is_object(),
        Dialect::Ollama => false,
    }
}

/// A thought in one piece, as chat completions have it.
/// The thought that a seal holds, where it holds one of these.
pub(super) fn thought_of(seal: &Seal) -> Option<String> {
    let thought = content(seal).get_mut(reasoning_content::MEMBER)?.take();
    thought.as_str().filter(|thought| !thought.is_empty()).map(str::to_owned)
}

#[cfg(test)]
pub(super) fn sample_thought() -> Seal {
    Seal { by: String::new(), content: r#"{"reasoning_content":"hm\n"}"#.to_owned() }
}

/// One of each dialect, as its reader makes it.
#[cfg(test)]
pub(super) fn sample(dialect: Dialect) -> Seal {
    let content = match dialect {
        Dialect::ChatCompletions => r#"[{"type":"reasoning.encrypted","data":"AbC=","index":0}]"#,
        Dialect::Responses => r#"{"type":"reasoning","summary":[],"encrypted_content":"AbC="}"#,
        Dialect::Anthropic => r#"{"type":"thinking","thinking":"hm","signature":"AbC="}"#,
        Dialect::Gemini => r#"{"thoughtSignature":"AbC="}"#,
        Dialect::Bedrock => r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"AbC="}}}"#,
        Dialect::Ollama => r#"{"none":"of these"}"#,
    };
    Seal { by: String::new(), content: content.to_owned() }
}
