//! Tokens for a code, and for what renews them: one request, and what came of it as far as it can be a token.

use serde::Deserialize;
use serde_json::Value;

use super::documents::{Document, Documents, shown};
use super::form;
use super::registration::ClientIdentity;
use super::secure_address::SecureAddress;
use crate::sent_secrets::SentSecrets;

/// The longest token, in bytes.
const MOST: usize = 16 << 10;
/// What a server says where a sign-in renews nothing any more (RFC 6749), and what GitHub says there. All else may pass.
const OVER: [&str; 4] = ["invalid_grant", "invalid_client", "unauthorized_client", "bad_refresh_token"];
/// What of a request is shown nowhere, by its names.
const SECRET: [&str; 3] = ["refresh_token", "code", "code_verifier"];
/// Nobody's token is good for longer, in seconds: a year.
const LONGEST: u64 = 366 * 24 * 60 * 60;

/// What was given for a code, or in a renewal.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// For how many seconds it is good, where that is said in a number that can be meant.
    pub(crate) lifetime: Option<u64>,
}

/// Why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// The server says no: only a new sign-in helps.
    Refused(String),
    /// Nobody knows: it was not reached, or failed.
    Unknown(String),
}

impl TokenFault {
    pub(crate) fn why(self) -> String {
        let (Self::Refused(why) | Self::Unknown(why)) = self;
        why
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    token_type: String,
    refresh_token: Option<String>,
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<Value>,
}

/// Asks for tokens, once.
pub(crate) async fn given(
    documents: &Documents,
    place: &SecureAddress,
    client: &ClientIdentity,
    wish: &[(&str, &str)],
) -> Result<Tokens, TokenFault> {
    let (said, header) = client.said();
    let headers: Vec<(&str, String)> = header.map(|value| ("authorization", value)).into_iter().collect();
    let body = form::written(&[wish, &said].concat());
    let answer = documents.post(place, "application/x-www-form-urlencoded", &headers, body).await;
    let answer = answer.map_err(TokenFault::Unknown)?;
    let told = |why: &str| format!("{}: {why}", place.host);
    let secrets = wish.iter().filter(|(name, _)| SECRET.contains(name)).map(|(_, value)| *value);
    let header = headers.iter().map(|(_, value)| value.as_str());
    let sent = SentSecrets::of(secrets.chain(client.secret()).chain(header));
    match answer.read::<Given>() {
        Some(given) => tokens(given).map_err(|why| TokenFault::Unknown(told(why))),
        None if is_over(&answer) => Err(TokenFault::Refused(told(&refusal(&answer, &sent)))),
        None => Err(TokenFault::Unknown(told(&refusal(&answer, &sent)))),
    }
}

/// Whether only a new sign-in helps. The status does not say so: gateways refuse with the same ones, and some servers say no with a
/// success.
fn is_over(answer: &Document) -> bool {
    answer.read_fault::<Refusal>().is_some_and(|refusal| OVER.contains(&refusal.error.as_str()))
}

/// What a server says with a refusal, in a line, without what it was sent.
pub(crate) fn refusal(answer: &Document, sent: &SentSecrets) -> String {
    let status = answer.status;
    match answer.read_fault::<Refusal>() {
        Some(Refusal { error, error_description }) => {
            let more = error_description.as_ref().and_then(Value::as_str);
            let more = more.map(|more| format!(" ({})", shown(&sent.without(more)))).unwrap_or_default();
            format!("it says {}{more}", shown(&sent.without(&error)))
        }
        None => format!("it answers with status {status} and nothing that is understood"),
    }
}

fn tokens(given: Given) -> Result<Tokens, &'static str> {
    let Given { access_token, token_type, refresh_token, expires_in } = given;
    let is_fit = |token: &String| {
        (1..=MOST).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !token_type.eq_ignore_ascii_case("bearer") {
        return Err("it gives a token of a kind that is not known here");
    }
    if !is_fit(&access_token) || !refresh_token.as_ref().is_none_or(is_fit) {
        return Err("what it gives can be no token");
    }
    let seconds = expires_in.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    let lifetime = seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(LONGEST));
    Ok(Tokens { access: access_token, refresh: refresh_token, lifetime })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sign_in_is_over_where_the_server_says_so_and_by_no_status() {
        for (status, said, expected) in [
            (400, r#"{"error":"invalid_grant"}"#, true),
            (200, r#"{"error":"bad_refresh_token","error_description":"gone"}"#, true),
            (401, r#"{"error":"invalid_client","error_description":5}"#, true),
            (500, r#"{"error":"unauthorized_client"}"#, true),
            (400, r#"{"error":"invalid_request"}"#, false),
            (400, r#"{"error":"temporarily_unavailable"}"#, false),
            (403, "<html>blocked</html>", false),
            (401, "", false),
            (403, r#"{"message":"invalid_grant"}"#, false),
            (503, "", false),
        ] {
            let answer = Document { status, body: said.into() };
            assert_eq!(is_over(&answer), expected, "{status} {said}");
        }
    }

    #[test]
    fn what_was_sent_is_not_shown_where_the_server_says_it_back() {
        let sent = SentSecrets::of(["rt-canary-secret"]);
        let pad = "x".repeat(290);
        for said in ["no rt-canary-secret", &format!("{pad}rt-canary-secret"), "cut off: rt-canary-s"] {
            let body = json!({ "error": "invalid_grant", "error_description": said }).to_string().into();
            let told = refusal(&Document { status: 400, body }, &sent);
            assert!(told.contains("[key") && !told.contains("rt-c"), "{told}");
        }
    }

    #[test]
    fn only_what_can_be_a_token_is_taken_and_no_lifetime_is_believed_that_cannot_be_meant() {
        let read = |text: &str| tokens(serde_json::from_str(text).unwrap());
        for (said, lifetime) in [
            ("3600", Some(3600)),
            ("\"60\"", Some(60)),
            ("0", None),
            ("-5", None),
            ("1.5", None),
            ("99999999999999999999999999", None),
            ("18446744073709551615", Some(LONGEST)),
            ("\"soon\"", None),
            ("null", None),
            ("[1]", None),
        ] {
            let text = format!(r#"{{"access_token":"a","token_type":"bearer","expires_in":{said}}}"#);
            assert_eq!(read(&text).unwrap().lifetime, lifetime, "{said}");
        }
        let long = "x".repeat(MOST + 1);
        for (access, refresh, kind) in [
            ("", "r", "Bearer"),
            ("a\\r\\nX-Key: b", "r", "Bearer"),
            ("a b", "r", "Bearer"),
            ("ü", "r", "Bearer"),
            (long.as_str(), "r", "Bearer"),
            ("a", "r\\n", "Bearer"),
            ("a", "", "Bearer"),
            ("a", "r", "mac"),
        ] {
            let text =
                format!(r#"{{"access_token":"{access}","token_type":"{kind}","refresh_token":"{refresh}"}}"#);
            assert!(read(&text).is_err(), "{text}");
        }
    }
}
