//! One request and its response over a connection of their own: HTTP/1.1, nothing pooled, nothing repeated, no redirect
//! followed. Dropping it closes the connection.

use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
    USER_AGENT,
};
use hyper::http::uri::InvalidUri;
use hyper::{Method, Request, Response, Uri};
use q_core::{AgentFailure, FailureKind};

use super::address::Address;
use super::connection::{BoxedStream, causes, open};
use super::detail::clean;
use super::proxy::Intercept;
use super::retry::{FailedAttempt, Retry};
use super::route::Route;
use super::signing::{AwsKeys, SignatureScope, region_of, signed_headers};
use crate::secret::{Secret, Secrets};
use crate::spec::HttpSpec;

/// What is read from the network at once, and the longest head of a response, in bytes.
const BUFFER: usize = 32 << 10;

/// A request under way.
pub(super) struct Exchange {
    /// `None` once it has done its work; it is driven by whoever waits for the response.
    connection: Option<Connection<BoxedStream, String>>,
    /// The connection ends when nobody could send anything more.
    _sender: SendRequest<String>,
    response: Response<Incoming>,
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
        let patience = spec.first_byte.unwrap_or(spec.idle_timeout);
        Self::over(route, address, request, patience, spec.secrets()).await
    }

    /// Asks for what the server says of itself, with the key and the headers of any other request.
    pub(super) async fn look_up(
        spec: &HttpSpec,
        route: &Route,
        address: &Address,
    ) -> Result<Self, FailedAttempt> {
        let request = request(Method::GET, address, route.proxy.as_ref(), spec, String::new())?;
        Self::over(route, address, request, spec.idle_timeout, spec.secrets()).await
    }

    /// Asks for what is there, to be read and not answered.
    pub(super) async fn get(
        route: &Route,
        address: &Address,
        headers: &[(HeaderName, String)],
        patience: Duration,
    ) -> Result<Self, FailedAttempt> {
        let target = target(address, told(address, route.proxy.as_ref()))?;
        let mut request = Request::get(target).body(String::new()).map_err(|error| internal(&error))?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|error| internal(&error))?;
            request.headers_mut().insert(name, value);
        }
        if let Some(password) = &address.password {
            request.headers_mut().insert(AUTHORIZATION, password.clone());
        }
        introduce(&mut request, address, route.proxy.as_ref())?;
        Self::over(route, address, request, patience, Secrets::default()).await
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
        let begun = tokio::time::timeout(patience, send(link, request, secrets.clone())).await;
        let begun = begun.map_err(|_| AgentFailure::new(FailureKind::Silent, ""))?;
        Ok(begun.map_err(|error| broken(&error, &secrets))?)
    }

    /// The status of the response.
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header of the response, where it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next piece of the body, at most [`BUFFER`] long; `None` at its end.
    pub(super) async fn piece(&mut self, patience: Duration) -> Result<Option<Bytes>, AgentFailure> {
        match tokio::time::timeout(patience, self.next()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(broken(&error, &self.secrets)),
            Err(_) => Err(AgentFailure::new(FailureKind::Silent, "")),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, hyper::Error> {
        let Self { connection, response, .. } = self;
        std::future::poll_fn(|cx| {
            loop {
                if connection.as_mut().is_some_and(|connection| Pin::new(connection).poll(cx).is_ready()) {
                    *connection = None; // what went wrong with it, the body says as well
                }
                return match Pin::new(response.body_mut()).poll_frame(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(None) => Poll::Ready(Ok(None)),
                    Poll::Ready(Some(Err(error))) => Poll::Ready(Err(error)),
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => Poll::Ready(Ok(Some(data))),
                        Err(_trailers) => continue,
                    },
                };
            }
        })
        .await
    }
}

async fn send(
    link: BoxedStream,
    request: Request<String>,
    secrets: Secrets,
) -> Result<Exchange, hyper::Error> {
    let (mut sender, connection) = Builder::new().max_buf_size(BUFFER).handshake(link).await?;
    let mut connection = Some(connection);
    let mut response = std::pin::pin!(sender.send_request(request));
    let response = std::future::poll_fn(|cx| {
        // The head may come with the connection's last breath.
        if connection.as_mut().is_some_and(|connection| Pin::new(connection).poll(cx).is_ready()) {
            connection = None;
        }
        response.as_mut().poll(cx)
    })
    .await?;
    Ok(Exchange { connection, _sender: sender, response, secrets })
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
