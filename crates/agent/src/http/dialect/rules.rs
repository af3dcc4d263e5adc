//! The rules of each provider for what it is asked, as its documentation and its refusals have them, held strictly: whatever a
//! transcript looks like, no request breaks one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod images;
mod settings;
mod tables;

use proptest::prelude::*;
use q_core::conversation::{Message, Part, Role, sealed_messages, shown};
use q_core::{
    Body, CallNo, Called, Compaction, Entry, EntryNo, Fault, Image, ImageKind, ImagePlace, Interrupter,
    Outcome, PlacedSeal, PromptNo, Prompted, Resulted, Reversed, Seal, Sent, Seq, Stop, WallTime, Wants,
};
use serde_json::{Value, json};

use self::images::{NO_IMAGE, is_base64, is_illustrated, is_image};
use super::request as request_in;
use super::seals::{sample, sample_thought};
use crate::dialect::Dialect;
use crate::shape::RequestShape;
use q_seat::Turn;

/// The rule that a request breaks.
fn broken(dialect: Dialect, request: &Value) -> Option<&'static str> {
    let steps = match steps(dialect, request) {
        Ok(steps) => steps,
        Err(rule) => return Some(rule),
    };
    let thinks = !thinking(dialect, request).is_null();
    broken_by_seals(dialect, thinks, &steps)
        .or_else(|| broken_by_steps(dialect, thinks, &steps))
        .or_else(|| broken_by_calls(dialect, request, &steps))
        .or_else(|| {
            let is_system_prompt_whole = match dialect {
                Dialect::ChatCompletions | Dialect::Ollama => true,
                Dialect::Bedrock => request["system"].is_null() || are_texts(&request["system"], false),
                Dialect::Anthropic => request["system"].is_null() || are_texts(&request["system"], true),
                Dialect::Responses => request["instructions"].is_null() || is_text(&request["instructions"]),
                Dialect::Gemini => {
                    let system_prompt = &request["systemInstruction"];
                    system_prompt.is_null() || are_texts(&system_prompt["parts"], false)
                }
            };
            if is_system_prompt_whole {
                broken_by_settings(dialect, request)
            } else {
                Some("the system prompt is empty")
            }
        })
}

/// One side's part of a conversation until the other one speaks, however many messages that is.
#[derive(Debug, Default)]
struct Step {
    is_persons: bool,
    /// It begins with what is sealed, has any of that at all, and has nothing behind that yet.
    begins_sealed: bool,
    has_sealed: bool,
    ends_sealed: bool,
    has_text: bool,
    /// A thought stands in it, in one piece beside the words.
    has_thought: bool,
    calls: Vec<SentCall>,
    /// By what the calls that are answered are known.
    results: Vec<String>,
}

#[derive(Debug)]
struct SentCall {
    id: String,
    name: String,
}

impl Step {
    fn seal(&mut self) {
        self.begins_sealed |= !self.has_text && self.calls.is_empty();
        (self.has_sealed, self.ends_sealed) = (true, true);
    }
}

/// How a model is to think, where a request says so in Anthropic's way.
fn thinking(dialect: Dialect, request: &Value) -> &Value {
    if dialect == Dialect::Bedrock {
        &request["additionalModelRequestFields"]["thinking"]
    } else {
        &request["thinking"]
    }
}

