//! The dialect of `OpenAI`'s chat completions, which most servers speak: what is asked, and what the frames of an answer mean.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Meaning, Reader, brief, each, messages, name, object, words};
use crate::http::answer::Answer;
use crate::http::json::{elements, is_array, is_nothing, members, text};
use crate::http::usage::usage;
use crate::seat::Turn;
use crate::shape::RequestShape;

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let message = |role: &str, text: String| json!({ "role": role, "content": text });
    let system = brief(turn).map(|text| message("system", text));
    let all: Vec<Value> = system.into_iter().chain(messages(turn, "assistant", message)).collect();
    object([
        ("model", Some(model.into())),
        ("stream", Some(true.into())),
        ("messages", Some(all.into())),
        ("stream_options", Some(json!({ "include_usage": true }))),
        ("temperature", shape.temperature.clone().map(Value::Number)),
        ("max_tokens", shape.max_tokens.map(Value::from)),
        ("reasoning_effort", shape.reasoning.clone().map(Value::from)),
    ])
}

/// Reads chunks, and completions in one piece.
#[derive(Debug, Default)]
pub(super) struct Chunks;

impl Reader for Chunks {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut Answer) -> Meaning {
        let [choices, counted, model] = members(frame, ["choices", "usage", "model"]);
        answer.answered_by(model);
        answer.cost(counted.and_then(usage));
        let choices = choices.filter(|choices| is_array(choices));
        for (place, one) in each(choices).into_iter().enumerate() {
            choice(place, one, answer);
            if answer.calls_too_much() {
                return Meaning::End;
            }
        }
        match (choices, counted) {
            (Some(_), _) => Meaning::Part,
            (None, Some(_)) => Meaning::Aside,
            (None, None) => Meaning::Foreign,
        }
    }
}

/// One of several answers that are given at once. The first is the one that was asked for.
fn choice(place: usize, choice: &RawValue, answer: &mut Answer) {
    let [index, delta, message, said, reason, counted] =
        members(choice, ["index", "delta", "message", "text", "finish_reason", "usage"]);
    let index = index.and_then(|index| index.get().parse().ok()).unwrap_or(place);
    if index != 0 {
        return;
    }
    answer.cost(counted.and_then(usage));
    let is_said = |part: &&RawValue| !is_nothing(part);
    match delta.filter(is_said).or(message.filter(is_said)) {
        Some(part) => read_part(part, answer),
        None => answer.say(words(said)),
    }
    if let Some(reason) = reason {
        answer.finish(&text(reason).unwrap_or_else(|| reason.get().replace("null", "")));
    }
}

fn read_part(part: &RawValue, answer: &mut Answer) {
    let [content, refusal, reasoning_content, reasoning, thinking, calls, call] = members(
        part,
        ["content", "refusal", "reasoning_content", "reasoning", "thinking", "tool_calls", "function_call"],
    );
    // Some servers say the same thought in two members.
    let thoughts = [reasoning_content, reasoning, thinking];
    if let Some(thought) = thoughts.into_iter().map(words).find(|thought| !thought.is_empty()) {
        answer.think(thought);
    }
    match content {
        Some(parts) if is_array(parts) => {
            for part in elements(parts) {
                content_part(part, answer);
            }
        }
        content => answer.say(words(content)),
    }
    answer.refuse(words(refusal));
    let function = |call: &RawValue| members(call, ["function"])[0].and_then(name);
    let names = each(calls).into_iter().filter_map(function).chain(call.and_then(name));
    names.for_each(|name| answer.call(name));
}

/// A part of a content that comes in parts.
fn content_part(part: &RawValue, answer: &mut Answer) {
    if let Some(words) = text(part) {
        return answer.say(words);
    }
    let [said, refusal, thinking] = members(part, ["text", "refusal", "thinking"]);
    answer.say(words(said));
    answer.refuse(words(refusal));
    let Some(thinking) = thinking else { return };
    let inner = elements(thinking).into_iter().filter_map(|part| members(part, ["text"])[0].and_then(text));
    text(thinking).into_iter().chain(inner).for_each(|thought| answer.think(thought));
}
