//! The dialect of Google's `streamGenerateContent`.

use std::collections::BTreeMap;

use q_core::conversation::{GO_ON, Part};
use q_core::{EntryNo, Outcome, Usage};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::citing;
use super::reading::{FrameReader, Meaning, each, given, is_first, member, name_of_whole, unshown, words};
use super::seals;
use super::writing::{
    arguments, called_tools, listed_messages, object, result_text, system_prompt, table, tool_name,
};
use crate::http::answer::AnswerBuilder;
use crate::http::usage::sum;
use crate::shape::RequestShape;
use q_json::{is_array, members};
use q_seat::Turn;

/// What is asked. The model stands in the address.
pub(super) fn request(turn: &Turn, shape: &RequestShape) -> Value {
    let tools = called_tools(turn);
    let mut all = listed_messages(turn, "model", "parts", |part| content_part(part, &tools));
    all.iter_mut().filter_map(|message| message["parts"].as_array_mut()).for_each(sign);
    let thinking = shape.reasoning.as_deref().map(|effort| match budget(effort) {
        Some(budget) => json!({ "includeThoughts": budget != 0, "thinkingBudget": budget }),
        None => json!({ "includeThoughts": true, "thinkingLevel": effort }),
    });
    let how = table([
        ("temperature", shape.temperature.clone().map(Value::Number)),
        ("maxOutputTokens", shape.max_tokens.map(Value::from)),
        ("thinkingConfig", thinking),
    ]);
    object([
        ("systemInstruction", system_prompt(turn).map(|text| json!({ "parts": [{ "text": text }] }))),
        ("contents", Some(all.into())),
        ("generationConfig", how),
    ])
}

/// What a call may be signed with: it goes back in the same part, and is demanded within the turn.
const SIGNATURE: &str = "thoughtSignature";

/// A part of a message. Calls and results have no ids: results answer the calls before them, by name and in order.
fn content_part(part: &Part, tools: &BTreeMap<EntryNo, String>) -> Value {
    match part {
        Part::Text(text) => json!({ "text": text }),
        Part::GoOn => json!({ "text": GO_ON }),
        Part::Image { image, data } => {
            json!({ "inlineData": { "mimeType": image.kind.media_type(), "data": data } })
        }
        Part::Sealed(seal) => seals::content(seal),
        Part::Call { tool, input, .. } => {
            json!({ "functionCall": { "name": tool_name(tool), "args": arguments(input) } })
        }
        Part::Result { of, outcome, text } => {
            let said = if *outcome == Outcome::Done { "output" } else { "error" };
            let response = object([(said, Some(result_text(*outcome, text).into()))]);
            json!({ "functionResponse": { "name": tools.get(of), "response": response } })
        }
    }
}

/// Puts each signature into the call behind it; one with anything else behind it is left out.
fn sign(parts: &mut Vec<Value>) {
    let mut signature = None;
    let mut signed = Vec::with_capacity(parts.len());
    for mut part in std::mem::take(parts) {
        if let Some(found) = part.get_mut(SIGNATURE) {
            signature = Some(found.take());
            continue;
        }
        let signature = signature.take().filter(|_| part.get("functionCall").is_some());
        if let (Some(signature), Some(members)) = (signature, part.as_object_mut()) {
            members.insert(SIGNATURE.to_owned(), signature);
        }
        signed.push(part);
    }
    *parts = signed;
}

/// What Google's servers take in the place of a signature that nobody has.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Signs the first call of each answer of the newest turn that has no signature, with words that stand for none: a server that looks
/// for one there refuses the request without.
pub(super) fn pass_unsigned(request: &mut Value) {
    let Some(all) = request["contents"].as_array_mut() else { return };
    let has_asked = |content: &Value| {
        content["role"] == "user"
            && content["parts"]
                .as_array()
                .is_some_and(|parts| parts.iter().any(|part| !part["text"].is_null()))
    };
    let of_turn = all.iter().rposition(has_asked).map_or(0, |asked| asked + 1);
    for content in all.iter_mut().skip(of_turn) {
        let calls = content["parts"].as_array_mut().into_iter().flatten();
        let mut calls =
            calls.filter_map(Value::as_object_mut).filter(|part| part.contains_key("functionCall"));
        if let Some(first) = calls.next().filter(|first| !first.contains_key(SIGNATURE)) {
            first.insert(SIGNATURE.to_owned(), UNSIGNED.into());
        }
    }
}

/// How many tokens an effort may think; an unknown word goes as it is.
fn budget(effort: &str) -> Option<u64> {
    match effort {
        "none" => Some(0),
        "minimal" | "low" => Some(1024),
        "medium" => Some(8192),
        "high" => Some(24576),
        _other => None,
    }
}

/// Reads responses, each a piece of the answer.
#[derive(Debug, Default)]
pub(super) struct GeminiReader;

