//! The dialect of `OpenAI`'s chat completions, which most servers speak: what is asked, and what the frames of an answer mean.

use q_core::Image;
use q_core::conversation::{Message, Part, Role};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer_limit;
use super::citing;
use super::reading::{
    FrameReader, Meaning, each, is_first, member, read_calls, read_calls_again, unshown, words,
};
use super::reasoning_content::{self, ReasoningContent};
use super::reasoning_details::ReasoningDetails;
use super::seals;
use super::told::ToldText;
use super::writing::{
    arguments_text, bridged, call_id, data_address, illustrated, object, plain_message, result_text,
    system_prompt, text_of, tool_name,
};
use crate::http::answer::AnswerBuilder;
use crate::http::failure::is_error;
use crate::http::usage::usage;
use crate::shape::RequestShape;
use q_json::{elements, is_array, is_nothing, members, text};
use q_seat::Turn;

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let system = system_prompt(turn).map(|text| plain_message("system", &text));
    let all: Vec<Value> = system.into_iter().chain(turns(&turn.messages).flat_map(turn_messages)).collect();
    object([
        ("model", Some(model.into())),
        ("stream", Some(true.into())),
        ("messages", Some(all.into())),
        ("stream_options", Some(json!({ "include_usage": true }))),
        ("temperature", shape.temperature.clone().map(Value::Number)),
        (answer_limit::member(model), shape.max_tokens.map(Value::from)),
        ("reasoning_effort", shape.reasoning.clone().map(Value::from)),
    ])
}

/// The messages by turns: from where the person speaks to where the person speaks again.
fn turns(messages: &[Message]) -> impl Iterator<Item = &[Message]> {
    let speaks = |message: &Message| {
        let is_said = |part: &Part| !matches!(part, Part::Result { .. });
        message.role == Role::User && message.parts.iter().any(is_said)
    };
    messages.chunk_by(move |_, next| !speaks(next))
}

/// Those of one turn. Thoughts go back where that turn calls tools.
fn turn_messages(turn: &[Message]) -> Vec<Value> {
    let calls = |part: &Part| matches!(part, Part::Call { .. });
    let has_calls = turn.iter().flat_map(|message| &message.parts).any(calls);
    turn.iter().flat_map(|one| messages(one, has_calls)).collect()
}

/// A message as this protocol has it: results are messages of their own, in front of what the person says then.
fn messages(message: &Message, takes_thoughts: bool) -> Vec<Value> {
    let (mut calls, mut all, mut details) = (Vec::new(), Vec::new(), Vec::new());
    let mut thought = String::new();
    for part in &message.parts {
        match part {
            Part::Text(_) | Part::GoOn | Part::Image { .. } => {}
            Part::Sealed(seal) => {
                if let Value::Array(sealed) = seals::content(seal) {
                    details.extend(sealed);
                }
                thought.extend(seals::thought_of(seal).filter(|_| takes_thoughts));
            }
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
        Role::User => {
            let words = |text: &str| json!({ "type": "text", "text": text });
            let image = |image: &Image, data: &str| json!({ "type": "image_url", "image_url": { "url": data_address(image, data) } });
            let plain = || text.map(|text| plain_message("user", &text));
            all = bridged(all, illustrated(message, words, image).or_else(plain));
        }
        Role::Assistant => all.push(object([
            ("role", Some("assistant".into())),
            ("content", Some(text.map_or(Value::Null, Value::from))),
            (reasoning_content::MEMBER, (!thought.is_empty()).then(|| thought.into())),
            ("reasoning_details", (!details.is_empty()).then(|| details.into())),
            ("tool_calls", (!calls.is_empty()).then(|| calls.into())),
        ])),
    }
    all
}

/// Reads chunks, and completions in one piece.
#[derive(Debug, Default)]
pub(super) struct ChatCompletionsReader {
    /// Words, thoughts came in pieces: a whole message behind them says them again.
    has_words: bool,
    has_thoughts: bool,
    told: ToldText,
    details: ReasoningDetails,
    thought: ReasoningContent,
}

impl FrameReader for ChatCompletionsReader {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
        let [choices, counted, model, citations, results, groqs, timings] =
            members(frame, ["choices", "usage", "model", "citations", "search_results", "x_groq", "timings"]);
        answer.on_model(model);
        // What some servers count in places of their own counts where the usual one is empty.
        let beside = || member(groqs, "usage").and_then(usage).or_else(|| timings.and_then(usage));
        answer.on_usage(counted.and_then(usage).or_else(beside));
        // Groq says there as well what went wrong.
        if let Some(error) = member(groqs, "error").filter(|error| is_error(error)) {
            answer.on_error(error.get());
            return Meaning::End;
        }
        // What was found says more of a page than that it was cited.
        citing::cite_each(results, answer);
        citing::cite_each(citations, answer);
        // Something between may have taken the one choice out of its list.
        let alone = choices.filter(|choice| !is_nothing(choice) && choice.get().starts_with('{'));
        if let Some(choice) = alone {
            self.choice(0, choice, answer);
            return Meaning::Part;
        }
        let choices = choices.filter(|choices| is_array(choices));
        for (place, one) in each(choices).into_iter().enumerate() {
            self.choice(place, one, answer);
            if answer.calls_too_much() || answer.has_failed() {
                return Meaning::End;
            }
        }
        match (choices, counted.or(citations).or(results)) {
            (Some(_), _) => Meaning::Part,
            (None, Some(_)) => Meaning::Aside,
            (None, None) => Meaning::Foreign,
        }
    }
}

