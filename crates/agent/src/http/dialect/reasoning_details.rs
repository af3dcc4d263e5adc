//! Thoughts in parts, as `OpenRouter` has them in chat completions (`reasoning_details`): what any of its providers signed or
//! encrypted goes back with the calls of that answer, joined from its pieces.

use q_core::seal::SEAL_BYTES;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::reading::{each, member};

/// Parts of thoughts as they come.
#[derive(Debug, Default)]
pub(super) struct ReasoningDetails {
    parts: Vec<Map<String, Value>>,
    bytes: usize,
}

impl ReasoningDetails {
    /// Takes in what a piece of an answer has of them.
    pub(super) fn read(&mut self, piece: &RawValue) {
        for part in each(member(Some(piece), "reasoning_details")) {
            self.bytes = self.bytes.saturating_add(part.get().len());
            // Beyond that none of it is kept; the rest need not be.
            if self.bytes > SEAL_BYTES {
                self.parts.clear();
            } else if let Ok(Value::Object(part)) = serde_json::from_str(part.get()) {
                self.add(part);
            }
        }
    }

    /// A part, or a piece of the last one: of texts there are several of one kind and index.
    fn add(&mut self, part: Map<String, Value>) {
        let is_encrypted = part.get("type").is_some_and(|kind| kind == "reasoning.encrypted");
        let is_of = |last: &&mut Map<String, Value>| {
            !is_encrypted && ["type", "index"].iter().all(|name| last.get(*name) == part.get(*name))
        };
        let Some(last) = self.parts.last_mut().filter(is_of) else { return self.parts.push(part) };
        for (name, value) in part {
            match (last.get_mut(&name), value) {
                (_, Value::Null) => {}
                (Some(Value::String(text)), Value::String(more)) if is_growing(&name) => text.push_str(&more),
                (_, value) => drop(last.insert(name, value)),
            }
        }
    }

    /// All of them, once, if any is sealed: others need not go back.
    pub(super) fn sealed(&mut self) -> Option<String> {
        let parts = std::mem::take(&mut self.parts);
        let is_there =
            |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let is_sealed =
            |part: &Map<String, Value>| is_there(part.get("signature")) || is_there(part.get("data"));
        let parts = Some(parts).filter(|parts| parts.iter().any(is_sealed))?;
        Some(Value::Array(parts.into_iter().map(Value::Object).collect()).to_string())
    }
}

fn is_growing(name: &str) -> bool {
    matches!(name, "text" | "summary" | "signature")
}
