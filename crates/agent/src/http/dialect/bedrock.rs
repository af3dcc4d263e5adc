//! The dialect of Amazon Bedrock's `ConverseStream`: one form for the models of many makers. The model stands in the address; an
//! event's name says what it is, and its payload the rest.
//!
//! A history with calls is taken only where their tools are declared. Thoughts are sent back with their signatures as long as the
//! model is asked to think, as Anthropic's own servers want it.

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
    system_prompt, table, thinking_budget, tool_name, wants_its_thought,
};
use crate::http::answer::AnswerBuilder;
use crate::http::calls::CallPiece;
use crate::http::usage::{count, sum};
use crate::shape::RequestShape;
use q_json::members;
use q_seat::Turn;

/// What a model takes that is its maker's own.
const MODEL_FIELDS: &str = "additionalModelRequestFields";

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let tool = |name: &str, about: &str| json!({ "toolSpec": { "name": name, "description": about, "inputSchema": { "json": { "type": "object" } } } });
    let thinking = Thinking::of(turn, model, shape);
    let thinks = matches!(thinking, Thinking::Tokens(_)) || shape.body.contains_key(MODEL_FIELDS);
    let turn = &*seals::keeping(turn, |_| thinks);
    // A model of Anthropic's that thinks takes none.
    let temperature = shape.temperature.clone().filter(|_| !matches!(thinking, Thinking::Tokens(_)));
    let max_tokens = match thinking {
        // What it thinks counts as well, and must leave room for the answer.
        Thinking::Tokens(budget) => {
            Some(shape.max_tokens.unwrap_or(ANTHROPICS_MAX_TOKENS).saturating_add(budget))
        }
        Thinking::Effort(_) | Thinking::Unasked => shape.max_tokens,
    };
    object([
        ("messages", Some(listed_messages(turn, "assistant", "content", block).into())),
        ("system", system_prompt(turn).map(|text| json!([{ "text": text }]))),
        (
            "inferenceConfig",
            table([
                ("maxTokens", max_tokens.map(Value::from)),
                ("temperature", temperature.map(Value::Number)),
            ]),
        ),
        ("toolConfig", declared_tools(turn, tool).map(|tools| json!({ "tools": tools }))),
        (
            MODEL_FIELDS,
            match thinking {
                Thinking::Tokens(budget) => {
                    Some(json!({ "thinking": { "type": "enabled", "budget_tokens": budget } }))
                }
                Thinking::Effort(effort) => Some(json!({ "reasoning_effort": effort })),
                Thinking::Unasked => None,
            },
        ),
    ])
}

/// How a model is asked to think: each maker has a way of its own, which goes through as it is.
#[derive(Clone, Copy, Debug)]
enum Thinking<'a> {
    Unasked,
    /// As Anthropic's models have it.
    Tokens(u64),
    /// As `OpenAI`'s models have it.
    Effort(&'a str),
}

impl<'a> Thinking<'a> {
    fn of(turn: &Turn, model: &str, shape: &'a RequestShape) -> Self {
        let Some(effort) = shape.reasoning.as_deref() else { return Self::Unasked };
        if model.contains("openai.") {
            return Self::Effort(effort);
        }
        // Calls that are answered just now must stand behind a thought where the model thinks.
        let thinks = model.contains("anthropic.") && !wants_its_thought(turn);
        thinking_budget(effort).filter(|_| thinks).map_or(Self::Unasked, Self::Tokens)
    }
}

/// A part of a message as a block.
fn block(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({ "text": text }),
        Part::GoOn => json!({ "text": GO_ON }),
        Part::Image { image, data } => {
            json!({ "image": { "format": image.kind.word(), "source": { "bytes": data } } })
        }
        Part::Sealed(seal) => seals::content(seal),
        Part::Call { entry, tool, input } => {
            json!({ "toolUse": { "toolUseId": call_id(*entry), "name": tool_name(tool), "input": arguments(input) } })
        }
        Part::Result { of, outcome, text } => {
            let status = if *outcome == Outcome::Done { "success" } else { "error" };
            let content = json!([{ "text": result_text(*outcome, text) }]);
            json!({ "toolResult": { "toolUseId": call_id(*of), "content": content, "status": status } })
        }
    }
}

/// Reads events of a conversation, and answers in one piece.
#[derive(Debug, Default)]
pub(super) struct BedrockReader {
    thought: Option<SealedThought>,
}

impl BlockReader for BedrockReader {
    fn read(&mut self, order: &mut BlockOrder, frame: NamedFrame<'_>, answer: &mut AnswerBuilder) -> Meaning {
        let NamedFrame { event, frame } = frame;
        let [start, delta, place] = members(frame, ["start", "delta", "contentBlockIndex"]);
        let index = place.map_or("", RawValue::get);
        match event {
            "messageStart" => {}
            "contentBlockStop" => {
                answer.on_call_end(index);
                if !order.end(place) {
                    order.on_block(self, (place, BlockStep::Ends), event, frame, answer);
                }
            }
            "contentBlockStart" => {
                let called = member(start, "toolUse");
                order.begin(place, called.is_some());
                match called {
                    Some(called) => self.call(index, called, answer),
                    None => {
                        order.on_block(self, (place, BlockStep::Begins), event, frame, answer);
                    }
                }
            }
            "contentBlockDelta" => match member(delta, "toolUse") {
                Some(called) => {
                    let arguments = given(member(Some(called), "input"));
                    argue(index, &arguments, order.is_open(place), answer);
                }
                None => order.on_block(self, (place, BlockStep::GoesOn), event, frame, answer),
            },
            "messageStop" => {
                order.end_blocks(self, answer);
                self.end_thought(answer.torn(), answer);
                answer.on_finish_reason(&words(members(frame, ["stopReason"])[0]));
            }
            "metadata" => {
                let [counted] = members(frame, ["usage"]);
                answer.on_usage(counted.and_then(usage));
                if answer.is_finished() {
                    return Meaning::End;
                }
            }
            _whole => return read_whole(frame, answer),
        }
        Meaning::Part
    }