impl ChatCompletionsReader {
    /// One of several answers that are given at once. The first is the one that was asked for.
    fn choice(&mut self, place: usize, choice: &RawValue, answer: &mut AnswerBuilder) {
        let [index, delta, message, said, counted, error] =
            members(choice, ["index", "delta", "message", "text", "usage", "error"]);
        if !is_first(index, place) {
            return;
        }
        answer.on_usage(counted.and_then(usage));
        let [delta, message] = [delta, message].map(|part| part.filter(|part| !is_nothing(part)));
        if let Some(delta) = delta {
            let [content, said] = members(delta, ["content", "text"]);
            let content = content.or(said).filter(|words| !is_nothing(words));
            self.has_words |= content.is_some();
            self.told.add(&words(content));
            self.part(delta, answer);
        }
        match message {
            Some(message) if !self.has_words && !self.has_thoughts && !answer.has_called() => {
                self.part(message, answer);
            }
            Some(message) => self.message_again(message, answer),
            None if delta.is_none() => answer.on_text(words(said)),
            None => {}
        }
        if let Some(error) = error.or_else(|| member(delta, "error")).filter(|error| is_error(error)) {
            return answer.on_error(error.get());
        }
        if let Some(reason) = reason(choice) {
            // The thought stands first.
            for sealed in [self.details.sealed(), self.thought.sealed()].into_iter().flatten() {
                answer.on_seal_of_calls(sealed);
            }
            answer.on_finish_reason(&reason);
        }
    }
}

impl ChatCompletionsReader {
    /// A message, or a piece of one. What is thought in a turn that may call tools is kept in front of what is said and called
    /// then, to go back with it.
    fn part(&mut self, part: &RawValue, answer: &mut AnswerBuilder) {
        self.details.read(part);
        if answer.takes_calls() {
            self.thought.read(part);
            if !self.thought.is_empty() && says_or_calls(part) {
                self.thought.sealed().into_iter().for_each(|sealed| answer.on_seal(sealed));
            }
        }
        self.has_thoughts |= read_part(part, answer);
    }

    /// A whole message behind its pieces: what did not come in any is told now.
    fn message_again(&mut self, message: &RawValue, answer: &mut AnswerBuilder) {
        if !self.has_thoughts {
            read_thoughts(message, answer);
        }
        if self.has_words {
            let whole = words(member(Some(message), "content"));
            let missing = self.told.missing(&mut 0, &whole, answer);
            answer.on_text(missing.unwrap_or_default().to_owned());
        } else {
            read_words(message, answer);
        }
        read_calls_again(member(Some(message), "tool_calls"), answer);
    }
}