fn broken_by_seals(dialect: Dialect, thinks: bool, steps: &[Step]) -> Option<&'static str> {
    if steps.iter().any(|step| step.ends_sealed) {
        return Some("nothing stands behind what is sealed");
    }
    let speaks = |step: &Step| step.is_persons && step.has_text;
    for turn in steps.chunk_by(|_, next| !speaks(next)) {
        if turn.iter().any(|step| step.has_thought) && turn.iter().all(|step| step.calls.is_empty()) {
            return Some("a thought is sent back of a turn that calls nothing");
        }
    }
    let must_think = matches!(dialect, Dialect::Anthropic | Dialect::Bedrock);
    (must_think && !thinks && steps.iter().any(|step| step.has_sealed))
        .then_some("a thought is sent back while the model does not think")
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn are_texts(value: &Value, with_type: bool) -> bool {
    let blocks = value.as_array().filter(|blocks| !blocks.is_empty());
    blocks.is_some_and(|blocks| {
        blocks.iter().all(|block| is_text(&block["text"]) && (!with_type || block["type"] == "text"))
    })
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The conversation of a request, its messages read strictly: what is not known in a place is not let through.
fn steps(dialect: Dialect, request: &Value) -> Result<Vec<Step>, &'static str> {
    let list = match dialect {
        Dialect::ChatCompletions | Dialect::Anthropic | Dialect::Ollama | Dialect::Bedrock => {
            &request["messages"]
        }
        Dialect::Responses => &request["input"],
        Dialect::Gemini => &request["contents"],
    };
    let list = list.as_array().ok_or("there are no messages")?;
    let (system, list) = match list.split_first() {
        Some((first, rest)) if first["role"] == "system" => (Some(first), rest),
        _none => (None, list.as_slice()),
    };
    if let Some(system) = system {
        if !matches!(dialect, Dialect::ChatCompletions | Dialect::Ollama) {
            return Err("the system prompt stands among the messages");
        }
        if !is_text(&system["content"]) {
            return Err("a content is empty");
        }
    }
    let mut steps: Vec<Step> = Vec::new();
    for message in list {
        match dialect {
            Dialect::ChatCompletions | Dialect::Ollama => flat_message(dialect, message, &mut steps)?,
            Dialect::Responses => item(message, &mut steps)?,
            Dialect::Anthropic | Dialect::Bedrock => {
                steps.push(listed_message(dialect, message, "assistant", &message["content"])?);
            }
            Dialect::Gemini => steps.push(listed_message(dialect, message, "model", &message["parts"])?),
        }
    }
    Ok(steps)
}

const ORDER: &str = "the person does not begin, or the two do not alternate";
const RESULT_BEHIND_WORDS: &str = "a result stands behind words, or is empty";

/// Where results are messages of their own. Elsewhere they stand in the person's, or are items.
const BEHIND_RESULTS: &str = "the person speaks right behind a result";

const NO_OBJECT: &str = "what a call is given is no object";

/// A message of chat completions, or of Ollama, where results are messages of their own.
fn flat_message(dialect: Dialect, message: &Value, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    let content = &message["content"];
    match message["role"].as_str() {
        Some("tool") => {
            let id =
                if dialect == Dialect::Ollama { &message["tool_name"] } else { &message["tool_call_id"] };
            result(word(id), is_text(content), steps)
        }
        Some("user") if steps.last().is_some_and(|last| !last.results.is_empty()) => Err(BEHIND_RESULTS),
        Some("user") if content.is_array() => person(is_illustrated(dialect, content), steps),
        Some("user") => {
            let images = message["images"].as_array();
            if images.is_some_and(|images| images.is_empty() || !images.iter().all(is_base64)) {
                return Err(NO_IMAGE);
            }
            person(is_text(content), steps)
        }
        Some("assistant") => {
            let details = &message["reasoning_details"];
            if !details.is_null() && details.as_array().is_none_or(Vec::is_empty) {
                return Err("a content is empty");
            }
            let thought = &message["reasoning_content"];
            if !thought.is_null() && thought.as_str().is_none_or(str::is_empty) {
                return Err("a content is empty");
            }
            let mut step =
                Step { has_text: is_text(content), has_thought: !thought.is_null(), ..Step::default() };
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                let is_text = dialect != Dialect::Ollama;
                if is_text && call["type"] != "function" {
                    return Err("a call is no function");
                }
                let given = &function["arguments"];
                let given = if is_text { parsed(given) } else { given.clone() };
                let id = if dialect == Dialect::Ollama { &function["name"] } else { &call["id"] };
                called(word(id), &function["name"], &given, &mut step)?;
            }
            assistants(step, steps)
        }
        Some(_) | None => Err(ORDER),
    }
}

/// An item of responses.
fn item(item: &Value, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call_output"), None) => {
            result(word(&item["call_id"]), is_text(&item["output"]), steps)
        }
        (Some("function_call"), None) => {
            let step = open_step(steps)?;
            step.ends_sealed = false;
            called(word(&item["call_id"]), &item["name"], &parsed(&item["arguments"]), step)
        }
        // By an id a server would look for what it did not keep.
        (Some("reasoning"), None) if is_text(&item["encrypted_content"]) && item["id"].is_null() => {
            open_step(steps)?.seal();
            Ok(())
        }
        (None, Some("user")) if item["content"].is_array() => {
            person(is_illustrated(Dialect::Responses, &item["content"]), steps)
        }
        (None, Some("user")) => person(is_text(&item["content"]), steps),
        (None, Some("assistant")) => {
            if !is_text(&item["content"]) {
                return Err("a content is empty");
            }
            let step = open_step(steps)?;
            if step.has_text && !step.ends_sealed {
                return Err(ORDER);
            }
            (step.has_text, step.ends_sealed) = (true, false);
            Ok(())
        }
        _other => Err(ORDER),
    }
}

