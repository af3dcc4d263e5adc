//! Where a model is: the configured address, taken apart once.

use std::net::IpAddr;
use std::path::PathBuf;

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use q_core::{AgentFailure, FailureKind};

use super::dialect::endpoint;
use crate::dialect::Dialect;

/// A base address, or an endpoint below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// All of it, without who asks.
    pub(super) uri: Uri,
    /// The name and password that stood in it, as a header says them.
    pub(super) password: Option<HeaderValue>,
    /// The socket of this machine that stands for host and port.
    pub(super) socket: Option<PathBuf>,
}

/// How the address of a socket begins.
const SOCKET: &str = "unix:";

impl Address {
    pub(super) fn of(base_url: &str) -> Result<Self, AgentFailure> {
        let fault = |why: &str| {
            AgentFailure::new(FailureKind::WrongPath, format!("base_url is not an address: {why}"))
        };
        if let Some(path) = base_url.trim().strip_prefix(SOCKET) {
            let path = PathBuf::from(path);
            let socket = path.is_absolute().then_some(path);
            let socket = socket.ok_or_else(|| fault("behind `unix:` stands the whole path of a socket"))?;
            return Ok(Self {
                uri: Uri::from_static("http://localhost/"),
                password: None,
                socket: Some(socket),
            });
        }
        if !base_url.contains("://") {
            return Err(fault("it must begin with http:// or https://"));
        }
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
        let path = format!("{}{query}", base.path());
        let whole = Uri::builder().scheme(scheme.as_str()).authority(authority.trim_end_matches(':'));
        let uri = whole.path_and_query(path).build().map_err(|error| fault(&format!("{error}")))?;
        // The library's reader of such addresses is the one for proxies.
        let password = (!person.is_empty())
            .then(|| {
                Matcher::builder().all(format!("{scheme}://{person}@{authority}")).build().intercept(&uri)
            })
            .flatten();
        let password = password.as_ref().and_then(Intercept::basic_auth).cloned();
        Ok(Self { uri, password, socket: None })
    }

    /// Where below it a dialect may be asked for this model, the likeliest first. A query of the base address stays at the end.
    pub(super) fn endpoints(&self, dialect: Dialect, model: &str) -> Result<Vec<Self>, AgentFailure> {
        let mut query = self.uri.query().map(str::to_owned);
        // Without it the answer comes as one array, and each piece of it late.
        if dialect == Dialect::Gemini && !query.as_deref().unwrap_or_default().contains("alt=") {
            query = Some(query.map_or_else(String::new, |query| query + "&") + "alt=sse");
        }
        self.at(endpoint::paths(dialect, self.uri.path(), model), query)
    }

    /// The same at these paths, with this behind its own query.
    pub(super) fn below(&self, paths: Vec<String>, query: &str) -> Result<Vec<Self>, AgentFailure> {
        let own = self.uri.query().unwrap_or_default();
        let query = [own, query].into_iter().filter(|query| !query.is_empty()).collect::<Vec<_>>().join("&");
        self.at(paths, Some(query).filter(|query| !query.is_empty()))
    }

    fn at(&self, paths: Vec<String>, query: Option<String>) -> Result<Vec<Self>, AgentFailure> {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let at = |path: String| {
            let mut parts = self.uri.clone().into_parts();
            let fault = |why: String| AgentFailure::new(FailureKind::Internal, why);
            let path = format!("{path}{query}").parse().map_err(|error| fault(format!("{error}")))?;
            parts.path_and_query = Some(path);
            let uri = Uri::from_parts(parts).map_err(|error| fault(error.to_string()))?;
            Ok(Self { uri, ..self.clone() })
        };
        paths.into_iter().map(at).collect()
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

/// Why nothing can be asked at a base address, whoever is there; nothing where it is one.
pub fn fault(base_url: &str) -> Option<String> {
    Address::of(base_url).err().map(|failure| failure.detail)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn endpoints_stand_below_the_base_address() {
        for (dialect, base, url) in [
            (
                Dialect::ChatCompletions,
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat/completions",
            ),
            (Dialect::ChatCompletions, "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
            (Dialect::ChatCompletions, " http://[::1]:1/v1// ", "http://[::1]:1/v1/chat/completions"),
            (
                Dialect::ChatCompletions,
                "https://x.test/v1?api-version=2",
                "https://x.test/v1/chat/completions?api-version=2",
            ),
            (Dialect::ChatCompletions, "HTTPS://X.test/v1", "https://X.test/v1/chat/completions"),
            (Dialect::ChatCompletions, "http://me:hidden@x.test:8/v1", "http://x.test:8/v1/chat/completions"),
            (Dialect::Anthropic, "https://x.test?beta=true", "https://x.test/v1/messages?beta=true"),
            (Dialect::ChatCompletions, "unix:/run/q/x.model", "http://localhost/v1/chat/completions"),
            (
                Dialect::Gemini,
                "https://x.test",
                "https://x.test/v1beta/models/m:streamGenerateContent?alt=sse",
            ),
            (
                Dialect::Gemini,
                "https://x.test/v1?a=b",
                "https://x.test/v1/models/m:streamGenerateContent?a=b&alt=sse",
            ),
            (
                Dialect::Gemini,
                "https://x.test/v1?alt=json",
                "https://x.test/v1/models/m:streamGenerateContent?alt=json",
            ),
        ] {
            let endpoints = Address::of(base).and_then(|address| address.endpoints(dialect, "m")).unwrap();
            assert_eq!(endpoints[0].uri.to_string(), url, "{base}");
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
            "unix:",
            "unix:beside/me",
        ] {
            let failure =
                Address::of(base).map_err(|failure| (failure.kind, failure.detail.contains("hidden")));
            assert_eq!(failure, Err((FailureKind::WrongPath, false)), "{base}");
            assert!(fault(base).is_some_and(|why| !why.contains("hidden")), "{base}");
        }
        let asks = Address::of("http://me:hidden@x.test").unwrap();
        assert_eq!(asks.password.unwrap(), "Basic bWU6aGlkZGVu");
    }

    #[test]
    fn this_machine_has_many_names() {
        for (base, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]:1", true),
            ("unix:/run/q/x.model", true),
            ("http://localhost:1", true),
            ("http://LocalHost.:1", true),
            ("http://api.localhost:1", true),
            ("http://10.0.0.1:1", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(Address::of(base).map(|address| address.is_loopback()), Ok(loopback), "{base}");
        }
    }
}
