//! What every dialect writes its requests with.

use q_core::conversation::{Message, Role};
use serde_json::{Map, Value, json};

use crate::seat::Turn;

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

/// A message whose content is a text.
pub(super) fn plain_message(role: &str, text: String) -> Value {
    json!({ "role": role, "content": text })
}

/// The messages as this dialect names who speaks, each made by `message` of that name and its text.
pub(super) fn messages<'a>(
    turn: &'a Turn,
    assistant: &'static str,
    message: impl Fn(&str, String) -> Value + 'a,
) -> impl Iterator<Item = Value> + 'a {
    turn.messages.iter().map(move |one: &Message| {
        let role = match one.role {
            Role::User => "user",
            Role::Assistant => assistant,
        };
        message(role, one.text())
    })
}

/// What the agent is told about its task, where that is something.
pub(super) fn brief(turn: &Turn) -> Option<String> {
    (!turn.brief.trim().is_empty()).then(|| turn.brief.clone())
}
