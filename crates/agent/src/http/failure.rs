//! What a refusal of the server means, read from its status and its body.
//!
//! Not here: failures below HTTP (`connection` and `exchange` have those), reasons of an answer (`finish`).

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::detail::{clean, words_of, words_of_body};
use super::json::mended;
use crate::secret::Secret;

/// A response whose status is not success.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    /// The status.
    pub(super) status: u16,
    /// The beginning of the body, of whatever type.
    pub(super) body: &'a str,
    /// What stands in `Retry-After`.
    pub(super) retry_after: Option<&'a str>,
}

impl Refused<'_> {
    /// The failure it is.
    pub(super) fn failure(&self, key: Option<&Secret>) -> AgentFailure {
        let Self { status, body, retry_after } = *self;
        let json = read(body);
        let said = words_of_body(body, json.as_ref());
        let kind = kind_of(status, &said, code_of(json.as_ref()));
        let detail = match retry_after {
            _ if (300..400).contains(&status) => {
                format!("{status}: the server redirects; set base_url to where it leads")
            }
            Some(wait) => format!("{status}, retry after {wait}: {said}"),
            None if said.starts_with(&status.to_string()) => said,
            None => format!("{status} {said}"),
        };
        AgentFailure { kind, detail: clean(&detail, key) }
    }
}

/// The failure that an error in the place of an answer, or in the middle of one, is.
pub(super) fn in_answer(error: &str, key: Option<&Secret>) -> AgentFailure {
    let json = read(error);
    let said = words_of_body(error, json.as_ref());
    let code = code_of(json.as_ref());
    let status = code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = status.filter(|status| (400..600).contains(status));
    let kind = match status {
        Some(status) => kind_of(status, &said, code),
        None if says_unknown_model(&said, code) => FailureKind::UnknownModel,
        None => FailureKind::ServerError,
    };
    AgentFailure { kind, detail: clean(&said, key) }
}

/// A body as JSON, mended where that is needed.
fn read(body: &str) -> Option<Value> {
    serde_json::from_str(body).or_else(|_| serde_json::from_str(&mended(body))).ok()
}

/// Its code: a number or a word.
fn code_of(body: Option<&Value>) -> Option<&Value> {
    ["/error/code", "/code", "/0/error/code"].iter().find_map(|place| body?.pointer(place))
}

fn kind_of(status: u16, said: &str, code: Option<&Value>) -> FailureKind {
    match status {
        401 | 403 => FailureKind::WrongKey,
        // Only where it says so: else it is the path that is not known.
        404 if said.to_lowercase().contains("model") => FailureKind::UnknownModel,
        // A proxy that wants to know who asks lets nobody reach anything.
        404 | 407 => FailureKind::Unreachable,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::ServerError,
        0..500 if says_unknown_model(said, code) => FailureKind::UnknownModel,
        0..500 => FailureKind::Rejected,
    }
}

/// Whether the body says that the model is not known. Servers use 400 for it as well as 404.
fn says_unknown_model(said: &str, code: Option<&Value>) -> bool {
    let said = said.to_lowercase();
    let unknown = ["not found", "does not exist", "unknown model", "invalid model", "not a valid model"];
    code.and_then(Value::as_str) == Some("model_not_found")
        || said.contains("model") && unknown.iter().any(|words| said.contains(words))
}

/// Whether what stands in an `error` member of a frame tells of one. Some servers put an empty one into every frame.
pub(super) fn is_error(value: &serde_json::value::RawValue) -> bool {
    fn says_nothing(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.iter().all(says_nothing),
            Value::Object(object) => object.values().all(says_nothing),
        }
    }
    let text = value.get();
    !matches!(text, "null" | "\"\"" | "{}") && !read(text).is_some_and(|value| says_nothing(&value))
}

/// Whether JSON that is no part of an answer says something to the person.
pub(super) fn has_words(value: &serde_json::value::RawValue) -> bool {
    read(value.get()).as_ref().and_then(words_of).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        for (status, body, kind) in [
            (301, "", FailureKind::Rejected),
            (400, r#"{"error":{"message":"context too long"}}"#, FailureKind::Rejected),
            (400, r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel),
            (400, r#"{"error":"model 'gpt' not found"}"#, FailureKind::UnknownModel),
            (401, r#"{"error":{"message":"model not found"}}"#, FailureKind::WrongKey),
            (403, "", FailureKind::WrongKey),
            (404, r#"{"error":"model 'gpt' not found, try pulling it first"}"#, FailureKind::UnknownModel),
            (404, "<html>", FailureKind::Unreachable),
            (404, "404 page not found", FailureKind::Unreachable),
            (407, "", FailureKind::Unreachable),
            (408, "", FailureKind::Rejected),
            (413, "", FailureKind::Rejected),
            (422, r#"{"detail":"no"}"#, FailureKind::Rejected),
            (429, "{}", FailureKind::RateLimited),
            (500, "", FailureKind::ServerError),
            (503, r#"{"error":{"message":"Loading model"}}"#, FailureKind::ServerError),
            (529, "overloaded", FailureKind::ServerError),
        ] {
            let failure = Refused { status, body, retry_after: None }.failure(None);
            assert_eq!(failure.kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn the_detail_helps_to_go_on() {
        for (status, body, retry_after, detail) in [
            (429, "{}", Some("7"), "429, retry after 7: {}"),
            (404, "404 page not found", None, "404 page not found"),
            (400, r#"{"error":{"message":"too\nlong"}}"#, None, "400 too long"),
            (500, "", None, "500"),
            (502, "<title>502 Bad Gateway</title>", None, "502 Bad Gateway"),
            (422, r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, None, "422 field required"),
            (500, r#"[{"error":{"message":"fault","status":"INTERNAL"}}]"#, None, "500 fault"),
            (400, r#"{"error":{"message":"half \ud83d","x":NaN}}"#, None, "400 half �"),
        ] {
            assert_eq!(Refused { status, body, retry_after }.failure(None).detail, detail, "{body}");
        }
        let moved = Refused { status: 307, body: "", retry_after: None }.failure(None);
        assert!(moved.detail.contains("base_url"), "{moved}");
        let path = Refused { status: 404, body: "page not found", retry_after: None }.failure(None);
        assert!(path.to_string().contains("base_url"), "{path}");
    }

    #[test]
    fn errors_inside_an_answer_are_read_too() {
        for (error, kind, detail) in [
            (r#"{"error":{"message":"Overloaded","code":503}}"#, FailureKind::ServerError, "Overloaded"),
            (r#"{"message":"slow down","code":429}"#, FailureKind::RateLimited, "slow down"),
            (r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel, "x"),
            (r#"{"detail":"worker died"}"#, FailureKind::ServerError, "worker died"),
            ("plain words", FailureKind::ServerError, "plain words"),
            ("{\"x\":1}", FailureKind::ServerError, "{\"x\":1}"),
        ] {
            let failure = in_answer(error, None);
            assert_eq!((failure.kind, failure.detail.as_str()), (kind, detail), "{error}");
        }
    }

    #[test]
    fn an_error_that_says_nothing_is_none() {
        for (text, says) in [
            ("null", false),
            ("\"\"", false),
            ("{}", false),
            ("{\"message\": null, \"code\": 0}", false),
            ("false", false),
            ("[]", false),
            ("\"x\"", true),
            ("{\"code\": 5}", true),
            ("true", true),
        ] {
            assert_eq!(is_error(serde_json::from_str(text).unwrap()), says, "{text}");
        }
    }
}