    fn read_block(&mut self, kind: &str, frame: &RawValue, came: Arrival, answer: &mut AnswerBuilder) {
        let [start, delta] = members(frame, ["start", "delta"]);
        note_unshown(start, answer);
        if kind != "contentBlockDelta" {
            self.end_thought(came.torn, answer);
        }
        if let Some(delta) = delta {
            self.delta(delta, came, answer);
        }
    }
}

impl BedrockReader {
    /// A call begins. What was thought before it is over, where its signature came.
    fn call(&mut self, index: &str, called: &RawValue, answer: &mut AnswerBuilder) {
        if self.thought.as_ref().is_some_and(SealedThought::is_signed) {
            self.end_thought(answer.torn(), answer);
        }
        let (id, name) = (words(members(called, ["toolUseId"])[0]), name_of_whole(called));
        answer.on_call_piece(CallPiece { index, id: &id, name: Some(&name), arguments: "" });
    }

    fn end_thought(&mut self, torn: u64, answer: &mut AnswerBuilder) {
        if let Some(thought) = self.thought.take() {
            thought.seal(sealed, torn, answer);
        }
    }

    fn delta(&mut self, delta: &RawValue, came: Arrival, answer: &mut AnswerBuilder) {
        let [text, thought, citation] = members(delta, ["text", "reasoningContent", "citation"]);
        if let Some(citation) = citation {
            citing::cite_located(citation, answer);
        }
        note_unshown(Some(delta), answer);
        if let Some(thought) = thought {
            let [text, signature, redacted] =
                members(thought, ["text", "signature", "redactedContent"]).map(words);
            if !redacted.is_empty() {
                self.end_thought(came.torn, answer);
            }
            self.thought.get_or_insert_default().add(&text, &signature, came.torn);
            answer.on_thought(text);
            redact(&redacted, answer);
        }
        came.tell(words(text), answer);
    }
}

/// A thought as it goes back.
fn sealed(text: &str, signature: &str) -> Value {
    json!({ "reasoningContent": { "reasoningText": { "text": text, "signature": signature } } })
}

/// A thought that nobody may read goes back as it came.
fn redact(redacted: &str, answer: &mut AnswerBuilder) {
    if !redacted.is_empty() {
        answer.on_seal(json!({ "reasoningContent": { "redactedContent": redacted } }).to_string());
    }
}

/// A block that is no text is named by its only member.
fn note_unshown(block: Option<&RawValue>, answer: &mut AnswerBuilder) {
    for name in ["image", "audio", "video", "document"] {
        if let Some(kind) = member(block, name).and_then(|_| unshown(name)) {
            answer.on_unshown(kind);
        }
    }
}

/// An answer that was not streamed.
fn read_whole(frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
    let [output, reason, counted] = members(frame, ["output", "stopReason", "usage"]);
    let message = member(output, "message");
    if message.is_none() && reason.is_none() {
        return Meaning::Foreign;
    }
    for block in each(member(message, "content")) {
        let [text, thought, called, cited] =
            members(block, ["text", "reasoningContent", "toolUse", "citationsContent"]);
        note_unshown(Some(block), answer);
        let reasoning = member(thought, "reasoningText");
        let [text_of_thought, signature] = ["text", "signature"].map(|name| words(member(reasoning, name)));
        let mut whole = SealedThought::default();
        whole.add(&text_of_thought, &signature, answer.torn());
        answer.on_thought(text_of_thought);
        whole.seal(sealed, answer.torn(), answer);
        redact(&words(member(thought, "redactedContent")), answer);
        answer.on_text(words(text));
        for part in each(member(cited, "content")) {
            answer.on_text(words(member(Some(part), "text")));
        }
        for citation in each(member(cited, "citations")) {
            citing::cite_located(citation, answer);
        }
        if let Some(called) = called {
            let [id, input] = members(called, ["toolUseId", "input"]);
            answer.on_call(words(id), name_of_whole(called), &given(input));
        }
    }
    answer.on_usage(counted.and_then(usage));
    answer.on_finish_reason(&words(reason));
    Meaning::End
}

/// What is read from a cache and written to it is read as well.
fn usage(counted: &RawValue) -> Option<Usage> {
    let [input, output, read, written] =
        members(counted, ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"]);
    let (input, output) = (sum([input, read, written]), output.and_then(count));
    (input.is_some() || output.is_some()).then(|| Usage {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        cached: read.and_then(count).unwrap_or(0),
        cache_written: written.and_then(count).unwrap_or(0),
        ..Usage::default() // what it thinks it counts as written, and not apart
    })
}
