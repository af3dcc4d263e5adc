//! What a turn sends: to an agent that remembers the conversation what is new in it, to another one all that was said, marked as such.

use q_core::conversation::{Message, Part, Role};
use q_core::{DENIED_UNASKED, EntryNo, Outcome};
use q_seat::Turn;
use serde_json::{Value, json};

use crate::opening::Abilities;
use crate::told_calls::TOOL;

/// How much of what was said an agent without a memory of it is told, in bytes: the end.
const RETOLD: usize = 200 << 10;

/// The blocks of a turn's prompt.
pub(crate) fn blocks(turn: &Turn, is_new: bool, can: Abilities) -> Vec<Value> {
    let newest = turn.messages.iter().rposition(|message| message.role == Role::User);
    let (before, newest) = match newest {
        Some(place) => (turn.messages.get(..place).unwrap_or_default(), turn.messages.get(place)),
        None => (turn.messages.as_slice(), None),
    };
    let mut blocks = Vec::new();
    if is_new {
        if !turn.system_prompt.trim().is_empty() {
            blocks.push(words(&turn.system_prompt));
        }
        blocks.extend(retold(before).as_deref().map(words));
    } else if !can.steers {
        blocks.extend(unheard(before).as_deref().map(words));
    }
    for part in newest.into_iter().flat_map(|message| &message.parts) {
        match part {
            Part::Image { image, data } if can.images && !data.is_empty() => {
                blocks.push(json!({ "type": "image", "mimeType": image.kind.media_type(), "data": data }));
            }
            Part::Image { image, .. } => blocks.push(words(&image.words("this agent takes no images"))),
            Part::Sealed(_) => {}
            Part::Text(_) | Part::GoOn | Part::Call { .. } | Part::Result { .. } => {
                let alone = Message { role: Role::User, parts: vec![part.clone()] };
                blocks.push(words(&alone.text()));
            }
        }
    }
    if blocks.is_empty() {
        blocks.push(words("Go on."));
    }
    blocks
}

fn words(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// What the person said when they denied calls of the turn before: the protocol's answer to such a call has no place for it.
fn unheard(before: &[Message]) -> Option<String> {
    let is_prompt = |message: &Message| {
        message.role == Role::User && message.parts.iter().any(|part| matches!(part, Part::Text(_)))
    };
    let from = before.iter().rposition(is_prompt).map_or(0, |place| place + 1);
    let of_turn = before.get(from..).unwrap_or_default().iter();
    let parts: Vec<&Part> = of_turn.flat_map(|message| &message.parts).collect();
    let asked = |of: EntryNo| {
        parts.iter().any(
            |part| matches!(part, Part::Call { entry, tool, .. } if *entry == of && tool.starts_with(TOOL)),
        )
    };
    let said: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Result { of, outcome: Outcome::Denied, text } if asked(*of) => Some(text.as_str()),
            Part::Result { .. }
            | Part::Text(_)
            | Part::Sealed(_)
            | Part::GoOn
            | Part::Image { .. }
            | Part::Call { .. } => None,
        })
        .filter(|said| !said.trim().is_empty() && !DENIED_UNASKED.contains(said))
        .collect();
    (!said.is_empty()).then(|| {
        format!(
            "[What the person said when they denied what you asked for in the last turn:]\n{}",
            said.join("\n")
        )
    })
}

/// What was said before, for an agent that has no memory of it; nothing where nothing was.
fn retold(messages: &[Message]) -> Option<String> {
    let said = messages.iter().map(|message| {
        let who = match message.role {
            Role::User => "The person",
            Role::Assistant => "You",
        };
        format!("{who}:\n{}\n", message.text())
    });
    let said = said.collect::<Vec<_>>().join("\n");
    let from = said.ceil_char_boundary(said.len().saturating_sub(RETOLD));
    let kept = said.get(from..).unwrap_or_default();
    let cut = if from > 0 { " Its beginning is left out." } else { "" };
    (!kept.trim().is_empty()).then(|| {
        format!("[This conversation began before you. What was said so far follows; none of it is to be done again.{cut}]\n\n{kept}\n[The end of what was said so far.]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(is_new: bool) -> Vec<String> {
        let messages = vec![
            Message::words(Role::User, "one"),
            Message::words(Role::Assistant, "two"),
            Message::words(Role::User, "three"),
        ];
        let turn = Turn { system_prompt: "be kind".into(), messages, ..Turn::default() };
        let blocks = blocks(&turn, is_new, Abilities::default());
        blocks.iter().filter_map(|block| block["text"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn an_agent_that_remembers_is_told_what_is_new_and_another_one_everything_marked() {
        assert_eq!(told(false), ["three"]);
        let [system, before, prompt] = &told(true)[..] else { panic!("{:?}", told(true)) };
        assert_eq!((system.as_str(), prompt.as_str()), ("be kind", "three"));
        assert!(before.starts_with("[This conversation began before you."), "{before}");
        assert!(before.contains("The person:\none\n\nYou:\ntwo\n"), "{before}");
    }

    #[test]
    fn what_was_said_with_a_no_goes_before_the_next_prompt_where_it_could_not_be_said_at_once() {
        let part = |tool: &str, of, outcome, text: &str| {
            let call = Part::Call { entry: EntryNo(of), tool: tool.into(), input: "{}".into() };
            [call, Part::Result { of: EntryNo(of), outcome, text: text.into() }]
        };
        let message = |role, parts: Vec<Part>| Message { role, parts };
        let mut parts = Vec::new();
        for (tool, no, outcome, text) in [
            ("agent_edit", 2, Outcome::Denied, "not there"),
            ("agent_edit", 3, Outcome::Denied, ""),
            ("agent_edit", 4, Outcome::Denied, DENIED_UNASKED[2]),
            ("agent_read", 5, Outcome::Done, "of a file"),
            ("run", 6, Outcome::Denied, "it heard this one"),
            ("agent_execute", 7, Outcome::Denied, "nor here"),
        ] {
            parts.extend(part(tool, no, outcome, text));
        }
        let earlier = part("agent_edit", 1, Outcome::Denied, "long ago").to_vec();
        let before = [
            message(Role::User, earlier),
            Message::words(Role::User, "do it"),
            message(Role::Assistant, parts),
            Message::words(Role::Assistant, "then not"),
        ];
        let messages: Vec<Message> =
            before.into_iter().chain([Message::words(Role::User, "and now")]).collect();
        let turn = Turn { messages, ..Turn::default() };
        let told = |steers| blocks(&turn, false, Abilities { steers, ..Abilities::default() });
        let said = told(false);
        let first = said[0]["text"].as_str().unwrap_or_default();
        assert!(first.ends_with("last turn:]\nnot there\nnor here"), "{first}");
        assert_eq!((said.len(), told(true).len()), (2, 1));
    }

    #[test]
    fn what_is_retold_has_a_bound() {
        let long = Message::words(Role::User, "ü".repeat(RETOLD));
        let retold = retold(&[long]).unwrap_or_default();
        assert!(retold.len() < RETOLD + 300 && retold.contains("Its beginning is left out"));
        assert_eq!(super::retold(&[]), None);
    }
}
