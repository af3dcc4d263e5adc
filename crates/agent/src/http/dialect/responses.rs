//! The dialect of `OpenAI`'s responses. Nothing is kept on the server: each turn brings its whole history, and what the model
//! thought, encrypted, where that was asked for.

use q_core::Image;
use q_core::conversation::{Message, Part, Role};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::block_order::{Arrival, BlockOrder, BlockReader, BlockStep, NamedFrame};
use super::citing;
use super::reading::{Meaning, each, given, member, name_of_whole, unshown, words};
use super::seals;
use super::told::ToldText;
use super::writing::{
    arguments_text, call_id, data_address, illustrated, object, plain_message, result_text, system_prompt,
    text_of, tool_name,
};
use crate::http::answer::AnswerBuilder;
use crate::http::calls::CallPiece;
use crate::http::usage::{count, usage};
use crate::shape::RequestShape;
use q_json::{is_nothing, members};
use q_seat::Turn;

/// What a response is to have beside its words.
pub(super) const INCLUDE: &str = "include";

/// The body of a request, before it is shaped.
pub(super) fn request(turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    let all: Vec<Value> = turn.messages.iter().flat_map(items).collect();
    object([
        ("model", Some(model.into())),
        ("stream", Some(true.into())),
        ("store", Some(false.into())),
        ("instructions", system_prompt(turn).map(Value::from)),
        ("input", Some(all.into())),
        // Models that do not think refuse to be asked for it.
        (INCLUDE, shape.reasoning.is_some().then(|| json!(["reasoning.encrypted_content"]))),
        ("temperature", shape.temperature.clone().map(Value::Number)),
        ("max_output_tokens", shape.max_tokens.map(Value::from)),
        ("reasoning", shape.reasoning.as_ref().map(|effort| json!({ "effort": effort, "summary": "auto" }))),
    ])
}

/// A message as items: what is said, and each call and result as one of its own, results in front of what the person says then.
fn items(message: &Message) -> Vec<Value> {
    let words = |text: &str| json!({ "type": "input_text", "text": text });
    let image =
        |image: &Image, data: &str| json!({ "type": "input_image", "image_url": data_address(image, data) });
    let call = |part: &Part| match part {
        Part::Text(_) | Part::GoOn | Part::Image { .. } => None,
        Part::Sealed(seal) => Some(seals::content(seal)),
        Part::Call { entry, tool, input } => Some(json!({
            "type": "function_call",
            "call_id": call_id(*entry),
            "name": tool_name(tool),
            "arguments": arguments_text(input),
        })),
        Part::Result { of, outcome, text } => Some(json!({
            "type": "function_call_output",
            "call_id": call_id(*of),
            "output": result_text(*outcome, text),
        })),
    };
    match message.role {
        Role::User => {
            let plain = || text_of(message).map(|text| plain_message("user", &text));
            let said = illustrated(message, words, image).or_else(plain);
            message.parts.iter().filter_map(call).chain(said).collect()
        }
        // What is sealed stands in front of what was said and called then.
        Role::Assistant => {
            let said = |parts: &[Part]| {
                let message = Message { role: message.role, parts: parts.into() };
                text_of(&message).map(|text| plain_message("assistant", &text))
            };
            let is_said = |part: &Part| matches!(part, Part::Text(_) | Part::GoOn);
            let runs = message.parts.chunk_by(|one, next| is_said(one) && is_said(next));
            runs.flat_map(|run| said(run).into_iter().chain(run.iter().filter_map(call))).collect()
        }
    }
}

/// Reads events of a response, and responses in one piece.
#[derive(Debug, Default)]
pub(super) struct ResponsesReader {
    /// Something was said, thought or called: the same comes again with the whole response.
    has_said: bool,
    has_thought: bool,
    /// The same of the item that comes, and of its part: they come again at the end of it.
    item: Told,
    part: Told,
    /// The item whose words were told last.
    place: Option<u64>,
    /// Calls that have begun, of which the end comes again.
    open_calls: usize,
    /// A message, or a part of what is thought, is over: the next stands apart. Parts of one message do not, in any dialect.
    next_text: bool,
    next_thought: bool,
    /// The words of all that is said, and where in them the item and its part begin.
    told: ToldText,
    item_from: usize,
    part_from: usize,
    /// An item ended without being whole.
    is_incomplete: bool,
    /// What is encrypted came with its items: it comes again with the whole response.
    has_sealed: bool,
}

/// What was told of something already.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    words: bool,
    thoughts: bool,
}

