//! The dialect of Google's `streamGenerateContent`.

use q_core::Usage;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Meaning, Reader, brief, each, messages, name, object, words};
use crate::http::answer::Answer;
use crate::http::json::{is_array, is_nothing, members};
use crate::http::usage::sum;
use crate::seat::Turn;
use crate::shape::RequestShape;

/// What is asked. The model stands in the address.
pub(super) fn request(turn: &Turn, shape: &RequestShape) -> Value {
    let parts = |text: String| json!([{ "text": text }]);
    let message = |role: &str, text: String| json!({ "role": role, "parts": parts(text) });
    let all: Vec<Value> = messages(turn, "model", message).collect();
    let thinking = shape.reasoning.as_deref().map(|effort| match budget(effort) {
        Some(budget) => json!({ "includeThoughts": budget != 0, "thinkingBudget": budget }),
        None => json!({ "includeThoughts": true, "thinkingLevel": effort }),
    });
    let how = object([
        ("temperature", shape.temperature.clone().map(Value::Number)),
        ("maxOutputTokens", shape.max_tokens.map(Value::from)),
        ("thinkingConfig", thinking),
    ]);
    object([
        ("systemInstruction", brief(turn).map(|text| json!({ "parts": parts(text) }))),
        ("contents", Some(all.into())),
        ("generationConfig", how.as_object().is_some_and(|how| !how.is_empty()).then_some(how)),
    ])
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
pub(super) struct Candidates;

impl Reader for Candidates {
    fn read(&mut self, _event: &str, frame: &RawValue, answer: &mut Answer) -> Meaning {
        let [candidates, counted, feedback, model] =
            members(frame, ["candidates", "usageMetadata", "promptFeedback", "modelVersion"]);
        answer.answered_by(model);
        answer.cost(counted.and_then(usage));
        let candidates = candidates.filter(|candidates| is_array(candidates));
        for (place, one) in each(candidates).into_iter().enumerate() {
            candidate(place, one, answer);
        }
        let [blocked] = feedback.map_or([None], |feedback| members(feedback, ["blockReason"]));
        if blocked.is_some_and(|reason| !is_nothing(reason)) {
            answer.finish("content_filter");
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
fn candidate(place: usize, candidate: &RawValue, answer: &mut Answer) {
    let [index, content, reason] = members(candidate, ["index", "content", "finishReason"]);
    let index = index.and_then(|index| index.get().parse().ok()).unwrap_or(place);
    if index != 0 {
        return;
    }
    let [parts] = content.map_or([None], |content| members(content, ["parts"]));
    for part in each(parts) {
        let [text, thought, called] = members(part, ["text", "thought", "functionCall"]);
        match thought {
            Some(thought) if thought.get() == "true" => answer.think(words(text)),
            _words => answer.say(words(text)),
        }
        if let Some(called) = called {
            answer.call(name(called).unwrap_or_else(|| "a tool without a name".to_owned()));
        }
    }
    answer.finish(words(reason).trim_end_matches("FINISH_REASON_UNSPECIFIED"));
}

/// What is thought is written as well, and counted beside.
fn usage(counted: &RawValue) -> Option<Usage> {
    let [prompt, tools, written, thought] = members(
        counted,
        ["promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"],
    );
    let (input, output) = (sum([prompt, tools]), sum([written, thought]));
    (input.is_some() || output.is_some())
        .then(|| Usage { input: input.unwrap_or(0), output: output.unwrap_or(0) })
}