/// What the assistant says and calls since the person spoke.
fn open_step(steps: &mut Vec<Step>) -> Result<&mut Step, &'static str> {
    if steps.last().is_none_or(|last| last.is_persons) {
        steps.push(Step::default());
    }
    steps.last_mut().ok_or(ORDER)
}

/// A block that is sealed, whole.
fn is_sealed(dialect: Dialect, block: &Value) -> bool {
    if dialect == Dialect::Anthropic {
        let kind = &block["type"];
        kind == "redacted_thinking" && is_text(&block["data"])
            || kind == "thinking" && block["thinking"].is_string() && is_text(&block["signature"])
    } else if dialect == Dialect::Bedrock {
        is_text(&block["reasoningContent"]["reasoningText"]["signature"])
    } else {
        false
    }
}

/// A message whose content is a list, for Anthropic and Gemini.
fn listed_message(
    dialect: Dialect,
    message: &Value,
    assistant: &str,
    content: &Value,
) -> Result<Step, &'static str> {
    let mut step = Step { is_persons: message["role"] == "user", ..Step::default() };
    if !step.is_persons && message["role"] != assistant {
        return Err(ORDER);
    }
    let blocks = content.as_array().filter(|blocks| !blocks.is_empty()).ok_or("a content is empty")?;
    for block in blocks {
        if !step.is_persons && is_sealed(dialect, block) {
            step.seal();
            continue;
        }
        step.ends_sealed = false;
        let (text, call, answer) = match dialect {
            Dialect::Bedrock => (block.get("text"), block.get("toolUse"), block.get("toolResult")),
            Dialect::Gemini => {
                let member = |name| block.get(name);
                (member("text"), member("functionCall"), member("functionResponse"))
            }
            Dialect::ChatCompletions | Dialect::Responses | Dialect::Anthropic | Dialect::Ollama => {
                let typed = |kind: &str| (block["type"] == kind).then_some(block);
                (typed("text").map(|block| &block["text"]), typed("tool_use"), typed("tool_result"))
            }
        };
        match (text, call, answer) {
            (Some(text), None, None) if is_text(text) => step.has_text = true,
            (None, Some(call), None) if !step.is_persons => {
                let (id, given) = match dialect {
                    Dialect::Gemini => ("name", "args"),
                    Dialect::Bedrock => ("toolUseId", "input"),
                    Dialect::ChatCompletions | Dialect::Responses | Dialect::Anthropic | Dialect::Ollama => {
                        ("id", "input")
                    }
                };
                called(word(&call[id]), &call["name"], &call[given], &mut step)?;
            }
            (None, None, Some(answer)) if step.is_persons => {
                let (id, said) = if dialect == Dialect::Gemini {
                    let response = &answer["response"];
                    let said =
                        if response["output"].is_null() { &response["error"] } else { &response["output"] };
                    (&answer["name"], said)
                } else if dialect == Dialect::Bedrock {
                    (&answer["toolUseId"], &answer["content"][0]["text"])
                } else {
                    (&answer["tool_use_id"], &answer["content"])
                };
                if step.has_text || !is_text(said) {
                    return Err(RESULT_BEHIND_WORDS);
                }
                step.results.push(word(id));
            }
            (None, None, None) if step.is_persons && is_image(dialect, block) => {}
            _other => return Err("a content is empty"),
        }
    }
    Ok(step)
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_default()
}

fn called(id: String, name: &Value, given: &Value, step: &mut Step) -> Result<(), &'static str> {
    if !given.is_object() {
        return Err(NO_OBJECT);
    }
    step.calls.push(SentCall { id, name: word(name) });
    Ok(())
}

fn result(id: String, has_text: bool, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    if !steps.last().is_some_and(|last| last.is_persons) {
        steps.push(Step { is_persons: true, ..Step::default() });
    }
    let step = steps.last_mut().filter(|step| has_text && !step.has_text).ok_or(RESULT_BEHIND_WORDS)?;
    step.results.push(id);
    Ok(())
}

fn person(has_text: bool, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    match steps.last_mut() {
        _any if !has_text => Err("a content is empty"),
        Some(last) if last.is_persons && last.has_text => Err(ORDER),
        Some(last) if last.is_persons => {
            last.has_text = true;
            Ok(())
        }
        Some(_) | None => {
            steps.push(Step { is_persons: true, has_text, ..Step::default() });
            Ok(())
        }
    }
}

fn assistants(step: Step, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    if !step.has_text && step.calls.is_empty() {
        return Err("a content is empty");
    }
    if !steps.last().is_some_and(|last| last.is_persons) {
        return Err(ORDER);
    }
    steps.push(step);
    Ok(())
}