/// What comes of an item's words has a name that begins so.
const OF_AN_ITEM: [&str; 4] =
    ["response.output_text.", "response.refusal.", "response.reasoning_", "response.content_part."];

/// What stands between two messages, or two parts of what is thought.
const BETWEEN: &str = "\n\n";

impl BlockReader for ResponsesReader {
    fn read(&mut self, order: &mut BlockOrder, frame: NamedFrame<'_>, answer: &mut AnswerBuilder) -> Meaning {
        let NamedFrame { event, frame } = frame;
        let [kind, response, item, delta, object, place] =
            members(frame, ["type", "response", "item", "delta", "object", "output_index"]);
        let model = member(response, "model");
        answer.on_model(model);
        let kind = words(kind);
        let kind = if kind.is_empty() { event } else { &kind };
        if is_over(kind, response) {
            order.end_blocks(self, answer);
            if let Some(response) = response {
                self.whole(response, answer);
            }
            return Meaning::End;
        }
        match kind {
            "response.output_item.added" => match item.filter(|item| is_call(item)) {
                Some(item) => {
                    order.begin(place, true);
                    call(item, answer);
                    self.open_calls += 1;
                }
                None => order.on_block(self, (place, BlockStep::Begins), kind, frame, answer),
            },
            "response.output_item.done" => match item.filter(|item| is_call(item)) {
                Some(item) => {
                    order.begin(place, true);
                    order.end(place);
                    self.call_at_its_end(item, answer);
                }
                None => order.on_block(self, (place, BlockStep::Ends), kind, frame, answer),
            },
            "response.function_call_arguments.delta" => {
                let (id, arguments) = (words(members(frame, ["item_id"])[0]), words(delta));
                answer.on_call_piece(CallPiece { index: &id, id: "", name: None, arguments: &arguments });
            }
            "response.function_call_arguments.done" => {
                let [id, arguments] = members(frame, ["item_id", "arguments"]);
                answer.on_call_told_again(&words(id), &given(arguments));
            }
            "error" => {
                answer.on_error(frame.get());
                return Meaning::End;
            }
            "" if words(object) == "response" => {
                self.whole(frame, answer);
                return Meaning::End;
            }
            other if OF_AN_ITEM.iter().any(|part| other.starts_with(part)) => {
                order.on_block(self, (place, BlockStep::GoesOn), other, frame, answer);
            }
            other if other.starts_with("response.") => {}
            _foreign => return Meaning::Foreign,
        }
        Meaning::Part
    }

    fn read_block(&mut self, kind: &str, frame: &RawValue, came: Arrival, answer: &mut AnswerBuilder) {
        let [item, delta, whole, refusal, part, annotation, place] =
            members(frame, ["item", "delta", "text", "refusal", "part", "annotation", "output_index"]);
        match kind {
            "response.output_text.delta" => {
                self.part.words = true;
                let delta = words(delta);
                came.note(&delta, answer);
                let place = place.and_then(count);
                // Of an item that nobody ends the words of the next stand apart as well.
                self.next_text |=
                    self.has_said && place.is_some() && self.place.is_some_and(|of| Some(of) != place);
                self.place = place.or(self.place);
                self.text(&delta, answer);
            }
            "response.refusal.delta" => {
                self.part.words = true;
                self.refusal(words(delta), answer);
            }
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                self.part.thoughts = true;
                self.thought(&words(delta), answer);
            }
            "response.output_text.done" => self.text_at_its_end(&words(whole), answer),
            "response.refusal.done" if !std::mem::take(&mut self.part.words) => {
                self.refusal(words(refusal), answer);
            }
            "response.output_text.annotation.added" => {
                if let Some(annotation) = annotation {
                    citing::cite_annotation(annotation, answer);
                }
            }
            "response.content_part.done" => {
                let mut from = self.item_from;
                if let Some(part) = part {
                    self.part_at_its_end(part, self.item, &mut from, answer);
                }
            }
            "response.reasoning_text.done" | "response.reasoning_summary_text.done" => {
                if !std::mem::take(&mut self.part.thoughts) {
                    self.thought(&words(whole), answer);
                }
                self.next_thought = self.has_thought;
            }
            "response.output_item.done" => {
                if let Some(item) = item {
                    self.item_at_its_end(item, answer);
                }
            }
            _nothing_said => {}
        }
    }
}

impl ResponsesReader {
    fn text(&mut self, words: &str, answer: &mut AnswerBuilder) {
        if words.is_empty() {
            return;
        }
        let between = if std::mem::take(&mut self.next_text) { BETWEEN } else { "" };
        answer.on_text(format!("{between}{words}"));
        self.told.add(words);
        self.note_words();
    }

