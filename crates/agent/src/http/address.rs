//! Where a model is: the configured address, taken apart once.

use std::net::IpAddr;

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use q_core::{AgentFailure, FailureKind};

use super::failed;

/// Where completions are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// All of it, without who asks.
    pub(super) uri: Uri,
    /// The name and password that stood in it, as a header says them.
    pub(super) password: Option<HeaderValue>,
}

impl Address {
    /// The address of completions below this base address. A query of the base address stays at the end.
    pub(super) fn below(base_url: &str) -> Result<Self, AgentFailure> {
        let fault =
            |why: &str| failed(FailureKind::Unreachable, format!("base_url is not an address: {why}"));
        let base: Uri = base_url.trim().parse().map_err(|error| fault(&format!("{error}")))?;
        let scheme = base.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let authority = base.authority().map_or("", |authority| authority.as_str());
        let host = base.host().unwrap_or_default();
        if !matches!(scheme.as_str(), "http" | "https") || host.is_empty() {
            return Err(fault("it must begin with http:// or https://"));
        }
        let (person, authority) = authority.rsplit_once('@').unwrap_or(("", authority));
        if authority.len() > host.len() && base.port_u16().is_none() && !authority.ends_with(':') {
            return Err(fault("its port is none"));
        }
        let query = base.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}/chat/completions{query}", base.path().trim_end_matches('/'));
        let whole = Uri::builder().scheme(scheme.as_str()).authority(authority.trim_end_matches(':'));
        let uri = whole.path_and_query(path).build().map_err(|error| fault(&format!("{error}")))?;
        // The library's reader of such addresses is the one for proxies.
        let password = (!person.is_empty())
            .then(|| {
                Matcher::builder().all(format!("{scheme}://{person}@{authority}")).build().intercept(&uri)
            })
            .flatten();
        let password = password.as_ref().and_then(Intercept::basic_auth).cloned();
        Ok(Self { uri, password })
    }

    /// Whether what is said on the way is kept secret.
    pub(super) fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The name or number of the machine, without brackets.
    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, which the scheme gives where the address does not.
    pub(super) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Whether it leads to this machine; a proxy for the outside has no business there.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host().trim_end_matches('.').to_ascii_lowercase();
        host.parse::<IpAddr>().map_or_else(
            |_| host == "localhost" || host.ends_with(".localhost"),
            |address| address.to_canonical().is_loopback(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_base_address_is_used_as_given() {
        for (base, url) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/chat/completions"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/chat/completions"),
            (" http://[::1]:1/v1// ", "http://[::1]:1/v1/chat/completions"),
            ("https://x.test/v1?api-version=2", "https://x.test/v1/chat/completions?api-version=2"),
            ("HTTPS://X.test", "https://X.test/chat/completions"),
            ("http://me:hidden@x.test:8/v1", "http://x.test:8/v1/chat/completions"),
        ] {
            let address = Address::below(base).map(|address| address.uri.to_string());
            assert_eq!(address, Ok(url.to_owned()), "{base}");
        }
        for base in [
            "",
            "127.0.0.1:8080/v1",
            "localhost:8080",
            "ftp://x/v1",
            "file:///etc",
            "http://",
            "http:///v1",
            "http://x:99999/v1",
            "http://me:hidden@x.test:y/v1",
        ] {
            let failure =
                Address::below(base).map_err(|failure| (failure.kind, failure.detail.contains("hidden")));
            assert_eq!(failure, Err((FailureKind::Unreachable, false)), "{base}");
        }
        let asks = Address::below("http://me:hidden@x.test").unwrap();
        assert_eq!(asks.password.unwrap(), "Basic bWU6aGlkZGVu");
    }

    #[test]
    fn this_machine_has_many_names() {
        for (base, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]:1", true),
            ("http://localhost:1", true),
            ("http://LocalHost.:1", true),
            ("http://api.localhost:1", true),
            ("http://10.0.0.1:1", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(Address::below(base).map(|address| address.is_loopback()), Ok(loopback), "{base}");
        }
    }
}
