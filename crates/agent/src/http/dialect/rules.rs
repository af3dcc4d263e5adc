//! The rules of each provider for what it is asked, as its documentation and its refusals have them, held strictly: whatever a
//! transcript looks like, no request breaks one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use proptest::prelude::*;
use q_core::conversation::messages;
use q_core::{
    Body, CallNo, Called, Entry, EntryNo, Fault, Interrupter, Outcome, PromptNo, Resulted, Sent, Stop,
    WallTime, Wants,
};
use serde_json::{Value, json};

use super::request as request_in;
use crate::dialect::Dialect;
use crate::seat::Turn;
use crate::shape::RequestShape;

/// The rule that a request breaks.
fn broken(dialect: Dialect, request: &Value) -> Option<&'static str> {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let texts = |value: &Value, with_type: bool| {
        let blocks = value.as_array().filter(|blocks| !blocks.is_empty());
        blocks.is_some_and(|blocks| {
            blocks.iter().all(|block| text(&block["text"]) && (!with_type || block["type"] == "text"))
        })
    };
    let list = match dialect {
        Dialect::ChatCompletions | Dialect::Anthropic | Dialect::Ollama => &request["messages"],
        Dialect::Responses => &request["input"],
        Dialect::Gemini => &request["contents"],
    };
    let Some(list) = list.as_array() else { return Some("there are no messages") };
    let (system, list) = match list.split_first() {
        Some((first, rest)) if first["role"] == "system" => (Some(first), rest),
        _none => (None, list.as_slice()),
    };
    let has_system_message = matches!(dialect, Dialect::ChatCompletions | Dialect::Ollama);
    if system.is_some() && !has_system_message {
        return Some("the brief stands among the messages");
    }
    let assistant = if dialect == Dialect::Gemini { "model" } else { "assistant" };
    for (place, message) in list.iter().enumerate() {
        if message["role"] != if place % 2 == 0 { "user" } else { assistant } {
            return Some("the person does not begin, or the two do not alternate");
        }
    }
    if list.len() % 2 == 0 {
        return Some("the person does not speak last");
    }
    let is_whole = |message: &Value| match dialect {
        Dialect::ChatCompletions | Dialect::Responses | Dialect::Ollama => text(&message["content"]),
        Dialect::Anthropic => texts(&message["content"], true),
        Dialect::Gemini => texts(&message["parts"], false),
    };
    if !list.iter().chain(system).all(is_whole) {
        return Some("a content is empty");
    }
    let is_brief_whole = match dialect {
        Dialect::ChatCompletions | Dialect::Ollama => true,
        Dialect::Anthropic => request["system"].is_null() || texts(&request["system"], true),
        Dialect::Responses => request["instructions"].is_null() || text(&request["instructions"]),
        Dialect::Gemini => {
            request["systemInstruction"].is_null() || texts(&request["systemInstruction"]["parts"], false)
        }
    };
    if !is_brief_whole {
        return Some("the brief is empty");
    }
    if dialect != Dialect::Gemini && !text(&request["model"]) {
        return Some("there is no model");
    }
    if dialect != Dialect::Gemini && request["stream"] != true {
        return Some("it is not streamed");
    }
    if dialect == Dialect::Anthropic {
        let most = request["max_tokens"].as_u64().unwrap_or(0);
        if most == 0 {
            return Some("nobody says how long the answer may be");
        }
        let budget = &request["thinking"]["budget_tokens"];
        if !budget.is_null() && !budget.as_u64().is_some_and(|budget| (1024..most).contains(&budget)) {
            return Some("what may be thought leaves no room for the answer");
        }
        if request.to_string().matches("cache_control").count() > 4 {
            return Some("there are too many marks for the cache");
        }
    }
    if dialect == Dialect::Responses && request["store"] != false {
        return Some("the conversation is kept there");
    }
    None
}

fn body() -> impl Strategy<Value = Body> {
    let text =
        || prop::sample::select(["", " ", "\n", "a", "b ", "one two"].as_slice()).prop_map(str::to_owned);
    let call = Called { no: CallNo(1), tool: "ls".into(), input: "ls".into(), wants: Wants::Nothing };
    let result = |(of, text): (u64, String)| {
        let whole = text.len() as u64;
        Body::Result(Resulted { of: EntryNo(of), outcome: Outcome::Done, text, kept: whole, whole })
    };
    prop_oneof![
        text().prop_map(Body::Prompt),
        text().prop_map(Body::Answer),
        text().prop_map(Body::Thinking),
        Just(Body::Call(call)),
        (0..20u64, text()).prop_map(result),
        Just(Body::Stop(Stop::Interrupted(Interrupter::Crash))),
        Just(Body::Repair(Fault::PromptLost(PromptNo(1)))),
        Just(Body::LeftOut(Sent { entries: 3, left_out: 4 })),
    ]
}

