//! An answer that is gone on with. Where a protocol takes one that is not whole, the conversation ends with it, and what comes then
//! belongs to the same text; elsewhere the person says that the assistant is to go on, which each dialect writes as words.

use std::borrow::Cow;

use q_core::conversation::{Message, Part, Role};

use crate::dialect::Dialect;
use crate::shape::RequestShape;
use q_seat::Turn;

/// Names of Anthropic's models that go on with an answer that a request ends with. Later ones refuse such a request.
const TAKING: [&str; 7] = [
    "claude-2",
    "claude-3",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-opus-4-5",
    "claude-sonnet-4-2",
    "claude-sonnet-4-5",
];

/// Whether a request may end with an answer that is not whole.
pub(super) fn is_taken(dialect: Dialect, model: &str, shape: &RequestShape) -> bool {
    match dialect {
        Dialect::Ollama => true,
        // Not while it thinks: an answer would have to begin with a thought.
        Dialect::Anthropic => {
            let thinks = shape.reasoning.as_deref().is_some_and(|effort| effort != "none")
                || shape.body.contains_key("thinking");
            !thinks && (TAKING.iter().any(|name| model.starts_with(name)))
        }
        // Servers that speak chat completions do with it what they like: some go on, some begin anew, some refuse.
        Dialect::ChatCompletions | Dialect::Responses | Dialect::Gemini | Dialect::Bedrock => false,
    }
}

/// The turn as it is written in this dialect: pieces of one answer joined where it takes them so.
pub(super) fn joined<'a>(
    dialect: Dialect,
    turn: &'a Turn,
    model: &str,
    shape: &RequestShape,
) -> Cow<'a, Turn> {
    let goes_on = |message: &Message| message.parts == [Part::GoOn];
    if !is_taken(dialect, model, shape) || !turn.messages.iter().any(goes_on) {
        return Cow::Borrowed(turn);
    }
    let mut messages: Vec<Message> = Vec::new();
    // Whether what is said next belongs to the last text.
    let mut is_open = false;
    for message in &turn.messages {
        match messages.last_mut().and_then(|last| last.parts.last_mut()) {
            Some(Part::Text(_)) if goes_on(message) => is_open = true,
            Some(Part::Text(text)) if std::mem::take(&mut is_open) && message.role == Role::Assistant => {
                let mut parts = message.parts.as_slice();
                if let Some((Part::Text(more), rest)) = parts.split_first() {
                    text.push_str(more);
                    parts = rest;
                }
                if let Some(last) = messages.last_mut() {
                    last.parts.extend_from_slice(parts);
                }
            }
            _other => messages.push(message.clone()),
        }
    }
    if is_open && let Some(Part::Text(text)) = messages.last_mut().and_then(|last| last.parts.last_mut()) {
        // Servers refuse an end that is blank.
        text.truncate(text.trim_end().len());
    }
    Cow::Owned(Turn { messages, ..turn.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(messages: &[(Role, Part)]) -> Turn {
        let message = |(role, part): &(Role, Part)| Message { role: *role, parts: vec![part.clone()] };
        Turn { messages: messages.iter().map(message).collect(), ..Turn::default() }
    }

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    #[test]
    fn pieces_of_one_answer_are_one_text_where_that_is_taken() {
        let (user, agent) = (Role::User, Role::Assistant);
        let asked = [(user, text("why?")), (agent, text("Because ")), (user, Part::GoOn)];
        let answered = [&asked[..], &[(agent, text("it is.")), (user, text("how?"))]].concat();
        let (plain, thinks) = (
            RequestShape::default(),
            RequestShape { reasoning: Some("low".into()), ..RequestShape::default() },
        );
        for (dialect, model, shape, is_joined) in [
            (Dialect::Ollama, "m", &plain, true),
            (Dialect::Anthropic, "claude-sonnet-4-5", &plain, true),
            (Dialect::Anthropic, "claude-sonnet-4-20250514", &plain, true),
            (Dialect::Anthropic, "claude-sonnet-4-5", &thinks, false),
            (Dialect::Anthropic, "claude-opus-4-6", &plain, false),
            (Dialect::ChatCompletions, "m", &plain, false),
            (Dialect::Responses, "m", &plain, false),
            (Dialect::Gemini, "m", &plain, false),
            (Dialect::Bedrock, "m", &plain, false),
        ] {
            let (now, later) = if is_joined {
                (
                    turn(&[(user, text("why?")), (agent, text("Because"))]),
                    turn(&[(user, text("why?")), (agent, text("Because it is.")), (user, text("how?"))]),
                )
            } else {
                (turn(&asked), turn(&answered))
            };
            assert_eq!(*joined(dialect, &turn(&asked), model, shape), now, "{dialect:?} {model}");
            assert_eq!(*joined(dialect, &turn(&answered), model, shape), later, "{dialect:?} {model}");
        }
    }
}
