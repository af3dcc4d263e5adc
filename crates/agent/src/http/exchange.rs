//! One request and its response over a connection of their own: nothing pooled, nothing repeated, no redirect followed.
//! Dropping it closes the connection.

use std::io;
use std::time::{Duration, SystemTime};

pub(super) use hyper::Method;
pub(super) use hyper::body::Bytes;
pub(super) use hyper::header::HeaderName;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION,
    USER_AGENT,
};
use hyper::http::response::Parts;
use hyper::http::uri::InvalidUri;
use hyper::{Request, Uri};
use q_core::{AgentFailure, FailureKind};

use super::address::Address;
use super::body::{BodyBytes, Packing, WireBody};
use super::connection::{Link, causes, open};
use super::detail::clean;
use super::protocol;
use super::proxy::Intercept;
use super::retry::{FailedAttempt, Retry, named_wait};
use super::route::Route;
use super::signing::{AwsKeys, SignatureScope, region_of, signed_headers};
use crate::secret::{Secret, Secrets};
use crate::spec::HttpSpec;

/// A request under way.
pub(super) struct Exchange {
    head: Parts,
    body: BodyBytes,
    secrets: Secrets,
}

impl Exchange {
    /// Connects, sends `body`, and waits for the head of the response.
    pub(super) async fn begin(
        spec: &HttpSpec,
        route: &Route,
        address: &Address,
        body: String,
    ) -> Result<Self, FailedAttempt> {
        let request = request(Method::POST, address, route.proxy.as_ref(), spec, body)?;
        let patience = spec.patience.first_byte.unwrap_or(spec.patience.idle_timeout);
        let exchange = Self::over(route, address, request, patience, spec.secrets()).await?;
        let told = exchange.head.headers.iter();
        spec.limits.note(told.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
        Ok(exchange.unpacked())
    }

    /// Asks for what the server says of itself, with the key and the headers of any other request.
    pub(super) async fn look_up(
        spec: &HttpSpec,
        route: &Route,
        address: &Address,
    ) -> Result<Self, FailedAttempt> {
        let request = request(Method::GET, address, route.proxy.as_ref(), spec, String::new())?;
        let exchange =
            Self::over(route, address, request, spec.patience.idle_timeout, spec.secrets()).await?;
        Ok(exchange.unpacked())
    }

    /// Asks for what is there, to be read as it comes and not answered.
    pub(super) async fn get(
        route: &Route,
        address: &Address,
        headers: &[(HeaderName, String)],
        patience: Duration,
    ) -> Result<Self, FailedAttempt> {
        let headers: Vec<(String, Secret)> =
            headers.iter().map(|(name, value)| (name.to_string(), Secret::new(value))).collect();
        Self::with_headers(route, address, (Method::GET, String::new()), &headers, patience).await
    }

    /// Sends this with these headers and no other key, but for a password in the address. Nothing that they hold is repeated.
    pub(super) async fn with_headers(
        route: &Route,
        address: &Address,
        (method, body): (Method, String),
        headers: &[(String, Secret)],
        patience: Duration,
    ) -> Result<Self, FailedAttempt> {
        let target = target(address, told(address, route.proxy.as_ref()))?;
        let request = Request::builder().method(method).uri(target).body(body);
        let mut request = request.map_err(|error| internal(&error))?;
        if let Some(password) = &address.password {
            request.headers_mut().insert(AUTHORIZATION, password.clone());
        }
        insert_all(request.headers_mut(), headers)?;
        introduce(&mut request, address, route.proxy.as_ref())?;
        Self::over(route, address, request, patience, Secrets::new(None, headers, None)).await
    }

    async fn over(
        route: &Route,
        address: &Address,
        request: Request<String>,
        patience: Duration,
        secrets: Secrets,
    ) -> Result<Self, FailedAttempt> {
        let link = open(address, route).await.map_err(|failure| {
            // A server of this machine that does not run will not run in a moment.
            let may_come = failure.kind == FailureKind::Unreachable && !address.is_loopback();
            FailedAttempt { failure, retry: if may_come { Retry::Soon } else { Retry::Never } }
        })?;
        let begun = tokio::time::timeout(patience, send(link, request, address, secrets.clone())).await;
        let begun = begun.map_err(|_| AgentFailure::new(FailureKind::Silent, ""))?;
        Ok(begun.map_err(|error| broken(&error, &secrets))?)
    }

    /// The status of the response.
    pub(super) fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// A header of the response, where it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// How long the server says to wait, where it says so in its head.
    #[expect(
        clippy::disallowed_methods,
        reason = "a date without the server's own is compared with the clock here"
    )]
    pub(super) fn named_wait(&self) -> Option<Duration> {
        let [millis, after, date] = ["retry-after-ms", "retry-after", "date"].map(|name| self.header(name));
        named_wait(millis, after, date, SystemTime::now())
    }

    /// What its body comes packed in and cannot be read for, since that is not known here.
    pub(super) fn unknown_packing(&self) -> Option<&str> {
        let label = self.packing_label();
        // Some write there what the bytes stand for, or that there is nothing to say.
        let plain = ["", "identity", "none", "utf-8", "utf8", "8bit", "binary"];
        let is_none = plain.iter().any(|word| word.eq_ignore_ascii_case(label));
        (!is_none && Packing::of(label).is_none()).then_some(label)
    }

    fn packing_label(&self) -> &str {
        self.header(CONTENT_ENCODING.as_str()).unwrap_or_default().trim()
    }

    /// Has its body read without what it is packed in, where that is known here.
    pub(super) fn unpacked(mut self) -> Self {
        let label = Packing::of(self.packing_label());
        self.body = self.body.unpacked(label);
        self
    }

    /// The next piece of the body, of some kilobytes at most; `None` at its end.
    pub(super) async fn piece(&mut self, patience: Duration) -> Result<Option<Bytes>, AgentFailure> {
        match tokio::time::timeout(patience, self.body.piece()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(self.cut(&error)),
            Err(_) => Err(AgentFailure::new(FailureKind::Silent, "")),
        }
    }

    /// The rest of the body, of a longer one the first `most` bytes; with whether it is longer.
    pub(super) async fn body(
        &mut self,
        most: usize,
        patience: Duration,
    ) -> Result<(Vec<u8>, bool), AgentFailure> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece(patience).await? {
            body.extend_from_slice(&piece);
            if body.len() > most {
                body.truncate(most);
                return Ok((body, true));
            }
        }
        Ok((body, false))
    }

    fn cut(&self, error: &io::Error) -> AgentFailure {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
            Some(error) => broken(error, &self.secrets),
            None => AgentFailure::new(FailureKind::Cut, clean(&error.to_string(), &self.secrets)),
        }
    }
}

