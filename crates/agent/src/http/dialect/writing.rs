//! What every dialect writes its requests with: messages taken apart, and calls in the form that every server takes.

use std::collections::{BTreeMap, BTreeSet};

use q_core::conversation::{GO_ON, Message, Part, Role};
use q_core::{DENIED_UNASKED, EntryNo, Image, Outcome};
use serde_json::{Map, Value, json};

use q_seat::Turn;
use q_tools::without_tags;

/// Members that are there only where something is to be said.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let said = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(said.collect::<Map<_, _>>())
}

/// Such an object, where it has any member.
pub(super) fn table<const N: usize>(members: [(&str, Option<Value>); N]) -> Option<Value> {
    let table = object(members);
    table.as_object().is_some_and(|members| !members.is_empty()).then_some(table)
}

/// What the agent is told about its task, where that is something.
pub(super) fn system_prompt(turn: &Turn) -> Option<String> {
    (!turn.system_prompt.trim().is_empty()).then(|| turn.system_prompt.clone())
}

/// A message whose content is a text.
pub(super) fn plain_message(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": text })
}

/// What the assistant is made to say where a turn stopped behind results and the person speaks next: its message.
const STOPPED: &str = "(The answer stopped here.)";

/// Results that are messages of their own with what stands between them and what the person says then: servers that hold to the
/// order of roles (Mistral's, and templates like its) refuse a person right behind a result.
pub(super) fn bridged(mut results: Vec<Value>, said: Option<Value>) -> Vec<Value> {
    if let Some(said) = said {
        if !results.is_empty() {
            results.push(plain_message("assistant", STOPPED));
        }
        results.push(said);
    }
    results
}

/// The texts of a message as one; nothing where it has none. Those of an answer with nothing but thoughts between them go back as
/// they came, in one piece.
pub(super) fn text_of(message: &Message) -> Option<String> {
    let (mut all, mut between) = (String::new(), "");
    for part in &message.parts {
        let (text, behind) = match part {
            Part::Text(text) if message.role == Role::Assistant => (text.as_str(), ""),
            Part::Text(text) => (text.as_str(), "\n\n"),
            Part::GoOn => (GO_ON, "\n\n"),
            Part::Sealed(_) => continue,
            Part::Call { .. } | Part::Result { .. } | Part::Image { .. } => {
                between = "\n\n";
                continue;
            }
        };
        if !all.is_empty() {
            all.push_str(between);
        }
        all.push_str(text);
        between = behind;
    }
    (!all.is_empty()).then_some(all)
}

/// Where the person's words have images beside them: both as a list, in their order, each as `text` and `image` write them.
pub(super) fn illustrated(
    message: &Message,
    text: impl Fn(&str) -> Value,
    image: impl Fn(&Image, &str) -> Value,
) -> Option<Value> {
    if !message.parts.iter().any(|part| matches!(part, Part::Image { .. })) {
        return None;
    }
    let element = |part: &Part| match part {
        Part::Text(words) => Some(text(words)),
        Part::GoOn => Some(text(GO_ON)),
        Part::Image { image: known, data } => Some(image(known, data)),
        Part::Sealed(_) | Part::Call { .. } | Part::Result { .. } => None,
    };
    let content: Vec<Value> = message.parts.iter().filter_map(element).collect();
    Some(json!({ "role": "user", "content": content }))
}

/// An image as an address that holds it.
pub(super) fn data_address(image: &Image, data: &str) -> String {
    format!("data:{};base64,{data}", image.kind.media_type())
}

/// Messages whose content is a list, one element a part, for dialects that call that list `content`; `assistant` is their name
/// for who answers.
pub(super) fn listed_messages(
    turn: &Turn,
    assistant: &str,
    content: &str,
    element: impl Fn(&Part) -> Value,
) -> Vec<Value> {
    let message = |message: &Message| {
        let role = if message.role == Role::User { "user" } else { assistant };
        let elements: Vec<Value> = message.parts.iter().map(&element).collect();
        object([("role", Some(role.into())), (content, Some(elements.into()))])
    };
    turn.messages.iter().map(message).collect()
}

/// By what a call and its result know each other. Nine letters and digits are what the strictest server takes.
pub(super) fn call_id(call: EntryNo) -> String {
    format!("c{:08}", call.0)
}

/// The longest name of a tool, in characters.
const MAX_TOOL_NAME: usize = 64;

/// The name of a tool as every server takes it: a letter, then letters, digits, `_` and `-`. Tools of other agents have names
/// that are made for people.
pub(super) fn tool_name(tool: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String =
        tool.trim().chars().map(|c| if fits(c) { c } else { '_' }).take(MAX_TOOL_NAME).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return name;
    }
    format!("tool_{name}").chars().take(MAX_TOOL_NAME).collect()
}

/// What a call was given, as an object: the one it is, or one that holds it.
pub(super) fn arguments(input: &str) -> Value {
    object_of(input).unwrap_or_else(|| json!({ "input": input }))
}

/// The same as text, for dialects that take it so: an object to the letter as it was given.
pub(super) fn arguments_text(input: &str) -> String {
    object_of(input).map_or_else(|| arguments(input).to_string(), |_| input.to_owned())
}