impl FrameReader for GeminiReader {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
        let names = ["candidates", "usageMetadata", "promptFeedback", "modelVersion"];
        let whole = members(frame, names);
        // Some of its servers put each frame into a member.
        let inner = member(Some(frame), "response").filter(|_| whole.iter().all(Option::is_none));
        let [candidates, counted, feedback, model] = inner.map_or(whole, |inner| members(inner, names));
        answer.on_model(model);
        answer.on_usage(counted.and_then(usage));
        let candidates = candidates.filter(|candidates| is_array(candidates));
        for (place, one) in each(candidates).into_iter().enumerate() {
            candidate(place, one, answer);
        }
        let blocked = words(member(feedback, "blockReason"));
        if !blocked.is_empty() {
            answer.on_finish_reason("content_filter");
            let message = words(member(feedback, "blockReasonMessage"));
            let colon = if message.is_empty() { "" } else { ": " };
            answer.on_explanation(&[&blocked, colon, &message].concat());
            return Meaning::Part;
        }
        match (candidates, counted.or(feedback)) {
            (Some(_), _) => Meaning::Part,
            (None, Some(_)) => Meaning::Aside,
            (None, None) => Meaning::Foreign,
        }
    }
}

/// One of several answers that are given at once. The first is the one that was asked for.
fn candidate(place: usize, candidate: &RawValue, answer: &mut AnswerBuilder) {
    let [index, content, reason, explanation, grounding, citations, read] = members(
        candidate,
        [
            "index",
            "content",
            "finishReason",
            "finishMessage",
            "groundingMetadata",
            "citationMetadata",
            "urlContextMetadata",
        ],
    );
    if !is_first(index, place) {
        return;
    }
    let parts = member(content, "parts");
    // Some servers leave out the list of one part, or all around its text.
    let alone = parts.or(content).filter(|alone| !is_array(alone));
    for part in each(parts).into_iter().chain(alone) {
        answer.on_text(words(Some(part)));
        code(part, answer);
        note_unshown(part, answer);
        let [text, thought, called, signature] =
            members(part, ["text", "thought", "functionCall", SIGNATURE]);
        match thought {
            Some(thought) if thought.get().trim_matches('"') == "true" => answer.on_thought(words(text)),
            _words => answer.on_text(words(text)),
        }
        if let Some(called) = called {
            let signature = words(signature);
            if !signature.is_empty() {
                answer.on_seal_of_call(json!({ SIGNATURE: signature }).to_string());
            }
            let [id, args] = members(called, ["id", "args"]);
            answer.on_call(words(id), name_of_whole(called), &given(args));
        }
    }
    for chunk in each(member(grounding, "groundingChunks")) {
        let [web, retrieved, maps] = members(chunk, ["web", "retrievedContext", "maps"]);
        if let Some(source) = web.or(retrieved).or(maps) {
            citing::cite(source, answer);
        }
    }
    // Two versions of the protocol have two names for it.
    for name in ["citationSources", "citations"] {
        citing::cite_each(member(citations, name), answer);
    }
    citing::cite_each(member(read, "urlMetadata"), answer);
    answer.on_finish_reason(&words(reason.or(members(candidate, ["finish_reason"])[0])));
    answer.on_explanation(&words(explanation));
}

/// Code that the provider ran, and what came of it, as text: what is said beside it rests on it.
fn code(part: &RawValue, answer: &mut AnswerBuilder) {
    let [code, result] = members(part, ["executableCode", "codeExecutionResult"]);
    let language = words(member(code, "language")).to_lowercase();
    let texts = [(language, words(member(code, "code"))), (String::new(), words(member(result, "output")))];
    for (language, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        let fence = quoting_fence(&text);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        answer.on_text(format!("\n{fence}{language}\n{text}{end}{fence}\n"));
    }
}

/// What text stands between so that it does not end there: more backticks than it has in a row.
fn quoting_fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// A part that is no text is named by its member, and bytes by their kind.
fn note_unshown(part: &RawValue, answer: &mut AnswerBuilder) {
    let names = ["inlineData", "fileData", "executableCode", "codeExecutionResult"];
    for (name, data) in names.into_iter().zip(members(part, names)) {
        let kind = data.map(|data| words(members(data, ["mimeType"])[0]));
        if let Some(kind) = kind.and_then(|kind| unshown(&kind).or_else(|| unshown(name)).or(Some("a file")))
        {
            answer.on_unshown(kind);
        }
    }
}

/// What is thought is written as well, and counted beside.
fn usage(counted: &RawValue) -> Option<Usage> {
    let [prompt, tools, written, thought, cached] = members(
        counted,
        [
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
            "cachedContentTokenCount",
        ],
    );
    let (input, output) = (sum([prompt, tools]), sum([written, thought]));
    (input.is_some() || output.is_some()).then(|| Usage {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        cached: sum([cached]).unwrap_or(0),
        reasoning: sum([thought]).unwrap_or(0),
        ..Usage::default()
    })
}
