//! A thought in one piece beside the words of chat completions (`reasoning_content`), as `DeepSeek`, Kimi and others have it. In a
//! turn that calls tools they want it back, to the letter, in that turn and ever after; in any other they refuse it or pass it over.

use q_core::seal::SEAL_BYTES;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::reading::{member, words};

/// The member that it stands in, in answers and in what goes back.
pub(in crate::http) const MEMBER: &str = "reasoning_content";

/// A thought as it comes.
#[derive(Debug, Default)]
pub(super) struct ReasoningContent(String);

impl ReasoningContent {
    /// Takes in what a piece of an answer has of it. What is longer than is kept grows no more, and is not kept.
    pub(super) fn read(&mut self, piece: &RawValue) {
        if self.0.len() <= SEAL_BYTES {
            self.0.push_str(&words(member(Some(piece), MEMBER)));
        }
    }

    /// Whether nothing came of it since it was asked for.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What came of it since this was asked, as it goes back.
    pub(super) fn sealed(&mut self) -> Option<String> {
        let thought = std::mem::take(&mut self.0);
        (!thought.is_empty()).then(|| json!({ MEMBER: thought }).to_string())
    }
}

/// The request with a thought in every message of the assistant, an empty one where none is known: what servers take that miss one
/// which another model, or nobody, has thought. `None` where none is missing.
pub(in crate::http) fn completed(request: &str) -> Option<String> {
    let mut request: Value = serde_json::from_str(request).ok()?;
    let mut is_changed = false;
    let messages = request.get_mut("messages")?.as_array_mut()?;
    for message in messages.iter_mut().filter_map(Value::as_object_mut) {
        if message.get("role").is_some_and(|role| role == "assistant") && !message.contains_key(MEMBER) {
            message.insert(MEMBER.to_owned(), json!(""));
            is_changed = true;
        }
    }
    is_changed.then(|| request.to_string())
}