/// Why a choice ended, in whatever of its members and forms that stands.
fn reason(choice: &RawValue) -> Option<String> {
    let [reason, details, other] = members(choice, ["finish_reason", "finish_details", "stop_reason"]);
    // Beside a finish reason the other is the word or the token that it ended at.
    let reason = reason.or(member(details, "type")).or(other).filter(|reason| !is_nothing(reason))?;
    Some(text(reason).unwrap_or_else(|| reason.get().to_owned()))
}

/// Whether a piece is more than thought.
fn says_or_calls(part: &RawValue) -> bool {
    let is_there = |member: &RawValue| !is_nothing(member) && member.get() != "\"\"";
    members(part, ["content", "text", "tool_calls"]).into_iter().flatten().any(is_there)
}

/// All of a part; whether something was thought there.
fn read_part(part: &RawValue, answer: &mut AnswerBuilder) -> bool {
    if let Some(words) = text(part) {
        answer.on_text(words);
        return false;
    }
    let thinks = read_thoughts(part, answer);
    read_words(part, answer);
    let [calls, call] = members(part, ["tool_calls", "function_call"]);
    read_calls(calls, answer);
    read_calls(call, answer);
    thinks
}

/// What is thought in a part; whether something is. Some servers say the same thought in several members.
fn read_thoughts(part: &RawValue, answer: &mut AnswerBuilder) -> bool {
    let [content, reasoning, thinking, details] =
        members(part, ["reasoning_content", "reasoning", "thinking", "reasoning_details"]);
    let thoughts = [content, reasoning, thinking].into_iter().map(words);
    let thought = thoughts.chain([detailed(details)]).find(|thought| !thought.is_empty());
    let thinks = thought.is_some();
    answer.on_thought(thought.unwrap_or_default());
    thinks
}

/// What is said in a part, or cannot be shown of it.
fn read_words(part: &RawValue, answer: &mut AnswerBuilder) {
    let [content, said, refusal, annotations] = members(part, ["content", "text", "refusal", "annotations"]);
    match content.or(said) {
        Some(parts) if is_array(parts) => {
            for part in elements(parts) {
                content_part(part, answer);
            }
        }
        Some(part) => content_part(part, answer),
        None => {}
    }
    let [audio, images] = members(part, ["audio", "images"]);
    if let Some(audio) = audio.filter(|audio| !is_nothing(audio)) {
        answer.on_text(words(member(Some(audio), "transcript")));
        answer.on_unshown("sound");
    }
    if images.is_some_and(|images| !is_nothing(images)) {
        answer.on_unshown("an image");
    }
    answer.on_refusal(words(refusal));
    citing::annotate(annotations, answer);
}

/// Whether a content is a number, which is its own text.
fn is_plain(content: &RawValue) -> bool {
    content.get().starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// Thoughts in parts, as `OpenRouter` has them beside those in one piece, or alone.
fn detailed(details: Option<&RawValue>) -> String {
    let part = |part: &RawValue| members(part, ["text", "summary"]).map(words).concat();
    each(details).into_iter().map(part).collect()
}

/// A part of a content that comes in parts.
fn content_part(part: &RawValue, answer: &mut AnswerBuilder) {
    if let Some(words) = text(part) {
        return answer.on_text(words);
    }
    if is_plain(part) {
        return answer.on_text(part.get().to_owned());
    }
    let [said, refusal, thinking, annotations, kind] =
        members(part, ["text", "refusal", "thinking", "annotations", "type"]);
    if let Some(kind) = unshown(&words(kind)) {
        answer.on_unshown(kind);
    }
    citing::annotate(annotations, answer);
    // Some have the text of a part in an object of its own.
    answer.on_text(words(member(said, "value").or(said)));
    answer.on_refusal(words(refusal));
    let Some(thinking) = thinking else { return };
    let inner = elements(thinking).into_iter().filter_map(|part| members(part, ["text"])[0].and_then(text));
    text(thinking).into_iter().chain(inner).for_each(|thought| answer.on_thought(thought));
}
