//! What a turn sends: to an agent that remembers the conversation what is new in it, to another one all that was said, marked as such.

use q_core::conversation::{Message, Part, Role};
use q_seat::Turn;
use serde_json::{Value, json};

/// How much of what was said an agent without a memory of it is told, in bytes: the end.
const RETOLD: usize = 200 << 10;

/// The blocks of a turn's prompt.
pub(crate) fn blocks(turn: &Turn, is_new: bool, takes_images: bool) -> Vec<Value> {
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
    }
    for part in newest.into_iter().flat_map(|message| &message.parts) {
        match part {
            Part::Image { image, data } if takes_images && !data.is_empty() => {
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
        let blocks = blocks(&turn, is_new, false);
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
    fn what_is_retold_has_a_bound() {
        let long = Message::words(Role::User, "ü".repeat(RETOLD));
        let retold = retold(&[long]).unwrap_or_default();
        assert!(retold.len() < RETOLD + 300 && retold.contains("Its beginning is left out"));
        assert_eq!(super::retold(&[]), None);
    }
}
