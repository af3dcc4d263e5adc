//! Prompts and resources of a server, for a person who names one: what it offers, and what it says. Hostile text, within bounds.

use q_tools::quoted_words;

use crate::protocol::{
    ClientRequest, GetPromptRequest, GetPromptRequestParams, GetPromptResult, JsonObject, ListPromptsRequest,
    PaginatedRequestParams, Prompt, Role, ServerResult,
};

use crate::connection::McpConnection;
use crate::reply;
use crate::resources;

/// The most prompts of a server, and pages of their list.
const MOST: usize = 256;
const PAGES: usize = 16;
/// The longest name of a prompt or of what it takes, in bytes, and the most that one takes.
const NAME_BYTES: usize = 128;
const ARGUMENTS: usize = 32;
/// How much of what a prompt is said to be is listed, in letters.
const ABOUT: usize = 200;

/// A prompt that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedPrompt {
    pub name: String,
    pub about: String,
    /// What it takes, in its order, and whether it must have that.
    pub arguments: Vec<(String, bool)>,
}

impl ListedPrompt {
    /// Nothing for one that nobody could type.
    fn of(prompt: Prompt) -> Option<Self> {
        let takes = prompt.arguments.unwrap_or_default();
        let can_be_typed = takes.len() <= ARGUMENTS
            && is_typed_name(&prompt.name)
            && takes.iter().all(|one| is_typed_name(&one.name));
        let arguments = takes.into_iter().map(|one| (one.name, one.required == Some(true))).collect();
        let about = prompt.description.unwrap_or_default().chars().take(ABOUT).collect();
        can_be_typed.then_some(Self { name: prompt.name, about, arguments })
    }

    /// How it is typed behind its server's name: `review FILE [STYLE]`.
    pub fn usage(&self) -> String {
        let word =
            |(name, must): &(String, bool)| if *must { format!(" {name}") } else { format!(" [{name}]") };
        format!("{}{}", self.name, self.arguments.iter().map(word).collect::<String>())
    }

    /// What stands behind its name: by place, or as `name=value`; quotes hold words together, and the last takes all that is left.
    pub(crate) fn given(&self, words: &str) -> Result<JsonObject, String> {
        let mut given = JsonObject::new();
        let mut last: Option<&str> = None;
        for word in quoted_words(words) {
            let named = word
                .split_once('=')
                .filter(|(name, _)| self.arguments.iter().any(|(known, _)| known == name));
            if let Some((name, value)) = named.filter(|(name, _)| !given.contains_key(*name)) {
                given.insert(name.to_owned(), value.into());
                continue;
            }
            let next =
                self.arguments.iter().map(|(name, _)| name.as_str()).find(|name| !given.contains_key(*name));
            if let Some(name) = next {
                given.insert(name.to_owned(), word.into());
                last = Some(name);
            } else if let Some(value) = last.and_then(|name| given.get_mut(name)) {
                let so_far = value.as_str().unwrap_or_default().to_owned();
                *value = format!("{so_far} {word}").into();
            } else {
                return Err(format!("takes no {word:?}: {}", self.usage()));
            }
        }
        match self.arguments.iter().find(|(name, must)| *must && !given.contains_key(name)) {
            Some((name, _)) => Err(format!("needs {name}: {}", self.usage())),
            None => Ok(given),
        }
    }
}

/// Whether a name can be typed as a word: none of a server's is believed to.
pub(crate) fn is_typed_name(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl McpConnection {
    /// The prompts that it offers; none where it says that it has none.
    pub async fn prompts(&self) -> Result<Vec<ListedPrompt>, String> {
        let (mut all, mut cursor) = (Vec::new(), None);
        if !self.has_prompts() {
            return Ok(all);
        }
        for _ in 0..PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ClientRequest::ListPromptsRequest(ListPromptsRequest::with_param(page));
            let ServerResult::ListPromptsResult(page) = self.ask(request).await? else { return Err(odd()) };
            all.extend(page.prompts.into_iter().filter_map(ListedPrompt::of));
            cursor = page.next_cursor;
            if cursor.is_none() || all.len() > MOST {
                break;
            }
        }
        all.truncate(MOST);
        Ok(all)
    }

    /// What one of its prompts says with that behind its name: text for a model, of which the beginning of a long one.
    pub async fn prompt(&self, name: &str, words: &str) -> Result<String, String> {
        let all = self.prompts().await?;
        let Some(prompt) = all.iter().find(|prompt| prompt.name == name) else {
            let names: Vec<String> = all.iter().take(20).map(ListedPrompt::usage).collect();
            return Err(match names.as_slice() {
                [] => "it has no prompts".to_owned(),
                names if name.is_empty() => format!("its prompts: {}", names.join(", ")),
                names => format!("it has no prompt {name:?}; it has: {}", names.join(", ")),
            });
        };
        let wanted = GetPromptRequestParams::new(name).with_arguments(prompt.given(words)?);
        let request = ClientRequest::GetPromptRequest(GetPromptRequest::new(wanted));
        let ServerResult::GetPromptResult(said) = self.ask(request).await? else { return Err(odd()) };
        let text = said_in(&said);
        if text.trim().is_empty() { Err("its prompt says nothing".to_owned()) } else { Ok(text) }
    }

    /// What one of its resources holds, of a long one the beginning.
    pub async fn resource(&self, uri: &str) -> Result<String, String> {
        let read = self.ask(resources::reading(uri)).await?;
        resources::reply(read).map(|reply| reply.text).ok_or_else(odd)
    }
}

