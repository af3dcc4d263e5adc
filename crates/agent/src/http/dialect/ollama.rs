//! The dialect of Ollama itself, which tells more than its imitation of chat completions: thoughts apart, and why a model did
//! not come up.

use q_core::Usage;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Meaning, Reader, brief, each, messages, name, object, words};
use crate::http::answer::Answer;
use crate::http::json::members;
use crate::http::usage::count;
use crate::seat::Turn;
use crate::shape::RequestShape;

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let message = |role: &str, text: String| json!({ "role": role, "content": text });
    let system = brief(turn).map(|text| message("system", text));
    let all: Vec<Value> = system.into_iter().chain(messages(turn, "assistant", message)).collect();
    let how = object([
        ("temperature", shape.temperature.clone().map(Value::Number)),
        ("num_predict", shape.max_tokens.map(Value::from)),
    ]);
    // Some models take an effort, most whether or not to think.
    let thinks = shape.reasoning.as_deref().map(|effort| match effort {
        "none" => Value::from(false),
        "low" | "medium" | "high" => Value::from(effort),
        _other => Value::from(true),
    });
    object([
        ("model", Some(model.into())),
        ("stream", Some(true.into())),
        ("messages", Some(all.into())),
        ("think", thinks),
        ("options", how.as_object().is_some_and(|how| !how.is_empty()).then_some(how)),
    ])
}

/// Reads lines, each a piece of the answer.
#[derive(Debug, Default)]
pub(super) struct Lines;

impl Reader for Lines {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut Answer) -> Meaning {
        let [message, said, done, reason, read, written, model] = members(
            frame,
            ["message", "response", "done", "done_reason", "prompt_eval_count", "eval_count", "model"],
        );
        answer.answered_by(model);
        let message = message.filter(|message| message.get().starts_with('{'));
        if let Some(message) = message {
            let [content, thinking, calls] = members(message, ["content", "thinking", "tool_calls"]);
            answer.think(words(thinking));
            answer.say(words(content));
            let function = |call: &RawValue| members(call, ["function"])[0].and_then(name);
            each(calls).into_iter().filter_map(function).for_each(|name| answer.call(name));
        }
        answer.say(words(said));
        if done.is_none() && message.is_none() {
            return Meaning::Foreign;
        }
        if done.is_none_or(|done| done.get() != "true") {
            return Meaning::Part;
        }
        let (input, output) = (read.and_then(count), written.and_then(count));
        answer.cost(Some(Usage { input: input.unwrap_or(0), output: output.unwrap_or(0) }));
        // Older servers say no more than that it is done.
        answer.finish(&reason.map_or_else(|| "stop".to_owned(), |reason| words(Some(reason))));
        Meaning::End
    }
}