proptest! {
    /// What the core makes of any transcript that a prompt ends is a request that every provider takes.
    #[test]
    fn whatever_the_transcript_the_request_keeps_the_rules(
        bodies in prop::collection::vec(body(), 0..20),
        brief in prop::sample::select(["", " \n", "be kind"].as_slice()),
        max_tokens in prop::option::of(1..100_000u64),
        effort in prop::option::of(prop::sample::select(["none", "low", "medium", "high", "max"].as_slice())),
    ) {
        let last = Body::Prompt("why?".into());
        let entries: Vec<Entry> = bodies.into_iter().chain([last]).enumerate()
            .map(|(no, body)| Entry { no: EntryNo(no as u64), at: WallTime(0), body })
            .collect();
        let turn = Turn { brief: brief.into(), model: String::new(), messages: messages(&entries) };
        let reasoning = effort.map(str::to_owned);
        let shape = RequestShape { max_tokens, reasoning, ..RequestShape::default() };
        for dialect in Dialect::ALL {
            let request = request_in(dialect, &turn, "m", &shape);
            prop_assert_eq!(broken(dialect, &request), None, "{:?}: {}", dialect, request);
        }
    }
}

#[test]
fn each_rule_is_checked() {
    use Dialect::{Anthropic, ChatCompletions, Gemini, Ollama, Responses};
    let ask = |brief: &str| {
        let said = |role, text: &str| crate::Message::words(role, text);
        let messages =
            [said(crate::Role::User, "a"), said(crate::Role::Assistant, "b"), said(crate::Role::User, "c")];
        Turn { brief: brief.into(), model: String::new(), messages: messages.into() }
    };
    let order = "the person does not begin, or the two do not alternate";
    for (dialects, place, value, rule) in [
        ([ChatCompletions, Ollama, Anthropic].as_slice(), "/messages", Value::Null, "there are no messages"),
        (&[Gemini], "/contents", Value::Null, "there are no messages"),
        (&[ChatCompletions, Ollama], "/messages/1/role", json!("assistant"), order),
        (&[Anthropic], "/messages/2/role", json!("assistant"), order),
        (&[Anthropic, ChatCompletions], "/messages/2/role", json!("system"), order),
        (&[Gemini], "/contents/1/role", json!("assistant"), order),
        (&[Anthropic], "/messages/0", json!({ "role": "system" }), "the brief stands among the messages"),
        (&[Responses], "/input/0", json!({ "role": "system" }), "the brief stands among the messages"),
        (&[Responses], "/input", json!([]), "the person does not speak last"),
        (&[ChatCompletions, Ollama], "/messages/1/content", json!(" "), "a content is empty"),
        (&[Responses], "/input/1/content", json!(""), "a content is empty"),
        (&[Anthropic], "/messages/1/content", json!([]), "a content is empty"),
        (&[Anthropic], "/messages/1/content/0/text", json!("\n"), "a content is empty"),
        (&[Anthropic], "/messages/1/content/0/type", json!("x"), "a content is empty"),
        (&[Gemini], "/contents/1/parts", json!([]), "a content is empty"),
        (&[Anthropic], "/system", json!([]), "the brief is empty"),
        (&[Responses], "/instructions", json!(" "), "the brief is empty"),
        (&[Gemini], "/systemInstruction/parts", json!([]), "the brief is empty"),
        (&[ChatCompletions, Ollama, Anthropic, Responses], "/model", json!(""), "there is no model"),
        (&[ChatCompletions, Ollama, Anthropic, Responses], "/stream", json!(false), "it is not streamed"),
        (&[Anthropic], "/max_tokens", json!(0), "nobody says how long the answer may be"),
        (
            &[Anthropic],
            "/thinking/budget_tokens",
            json!(99999),
            "what may be thought leaves no room for the answer",
        ),
        (&[Responses], "/store", json!(true), "the conversation is kept there"),
    ] {
        for dialect in dialects {
            let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
            let mut request = request_in(*dialect, &ask("be kind"), "m", &shape);
            assert_eq!(broken(*dialect, &request), None, "{request}");
            *request.pointer_mut(place).unwrap() = value.clone();
            assert_eq!(broken(*dialect, &request), Some(rule), "{dialect:?} {place}: {request}");
        }
    }
}

#[test]
fn each_dialect_asks_in_its_own_way() {
    let said = |role, text: &str| crate::Message::words(role, text);
    let messages =
        [said(crate::Role::User, "a"), said(crate::Role::Assistant, "b"), said(crate::Role::User, "c")];
    let turn = Turn { brief: "be kind".into(), model: String::new(), messages: messages.into() };
    let shape = RequestShape {
        temperature: serde_json::Number::from_f64(0.5),
        max_tokens: Some(100),
        reasoning: Some("low".into()),
        ..RequestShape::default()
    };
    let shown = Dialect::ALL.map(|dialect| {
        let request = serde_json::to_string_pretty(&request_in(dialect, &turn, "m", &shape)).unwrap();
        format!("{}\n{request}", dialect.word())
    });
    insta::assert_snapshot!(shown.join("\n\n"));
}
