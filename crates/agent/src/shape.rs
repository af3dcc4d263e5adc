//! How requests of an agent are shaped: what its owner wants otherwise than the dialect has it.

use serde_json::{Map, Number, Value};

use q_core::Settings;

use crate::secret::Secret;

/// What is asked otherwise. By default nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestShape {
    /// How freely the model chooses its words.
    pub temperature: Option<Number>,
    /// How many tokens an answer may have.
    pub max_tokens: Option<u64>,
    /// How much it is to think first, in the provider's word.
    pub reasoning: Option<String>,
    /// Headers beside the dialect's own, or in their place. Their values may be keys.
    pub headers: Vec<(String, Secret)>,
    /// What is merged into the body: tables member by member, all else in place of what stands there.
    pub body: Map<String, Value>,
    /// Members that are left out of the body; dots lead into tables.
    pub omit: Vec<String>,
    /// Tokens that the model takes at once, where somebody says.
    pub window: Option<u64>,
    /// The model that is asked for summaries; empty for the one that answers.
    pub compact_model: String,
    /// Whether thoughts stand in the text, between `<think>` and `</think>`.
    pub think_tags: bool,
    /// Whether a project's own files for agents do not go along.
    pub no_project_files: bool,
}

impl RequestShape {
    /// As this, where the person in front of a session sets nothing else.
    pub(crate) fn with(&self, settings: &Settings) -> Self {
        let mut shape = self.clone();
        let temperature = settings.temperature.map(|set| f64::from(set.thousandths()) / 1000.0);
        shape.temperature = temperature.and_then(number).or(shape.temperature);
        shape.max_tokens = settings.max_tokens.or(shape.max_tokens);
        shape.reasoning = settings.reasoning.clone().or(shape.reasoning);
        merge(&mut shape.body, &settings.body.as_deref().map(members).unwrap_or_default());
        shape.omit.extend(settings.omit.iter().flat_map(|names| names.split(',').map(str::to_owned)));
        shape
    }

    /// As this, without what the person set.
    pub(crate) fn without(&self, settings: &Settings) -> Self {
        let mut shape = self.clone();
        shape.temperature = shape.temperature.filter(|_| settings.temperature.is_none());
        shape.max_tokens = shape.max_tokens.filter(|_| settings.max_tokens.is_none());
        shape.reasoning = shape.reasoning.filter(|_| settings.reasoning.is_none());
        shape
    }

    /// Does to a request what is wanted. What the person set in the session stands above the owner's body, not above what no
    /// request may have.
    pub(crate) fn apply(&self, request: &mut Value, set: &Map<String, Value>) {
        if let Value::Object(members) = request {
            merge(members, &self.body);
            merge(members, set);
            // Options of a stream are refused where there is none, unless somebody wants them by name.
            let streams = members.get("stream").is_none_or(|stream| *stream != Value::Bool(false));
            if !streams && !self.body.contains_key("stream_options") {
                members.remove("stream_options");
            }
        }
        for path in &self.omit {
            omit(request, path);
        }
    }
}

/// The members of a table that is written as JSON; none of what is none.
pub fn members(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Whether a body that is set is none: what is no object as a whole would be sent as if nothing were set.
pub(crate) fn is_no_body(settings: &Settings) -> bool {
    settings.body.as_deref().is_some_and(|json| serde_json::from_str::<Map<String, Value>>(json).is_err())
}

/// A number as JSON has it; nothing where that has none for it.
pub fn number(number: f64) -> Option<Number> {
    Number::from_f64(number)
}

/// What stands in one request and not, or otherwise, in the other: what made the difference.
pub(crate) fn difference(one: &Value, other: &Value) -> Map<String, Value> {
    let (Value::Object(one), Value::Object(other)) = (one, other) else { return Map::new() };
    let differs = one.iter().filter_map(|(name, value)| match (value, other.get(name)) {
        (_, Some(same)) if same == value => None,
        (Value::Object(_), Some(there @ Value::Object(_))) => Some((name, difference(value, there).into())),
        _otherwise => Some((name, value.clone())),
    });
    differs.map(|(name, value)| (name.clone(), value)).collect()
}

fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (Some(Value::Object(there)), Value::Object(value)) => merge(there, value),
            _other => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

fn omit(from: &mut Value, path: &str) {
    let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
    let table = table.split('.').filter(|part| !part.is_empty()).try_fold(from, |at, part| at.get_mut(part));
    if let Some(Value::Object(members)) = table {
        members.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_is_merged_and_what_is_unwanted_left_out() {
        let mut request =
            json!({ "model": "m", "options": { "a": 1, "b": 2 }, "stream_options": {}, "list": [1] });
        let Value::Object(body) = json!({ "options": { "b": 3, "c": { "d": 4 } }, "list": [2], "new": true })
        else {
            return;
        };
        let omit = ["stream_options", "options.a", "options.c.d", "nowhere.at.all", "model.x", ""];
        let shape = RequestShape { body, omit: omit.map(str::to_owned).into(), ..RequestShape::default() };
        shape.apply(&mut request, &Map::new());
        let expected = json!({ "model": "m", "options": { "b": 3, "c": {} }, "list": [2], "new": true });
        assert_eq!(request, expected);
    }

    #[test]
    fn what_is_not_streamed_has_no_options_of_a_stream() {
        let asked = |body: Value| {
            let mut request = json!({ "stream": true, "stream_options": { "include_usage": true } });
            let body = body.as_object().cloned().unwrap_or_default();
            RequestShape { body, ..RequestShape::default() }.apply(&mut request, &Map::new());
            request
        };
        assert_eq!(asked(json!({ "stream": false })), json!({ "stream": false }));
        let both = json!({ "stream": false, "stream_options": {} });
        assert_eq!(asked(both), json!({ "stream": false, "stream_options": { "include_usage": true } }));
        assert!(asked(json!({})).get("stream_options").is_some());
    }

    #[test]
    fn what_is_no_object_is_no_body() {
        for (body, is_none) in [
            (None, false),
            (Some("{}"), false),
            (Some(r#"{"a": {"b": 1}}"#), false),
            (Some("{a}"), true),
            (Some("[]"), true),
            (Some("{} {}"), true),
        ] {
            let settings = Settings { body: body.map(str::to_owned), ..Settings::default() };
            assert_eq!(is_no_body(&settings), is_none, "{body:?}");
        }
    }

    #[test]
    fn values_of_headers_are_not_shown() {
        let headers = [("x-team".to_owned(), Secret::new("sk-canary"))].into();
        let shape = RequestShape { headers, ..RequestShape::default() };
        assert!(!format!("{shape:?}").contains("canary"));
    }
}