    /// A text is over, and comes again whole.
    fn text_at_its_end(&mut self, whole: &str, answer: &mut AnswerBuilder) {
        self.part.words = false;
        let mut from = self.part_from;
        self.rest(&mut from, whole, answer);
        self.part_from = self.told.len();
    }

    /// What was not told of a text, which is whole; whether what was told is its beginning.
    fn rest(&mut self, from: &mut usize, whole: &str, answer: &mut AnswerBuilder) -> bool {
        let Some(missing) = self.told.missing(from, whole, answer) else { return false };
        self.text(missing, answer);
        *from = (*from + missing.len()).min(self.told.len());
        true
    }

    fn refusal(&mut self, words: String, answer: &mut AnswerBuilder) {
        if !words.is_empty() {
            answer.on_refusal(words);
            self.note_words();
        }
    }

    const fn note_words(&mut self) {
        (self.has_said, self.item.words) = (true, true);
    }

    fn thought(&mut self, words: &str, answer: &mut AnswerBuilder) {
        if words.is_empty() {
            return;
        }
        let between = if std::mem::take(&mut self.next_thought) { BETWEEN } else { "" };
        answer.on_thought(format!("{between}{words}"));
        (self.has_thought, self.item.thoughts) = (true, true);
    }

    /// A call is over, and comes again whole.
    fn call_at_its_end(&mut self, item: &RawValue, answer: &mut AnswerBuilder) {
        let was_told = self.open_calls > 0;
        self.open_calls = self.open_calls.saturating_sub(1);
        // Without an id nobody knows which it is; all of them come again at the end.
        if !was_told || !id(item).is_empty() {
            call(item, answer);
        }
        self.is_incomplete |= is_incomplete(item);
    }

    /// An item is over that calls nothing. What was not told of it in pieces is told now.
    fn item_at_its_end(&mut self, item: &RawValue, answer: &mut AnswerBuilder) {
        if let Some(sealed) = sealed(item) {
            self.has_sealed = true;
            answer.on_seal(sealed);
        }
        self.is_incomplete |= is_incomplete(item);
        let mut from = self.item_from;
        self.content(item, self.item, &mut from, answer);
        self.next_text = self.has_said;
        self.item = Told::default();
        (self.item_from, self.part_from) = (self.told.len(), self.told.len());
    }

    /// What an item says and thinks, but for what was told.
    fn content(&mut self, item: &RawValue, told: Told, from: &mut usize, answer: &mut AnswerBuilder) -> bool {
        let mut is_told = true;
        let [kind, content, summary] = members(item, ["type", "content", "summary"]);
        if let Some(kind) = unshown(&words(kind)).filter(|_| !is_call(item)) {
            answer.on_unshown(kind);
        }
        for part in each(content).into_iter().chain(each(summary)) {
            is_told &= self.part_at_its_end(part, told, from, answer);
        }
        is_told
    }

    /// What a part says and thinks, but for what was told; whether its words are all told then.
    fn part_at_its_end(
        &mut self,
        part: &RawValue,
        told: Told,
        from: &mut usize,
        answer: &mut AnswerBuilder,
    ) -> bool {
        let [kind, text, refusal, annotations] = members(part, ["type", "text", "refusal", "annotations"]);
        citing::annotate(annotations, answer);
        match words(kind).as_str() {
            "output_text" | "text" => {
                return self.rest(from, &words(text), answer);
            }
            "refusal" if !told.words => self.refusal(words(refusal), answer),
            "reasoning_text" | "summary_text" if !told.thoughts => {
                self.thought(&words(text), answer);
                self.next_thought = self.has_thought;
            }
            kind => {
                if let Some(kind) = unshown(kind) {
                    answer.on_unshown(kind);
                }
            }
        }
        true
    }