fn odd() -> String {
    "it answers something that q does not understand".to_owned()
}

/// The messages of a prompt as one: what the model is to have said before stands there as its words.
fn said_in(said: &GetPromptResult) -> String {
    let mut text = String::new();
    for message in &said.messages {
        if message.role == Role::Assistant {
            reply::add(&mut text, "(you said:)");
        }
        reply::add_block(&mut text, &message.content);
    }
    reply::bounded(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_stands_behind_a_prompt_is_given_by_place_or_by_name() {
        let takes = |arguments: &[(&str, bool)]| ListedPrompt {
            name: "review".into(),
            arguments: arguments.iter().map(|(name, must)| ((*name).to_owned(), *must)).collect(),
            ..ListedPrompt::default()
        };
        let two = takes(&[("file", true), ("style", false)]);
        for (prompt, words, given) in [
            (&two, "a.rs", Ok(json!({ "file": "a.rs" }))),
            (&two, "a.rs short and dry", Ok(json!({ "file": "a.rs", "style": "short and dry" }))),
            (&two, "style=dry a.rs", Ok(json!({ "style": "dry", "file": "a.rs" }))),
            (&two, "\"a b.rs\" style=\"very dry\"", Ok(json!({ "file": "a b.rs", "style": "very dry" }))),
            (&two, "other=1", Ok(json!({ "file": "other=1" }))),
            (&two, "\"\"", Ok(json!({ "file": "" }))),
            (&two, "", Err("needs file: review file [style]")),
            (&two, "style=dry", Err("needs file: review file [style]")),
            (&takes(&[]), "x", Err("takes no \"x\": review")),
            (&takes(&[]), " ", Ok(json!({}))),
        ] {
            assert_eq!(
                prompt.given(words).map(Value::from).map_err(|why| why.clone()),
                given.map_err(str::to_owned),
                "{words}"
            );
        }
    }

    #[test]
    fn the_messages_of_a_prompt_are_one_text_within_a_bound() {
        let said =
            |messages: Value| said_in(&serde_json::from_value(json!({ "messages": messages })).unwrap());
        let text =
            |role: &str, text: &str| json!({ "role": role, "content": { "type": "text", "text": text } });
        assert_eq!(said(json!([text("user", "a")])), "a");
        assert_eq!(
            said(json!([text("user", "a"), text("assistant", "b"), text("user", "c")])),
            "a\n(you said:)\nb\nc"
        );
        let image = json!({ "role": "user", "content": { "type": "image", "data": "aGk=", "mimeType": "image/png" } });
        assert_eq!(said(json!([image])), "(an image is left out here: image/png, 2 bytes)");
        assert!(said(json!([text("user", &"x".repeat(1 << 20))])).len() < 70_000);
    }

    #[test]
    fn a_prompt_that_nobody_could_type_is_none() {
        for (name, argument, is_one) in
            [("a", "b", true), ("a b", "b", false), ("", "b", false), ("a", "b\u{7}", false)]
        {
            let prompt = json!({ "name": name, "arguments": [{ "name": argument, "required": true }] });
            let listed = ListedPrompt::of(serde_json::from_value(prompt).unwrap());
            assert_eq!(
                listed.map(|one| one.usage()),
                is_one.then(|| "a b".to_owned()),
                "{name:?} {argument:?}"
            );
        }
        for (count, is_one) in [(ARGUMENTS, true), (ARGUMENTS + 1, false)] {
            let arguments: Vec<Value> = (0..count).map(|no| json!({ "name": format!("a{no}") })).collect();
            let prompt = json!({ "name": "a", "arguments": arguments });
            let listed = ListedPrompt::of(serde_json::from_value(prompt).unwrap());
            assert_eq!(listed.is_some_and(|one| one.arguments.len() == count), is_one, "{count}");
        }
    }
}
