//! What a refusal of the server means, read from its status and its body.
//!
//! Not here: failures below HTTP (`connection` and `exchange` have those), reasons of an answer (`finish`).

use std::time::Duration;

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::detail::{clean, nested, words_of, words_of_body};
use super::retry::duration;
use crate::secret::Secrets;
use q_json::mended;

/// A response whose status is not success.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    pub(super) status: u16,
    /// The beginning of the body, of whatever type.
    pub(super) body: &'a str,
    /// What stands in `Retry-After`.
    pub(super) retry_after: Option<&'a str>,
    /// What AWS says there is wrong, in a header of its own.
    pub(super) error_type: Option<&'a str>,
}

impl Refused<'_> {
    /// The failure it is.
    pub(super) fn failure(&self, secrets: &Secrets) -> AgentFailure {
        let Self { status, body, retry_after, error_type } = *self;
        let json = read(body);
        let said = words_of_body(body, json.as_ref());
        let mut codes = Codes::of(json.as_ref());
        codes.words.extend(error_type.map(code_word));
        let mut kind = kind_of(status, &said, &codes);
        // Google names what is spent; that of a day is not there again in a moment.
        if kind == FailureKind::RateLimited && body.contains("PerDay") {
            kind = FailureKind::QuotaSpent;
        }
        let detail = match retry_after {
            _ if (300..400).contains(&status) => {
                format!("{status}: the server redirects; set base_url to where it leads")
            }
            Some(wait) => format!("{status}, retry after {wait}: {said}"),
            None if said.starts_with(&status.to_string()) => said,
            None => format!("{status} {said}"),
        };
        AgentFailure { kind, detail: clean(&detail, secrets) }
    }

    /// How long to wait, where the body says so: Google's `RetryInfo`.
    pub(super) fn named_wait(&self) -> Option<Duration> {
        let json = read(self.body)?;
        let details = ["/error/details", "/0/error/details"].iter().find_map(|place| json.pointer(place))?;
        details.as_array()?.iter().find_map(|detail| duration(detail.get("retryDelay")?.as_str()?))
    }
}

/// The failure that an error in the place of an answer, or in the middle of one, is.
pub(super) fn in_answer(error: &str, secrets: &Secrets) -> AgentFailure {
    let json = read(error);
    let said = words_of_body(error, json.as_ref());
    let codes = Codes::of(json.as_ref());
    let kind = match codes.status {
        Some(status) => kind_of(status, &said, &codes),
        None => kind_of_words(&said.to_lowercase(), &codes).unwrap_or(FailureKind::ServerError),
    };
    AgentFailure { kind, detail: clean(&said, secrets) }
}

/// A body as JSON, mended where that is needed.
fn read(body: &str) -> Option<Value> {
    serde_json::from_str(body).or_else(|_| serde_json::from_str(&mended(body))).ok()
}

/// What a body says to programs: its status as a number, and its words for what is wrong.
#[derive(Debug, Default)]
struct Codes {
    status: Option<u16>,
    words: Vec<String>,
}

impl Codes {
    fn of(body: Option<&Value>) -> Self {
        let mut codes = Self::default();
        let Some(body) = body else { return codes };
        for place in ["/error", "", "/0/error", "/0"] {
            for name in ["code", "type", "status", "__type"] {
                match body.pointer(&format!("{place}/{name}")) {
                    Some(Value::String(word)) => {
                        codes.status = codes.status.or_else(|| status(word.trim().parse().ok()?));
                        codes.words.push(code_word(word));
                    }
                    Some(Value::Number(number)) => {
                        codes.status = codes.status.or_else(|| status(number.as_u64()?));
                    }
                    Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {}
                }
            }
            let message = body.pointer(&format!("{place}/message")).and_then(Value::as_str);
            let inner = Self::of(message.and_then(nested).as_ref());
            codes.status = codes.status.or(inner.status);
            codes.words.extend(inner.words);
        }
        codes
    }