async fn send(
    link: Link,
    request: Request<String>,
    address: &Address,
    secrets: Secrets,
) -> Result<Exchange, hyper::Error> {
    let begun = protocol::send(link.protocol, link.stream, request, &address.uri).await?;
    let (head, body) = WireBody::of(begun);
    Ok(Exchange { head, body: BodyBytes::AsIs(body), secrets })
}

fn request(
    method: Method,
    address: &Address,
    proxy: Option<&Intercept>,
    spec: &HttpSpec,
    body: String,
) -> Result<Request<String>, AgentFailure> {
    let target = target(address, told(address, proxy))?;
    let key = spec.key.as_ref().filter(|key| !key.expose().is_empty());
    let keys = spec.dialect.signed_service().and_then(|service| Some((service, AwsKeys::of(key?)?)));
    let signed = keys.map(|(service, keys)| signature(address, service, &keys, &body)).transpose()?;
    let mut request =
        Request::builder().method(method).uri(target).body(body).map_err(|error| internal(&error))?;
    let headers = request.headers_mut();
    if let Some(signed) = signed {
        insert_all(headers, &signed)?;
    } else if let Some(key) = key {
        let (name, before) = spec.dialect.key_header();
        headers.insert(name, with_key(before, key)?);
    } else if let Some(password) = &address.password {
        headers.insert(AUTHORIZATION, password.clone());
    }
    for (name, value) in spec.dialect.headers() {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    introduce(&mut request, address, proxy)?;
    insert_all(request.headers_mut(), &spec.shape.headers)?;
    Ok(request)
}

/// Puts headers in that may hold keys.
fn insert_all(headers: &mut HeaderMap, all: &[(String, Secret)]) -> Result<(), AgentFailure> {
    for (name, value) in all {
        let unfit = |_| AgentFailure::new(FailureKind::Internal, format!("`{name}` cannot be a header"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(unfit)?;
        let unfit = |_| {
            AgentFailure::new(FailureKind::Internal, format!("what is to stand in header `{name}` cannot"))
        };
        let mut value = HeaderValue::from_str(value.expose()).map_err(unfit)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

/// The headers that a pair of keys signs this request with, as of now: a signature is good for a few minutes.
#[expect(clippy::disallowed_methods, reason = "the time is what is signed, and goes nowhere else")]
fn signature(
    address: &Address,
    service: &str,
    keys: &AwsKeys<'_>,
    body: &str,
) -> Result<Vec<(String, Secret)>, AgentFailure> {
    let scope =
        SignatureScope { service, region: region_of(address.host(), service), time: SystemTime::now() };
    let unfit =
        |why| AgentFailure::new(FailureKind::WrongKey, format!("nothing can be signed with the key: {why}"));
    signed_headers(keys, scope, &address.uri.to_string(), body.as_bytes()).map_err(unfit)
}

/// The proxy that is told what is wanted: one that speaks for us, and does not only pass on.
fn told<'a>(address: &Address, proxy: Option<&'a Intercept>) -> Option<&'a Intercept> {
    let is_told =
        |proxy: &&Intercept| proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("http"));
    proxy.filter(|_| !address.is_secure()).filter(is_told)
}

/// Such a proxy is told all of the address; a server the path.
fn target(address: &Address, told: Option<&Intercept>) -> Result<Uri, AgentFailure> {
    let path = address.uri.path_and_query().map_or("/", |path| path.as_str());
    match told {
        Some(_) => Ok(address.uri.clone()),
        None => path.parse().map_err(|error: InvalidUri| internal(&error)),
    }
}

/// Who asks, and whom.
fn introduce(
    request: &mut Request<String>,
    address: &Address,
    proxy: Option<&Intercept>,
) -> Result<(), AgentFailure> {
    let host = address.uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(host).map_err(|error| internal(&error))?;
    let headers = request.headers_mut();
    if let Some(password) = told(address, proxy).and_then(Intercept::basic_auth) {
        headers.insert(PROXY_AUTHORIZATION, password.clone());
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("q/", env!("CARGO_PKG_VERSION"))));
    headers.insert(HOST, host);
    Ok(())
}

/// What only a mistake of `q` itself can lead to.
fn internal(error: &dyn std::error::Error) -> AgentFailure {
    AgentFailure::new(FailureKind::Internal, error.to_string())
}

fn with_key(before: &str, key: &Secret) -> Result<HeaderValue, AgentFailure> {
    let foreign = || {
        AgentFailure::new(
            FailureKind::WrongKey,
            "the key holds a character that no key can have; see where it comes from",
        )
    };
    if !key.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(foreign());
    }
    let mut value = HeaderValue::from_str(&format!("{before}{}", key.expose())).map_err(|_| foreign())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The failure that an error of the connection is.
fn broken(error: &hyper::Error, secrets: &Secrets) -> AgentFailure {
    // Something listens there that does not speak HTTP, or not as far as can be read.
    let kind = if error.is_parse() && !error.is_body_write_aborted() {
        FailureKind::Unreachable
    } else {
        FailureKind::Cut
    };
    AgentFailure::new(kind, clean(&causes(error), secrets))
}