    /// The response as it is at its end. What was not told in pieces is told now.
    fn whole(&mut self, response: &RawValue, answer: &mut AnswerBuilder) {
        let [status, output, counted, details, error] =
            members(response, ["status", "output", "usage", "incomplete_details", "error"]);
        answer.on_usage(counted.and_then(usage));
        let told = Told { words: self.has_said, thoughts: self.has_thought };
        let items = each(output);
        if items.iter().any(|item| is_call(item)) {
            // What stands there is all there is, and whole, whatever came in pieces.
            answer.on_calls_told_again();
        }
        let (mut has_called, mut from) = (false, 0);
        let mut all_told = !items.is_empty();
        for item in items {
            match sealed(item) {
                // In front of the first call it was told.
                Some(sealed) if has_called => answer.on_seal_of_call(sealed),
                Some(sealed) if !self.has_sealed => answer.on_seal(sealed),
                Some(_) | None => {}
            }
            if is_call(item) {
                has_called = true;
                match id(item).as_str() {
                    "" => answer.on_call(String::new(), tool_of(item), &given_to(item)),
                    _named => call(item, answer),
                }
            }
            self.is_incomplete |= is_incomplete(item);
            // What is told now of a message that was not told at all stands apart from the one before it.
            self.next_text |= self.has_said && from == self.told.len();
            all_told &= self.content(item, told, &mut from, answer);
        }
        if all_told && from == self.told.len() && (has_called || from > 0) {
            answer.on_all_told();
        }
        if error.is_some_and(|error| !is_nothing(error)) {
            return answer.on_error(response.get());
        }
        let reason = member(details, "reason");
        let reason = words(reason);
        match words(status).as_str() {
            "failed" => answer.on_error(response.get()),
            // Some servers say that it is completed, and beside that why it is not.
            status if status == "incomplete" || self.is_incomplete || !reason.is_empty() => {
                answer.on_finish_reason(if reason.is_empty() { "incomplete" } else { &reason });
            }
            status => answer.on_finish_reason(status),
        }
    }
}

/// What a model thought, as it goes back. Its id means nothing to a server that keeps nothing.
fn sealed(item: &RawValue) -> Option<String> {
    let [kind, summary, encrypted] = members(item, ["type", "summary", "encrypted_content"]);
    let encrypted = Some(words(encrypted)).filter(|encrypted| !encrypted.is_empty());
    let encrypted = encrypted.filter(|_| words(kind) == "reasoning")?;
    let summary = summary.and_then(|summary| serde_json::from_str::<Value>(summary.get()).ok());
    let summary = summary.filter(Value::is_array).unwrap_or_else(|| json!([]));
    Some(json!({ "type": "reasoning", "summary": summary, "encrypted_content": encrypted }).to_string())
}

/// Whether an event of this kind is the last one: it says so, or its response that it came to nothing.
fn is_over(kind: &str, response: Option<&RawValue>) -> bool {
    match kind {
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => true,
        "response.created" | "response.in_progress" | "response.queued" => has_failed(response),
        _goes_on => false,
    }
}

/// Whether a response says of itself that nothing comes of it.
fn has_failed(response: Option<&RawValue>) -> bool {
    let error = member(response, "error").is_some_and(|error| !is_nothing(error));
    error || words(member(response, "status")) == "failed"
}

/// Whether an item of the model's was cut.
fn is_incomplete(item: &RawValue) -> bool {
    let [kind, status] = members(item, ["type", "status"]).map(words);
    status == "incomplete" && (kind == "message" || is_call(item))
}

/// Whether an item calls a tool that is not the server's own.
fn is_call(item: &RawValue) -> bool {
    let [kind, environment] = members(item, ["type", "environment"]);
    let runs_there = words(member(environment, "type")).starts_with("container");
    matches!(
        words(kind).as_str(),
        "function_call"
            | "custom_tool_call"
            | "mcp_approval_request"
            | "local_shell_call"
            | "computer_call"
            | "apply_patch_call"
    ) || (words(kind) == "shell_call" && !runs_there)
}

/// What an item calls: a tool by its name, or what only its kind says.
fn tool_of(item: &RawValue) -> String {
    let kind = words(member(Some(item), "type"));
    match kind.as_str() {
        "local_shell_call" | "shell_call" | "computer_call" | "apply_patch_call" => kind,
        _named => name_of_whole(item),
    }
}

/// What it is called with: each kind has a member of its own for that.
fn given_to(item: &RawValue) -> String {
    let [arguments, input, action, operation] = members(item, ["arguments", "input", "action", "operation"]);
    given(arguments.or(input).or(action).or(operation))
}

/// By what pieces of an item know it.
fn id(item: &RawValue) -> String {
    let [id, call_id] = members(item, ["id", "call_id"]).map(words);
    if id.is_empty() { call_id } else { id }
}

/// An item that calls a tool, as it begins and as it is whole.
fn call(item: &RawValue, answer: &mut AnswerBuilder) {
    if is_call(item) {
        let call_id = words(member(Some(item), "call_id"));
        answer.on_call_given(&id(item), &call_id, &tool_of(item), &given_to(item));
    }
}
