//! Keys that AWS's single sign-on lends for a role: asked for when a request needs them, kept in memory for one conversation,
//! and asked for anew before their time is over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use q_core::{AgentFailure, FailureKind};
use serde_json::Value;

use super::address::Address;
use super::detail::{clean, words_of_body};
use super::dialect::endpoint::escaped;
use super::exchange::{Exchange, HeaderName};
use super::retry::{FailedAttempt, Retry};
use super::route::Route;
use crate::network::NetworkEnvironment;
use crate::secret::{Secret, Secrets};
use crate::spec::HttpSpec;
use crate::sso::SsoRole;

/// How long the portal may take in all, and between its bytes.
const WITHIN: Duration = Duration::from_secs(15);
/// The most that is read of what it says, in bytes.
const MOST_BYTES: usize = 64 << 10;
/// How long before their end keys are used no more: what they sign is on its way for a while.
const BEFORE_END: Duration = Duration::from_mins(2);
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");

/// The keys that a conversation was lent, if it was lent any.
#[derive(Debug, Default)]
pub(super) struct RoleKeys(Mutex<Option<LentKeys>>);

/// A pair of keys with its token, and since 1970 until when it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LentKeys {
    key: Secret,
    until: Duration,
}

impl RoleKeys {
    /// The agent with keys to sign with, where it has a role in the place of a key. The portal is asked where there are none
    /// that are still good.
    pub(super) async fn lent_to(&self, spec: &Arc<HttpSpec>) -> Result<Arc<HttpSpec>, FailedAttempt> {
        let signs = spec.dialect.signed_service().is_some();
        let Some(role) = spec.key.as_ref().filter(|_| signs).and_then(SsoRole::of) else {
            return Ok(Arc::clone(spec));
        };
        let kept = self.kept();
        let good = kept.filter(|keys| keys.until.saturating_sub(BEFORE_END) > since_1970());
        let key = if let Some(keys) = good {
            keys.key
        } else {
            let asked = tokio::time::timeout(WITHIN, ask(&role, &spec.network)).await;
            let silent = |_| failed(FailureKind::Silent, "AWS's sign-in portal", &role);
            let keys = asked.map_err(silent)??;
            self.keep(Some(keys.clone()));
            keys.key
        };
        Ok(Arc::new(HttpSpec { key: Some(key), ..HttpSpec::clone(spec) }))
    }

    /// The keys were refused: others are asked for the next time.
    pub(super) fn forget(&self) {
        self.keep(None);
    }

    fn kept(&self) -> Option<LentKeys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, keys: Option<LentKeys>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

#[expect(clippy::disallowed_methods, reason = "keys are good until a moment of the calendar")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

async fn ask(role: &SsoRole, network: &NetworkEnvironment) -> Result<LentKeys, FailedAttempt> {
    let SsoRole { portal, account, role: name, token, .. } = role;
    let portal = Address::of(portal)?;
    if !portal.is_secure() && !portal.is_loopback() {
        let why = "AWS_ENDPOINT_URL_SSO must begin with https://, since the token of the sign-in goes there";
        return Err(AgentFailure::new(FailureKind::NotConfigured, why).into());
    }
    let path = format!("{}/federation/credentials", portal.uri.path().trim_end_matches('/'));
    let query = format!("role_name={}&account_id={}", escaped(name), escaped(account));
    let addresses = portal.below(vec![path], &query)?;
    let nowhere = || AgentFailure::new(FailureKind::Internal, "the portal has no address");
    let address = addresses.first().ok_or_else(nowhere)?;
    let route = Route::to(address, network, None).await?;
    let headers = [(TOKEN_HEADER, token.expose().to_owned())];
    let mut exchange = Exchange::get(&route, address, &headers, WITHIN).await.map_err(|attempt| {
        let FailedAttempt { failure: AgentFailure { kind, detail }, retry } = attempt;
        FailedAttempt { failure: AgentFailure::new(kind, format!("AWS's sign-in portal: {detail}")), retry }
    })?;
    let status = exchange.status();
    let (body, is_longer) = exchange.body(MOST_BYTES, WITHIN).await?;
    if is_longer {
        return Err(failed(FailureKind::ServerError, "AWS's sign-in portal says more than 64 KB", role));
    }
    if status != 200 {
        let wait = exchange.named_wait();
        let failure = refused(status, &String::from_utf8_lossy(&body), role);
        let retry = Retry::after(status, failure.kind, wait);
        return Err(FailedAttempt { failure, retry });
    }
    lent(&body).ok_or_else(|| failed(FailureKind::ServerError, "AWS's sign-in portal lends no keys", role))
}

/// The keys in what the portal says; nothing where there are none that can be signed with.
fn lent(body: &[u8]) -> Option<LentKeys> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let lent = said.get("roleCredentials")?;
    let text = |name: &str| {
        let text = lent.get(name)?.as_str()?;
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
    };
    let (id, secret, token) = (text("accessKeyId")?, text("secretAccessKey")?, text("sessionToken")?);
    // The three become one key, in which the first two end at a colon.
    if id.contains(':') || secret.contains(':') {
        return None;
    }
    let until = Duration::from_millis(lent.get("expiration")?.as_u64()?);
    Some(LentKeys { key: Secret::new(format!("{id}:{secret}:{token}")), until })
}

