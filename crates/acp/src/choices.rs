//! What an agent lets its client choose: models and modes, by requests of their own or as options of its session.

use q_json::{elements, members, text};
use q_seat::AgentOffer;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The most that are listed, and the longest name and what is said of one, in bytes.
const MOST: usize = 200;
const NAME_BYTES: usize = 200;
const ABOUT_BYTES: usize = 120;
/// How many are named where one is not known.
const MOST_NAMED: usize = 12;

/// One kind of choice, in the protocol's words.
#[derive(Debug)]
pub(crate) struct ChoiceKind {
    /// Where it stands in what opens a session, with what is chosen now and what there is.
    list: &'static str,
    current: &'static str,
    available: &'static str,
    id: &'static str,
    /// How another one is chosen.
    method: &'static str,
    wanted: &'static str,
    /// The category of an option in its place.
    category: &'static str,
}

pub(crate) const MODELS: ChoiceKind = ChoiceKind {
    list: "models",
    current: "currentModelId",
    available: "availableModels",
    id: "modelId",
    method: "session/set_model",
    wanted: "modelId",
    category: "model",
};

pub(crate) const MODES: ChoiceKind = ChoiceKind {
    list: "modes",
    current: "currentModeId",
    available: "availableModes",
    id: "id",
    method: "session/set_mode",
    wanted: "modeId",
    category: "mode",
};

impl ChoiceKind {
    /// What it is called in words.
    pub(crate) const fn category(&self) -> &'static str {
        self.category
    }
}

/// What there is of one kind, and what is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choices {
    pub(crate) current: String,
    pub(crate) known: Vec<AgentOffer>,
    /// The option that holds it; without one a request of its own does.
    option: Option<String>,
}

impl Choices {
    /// What an agent said when it opened a session, or when its options changed; nothing where it says nothing of the kind.
    pub(crate) fn of(said: &RawValue, kind: &ChoiceKind) -> Self {
        let [list, options] = members(said, [kind.list, "configOptions"]);
        if let Some(list) = list {
            let [current, available] = members(list, [kind.current, kind.available]);
            let known: Vec<AgentOffer> = offers(available, kind.id).collect();
            if !known.is_empty() {
                return Self { current: current.and_then(text).unwrap_or_default(), known, option: None };
            }
        }
        for option in options.map(elements).unwrap_or_default() {
            let [id, category, current, choices] =
                members(option, ["id", "category", "currentValue", "options"]);
            if category.and_then(text).as_deref() != Some(kind.category) {
                continue;
            }
            let mut known: Vec<AgentOffer> = offers(choices, "value").collect();
            for group in choices.map(elements).unwrap_or_default() {
                let [grouped] = members(group, ["options"]);
                known.extend(offers(grouped, "value"));
            }
            known.truncate(MOST);
            return Self {
                current: current.and_then(text).unwrap_or_default(),
                known,
                option: id.and_then(text),
            };
        }
        Self::default()
    }

    /// What is asked for so that this one is chosen; or which there are, where it is none of them.
    pub(crate) fn request(
        &self,
        kind: &ChoiceKind,
        session: &str,
        wanted: &str,
    ) -> Result<(&'static str, Value), String> {
        if !self.known.iter().any(|known| known.name == wanted) {
            let named: Vec<&str> =
                self.known.iter().take(MOST_NAMED).map(|known| known.name.as_str()).collect();
            return Err(if named.is_empty() {
                format!("the agent lets nobody choose a {}, and {wanted} is set", kind.category)
            } else {
                format!("{wanted} is none of {}", named.join(", "))
            });
        }
        Ok(match &self.option {
            Some(option) => (
                "session/set_config_option",
                json!({ "sessionId": session, "configId": option, "value": wanted }),
            ),
            None => (kind.method, json!({ "sessionId": session, kind.wanted: wanted })),
        })
    }
}

/// What is offered in a list, each by what `id` says of it. A name with a blank in it is nothing that can be typed.
pub(crate) fn offers(list: Option<&RawValue>, id: &'static str) -> impl Iterator<Item = AgentOffer> {
    let list = list.map(elements).unwrap_or_default();
    list.into_iter().take(MOST).filter_map(move |one| {
        let [name, about, called] = members(one, [id, "description", "name"]);
        let name = name.and_then(text)?;
        let is_word = !name.is_empty() && name.len() <= NAME_BYTES && !name.contains(char::is_whitespace);
        let mut about = about.and_then(text).or_else(|| called.and_then(text)).unwrap_or_default();
        about.truncate(about.floor_char_boundary(ABOUT_BYTES));
        is_word.then_some(AgentOffer { name, about })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_can_be_chosen_is_read_in_both_forms_and_asked_for_in_the_same() {
        let list = r#"{"modes":{"currentModeId":"code","availableModes":[{"id":"code","name":"C"},{"id":"plan","description":"Looks"},{"id":"a b"},{}]}}"#;
        let option = r#"{"configOptions":[{"id":"x","category":"model"},{"id":"m","category":"mode","currentValue":"code","options":[{"value":"code","name":"C"},{"group":"g","options":[{"value":"plan"}]}]}]}"#;
        for (said, method, member) in [
            (list, "session/set_mode", r#"{"sessionId":"s","modeId":"plan"}"#),
            (option, "session/set_config_option", r#"{"sessionId":"s","configId":"m","value":"plan"}"#),
        ] {
            let choices = Choices::of(serde_json::from_str(said).unwrap(), &MODES);
            let names: Vec<&str> = choices.known.iter().map(|known| known.name.as_str()).collect();
            assert_eq!((choices.current.as_str(), names), ("code", vec!["code", "plan"]), "{said}");
            let (asked, params) = choices.request(&MODES, "s", "plan").unwrap();
            assert_eq!((asked, params.to_string().as_str()), (method, member));
            assert_eq!(choices.request(&MODES, "s", "fly"), Err("fly is none of code, plan".into()));
        }
        let none = Choices::of(serde_json::from_str("[]").unwrap(), &MODELS);
        assert!(none.request(&MODELS, "s", "x").unwrap_err().contains("lets nobody choose a model"));
    }
}
