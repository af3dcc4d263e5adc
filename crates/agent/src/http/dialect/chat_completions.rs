//! The dialect of `OpenAI`'s chat completions, which most servers speak: what is asked, and what the frames of an answer mean.

use q_core::conversation::{Message, Part, Role};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::reading::{FrameReader, Meaning, each, given, is_first, name, words};
use super::writing::{
    arguments_text, call_id, object, plain_message, result_text, system_prompt, text_of, tool_name,
};
use crate::http::answer::AnswerBuilder;
use crate::http::calls::CallPiece;
use crate::http::json::{elements, is_array, is_nothing, members, text};
use crate::http::usage::usage;
use crate::seat::Turn;
use crate::shape::RequestShape;

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let system = system_prompt(turn).map(|text| plain_message("system", &text));
    let all: Vec<Value> = system.into_iter().chain(turn.messages.iter().flat_map(messages)).collect();
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

/// A message as this protocol has it: results are messages of their own, in front of what the person says then.
fn messages(message: &Message) -> Vec<Value> {
    let (mut calls, mut all) = (Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::Text(_) | Part::GoOn => {}
            Part::Call { entry, tool, input } => {
                let function = json!({ "name": tool_name(tool), "arguments": arguments_text(input) });
                calls.push(json!({ "id": call_id(*entry), "type": "function", "function": function }));
            }
            Part::Result { of, outcome, text } => {
                let content = result_text(*outcome, text);
                all.push(json!({ "role": "tool", "tool_call_id": call_id(*of), "content": content }));
            }
        }
    }
    let text = text_of(message);
    match message.role {
        Role::User => all.extend(text.map(|text| plain_message("user", &text))),
        Role::Assistant => all.push(object([
            ("role", Some("assistant".into())),
            ("content", Some(text.map_or(Value::Null, Value::from))),
            ("tool_calls", (!calls.is_empty()).then(|| calls.into())),
        ])),
    }
    all
}

/// Reads chunks, and completions in one piece.
#[derive(Debug, Default)]
pub(super) struct ChatCompletionsReader;

impl FrameReader for ChatCompletionsReader {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
        let [choices, counted, model] = members(frame, ["choices", "usage", "model"]);
        answer.on_model(model);
        answer.on_usage(counted.and_then(usage));
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
fn choice(place: usize, choice: &RawValue, answer: &mut AnswerBuilder) {
    let [index, delta, message, said, reason, counted] =
        members(choice, ["index", "delta", "message", "text", "finish_reason", "usage"]);
    if !is_first(index, place) {
        return;
    }
    answer.on_usage(counted.and_then(usage));
    let is_said = |part: &&RawValue| !is_nothing(part);
    match delta.filter(is_said).or(message.filter(is_said)) {
        Some(part) => read_part(part, answer),
        None => answer.on_text(words(said)),
    }
    if let Some(reason) = reason {
        answer.on_finish_reason(&text(reason).unwrap_or_else(|| reason.get().replace("null", "")));
    }
}

fn read_part(part: &RawValue, answer: &mut AnswerBuilder) {
    let [content, refusal, reasoning_content, reasoning, thinking, calls, call] = members(
        part,
        ["content", "refusal", "reasoning_content", "reasoning", "thinking", "tool_calls", "function_call"],
    );
    // Some servers say the same thought in two members.
    let thoughts = [reasoning_content, reasoning, thinking];
    if let Some(thought) = thoughts.into_iter().map(words).find(|thought| !thought.is_empty()) {
        answer.on_thought(thought);
    }
    match content {
        Some(parts) if is_array(parts) => {
            for part in elements(parts) {
                content_part(part, answer);
            }
        }
        content => answer.on_text(words(content)),
    }
    answer.on_refusal(words(refusal));
    for call in each(calls) {
        let [index, id, function] = members(call, ["index", "id", "function"]);
        if let Some(function) = function {
            call_piece(index.map_or("", RawValue::get), &words(id), function, answer);
        }
    }
    if let Some(function) = call {
        call_piece("", "", function, answer);
    }
}

fn call_piece(index: &str, id: &str, function: &RawValue, answer: &mut AnswerBuilder) {
    let (name, arguments) = (name(function), given(members(function, ["arguments"])[0]));
    answer.on_call_piece(CallPiece { index, id, name: name.as_deref(), arguments: &arguments });
}

/// A part of a content that comes in parts.
fn content_part(part: &RawValue, answer: &mut AnswerBuilder) {
    if let Some(words) = text(part) {
        return answer.on_text(words);
    }
    let [said, refusal, thinking] = members(part, ["text", "refusal", "thinking"]);
    answer.on_text(words(said));
    answer.on_refusal(words(refusal));
    let Some(thinking) = thinking else { return };
    let inner = elements(thinking).into_iter().filter_map(|part| members(part, ["text"])[0].and_then(text));
    text(thinking).into_iter().chain(inner).for_each(|thought| answer.on_thought(thought));
}