fn broken_by_steps(dialect: Dialect, thinks: bool, steps: &[Step]) -> Option<&'static str> {
    if steps.iter().enumerate().any(|(place, step)| step.is_persons != (place % 2 == 0)) {
        return Some(ORDER);
    }
    let may_be_unfinished = matches!(dialect, Dialect::Ollama | Dialect::Anthropic) && !thinks;
    let ends_well =
        |last: &Step| last.has_text && (last.is_persons || may_be_unfinished && last.calls.is_empty());
    if !steps.last().is_some_and(ends_well) {
        return Some("the person does not speak last");
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut open: Vec<&str> = Vec::new();
    for step in steps {
        let answered: Vec<&str> = step.results.iter().map(String::as_str).collect();
        if answered != open {
            return Some("calls and the results behind them are not the same, in the same order");
        }
        open = step.calls.iter().map(|call| call.id.as_str()).collect();
        let has_ids = !matches!(dialect, Dialect::Gemini | Dialect::Ollama);
        let is_known = |id: &&str| id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if has_ids && !open.iter().all(|id| is_known(id) && ids.insert(*id)) {
            return Some("the id of a call is used twice, or not nine letters and digits");
        }
    }
    None
}

fn broken_by_calls(dialect: Dialect, request: &Value, steps: &[Step]) -> Option<&'static str> {
    let calls = || steps.iter().flat_map(|step| &step.calls);
    let fits = |name: &str| {
        let mut letters = name.bytes();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && name.len() <= 64
    };
    if !calls().all(|call| fits(&call.name)) {
        return Some("a tool has a name that servers do not take");
    }
    let declared = match dialect {
        Dialect::Anthropic => &request["tools"],
        Dialect::Bedrock => &request["toolConfig"]["tools"],
        Dialect::ChatCompletions | Dialect::Responses | Dialect::Gemini | Dialect::Ollama => return None,
    };
    let declared: Vec<&Value> = declared.as_array().into_iter().flatten().collect();
    let is_of = |tool: &Value, name: &str| tool["name"] == name || tool["toolSpec"]["name"] == name;
    if !calls().all(|call| declared.iter().any(|tool| is_of(tool, &call.name))) {
        return Some("a tool is called that is not declared");
    }
    let answers_now = steps.last().is_some_and(|last| !last.results.is_empty());
    let asked = steps.iter().rposition(|step| step.is_persons && step.results.is_empty());
    let first = steps.get(asked.map_or(0, |asked| asked + 1));
    let is_missed = answers_now && !first.is_some_and(|first| first.begins_sealed);
    (is_missed && !thinking(dialect, request).is_null())
        .then_some("a call is answered that no thought stands before, while the model thinks")
}

/// Anthropic's models refuse both together.
const WARM_THOUGHTS: &str = "a temperature is set while the model thinks";

fn broken_by_settings(dialect: Dialect, request: &Value) -> Option<&'static str> {
    // Of some the address says which model, and that it is streamed.
    let says_in_address = matches!(dialect, Dialect::Gemini | Dialect::Bedrock);
    if !says_in_address && !is_text(&request["model"]) {
        return Some("there is no model");
    }
    if !says_in_address && request["stream"] != true {
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
    let temperature = [&request["temperature"], &request["inferenceConfig"]["temperature"]];
    if !thinking(dialect, request).is_null() && temperature.iter().any(|set| !set.is_null()) {
        return Some(WARM_THOUGHTS);
    }
    if dialect == Dialect::Bedrock && !(request["model"].is_null() && request["stream"].is_null()) {
        return Some("it holds what stands in the address");
    }
    let budget = &request["additionalModelRequestFields"]["thinking"]["budget_tokens"];
    let most = request["inferenceConfig"]["maxTokens"].as_u64().unwrap_or(0);
    if !budget.is_null() && !budget.as_u64().is_some_and(|budget| (1024..most).contains(&budget)) {
        return Some("what may be thought leaves no room for the answer");
    }
    if dialect == Dialect::Responses && request["store"] != false {
        return Some("the conversation is kept there");
    }
    None
}

