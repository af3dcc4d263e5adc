//! Questions of a server while it carries out a call (elicitation): what it asks the person for, and how their words are what it wants.

use crate::protocol::{ElicitRequestParams, ElicitResult, ElicitationAction};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::prompts::{ListedPrompt, is_typed_name};
use crate::reply::bounded;

/// The most questions in one call, and how often one of them is asked.
pub(crate) const MOST: u32 = 8;
/// The most that one may ask for, and the longest of its texts, in letters.
const FIELDS: usize = 16;
const TEXT: usize = 1000;

/// To whom questions go. Where nobody takes them they are declined.
pub type Questions = mpsc::Sender<ServerQuestion>;

/// A question of a server, until it is answered; dropped, it is called off.
#[derive(Debug)]
pub struct ServerQuestion {
    /// Who asks, by the name of its table.
    server: String,
    message: String,
    fields: Vec<Field>,
    /// How often it was answered with what it does not ask for.
    wrong: u32,
    reply: oneshot::Sender<ElicitResult>,
}

/// One of the things that a form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    about: String,
    kind: FieldKind,
    must: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldKind {
    Text,
    Number,
    Whole,
    YesNo,
    OneOf(Vec<String>),
}

impl ServerQuestion {
    /// A question that can be put to a person in words, with where its answer comes; nothing where it cannot.
    pub(crate) fn of(
        server: &str,
        asked: &ElicitRequestParams,
    ) -> Option<(Self, oneshot::Receiver<ElicitResult>)> {
        let asked = serde_json::to_value(asked).ok()?;
        // Another place to go to is not for q to open.
        if asked.get("url").is_some() {
            return None;
        }
        let message = text(asked.get("message"));
        let schema = asked.get("requestedSchema")?;
        let must: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields: Option<Vec<Field>> = properties
            .into_iter()
            .flatten()
            .map(|(name, property)| Field::of(name, property, must.contains(&name.as_str())))
            .collect();
        let fields = fields.filter(|fields| fields.len() <= FIELDS)?;
        let (reply, answered) = oneshot::channel();
        let server = server.to_owned();
        Some((Self { server, message, fields, wrong: 0, reply }, answered))
    }

    /// What a call is named that asks it.
    pub fn tool(&self) -> String {
        format!("{}__asks", self.server)
    }

    /// What is asked, as a call has it; `complaint` is what was wrong with the last answer.
    pub fn input(&self, complaint: Option<&str>) -> String {
        let mut asked = Map::new();
        asked.insert("asks".to_owned(), bounded(self.message.clone()).into());
        if let Some(complaint) = complaint {
            asked.insert("wrong".to_owned(), complaint.into());
        }
        if !self.fields.is_empty() {
            let fields: Map<String, Value> =
                self.fields.iter().map(|field| (field.name.clone(), field.shown().into())).collect();
            asked.insert("for".to_owned(), fields.into());
        }
        let how = match self.fields.as_slice() {
            [] => "any words say yes",
            [_one] => "the words are the answer",
            _several => "in this order, or name=value; quotes around what has blanks",
        };
        asked.insert("answer".to_owned(), how.into());
        Value::from(asked).to_string()
    }

    /// Answers it in these words. Gives it back, with why, where they are not what is asked for; declines it where that was so again and
    /// again.
    pub fn answer(mut self, words: &str) -> Result<(), (Self, String)> {
        self.wrong += 1;
        match self.content(words) {
            Err(_) if self.wrong == MOST => {
                self.decline();
                Ok(())
            }
            Ok(content) => {
                let _nobody_waits =
                    self.reply.send(ElicitResult::new(ElicitationAction::Accept).with_content(content));
                Ok(())
            }
            Err(why) => Err((self, why)),
        }
    }

    /// Ready once nobody waits for its answer any more.
    pub async fn is_over(&mut self) {
        self.reply.closed().await;
    }

    /// The person does not answer.
    pub fn decline(self) {
        let _nobody_waits = self.reply.send(ElicitResult::new(ElicitationAction::Decline));
    }

    fn content(&self, words: &str) -> Result<Value, String> {
        let takes = ListedPrompt {
            arguments: self.fields.iter().map(|field| (field.name.clone(), field.must)).collect(),
            ..ListedPrompt::default()
        };
        let given = match self.fields.as_slice() {
            [] => Map::new(),
            [one] if !words.trim_start().starts_with(&format!("{}=", one.name)) => {
                [(one.name.clone(), Value::from(words.trim()))].into_iter().collect()
            }
            _several => takes.given(words)?,
        };
        let mut content = Map::new();
        for field in &self.fields {
            if let Some(said) = given.get(&field.name).and_then(Value::as_str) {
                content.insert(field.name.clone(), field.value(said)?);
            }
        }
        Ok(content.into())
    }
}

