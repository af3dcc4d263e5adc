//! The dialect of Anthropic's messages.
//!
//! Thoughts are sent back with their signatures as long as the model is asked to think: the server demands those of the turn that
//! goes on, takes those of older ones, and refuses any where nothing is to be thought. A history with calls is taken only where
//! their tools are declared.

use q_core::conversation::{GO_ON, Part};
use q_core::{Outcome, Usage};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::block_order::{Arrival, BlockOrder, BlockReader, BlockStep, NamedFrame};
use super::citing;
use super::reading::{Meaning, argue, each, given, member, name_of_whole, unshown, words};
use super::seals::{self, SealedThought};
use super::writing::{
    ANTHROPICS_MAX_TOKENS, arguments, call_id, declared_tools, listed_messages, object, result_text,
    system_prompt, thinking_budget, tool_name, wants_its_thought,
};
use crate::http::answer::AnswerBuilder;
use crate::http::calls::CallPiece;
use crate::http::usage::{count, sum};
use crate::shape::RequestShape;
use q_json::members;
use q_seat::Turn;

/// What is asked. The system prompt and the newest message are marked for the server's cache: all in front of a mark is read from it
/// the next time.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    // Calls that are answered just now must stand behind a thought where the model thinks.
    let budget = shape.reasoning.as_deref().and_then(thinking_budget).filter(|_| !wants_its_thought(turn));
    let thinks = budget.is_some() || shape.body.get("thinking").is_some_and(|way| way["type"] != "disabled");
    let turn = &*seals::keeping(turn, |_| thinks);
    let mut all = listed_messages(turn, "assistant", "content", block);
    let mark = |block: &mut Value| block["cache_control"] = json!({ "type": "ephemeral" });
    let mut system = system_prompt(turn).map(|text| text_block(&text));
    system.iter_mut().for_each(mark);
    let newest = all.last_mut().and_then(|newest| newest.get_mut("content")?.as_array_mut()?.last_mut());
    newest.into_iter().for_each(mark);
    let declaration = |name: &str, about: &str| json!({ "name": name, "description": about, "input_schema": { "type": "object" } });
    let tools = declared_tools(turn, declaration);
    let max_tokens = shape.max_tokens.unwrap_or(ANTHROPICS_MAX_TOKENS);
    object([
        ("model", Some(model.into())),
        // What it thinks counts as well.
        ("max_tokens", Some(max_tokens.saturating_add(budget.unwrap_or(0)).into())),
        ("stream", Some(true.into())),
        ("system", system.map(|block| json!([block]))),
        ("messages", Some(all.into())),
        ("tool_choice", tools.is_some().then(|| json!({ "type": "none" }))),
        ("tools", tools),
        // A model that thinks takes none.
        ("temperature", shape.temperature.clone().filter(|_| !thinks).map(Value::Number)),
        ("thinking", budget.map(|tokens| json!({ "type": "enabled", "budget_tokens": tokens }))),
    ])
}