fn image() -> impl Strategy<Value = Image> {
    let kind = prop::sample::select(ImageKind::ALL.to_vec());
    let kept = prop::sample::select(vec![None, Some(ImagePlace { record: Seq(1), from: 0 })]);
    (kind, kept).prop_map(|(kind, kept)| Image {
        name: "a.b".into(),
        kind,
        width: 9,
        height: 9,
        size: 5,
        kept,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let text =
        || prop::sample::select(["", " ", "\n", "a", "b ", "one two"].as_slice()).prop_map(str::to_owned);
    let tools = [
        "ls",
        "Read /etc/passwd",
        "",
        "7zip",
        "an_extraordinarily_long_name-of_a_tool-that-goes_on-beyond_64_letters",
    ];
    let inputs = ["", "ls", "{}", "{\"path\": \"a\", \"n\": 1.50}", "[1]", "{\"cut", "{\"n\": 1e999}"];
    let call = (prop::sample::select(tools.to_vec()), prop::sample::select(inputs.to_vec())).prop_map(
        |(tool, input)| {
            Body::Call(Called {
                no: CallNo(1),
                tool: tool.into(),
                input: input.into(),
                wants: Wants::Nothing,
            })
        },
    );
    let result = |(of, outcome, text): (u64, Outcome, String)| {
        let whole = text.len() as u64;
        Body::Result(Resulted { of: EntryNo(of), outcome, text, kept: whole, whole })
    };
    let outcome = || prop::sample::select(Outcome::ALL.to_vec());
    prop_oneof![
        2 => (text(), prop::collection::vec(image(), 0..3))
            .prop_map(|(text, images)| Body::Prompt(Prompted { text, images, runs: false })),
        2 => text().prop_map(Body::Answer),
        1 => text().prop_map(Body::Thinking),
        4 => call,
        4 => (0..20u64, outcome(), text()).prop_map(result),
        1 => Just(Body::Stop(Stop::Interrupted(Interrupter::Crash))),
        1 => Just(Body::Repair(Fault::PromptLost(PromptNo(1)))),
        1 => Just(Body::LeftOut(Sent { entries: 3, left_out: 4 })),
        1 => Just(Body::Continued),
        1 => Just(Body::Reversed(Reversed { files: vec!["a".into()], ..Reversed::default() })),
        1 => Just(Body::Compaction(Compaction::Summary { text: "so far".into(), of: 99, left_out: 0 })),
        1 => Just(Body::Compaction(Compaction::Undone)),
    ]
}

proptest! {
    /// What the core makes of any transcript that a prompt ends is a request that every provider takes.
    #[test]
    fn whatever_the_transcript_the_request_keeps_the_rules(
        bodies in prop::collection::vec(body(), 0..20),
        goes_on in any::<bool>(),
        system_prompt in prop::sample::select(["", " \n", "be kind"].as_slice()),
        max_tokens in prop::option::of(1..100_000u64),
        is_warm in any::<bool>(),
        effort in prop::option::of(prop::sample::select(["none", "low", "medium", "high", "max"].as_slice())),
        sealed in prop::collection::btree_map(0..24u64, 0..6u8, 0..8),
    ) {
        let prompt = Body::Prompt("why?".into());
        let stop = Body::Stop(Stop::Interrupted(Interrupter::User));
        let last = if goes_on {
            vec![prompt, Body::Answer("half ".into()), stop, Body::Continued]
        } else {
            vec![prompt]
        };
        let entries: Vec<Entry> = bodies.into_iter().chain(last).enumerate()
            .map(|(no, body)| Entry { no: EntryNo(no as u64), at: WallTime(0), body })
            .collect();
        let reasoning = effort.map(str::to_owned);
        let temperature = is_warm.then(|| serde_json::Number::from(1));
        let shape = RequestShape { temperature, max_tokens, reasoning, ..RequestShape::default() };
        for dialect in Dialect::ALL {
            // Of this dialect, of somebody else, and torn.
            let seal = |kind: u8| match kind {
                0 => Seal { by: "somebody else".into(), ..sample(dialect) },
                1 => Seal { content: "{\"cut".into(), ..sample(dialect) },
                2 if dialect == Dialect::ChatCompletions => sample_thought(),
                _its_own => sample(dialect),
            };
            let place = |(at, kind): (&u64, &u8)| PlacedSeal { at: Seq(*at), seal: seal(*kind) };
            let messages = sealed_messages(&entries, sealed.iter().map(place).collect());
            let messages = shown(messages, |_, _| Ok::<_, ()>("aGkhaGk=".into())).unwrap();
            let turn = Turn { system_prompt: system_prompt.into(), messages, ..Turn::default() };
            for model in ["m", "anthropic.m", "claude-sonnet-4-5"] {
                let request = request_in(dialect, &turn, model, &shape);
                prop_assert_eq!(broken(dialect, &request), None, "{:?}: {}", dialect, request);
            }
        }
    }
}
