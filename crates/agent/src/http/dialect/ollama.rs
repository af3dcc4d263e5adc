//! The dialect of Ollama itself, which tells more than its imitation of chat completions: thoughts apart, and why a model did
//! not come up.

use std::collections::BTreeMap;

use q_core::conversation::{Message, Part, Role};
use q_core::{EntryNo, Usage};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::reading::{FrameReader, Meaning, each_call, read_calls, words};
use super::writing::{
    arguments, bridged, called_tools, object, plain_message, result_text, system_prompt, table, text_of,
    tool_name,
};
use crate::http::answer::AnswerBuilder;
use crate::http::usage::count;
use crate::shape::RequestShape;
use q_json::{is_nothing, members};
use q_seat::Turn;

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let system = system_prompt(turn).map(|text| plain_message("system", &text));
    let tools = called_tools(turn);
    let messages = turn.messages.iter().flat_map(|message| messages(message, &tools));
    let all: Vec<Value> = system.into_iter().chain(messages).collect();
    let how = table([
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
        ("options", how),
    ])
}

/// A message as this protocol has it: results are messages of their own, known by their order and the names of their tools.
fn messages(message: &Message, tools: &BTreeMap<EntryNo, String>) -> Vec<Value> {
    let (mut calls, mut images, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::Text(_) | Part::Sealed(_) | Part::GoOn => {}
            Part::Image { data, .. } => images.push(Value::from(data.as_str())),
            Part::Call { tool, input, .. } => {
                let function = json!({ "name": tool_name(tool), "arguments": arguments(input) });
                calls.push(json!({ "function": function }));
            }
            Part::Result { of, outcome, text } => {
                let content = result_text(*outcome, text);
                all.push(json!({ "role": "tool", "tool_name": tools.get(of), "content": content }));
            }
        }
    }
    let text = text_of(message);
    match message.role {
        Role::User => {
            let said = text.map(|text| {
                let mut said = plain_message("user", &text);
                if !images.is_empty() {
                    said["images"] = images.into();
                }
                said
            });
            all = bridged(all, said);
        }
        Role::Assistant => all.push(object([
            ("role", Some("assistant".into())),
            ("content", Some(text.unwrap_or_default().into())),
            ("tool_calls", (!calls.is_empty()).then(|| calls.into())),
        ])),
    }
    all
}

/// Reads lines, each a piece of the answer.
#[derive(Debug, Default)]
pub(super) struct OllamaReader;

impl FrameReader for OllamaReader {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
        let [message, said, done, reason, read, written, model] = members(
            frame,
            ["message", "response", "done", "done_reason", "prompt_eval_count", "eval_count", "model"],
        );
        answer.on_model(model);
        let is_done = done.is_some_and(|done| done.get() == "true");
        let message = message.filter(|message| message.get().starts_with('{'));
        if let Some(message) = message {
            let [content, thinking, calls] = members(message, ["content", "thinking", "tool_calls"]);
            answer.on_thought(words(thinking));
            answer.on_text(words(content));
            // What was called some servers say again at the end, and no call has an id.
            if is_done {
                each_call(calls, |place, piece| answer.on_call_again_or_new(place, piece));
            } else {
                read_calls(calls, answer);
            }
            if members(message, ["images"])[0].is_some_and(|images| !is_nothing(images)) {
                answer.on_unshown("an image");
            }
        }
        answer.on_text(words(said));
        if done.is_none() && message.is_none() {
            return Meaning::Foreign;
        }
        if !is_done {
            return Meaning::Part;
        }
        let (input, output) = (read.and_then(count), written.and_then(count));
        let (input, output) = (input.unwrap_or(0), output.unwrap_or(0));
        answer.on_usage(Some(Usage { input, output, ..Usage::default() }));
        // Older servers say no more than that it is done.
        answer.on_finish_reason(&reason.map_or_else(|| "stop".to_owned(), |reason| words(Some(reason))));
        Meaning::End
    }
}