impl Field {
    fn of(name: &str, property: &Value, must: bool) -> Option<Self> {
        let about = [property.get("title"), property.get("description")].map(text);
        let named = |list: &Value| -> Option<Vec<String>> {
            let words =
                list.as_array()?.iter().map(|one| one.as_str().or_else(|| one.get("const")?.as_str()));
            words.map(|word| word.map(str::to_owned)).collect()
        };
        let choices = ["enum", "oneOf", "anyOf"].iter().find_map(|list| property.get(*list).and_then(named));
        let kind = match (choices, property.get("type").and_then(Value::as_str)?) {
            (Some(choices), "string") => FieldKind::OneOf(choices),
            (None, "string") => FieldKind::Text,
            (None, "number") => FieldKind::Number,
            (None, "integer") => FieldKind::Whole,
            (None, "boolean") => FieldKind::YesNo,
            // Several at once cannot be said in a word.
            _other => return None,
        };
        let about = about.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(": ");
        is_typed_name(name).then(|| Self { name: name.to_owned(), about, kind, must })
    }

    /// `yes or no, may be left out: whether to go on`
    fn shown(&self) -> String {
        let kind = match &self.kind {
            FieldKind::Text => "text".to_owned(),
            FieldKind::Number => "a number".to_owned(),
            FieldKind::Whole => "a whole number".to_owned(),
            FieldKind::YesNo => "yes or no".to_owned(),
            FieldKind::OneOf(words) => {
                format!("one of {}", words.join(", ").chars().take(TEXT).collect::<String>())
            }
        };
        let may = if self.must { "" } else { ", may be left out" };
        let between = if self.about.is_empty() { "" } else { ": " };
        format!("{kind}{may}{between}{}", self.about)
    }

    fn value(&self, said: &str) -> Result<Value, String> {
        let value = match &self.kind {
            FieldKind::Text => Some(said.into()),
            FieldKind::Number => {
                said.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
            }
            FieldKind::Whole => said.parse::<i64>().ok().map(Value::from),
            FieldKind::YesNo => match said.to_lowercase().as_str() {
                "yes" | "y" | "true" => Some(true.into()),
                "no" | "n" | "false" => Some(false.into()),
                _other => None,
            },
            FieldKind::OneOf(words) => words.iter().any(|word| word == said).then(|| said.into()),
        };
        value.ok_or_else(|| format!("{} is {}", self.name, self.shown()))
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::json;

    use super::*;

    fn question(
        properties: &Value,
        required: &Value,
    ) -> Option<(ServerQuestion, oneshot::Receiver<ElicitResult>)> {
        let asked = json!({ "mode": "form", "message": "Who?",
            "requestedSchema": { "type": "object", "properties": properties, "required": required } });
        ServerQuestion::of("s", &serde_json::from_value(asked).unwrap())
    }

    #[test]
    fn a_persons_words_are_what_is_asked_for_or_are_asked_for_again() {
        let one = json!({ "name": { "type": "string", "title": "Your name" } });
        let two =
            json!({ "count": { "type": "integer" }, "sure": { "type": "boolean", "description": "go on?" } });
        let choice = json!({ "size": { "type": "string", "enum": ["small", "large"] } });
        for (properties, words, content) in [
            (&one, "Ann Lee", Ok(json!({ "name": "Ann Lee" }))),
            (&one, "name=Ann", Ok(json!({ "name": "Ann" }))),
            (&two, "3 yes", Ok(json!({ "count": 3, "sure": true }))),
            (&two, "sure=no count=4", Ok(json!({ "count": 4, "sure": false }))),
            (&two, "many yes", Err("count is a whole number")),
            (&two, "", Err("needs count")),
            (&two, "3 perhaps", Err("sure is yes or no: go on?")),
            (&choice, "small", Ok(json!({ "size": "small" }))),
            (&choice, "huge", Err("size is one of small, large")),
            (&json!({}), "go on", Ok(json!({}))),
        ] {
            let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
            let (question, mut answered) = question(properties, &json!(names)).unwrap();
            match (question.answer(words), content) {
                (Ok(()), Ok(content)) => {
                    let answer = answered.try_recv().unwrap();
                    assert_eq!(
                        (answer.action, answer.content),
                        (ElicitationAction::Accept, Some(content)),
                        "{words}"
                    );
                }
                (Err((again, why)), Err(told)) => {
                    assert!(why.contains(told), "{words}: {why}");
                    assert!(again.input(Some(&why)).contains("\"wrong\""), "{words}");
                }
                (answered, _) => panic!("{words}: {answered:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_said_in_words_is_no_question() {
        let many: Map<String, Value> =
            (0..=FIELDS).map(|n| (format!("f{n}"), json!({ "type": "string" }))).collect();
        for (properties, is_one) in [
            (json!({ "a": { "type": "string" } }), true),
            (json!({ "a": { "type": "string", "oneOf": [{ "const": "x", "title": "X" }] } }), true),
            (json!({ "a": { "type": "array", "items": { "type": "string", "enum": ["x"] } } }), false),
            (Value::from(many), false),
        ] {
            assert_eq!(question(&properties, &json!([])).is_some(), is_one, "{properties}");
        }
        let elsewhere =
            json!({ "mode": "url", "message": "Sign in", "url": "https://x.test", "elicitationId": "1" });
        assert!(ServerQuestion::of("s", &serde_json::from_value(elsewhere).unwrap()).is_none());
    }
}