fn object_of(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok().filter(Value::is_object)
}

/// What came of a call, in words that say how it ended where that is not well. Never empty: servers reject that.
pub(super) fn result_text(outcome: Outcome, text: &str) -> String {
    let ending = match outcome {
        Outcome::Done if text.trim().is_empty() => "Nothing came out.",
        Outcome::Done => return text.to_owned(),
        Outcome::Failed => "It failed.",
        Outcome::Denied if DENIED_UNASKED.contains(&text) => "It did not run, and nobody was asked.",
        Outcome::Denied => "The person did not allow it; it did not run.",
        Outcome::Expired => "Nobody allowed it in time; it did not run.",
        Outcome::NeverRan if text.trim().is_empty() => "The turn ended before it ran.",
        Outcome::NeverRan => "It did not run.",
        Outcome::CutShort => "It was interrupted: what it did is not known.",
    };
    // What a call put out before it was cut short is as it came; of a result its tool has made all visible.
    if text.trim().is_empty() {
        ending.to_owned()
    } else {
        format!("{ending}\n{}", without_tags(text.into()))
    }
}

/// The tools that are called in a conversation, by the entries of the calls: results do not name them.
pub(super) fn called_tools(turn: &Turn) -> BTreeMap<EntryNo, String> {
    let parts = turn.messages.iter().flat_map(|message| &message.parts);
    let call = |part: &Part| match part {
        Part::Call { entry, tool, .. } => Some((*entry, tool_name(tool))),
        Part::Text(_) | Part::Sealed(_) | Part::GoOn | Part::Result { .. } | Part::Image { .. } => None,
    };
    parts.filter_map(call).collect()
}

/// The tools to be declared, for servers that take no calls in a history without: each by `declaration` of its name and of
/// what is said of it. Nobody runs them any more.
pub(super) fn declared_tools(turn: &Turn, declaration: impl Fn(&str, &str) -> Value) -> Option<Value> {
    let names: BTreeSet<String> = called_tools(turn).into_values().collect();
    let about = "Was used earlier in this conversation. It is not available any more and must not be called.";
    let tools: Vec<Value> = names.iter().map(|name| declaration(name, about)).collect();
    (!tools.is_empty()).then(|| tools.into())
}

/// How many tokens an answer of Anthropic's models may have unless configured: their servers want a number, and every model that
/// is offered takes this one.
pub(super) const ANTHROPICS_MAX_TOKENS: u64 = 8192;

/// How many tokens an effort may think, for Anthropic's models.
pub(super) fn thinking_budget(effort: &str) -> Option<u64> {
    match effort {
        "none" => None,
        "minimal" | "low" => Some(1024),
        "medium" => Some(4096),
        _high => Some(16384),
    }
}

/// Whether a thought is missed that Anthropic's models would want back: the newest message answers calls, and the first answer
/// of that turn does not begin with what is sealed. Where the person spoke is where the turn began.
pub(super) fn wants_its_thought(turn: &Turn) -> bool {
    let answers = |message: &Message| message.parts.iter().any(|part| matches!(part, Part::Result { .. }));
    let has_asked = |message: &Message| message.role == Role::User && !answers(message);
    if !turn.messages.last().is_some_and(answers) {
        return false;
    }
    let of_turn = turn.messages.iter().rposition(has_asked).map_or(0, |asked| asked + 1);
    let first = turn.messages.get(of_turn).and_then(|first| first.parts.first());
    !matches!(first, Some(Part::Sealed(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tools_fit_every_server() {
        for (tool, name) in [
            ("ls", "ls"),
            ("mcp__files-read", "mcp__files-read"),
            ("Read /etc/passwd", "Read__etc_passwd"),
            ("7zip", "tool_7zip"),
            ("", "tool_"),
            ("日本", "tool___"),
        ] {
            assert_eq!(tool_name(tool), name);
        }
        assert_eq!(tool_name(&"x".repeat(200)).len(), MAX_TOOL_NAME);
        assert_eq!(tool_name(&"7".repeat(200)).len(), MAX_TOOL_NAME);
    }

    #[test]
    fn arguments_are_an_object_to_the_letter_or_inside_of_one() {
        for (input, text) in [
            ("{\"b\": 1,  \"a\": \"\\u00fc\"}", "{\"b\": 1,  \"a\": \"\\u00fc\"}"),
            ("ls -l", "{\"input\":\"ls -l\"}"),
            ("[1]", "{\"input\":\"[1]\"}"),
            ("", "{\"input\":\"\"}"),
            ("{\"a\":1e999}", "{\"input\":\"{\\\"a\\\":1e999}\"}"),
        ] {
            assert_eq!(arguments_text(input), text);
            assert_eq!(serde_json::from_str::<Value>(text).ok(), Some(arguments(input)), "{input}");
        }
    }

    #[test]
    fn every_outcome_says_something() {
        for outcome in Outcome::ALL {
            assert!(!result_text(outcome, " ").trim().is_empty(), "{outcome:?}");
            assert!(result_text(outcome, "out").ends_with("out"), "{outcome:?}");
        }
        assert_eq!(result_text(Outcome::Done, "out\n"), "out\n");
    }
}
