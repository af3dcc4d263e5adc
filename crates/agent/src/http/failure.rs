//! What a refusal of the server means, read from its status and its body.
//!
//! Not here: failures below HTTP (`connection` and `exchange` have those), reasons of an answer (`finish`).

use std::time::Duration;

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::detail::{clean, nested, words_of, words_of_body};
use super::page;
use super::retry::{Retry, duration};
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
    /// Where a redirect leads.
    pub(super) location: Option<&'a str>,
    /// What AWS says there is wrong, in a header of its own.
    pub(super) error_type: Option<&'a str>,
}

impl Refused<'_> {
    /// The failure it is.
    pub(super) fn failure(&self, secrets: &Secrets) -> AgentFailure {
        let Self { status, body, retry_after, location, error_type } = *self;
        let json = read(body);
        let said = words_of_body(body, json.as_ref());
        let mut codes = Codes::of(json.as_ref());
        codes.words.extend(error_type.map(code_word));
        let mut kind = kind_of(status, &said, &codes);
        // Google names what is spent; that of a day is not there again in a moment.
        if kind == FailureKind::RateLimited && body.contains("PerDay") {
            kind = FailureKind::QuotaSpent;
        }
        // A page is no agent's, whatever words stand on it.
        if kind == FailureKind::UnknownModel && status == 404 && json.is_none() && page::is_page(body) {
            kind = FailureKind::WrongPath;
        }
        let detail = match retry_after {
            _ if (300..400).contains(&status) => {
                let where_to = location.map(shown_location).filter(|place| !place.is_empty());
                let where_to = where_to.map(|place| format!(" to {place}")).unwrap_or_default();
                format!("{status}: the server redirects{where_to}; set base_url to where it leads")
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

/// What went wrong with a server that is no agent, in words.
pub(super) fn server_words(AgentFailure { kind, detail }: AgentFailure) -> String {
    let detail = detail.strip_prefix("base_url is not an address: ").unwrap_or(&detail);
    if detail.is_empty() { kind.what().replace("agent", "server") } else { detail.to_owned() }
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

/// What servers call a fault of their own.
const FAULTS: [&str; 4] = ["server_error", "internal_server_error", "api_error", "internalserverexception"];

/// Whether an error in the place of an answer may be gone in a moment: where the status that says the same would be asked again.
pub(super) fn may_pass(error: &str, kind: FailureKind) -> bool {
    let codes = Codes::of(read(error).as_ref());
    let status = codes.status.or(if kind == FailureKind::RateLimited {
        Some(429)
    } else if kind == FailureKind::Overloaded {
        Some(529)
    } else if kind == FailureKind::ServerError && codes.say(&FAULTS) {
        Some(500)
    } else {
        None
    });
    status.is_some_and(|status| Retry::after(status, kind, None) != Retry::Never)
}

/// The most of an address that is shown, in characters.
const SHOWN_LOCATION: usize = 200;

/// Where a redirect leads, without what may be a secret in it: whom it names, what it asks.
fn shown_location(location: &str) -> String {
    let place = location.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = place.split_once("//").map_or(("", place), |(scheme, rest)| (scheme, rest));
    let slashes = if rest.len() < place.len() { "//" } else { "" };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    let shown = [scheme, slashes, host, path].concat();
    shown.chars().take(SHOWN_LOCATION).collect()
}

/// A body as JSON, mended where that is needed. A stream of events that stands in its place begins with it.
fn read(body: &str) -> Option<Value> {
    let framed = body.lines().find_map(|line| line.trim_start().strip_prefix("data:"));
    let body = framed.filter(|_| !body.trim_start().starts_with(['{', '[', '<'])).unwrap_or(body);
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
        // One that speaks TLS, asked without; and a network that lets nobody through who has not logged in to it.
        400 | 426 if speaks_tls(&said) => FailureKind::WrongPath,
        511 => FailureKind::Unreachable,
        404 if says_no_images(&said) => FailureKind::NoImages,
        // Only where it says so: else it is the path that is not known.
        404 if said.contains("model") || codes.say(&["deploymentnotfound"]) => FailureKind::UnknownModel,
        300..400 | 404 | 405 => FailureKind::WrongPath,
        // A proxy that wants to know who asks lets nobody reach anything.
        407 => FailureKind::ProxyFailed,
        429 => match of_words() {
            Some(kind @ (FailureKind::QuotaSpent | FailureKind::Overloaded)) => kind,
            // One request alone is more than is allowed at once.
            _ if is_more_than_at_once(&said) => FailureKind::ContextTooLong,
            Some(_) | None => FailureKind::RateLimited,
        },
        413 if is_more_than_at_once(&said) => FailureKind::ContextTooLong,
        529 => FailureKind::Overloaded,
        // Bedrock says 424 where the model went wrong, and 409 or 429 where it is not there yet.
        408 | 424 | 425 => FailureKind::ServerError,
        409 if said.contains("loading") || said.contains("not ready") => FailureKind::Overloaded,
        451 => FailureKind::RegionRefused,
        500.. => match of_words() {
            Some(kind @ (FailureKind::Overloaded | FailureKind::ContextTooLong | FailureKind::NoImages)) => {
                kind
            }
            Some(_) | None => FailureKind::ServerError,
        },
        0..500 => of_words().unwrap_or(FailureKind::Rejected),
    }
}

/// Whether one request is more than a rate allows: no waiting helps.
fn is_more_than_at_once(said: &str) -> bool {
    ["request too large", "must be reduced"].iter().any(|words| said.contains(words))
}

/// Whether a server that wants TLS says that it was asked without.
fn speaks_tls(said: &str) -> bool {
    ["http request was sent to https port", "http request to an https server"]
        .iter()
        .any(|words| said.contains(words))
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
        } else if codes.say(&["unsupported_country_region_territory"]) || says(&OTHER_REGIONS) {
            FailureKind::RegionRefused
        } else if says_unknown_model(said, codes) {
            FailureKind::UnknownModel
        } else if says_setting(said, codes) {
            FailureKind::SettingRefused
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

/// Words for being asked from where nobody is served.
const OTHER_REGIONS: [&str; 4] = [
    "location is not supported",
    "region, or territory not supported",
    "not available in your country",
    "not available in your region",
];

/// Whether the body says that a setting is not taken: that it is none, or one that can be set, with a word against it.
fn says_setting(said: &str, codes: &Codes) -> bool {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let settings =
        ["temperature", "max_tokens", "max_completion_tokens", "reasoning", "thinking", "stream_options"];
    let against = [
        "unsupported",
        "not support",
        "n't support",
        "may only be",
        "cannot both be",
        "deprecated for",
        "is too large",
        "must be at least",
        "must be less than",
        "must be greater than",
        "not permitted",
        "unrecognized",
    ];
    codes.say(&["unsupported_parameter", "unsupported_value", "unknown_parameter"])
        || says(&["unsupported parameter", "unknown parameter", "unrecognized request argument"])
        || says(&settings) && says(&against)
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
mod tests;