    fn say(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// A word for what is wrong, without what AWS puts around it: `com.amazon#AccessDeniedException:http://...`.
fn code_word(word: &str) -> String {
    let word = word.rsplit('#').next().unwrap_or(word).split(':').next().unwrap_or_default();
    word.to_ascii_lowercase()
}

/// A number that is the status of a failure.
fn status(number: u64) -> Option<u16> {
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

/// What a status means, unless the body says more.
fn kind_of(status: u16, said: &str, codes: &Codes) -> FailureKind {
    let said = said.to_lowercase();
    let of_words = || kind_of_words(&said, codes);
    match status {
        401 => FailureKind::WrongKey,
        402 => FailureKind::QuotaSpent,
        // A key that is wrong, or none at all, is refused so too.
        403 if ["api key", "api_key", "apikey", "credential"].iter().any(|word| said.contains(word)) => {
            FailureKind::WrongKey
        }
        403 => of_words().unwrap_or(FailureKind::Forbidden),
        404 if says_no_images(&said) => FailureKind::NoImages,
        // Only where it says so: else it is the path that is not known.
        404 if said.contains("model") || codes.say(&["deploymentnotfound"]) => FailureKind::UnknownModel,
        300..400 | 404 | 405 => FailureKind::WrongPath,
        // A proxy that wants to know who asks lets nobody reach anything.
        407 => FailureKind::ProxyFailed,
        429 => match of_words() {
            Some(kind @ (FailureKind::QuotaSpent | FailureKind::Overloaded)) => kind,
            // One request alone is more than is allowed at once.
            _ if said.contains("request too large") => FailureKind::ContextTooLong,
            Some(_) | None => FailureKind::RateLimited,
        },
        529 => FailureKind::Overloaded,
        // Bedrock says 424 where the model went wrong, and 409 or 429 where it is not there yet.
        408 | 424 => FailureKind::ServerError,
        409 if said.contains("loading") || said.contains("not ready") => FailureKind::Overloaded,
        451 => FailureKind::Forbidden,
        500.. => match of_words() {
            Some(kind @ (FailureKind::Overloaded | FailureKind::ContextTooLong | FailureKind::NoImages)) => {
                kind
            }
            Some(_) | None => FailureKind::ServerError,
        },
        0..500 => of_words().unwrap_or(FailureKind::Rejected),
    }
}

/// What the server's own words mean, where they mean more than their status.
fn kind_of_words(said: &str, codes: &Codes) -> Option<FailureKind> {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let too_long = [
        "context length",
        "context window",
        "context size",
        "prompt is too long",
        "prompt too long",
        "too many input tokens",
        "maximum number of tokens",
        "maximum prompt length",
        "input is too long",
    ];
    Some(
        if codes.say(&["insufficient_quota", "billing_error", "billing_hard_limit_reached"])
            || says(&["credit balance", "insufficient balance", "insufficient credits", "insufficient_quota"])
        {
            FailureKind::QuotaSpent
        } else if codes.say(&["context_length_exceeded", "exceed_context_size_error"]) || says(&too_long) {
            FailureKind::ContextTooLong
        } else if says_no_images(said) {
            FailureKind::NoImages
        } else if says_unknown_model(said, codes) {
            FailureKind::UnknownModel
        } else if codes.say(&WRONG_KEY)
            || says(&["api key not valid", "invalid api key", "incorrect api key"])
        {
            FailureKind::WrongKey
        } else if codes.say(&["permission_error", "permission_denied", "accessdeniedexception"]) {
            FailureKind::Forbidden
        } else if codes.say(&["overloaded_error", "overloaded", "unavailable", "serviceunavailableexception"])
            || says(&["overloaded", "at capacity"])
        {
            FailureKind::Overloaded
        } else if codes.say(&RATE_LIMITED) {
            FailureKind::RateLimited
        } else if codes.say(&["content_filter", "content_policy_violation"]) {
            FailureKind::Filtered
        } else if codes.say(&[
            "request_too_large",
            "invalid_request_error",
            "invalid_argument",
            "validationexception",
        ]) {
            FailureKind::Rejected
        } else {
            return None;
        },
    )
}

/// Words of codes for a key that is not taken.
const WRONG_KEY: [&str; 8] = [
    "authentication_error",
    "invalid_api_key",
    "unauthenticated",
    "unrecognizedclientexception",
    "invalidsignatureexception",
    "incompletesignature",
    "expiredtokenexception",
    "missingauthenticationtokenexception",
];
/// Words of codes for too much at once.
const RATE_LIMITED: [&str; 5] = [
    "rate_limit_error",
    "rate_limit_exceeded",
    "resource_exhausted",
    "throttlingexception",
    "servicequotaexceededexception",
];

/// Whether the body says that the model takes no images. Each server has words of its own; those about a format are about one
/// image alone.
fn says_no_images(said: &str) -> bool {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let takes_none = [
        "not support",
        "n't support",
        "only supported by",
        "support image input",
        "unknown variant",
        "missing data required",
        "does not accept",
        "cannot read",
    ];
    says(&["text and nothing else", "not a multimodal model"])
        || said.contains("image")
            && says(&takes_none)
            && !says(&["format", "media type", "media_type", "mime"])
}

/// Whether the body says that the model is not known. Servers use 400 for it as well as 404.
fn says_unknown_model(said: &str, codes: &Codes) -> bool {
    let unknown = [
        "not found",
        "does not exist",
        "unknown model",
        "invalid model",
        "not a valid model",
        "model identifier is invalid",
    ];
    codes.say(&["model_not_found", "deploymentnotfound"])
        || said.contains("model")
            && (codes.say(&["not_found_error", "not_found"])
                || unknown.iter().any(|words| said.contains(words)))
}

/// Words that say in the place of an error that there is none.
const NO_ERRORS: [&str; 6] = ["", "null", "none", "ok", "success", "0"];

/// Whether what stands in an `error` member of a frame tells of one. Some servers put an empty one into every frame, or one that
/// says that all is well.
pub(super) fn is_error(value: &serde_json::value::RawValue) -> bool {
    fn says_nothing(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => NO_ERRORS.iter().any(|none| none.eq_ignore_ascii_case(text.trim())),
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
            (301, "", FailureKind::WrongPath),
            (400, r#"{"error":{"message":"no such field"}}"#, FailureKind::Rejected),
            (
                400,
                r#"{"error":{"message":"maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
                FailureKind::ContextTooLong,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#,
                FailureKind::ContextTooLong,
            ),
            (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, FailureKind::QuotaSpent),
            (
                400,
                r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}"#,
                FailureKind::WrongKey,
            ),
            (400, r#"{"error":{"message":"x","code":"content_filter"}}"#, FailureKind::Filtered),
            (400, r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel),
            (400, r#"{"error":"model 'gpt' not found"}"#, FailureKind::UnknownModel),
            (401, r#"{"error":{"message":"model not found"}}"#, FailureKind::WrongKey),
            (402, "", FailureKind::QuotaSpent),
            (403, "", FailureKind::Forbidden),
            (403, r#"{"error":{"message":"Please use API Key"}}"#, FailureKind::WrongKey),
            (404, r#"{"error":"model 'gpt' not found, try pulling it first"}"#, FailureKind::UnknownModel),
            (404, "<html>", FailureKind::WrongPath),
            (404, "404 page not found", FailureKind::WrongPath),
            (405, "", FailureKind::WrongPath),
            (407, "", FailureKind::ProxyFailed),
            (408, "", FailureKind::ServerError),
            (413, "", FailureKind::Rejected),
            (
                413,
                r#"{"type":"error","error":{"type":"request_too_large","message":"x"}}"#,
                FailureKind::Rejected,
            ),
            (422, r#"{"detail":"no"}"#, FailureKind::Rejected),
            (429, "{}", FailureKind::RateLimited),
            (
                429,
                r#"{"error":{"message":"Request too large for m on tokens per min: must be reduced","code":"rate_limit_exceeded"}}"#,
                FailureKind::ContextTooLong,
            ),
            (
                429,
                r#"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"RequestsPerDayPerModel"}]}]}}"#,
                FailureKind::QuotaSpent,
            ),
            (
                404,
                r#"{"error":{"code":"DeploymentNotFound","message":"no such deployment"}}"#,
                FailureKind::UnknownModel,
            ),
            (409, r#"{"message":"the model is loading"}"#, FailureKind::Overloaded),
            (409, "", FailureKind::Rejected),
            (424, r#"{"message":"ModelErrorException"}"#, FailureKind::ServerError),
            (451, "", FailureKind::Forbidden),
            (429, r#"{"error":{"message":"x","code":"insufficient_quota"}}"#, FailureKind::QuotaSpent),
            (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, FailureKind::RateLimited),
            (500, "", FailureKind::ServerError),
            (503, r#"{"error":{"message":"Loading model"}}"#, FailureKind::ServerError),
            (503, r#"{"error":{"message":"The model is overloaded"}}"#, FailureKind::Overloaded),
            (529, "", FailureKind::Overloaded),
        ] {
            let failure =
                Refused { status, body, retry_after: None, error_type: None }.failure(&Secrets::default());
            assert_eq!(failure.kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn a_body_may_say_how_long_to_wait() {
        for (body, wait) in [
            (r#"{"error":{"details":[{"a":1},{"retryDelay":"3600s"}]}}"#, Some(3600)),
            (r#"[{"error":{"details":[{"retryDelay":"2s"}]}}]"#, Some(2)),
            (r#"{"error":{"details":[{"retryDelay":"soon"}]}}"#, None),
            (r#"{"error":{"details":{}}}"#, None),
            ("slow down", None),
        ] {
            let refused = Refused { status: 429, body, retry_after: None, error_type: None };
            assert_eq!(refused.named_wait(), wait.map(Duration::from_secs), "{body}");
        }
    }

    #[test]
    fn a_model_that_sees_nothing_is_told_apart() {
        for (status, body, kind) in [
            (
                400,
                r#"{"error":{"message":"Invalid content type. image_url is only supported by certain models."}}"#,
                FailureKind::NoImages,
            ),
            (
                400,
                r#"{"error":{"message":"content: this model reads text and nothing else"}}"#,
                FailureKind::NoImages,
            ),
            (
                422,
                r#"{"error":{"message":"messages[0]: unknown variant `image_url`, expected `text`"}}"#,
                FailureKind::NoImages,
            ),
            (
                404,
                r#"{"error":{"message":"No endpoints found that support image input","code":404}}"#,
                FailureKind::NoImages,
            ),
            (
                400,
                r#"{"message":"This model doesn't support the image content block"}"#,
                FailureKind::NoImages,
            ),
            (
                500,
                r#"{"error":{"code":500,"message":"image input is not supported - hint: you may need to provide the mmproj"}}"#,
                FailureKind::NoImages,
            ),
            (
                400,
                r#"{"error":{"message":"unsupported image format: this does not support image/bmp"}}"#,
                FailureKind::Rejected,
            ),
        ] {
            let failure =
                Refused { status, body, retry_after: None, error_type: None }.failure(&Secrets::default());
            assert_eq!(failure.kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn what_aws_calls_a_failure_counts_beside_its_status() {
        for (status, error_type, body, kind) in [
            (
                403,
                Some("UnrecognizedClientException"),
                r#"{"message":"The security token is invalid."}"#,
                FailureKind::WrongKey,
            ),
            (
                403,
                Some("AccessDeniedException:http://internal"),
                r#"{"Message":"not authorized"}"#,
                FailureKind::Forbidden,
            ),
            (
                403,
                None,
                r#"{"__type":"com.amazon.coral#ExpiredTokenException","message":"x"}"#,
                FailureKind::WrongKey,
            ),
            (
                400,
                Some("ValidationException"),
                r#"{"message":"The provided model identifier is invalid."}"#,
                FailureKind::UnknownModel,
            ),
            (400, Some("ValidationException"), r#"{"message":"no such field"}"#, FailureKind::Rejected),
            (
                429,
                Some("ThrottlingException"),
                r#"{"message":"Too many tokens, please wait"}"#,
                FailureKind::RateLimited,
            ),
            (503, Some("ServiceUnavailableException"), "{}", FailureKind::Overloaded),
        ] {
            let failure =
                Refused { status, body, retry_after: None, error_type }.failure(&Secrets::default());
            assert_eq!(failure.kind, kind, "{status} {body}: {failure}");
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
            assert_eq!(
                Refused { status, body, retry_after, error_type: None }.failure(&Secrets::default()).detail,
                detail,
                "{body}"
            );
        }
        let moved = Refused { status: 307, body: "", retry_after: None, error_type: None }
            .failure(&Secrets::default());
        assert!(moved.detail.contains("base_url"), "{moved}");
        let path = Refused { status: 404, body: "page not found", retry_after: None, error_type: None }
            .failure(&Secrets::default());
        assert!(path.to_string().contains("base_url"), "{path}");
    }

    #[test]
    fn errors_inside_an_answer_are_read_too() {
        for (error, kind, detail) in [
            (r#"{"error":{"message":"Overloaded","code":503}}"#, FailureKind::Overloaded, "Overloaded"),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
                FailureKind::Overloaded,
                "m",
            ),
            (
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
                FailureKind::RateLimited,
                "m",
            ),
            (r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#, FailureKind::ServerError, "m"),
            (r#"{"error":{"message":"m","code":"429"}}"#, FailureKind::RateLimited, "m"),
            (
                r#"{"error":{"message":"{\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}"}}"#,
                FailureKind::Overloaded,
                "m",
            ),
            (r#"{"message":"slow down","code":429}"#, FailureKind::RateLimited, "slow down"),
            (r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel, "x"),
            (r#"{"detail":"worker died"}"#, FailureKind::ServerError, "worker died"),
            ("plain words", FailureKind::ServerError, "plain words"),
            ("{\"x\":1}", FailureKind::ServerError, "{\"x\":1}"),
        ] {
            let failure = in_answer(error, &Secrets::default());
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
            ("\"None\"", false),
            ("{\"code\": \"0\", \"message\": \"success\"}", false),
            ("{\"code\": \"0\", \"message\": \"no balance\"}", true),
            ("\"x\"", true),
            ("{\"code\": 5}", true),
            ("true", true),
        ] {
            assert_eq!(is_error(serde_json::from_str(text).unwrap()), says, "{text}");
        }
    }
}
