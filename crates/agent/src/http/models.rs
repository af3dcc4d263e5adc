//! The models of a provider, by its own list: one request, its answer read to a limit, in a time, and kept by nobody here.

use std::time::Duration;

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::address::Address;
use super::answering::refusal;
use super::exchange::Exchange;
use super::route::Route;
use crate::dialect::Dialect;
use crate::spec::{AgentSpec, HttpSpec};

/// How long a list may take, from the first byte sent to the last one read.
const WITHIN: Duration = Duration::from_secs(15);
/// The longest list that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// The most names that are kept of it, and the longest, in bytes: a session can be set to no longer one.
const MOST_NAMES: usize = 2000;
const LONGEST_NAME: usize = 256;

impl AgentSpec {
    /// The names of the models that can be asked for, sorted; or why there is no list of them, in words for the person.
    pub async fn models(&self) -> Result<Vec<String>, AgentFailure> {
        let spec = match self {
            Self::Guide => return Err(no_list("the guide has no models")),
            Self::Acp(_) => {
                return Err(no_list(
                    "this agent chooses its models itself; `/model NAME` asks it for another",
                ));
            }
            Self::Http(spec) => spec,
        };
        if spec.program.is_some() {
            return Err(no_list(
                "a model on this machine is a file; `q model list` shows those that are here",
            ));
        }
        let listing = tokio::time::timeout(WITHIN, list(spec));
        listing.await.unwrap_or_else(|_| {
            let within = format!("the list of models was not there within {} seconds", WITHIN.as_secs());
            Err(AgentFailure::new(FailureKind::Silent, within))
        })
    }
}

fn no_list(why: &str) -> AgentFailure {
    AgentFailure::new(FailureKind::NotConfigured, why)
}

async fn list(spec: &HttpSpec) -> Result<Vec<String>, AgentFailure> {
    let base = Address::of(&spec.base_url)?;
    let addresses = base.lists(spec.dialect)?;
    if addresses.is_empty() {
        return Err(no_list("Bedrock has no list at the address where its models are asked"));
    }
    let route = Route::to(&base, &spec.network, None).await?;
    let mut lost = None;
    for address in &addresses {
        match list_at(spec, &route, address).await {
            Err(failure) if failure.kind == FailureKind::WrongPath => lost = lost.or(Some(failure)),
            listed => return listed,
        }
    }
    let detail = lost.map(|failure| format!(" ({})", failure.detail)).unwrap_or_default();
    Err(no_list(&format!("the server has no list of models{detail}")))
}

async fn list_at(spec: &HttpSpec, route: &Route, address: &Address) -> Result<Vec<String>, AgentFailure> {
    let mut exchange = Exchange::look_up(spec, route, address).await.map_err(|attempt| attempt.failure)?;
    if !(200..300).contains(&exchange.status()) {
        return Err(refusal(&mut exchange, &spec.secrets()).await.failure);
    }
    let bad = |why: &str| AgentFailure::new(FailureKind::ServerError, format!("the list of models {why}"));
    if exchange.unknown_packing().is_some() {
        return Err(bad("is compressed in a way that q does not know"));
    }
    let (body, is_longer) = exchange.body(MOST_BYTES, WITHIN).await?;
    if is_longer {
        return Err(bad("has more than 1 MB"));
    }
    let said: Value = serde_json::from_slice(&body).map_err(|_| bad("is no JSON"))?;
    names(&said).ok_or_else(|| bad("has no models in it"))
}

/// The names in a list, whatever dialect it is in: each has one array of objects with a name. What cannot be asked for a
/// turn is left out where the list says so.
fn names(said: &Value) -> Option<Vec<String>> {
    let listed = [said.get("data"), said.get("models"), Some(said)];
    let listed = listed.into_iter().flatten().find_map(Value::as_array)?;
    let name = |model: &Value| {
        let methods = model.get("supportedGenerationMethods").and_then(Value::as_array);
        let answers = methods.is_none_or(|all| all.iter().any(|method| method == "generateContent"));
        let name = ["id", "model", "name"].into_iter().find_map(|field| model.get(field)?.as_str())?;
        let name = name.strip_prefix("models/").unwrap_or(name);
        let is_name = (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(char::is_control);
        (answers && is_name).then(|| name.to_owned())
    };
    let mut names: Vec<String> = listed.iter().filter_map(name).take(MOST_NAMES).collect();
    names.sort();
    names.dedup();
    Some(names)
}

impl Address {
    /// Where below it a dialect lists its models, the likeliest first; nowhere where there is no list.
    fn lists(&self, dialect: Dialect) -> Result<Vec<Self>, AgentFailure> {
        let query = match dialect {
            Dialect::Anthropic => "limit=1000",
            Dialect::Gemini => "pageSize=1000",
            Dialect::ChatCompletions | Dialect::Responses | Dialect::Ollama => "",
            Dialect::Bedrock => return Ok(Vec::new()),
        };
        self.below(super::dialect::endpoint::lists(dialect, self.uri.path()), query)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_of_every_kind_of_list_are_read() {
        for (said, expected) in [
            (json!({ "object": "list", "data": [{ "id": "b" }, { "id": "a" }, { "id": "a" }] }), Some("a b")),
            (
                json!({ "data": [{ "type": "model", "id": "claude-x", "display_name": "X" }] }),
                Some("claude-x"),
            ),
            (
                json!({ "models": [
                    { "name": "models/gemini-x", "supportedGenerationMethods": ["generateContent"] },
                    { "name": "models/embedding-x", "supportedGenerationMethods": ["embedContent"] },
                ] }),
                Some("gemini-x"),
            ),
            (json!({ "models": [{ "name": "l:7b", "model": "l:7b", "size": 1 }] }), Some("l:7b")),
            (
                json!([{ "id": "a" }, 7, null, { "id": 7 }, { "id": "two words" }, { "id": "" }, { "id": "c\n" }]),
                Some("a two words"),
            ),
            (json!({ "data": [] }), Some("")),
            (json!({ "error": "no" }), None),
            (json!("a"), None),
        ] {
            assert_eq!(names(&said).map(|names| names.join(" ")).as_deref(), expected, "{said}");
        }
        let many: Vec<Value> = (0..=MOST_NAMES).map(|no| json!({ "id": format!("m{no}") })).collect();
        assert_eq!(names(&many.into()).map(|names| names.len()), Some(MOST_NAMES));
        let long = json!([{ "id": "x".repeat(LONGEST_NAME + 1) }]);
        assert_eq!(names(&long), Some(Vec::new()));
    }
}