/// What it means that the portal lends none, and what to do.
fn refused(status: u16, body: &str, role: &SsoRole) -> AgentFailure {
    let SsoRole { account, role: name, profile, token, .. } = role;
    let sign_in = SsoRole::sign_in(profile);
    let (kind, why) = match status {
        401 => (
            FailureKind::NotConfigured,
            format!("the sign-in to AWS of profile {profile} is over: {sign_in}, then start q anew"),
        ),
        403 => {
            (FailureKind::Forbidden, format!("AWS does not let you have role {name} of account {account}"))
        }
        404 => (
            FailureKind::NotConfigured,
            format!(
                "AWS knows no role {name} of account {account}: see sso_role_name and sso_account_id of profile {profile}"
            ),
        ),
        429 => (FailureKind::RateLimited, "AWS's sign-in portal is asked too often".to_owned()),
        500.. => (FailureKind::ServerError, "AWS's sign-in portal failed".to_owned()),
        0..500 => (FailureKind::NotConfigured, format!("AWS lends no keys for profile {profile}")),
    };
    let said = words_of_body(body, serde_json::from_str(body).ok().as_ref());
    let said = if said.is_empty() { status.to_string() } else { format!("{status} {said}") };
    AgentFailure::new(kind, clean(&format!("{why} ({said})"), &Secrets::from(token.clone())))
}

fn failed(kind: FailureKind, why: &str, role: &SsoRole) -> FailedAttempt {
    AgentFailure::new(kind, format!("{why}, for profile {}", role.profile)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lent_in(said: &Value) -> Option<LentKeys> {
        lent(said.to_string().as_bytes())
    }

    #[test]
    fn keys_are_taken_that_can_be_signed_with_and_no_others() {
        let said = |id: &str, secret: &str, token: &str, until: Value| {
            let lent = json!({
                "accessKeyId": id, "secretAccessKey": secret, "sessionToken": token, "expiration": until,
            });
            lent_in(&json!({ "roleCredentials": lent }))
        };
        let until = Duration::from_secs(1_700_000_000);
        let expected = LentKeys { key: Secret::new("ASIA:s/+=:t:o=="), until };
        assert_eq!(said("ASIA", "s/+=", "t:o==", json!(1_700_000_000_000_u64)), Some(expected));
        for none in [
            said("AS:IA", "s", "t", json!(1)),
            said("ASIA", "s:x", "t", json!(1)),
            said("", "s", "t", json!(1)),
            said("ASIA", "s", "", json!(1)),
            said("ASIA", "s", "t\r\nx: y", json!(1)),
            said("ASIA", "s", "t", json!("soon")),
            said("ASIA", "s", "t", json!(-1)),
            lent_in(&json!({ "roleCredentials": null })),
            lent_in(&json!([])),
            lent(b"<html>"),
        ] {
            assert_eq!(none, None);
        }
    }

    #[test]
    fn a_refusal_says_what_to_do_and_not_the_token() {
        let role = SsoRole {
            portal: "http://127.0.0.1:1".into(),
            account: "123456789012".into(),
            role: "Reader".into(),
            profile: "work".into(),
            token: Secret::new("aoa-canary"),
        };
        for (status, kind, words) in [
            (401, FailureKind::NotConfigured, "aws sso login --profile work"),
            (403, FailureKind::Forbidden, "role Reader of account 123456789012"),
            (404, FailureKind::NotConfigured, "sso_role_name and sso_account_id of profile work"),
            (429, FailureKind::RateLimited, "asked too often"),
            (503, FailureKind::ServerError, "portal failed"),
            (302, FailureKind::NotConfigured, "lends no keys for profile work"),
        ] {
            let failure = refused(status, r#"{"message":"Session token aoa-canary is no good"}"#, &role);
            assert_eq!(failure.kind, kind, "{status}");
            assert!(failure.detail.contains(words), "{failure}");
            assert!(failure.detail.contains("is no good") && !failure.detail.contains("canary"), "{failure}");
        }
    }
}
