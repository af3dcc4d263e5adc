//! Requests signed with a pair of AWS keys (Signature Version 4), by AWS's own crate: what is signed is proof of the keys, which
//! are not sent.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use crate::secret::Secret;

/// A pair of keys, with the token of a session where they are lent for a while.
#[derive(Debug)]
pub(super) struct AwsKeys<'a> {
    id: &'a str,
    secret: &'a str,
    token: Option<&'a str>,
}

impl<'a> AwsKeys<'a> {
    /// The keys that a key is made of: `ID:SECRET` or `ID:SECRET:TOKEN`. Nothing where it is one key: those have no colon.
    pub(super) fn of(key: &'a Secret) -> Option<Self> {
        let (id, rest) = key.expose().split_once(':')?;
        let (secret, token) =
            rest.split_once(':').map_or((rest, None), |(secret, token)| (secret, Some(token)));
        Some(Self { id, secret, token: token.filter(|token| !token.is_empty()) })
    }
}

/// What a signature is for, beside the request itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignatureScope<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) time: SystemTime,
}

/// The headers that sign a POST of `body` to `uri`, whose path is escaped already.
pub(super) fn signed_headers(
    keys: &AwsKeys<'_>,
    scope: SignatureScope<'_>,
    uri: &str,
    body: &[u8],
) -> Result<Vec<(String, Secret)>, String> {
    let token = keys.token.map(str::to_owned);
    let identity = Credentials::new(keys.id, keys.secret, token, None, "q").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let request = SignableRequest::new("POST", uri, std::iter::empty(), SignableBody::Bytes(body));
    let signed = request.and_then(|request| sign(request, &parameters)).map_err(|error| error.to_string())?;
    let (instructions, _signature) = signed.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect())
}

/// The region that a host of a service belongs to: what stands behind the name of the service in it.
pub(super) fn region_of<'a>(host: &'a str, service: &str) -> &'a str {
    let mut labels = host.split('.').skip_while(|label| !label.starts_with(service));
    labels
        .nth(1)
        .filter(|_| host.contains(".amazonaws.") || host.contains(".api.aws"))
        .unwrap_or(USUAL_REGION)
}

/// Where a host says none: servers that stand in for the service do not care.
const USUAL_REGION: &str = "us-east-1";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use std::time::Duration;

    /// `post-vanilla`, `post-vanilla-query` and `get-vanilla-with-session-token` made a POST, of the vectors that AWS publishes
    /// (2015-08-30T12:36:00Z).
    fn signed(key: &str, uri: &str) -> Vec<(String, String)> {
        let key = Secret::new(key);
        let time = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
        let scope = SignatureScope { service: "service", region: "us-east-1", time };
        let headers = signed_headers(&AwsKeys::of(&key).unwrap(), scope, uri, b"").unwrap();
        headers.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    }

    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let key = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        for (uri, signature) in [
            (
                "https://example.amazonaws.com/",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "https://example.amazonaws.com/?Param1=value1",
                "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            ),
        ] {
            let headers = signed(key, uri);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            let header = |name: &str| {
                headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
            };
            assert_eq!(header("authorization"), Some(expected.as_str()), "{uri}");
            assert_eq!(header("x-amz-date"), Some("20150830T123600Z"));
        }
    }

    #[test]
    fn a_token_of_a_session_is_signed_and_sent() {
        let headers = signed("AKIDEXAMPLE:secret:token:with=colons", "https://example.amazonaws.com/");
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-amz-date", "authorization", "x-amz-security-token"]);
        assert_eq!(headers[2].1, "token:with=colons");
        assert!(headers[1].1.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"), "{headers:?}");
    }

    #[test]
    fn one_key_is_no_pair_and_a_host_says_its_region() {
        assert!(AwsKeys::of(&Secret::new("bedrock-api-key-YmVk")).is_none());
        for (host, region) in [
            ("bedrock-runtime.eu-central-1.amazonaws.com", "eu-central-1"),
            ("bedrock-runtime-fips.us-west-2.amazonaws.com", "us-west-2"),
            ("vpce-1.bedrock-runtime.ap-south-1.vpce.amazonaws.com", "ap-south-1"),
            ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
            ("127.0.0.1", "us-east-1"),
            ("bedrock.example.org", "us-east-1"),
        ] {
            assert_eq!(region_of(host, "bedrock"), region, "{host}");
        }
    }
}