fn text_block(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A part of a message as a block.
fn block(part: &Part) -> Value {
    match part {
        Part::Text(text) => text_block(text),
        Part::GoOn => text_block(GO_ON),
        Part::Image { image, data } => json!({
            "type": "image",
            "source": { "type": "base64", "media_type": image.kind.media_type(), "data": data },
        }),
        Part::Sealed(seal) => seals::content(seal),
        Part::Call { entry, tool, input } => json!({
            "type": "tool_use",
            "id": call_id(*entry),
            "name": tool_name(tool),
            "input": arguments(input),
        }),
        Part::Result { of, outcome, text } => json!({
            "type": "tool_result",
            "tool_use_id": call_id(*of),
            "content": result_text(*outcome, text),
            "is_error": *outcome != Outcome::Done,
        }),
    }
}

/// Reads events of a message, and messages in one piece.
#[derive(Debug, Default)]
pub(super) struct AnthropicReader {
    /// Tokens read and written: each event says what it knows.
    input: Option<u64>,
    output: Option<u64>,
    /// Of the input: read from the server's cache, and written to it.
    cached: (Option<u64>, Option<u64>),
    has_blocks: bool,
    thought: Option<SealedThought>,
}

impl BlockReader for AnthropicReader {
    fn read(&mut self, order: &mut BlockOrder, frame: NamedFrame<'_>, answer: &mut AnswerBuilder) -> Meaning {
        let NamedFrame { event, frame } = frame;
        let [kind, message, block, delta, counted, place] =
            members(frame, ["type", "message", "content_block", "delta", "usage", "index"]);
        let index = place.map_or("", RawValue::get);
        let kind = words(kind);
        let kind = if kind.is_empty() { event } else { &kind };
        match kind {
            "message" => {
                let [reason] = members(frame, ["stop_reason"]);
                self.message(frame, answer);
                answer.on_finish_reason(&words(reason));
                return Meaning::End;
            }
            // Why it ended it cannot say yet, whatever stands there.
            "message_start" if self.has_blocks => {
                answer.on_error("\"another answer began before this one had ended\"");
                return Meaning::End;
            }
            "message_start" => {
                if let Some(message) = message {
                    self.message(message, answer);
                }
            }
            "content_block_start" => {
                self.has_blocks = true;
                let is_call = words(member(block, "type")) == "tool_use";
                order.begin(place, is_call);
                match block.filter(|_| is_call) {
                    Some(call) => self.call(index, call, answer),
                    None => {
                        order.on_block(self, (place, BlockStep::Begins), kind, frame, answer);
                    }
                }
            }
            "content_block_delta" => match member(delta, "partial_json") {
                // Inside of a block they are those of a call that is known, or of the server's own.
                Some(arguments) => {
                    argue(index, &given(Some(arguments)), order.is_open(place), answer);
                }
                None => {
                    order.on_block(self, (place, BlockStep::GoesOn), kind, frame, answer);
                }
            },
            "message_delta" => {
                order.end_blocks(self, answer);
                self.end_thought(answer.torn(), answer);
                self.cost(counted, answer);
                answer.on_finish_reason(&words(member(delta, "stop_reason")));
                answer.on_explanation(&words(member(member(delta, "stop_details"), "explanation")));
            }
            "message_stop" => {
                self.cost(counted, answer);
                return Meaning::End;
            }
            "content_block_stop" => {
                answer.on_call_end(index);
                if !order.end(place) {
                    order.on_block(self, (place, BlockStep::Ends), kind, frame, answer);
                }
            }
            "ping" => return Meaning::Aside,
            _unknown => return Meaning::Foreign,
        }
        Meaning::Part
    }

    fn read_block(&mut self, kind: &str, frame: &RawValue, came: Arrival, answer: &mut AnswerBuilder) {
        let [block, delta] = members(frame, ["content_block", "delta"]);
        if kind != "content_block_delta" {
            self.end_thought(came.torn, answer);
        }
        if let Some(block) = block {
            self.thought = read_block("", block, came, answer);
        }
        if let Some(delta) = delta {
            self.delta(delta, came, answer);
        }
    }
}

impl AnthropicReader {
    /// A call begins. What was thought before it is over, where its signature came.
    fn call(&mut self, index: &str, call: &RawValue, answer: &mut AnswerBuilder) {
        if self.thought.as_ref().is_some_and(SealedThought::is_signed) {
            self.end_thought(answer.torn(), answer);
        }
        read_block(index, call, Arrival::default(), answer);
    }

    fn end_thought(&mut self, torn: u64, answer: &mut AnswerBuilder) {
        if let Some(thought) = self.thought.take() {
            thought.seal(sealed, torn, answer);
        }
    }

    fn message(&mut self, message: &RawValue, answer: &mut AnswerBuilder) {
        let [content, counted, model] = members(message, ["content", "usage", "model"]);
        answer.on_model(model);
        for block in each(content) {
            let came = Arrival { torn: answer.torn(), is_late: false };
            self.thought = read_block("", block, came, answer);
            self.end_thought(came.torn, answer);
        }
        self.cost(counted, answer);
    }

    fn delta(&mut self, delta: &RawValue, came: Arrival, answer: &mut AnswerBuilder) {
        let [text, thinking, signature, citation] =
            members(delta, ["text", "thinking", "signature", "citation"]);
        if let Some(citation) = citation {
            citing::cite(citation, answer);
        }
        let thinking = words(thinking);
        if let Some(thought) = &mut self.thought {
            thought.add(&thinking, &words(signature), came.torn);
        }
        answer.on_thought(thinking);
        came.tell(words(text), answer);
    }

    /// What is read from the cache and written to it is read as well.
    fn cost(&mut self, counted: Option<&RawValue>, answer: &mut AnswerBuilder) {
        let Some(counted) = counted else { return };
        let [input, output, written, read] = members(
            counted,
            ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"],
        );
        self.input = sum([input, written, read]).filter(|input| *input > 0).or(self.input);
        self.output = output.and_then(count).or(self.output);
        self.cached = (read.and_then(count).or(self.cached.0), written.and_then(count).or(self.cached.1));
        let usage = Usage {
            input: self.input.unwrap_or(0),
            output: self.output.unwrap_or(0),
            cached: self.cached.0.unwrap_or(0),
            cache_written: self.cached.1.unwrap_or(0),
            ..Usage::default() // what it thinks it counts as written, and not apart
        };
        answer.on_usage(Some(usage));
    }
}

/// A thought as it goes back.
fn sealed(text: &str, signature: &str) -> Value {
    json!({ "type": "thinking", "thinking": text, "signature": signature })
}

/// A block, whole or as it begins; a thought, as far as it is there. What the server's own tools do is its own affair.
fn read_block(
    index: &str,
    block: &RawValue,
    came: Arrival,
    answer: &mut AnswerBuilder,
) -> Option<SealedThought> {
    let [kind, text, thinking, id, input] = members(block, ["type", "text", "thinking", "id", "input"]);
    match words(kind).as_str() {
        "thinking" => {
            let (mut thought, thinking) = (SealedThought::default(), words(thinking));
            thought.add(&thinking, &words(members(block, ["signature"])[0]), came.torn);
            answer.on_thought(thinking);
            return Some(thought);
        }
        "redacted_thinking" => {
            let data = words(members(block, ["data"])[0]);
            if !data.is_empty() {
                answer.on_seal(json!({ "type": "redacted_thinking", "data": data }).to_string());
            }
        }
        "tool_use" => {
            // One that begins says that it is given an empty object, and what it is given in pieces then.
            let arguments =
                Some(given(input)).filter(|input| index.is_empty() || input != "{}").unwrap_or_default();
            let (id, name) = (words(id), name_of_whole(block));
            answer.on_call_piece(CallPiece { index, id: &id, name: Some(&name), arguments: &arguments });
        }
        kind => {
            if let Some(kind) = unshown(kind) {
                answer.on_unshown(kind);
            }
            came.tell(words(text), answer);
            citing::cite_each(member(Some(block), "citations"), answer);
        }
    }
    None
}
