//! What a refusal of the server means, read from its status and its body.
//!
//! Not here: failures below HTTP (`completion` has those).

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::detail::{clean, words_of};
use crate::secret::Secret;

/// A response whose status is not success.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    /// The status.
    pub(super) status: u16,
    /// The body, of whatever type.
    pub(super) body: &'a str,
    /// What stands in `Retry-After`.
    pub(super) retry_after: Option<&'a str>,
}

impl Refused<'_> {
    /// The failure it is.
    pub(super) fn failure(&self, key: Option<&Secret>) -> AgentFailure {
        let json: Option<Value> = serde_json::from_str(self.body).ok();
        let said = json.as_ref().and_then(words_of).unwrap_or(self.body);
        let model_unknown = json.as_ref().is_some_and(says_unknown_model);
        let kind = kind_of(self.status, model_unknown);
        let mut detail = format!("{} {said}", self.status);
        if self.status == 404 && !said.to_lowercase().contains("model") {
            detail = format!("404: is base_url complete, for example with /v1 at its end? {said}");
        } else if (300..400).contains(&self.status) {
            detail = format!("{}: the server redirects; set base_url to where it leads", self.status);
        } else if let Some(wait) = self.retry_after {
            detail = format!("{}, retry after {wait}: {said}", self.status);
        }
        AgentFailure { kind, detail: clean(&detail, key) }
    }
}

/// The failure an error object inside a stream is.
pub(super) fn in_stream(error: &Value, key: Option<&Secret>) -> AgentFailure {
    let body = serde_json::json!({ "error": error });
    let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let kind = match status {
        Some(status) if (400..600).contains(&status) => kind_of(status, says_unknown_model(&body)),
        Some(_) | None if says_unknown_model(&body) => FailureKind::UnknownModel,
        Some(_) | None => FailureKind::ServerError,
    };
    let detail = words_of(&body).map_or_else(|| error.to_string(), ToOwned::to_owned);
    AgentFailure { kind, detail: clean(&detail, key) }
}

fn kind_of(status: u16, model_unknown: bool) -> FailureKind {
    match status {
        401 | 403 => FailureKind::WrongKey,
        404 => FailureKind::UnknownModel,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::ServerError,
        0..500 if model_unknown => FailureKind::UnknownModel,
        0..500 => FailureKind::Rejected,
    }
}

/// Whether the body says that the model is not known. Servers use 400 for it as well as 404.
fn says_unknown_model(body: &Value) -> bool {
    let code = body.pointer("/error/code").and_then(Value::as_str);
    let said = words_of(body).unwrap_or_default().to_lowercase();
    let unknown = ["not found", "does not exist", "unknown model", "invalid model", "not a valid model"];
    code == Some("model_not_found")
        || said.contains("model") && unknown.iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            (404, "<html>", FailureKind::UnknownModel),
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
        let slow = Refused { status: 429, body: "{}", retry_after: Some("7") };
        assert_eq!(slow.failure(None).detail, "429, retry after 7: {}");
        let path = Refused { status: 404, body: "page not found", retry_after: None };
        assert!(path.failure(None).detail.contains("base_url"));
        let said = Refused { status: 400, body: r#"{"error":{"message":"too\nlong"}}"#, retry_after: None };
        assert_eq!(said.failure(None).detail, "400 too long");
    }

    #[test]
    fn errors_inside_a_stream_are_read_too() {
        for (error, kind) in [
            (json!({"message": "Overloaded", "code": 503}), FailureKind::ServerError),
            (json!({"message": "slow down", "code": 429}), FailureKind::RateLimited),
            (json!({"message": "Error in input stream"}), FailureKind::ServerError),
            (json!({"message": "x", "code": "model_not_found"}), FailureKind::UnknownModel),
            (json!("plain"), FailureKind::ServerError),
            (json!(null), FailureKind::ServerError),
        ] {
            assert_eq!(in_stream(&error, None).kind, kind, "{error}");
        }
    }
}
