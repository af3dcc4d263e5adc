//! Thoughts in parts, as `OpenRouter` has them in chat completions (`reasoning_details`): they go back with the calls of that answer,
//! joined from their pieces, whether any of its providers signed or encrypted them or not: some demand plain ones.

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

    /// All of them, once; nothing of them where that is longer than is kept.
    pub(super) fn sealed(&mut self) -> Option<String> {
        let Self { parts, bytes } = std::mem::take(self);
        if bytes > SEAL_BYTES {
            return Some(String::new());
        }
        let parts = Some(parts).filter(|parts| !parts.is_empty())?;
        Some(Value::Array(parts.into_iter().map(Value::Object).collect()).to_string())
    }
}

fn is_growing(name: &str) -> bool {
    matches!(name, "text" | "summary" | "signature")
}
