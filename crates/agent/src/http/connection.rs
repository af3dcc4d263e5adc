//! How connections are made: one per request, to the address that was configured, through the proxy that the session's
//! environment names, or straight.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use q_core::{AgentFailure, FailureKind};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use tower_service::Service;

use super::address::Address;
use super::byte_stream::{BoxedStream, ByteStream};
use super::detail::clean;
use super::protocol::Protocol;
use super::public::{NOT_PUBLIC, is_public};
use super::route::Route;
use super::socket;
use super::trust::Trust;

/// How long a connection may take to come about, with all that stands between.
const CONNECT: Duration = Duration::from_secs(10);

/// A connection, and how requests are written on it.
pub(super) struct Link {
    pub(super) stream: BoxedStream,
    pub(super) protocol: Protocol,
}

impl Link {
    /// One on which nothing better was settled.
    fn plain(stream: impl ByteStream + 'static) -> Self {
        Self { stream: Box::new(stream), protocol: Protocol::Http1 }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

/// A connection to this address. Where it is a socket at which nobody listens, what serves there is started first.
pub(super) async fn open(address: &Address, route: &Route) -> Result<Link, AgentFailure> {
    let (proxy, trust) = (route.proxy.as_ref(), route.trust.as_ref());
    let reaching = async {
        match &address.socket {
            Some(socket) => Ok(Link::plain(socket::open(socket, route.program.as_ref()).await?)),
            None => reach(address, route).await,
        }
    };
    let connecting = tokio::time::timeout(CONNECT, reaching);
    let unreached = if proxy.is_some() { FailureKind::ProxyFailed } else { FailureKind::Unreachable };
    let through = proxy.map(|proxy| format!("through the proxy {}: ", proxy.uri())).unwrap_or_default();
    let (kind, why) = match connecting.await {
        Ok(Ok(link)) => return Ok(link),
        Ok(Err(fault)) if is_distrust(fault.as_ref()) => (FailureKind::Untrusted, causes(fault.as_ref())),
        Ok(Err(fault)) => (unreached, causes(fault.as_ref())),
        Err(_) => (unreached, format!("no connection within {} seconds", CONNECT.as_secs())),
    };
    let missing =
        trust.and_then(|trust| trust.missing.as_ref()).map(|why| format!("; {why}")).unwrap_or_default();
    Err(AgentFailure::new(
        kind,
        clean(&format!("{through}{why}{missing}"), &crate::secret::Secrets::default()),
    ))
}

async fn reach(address: &Address, route: &Route) -> Result<Link, BoxError> {
    let (proxy, trust) = (route.proxy.as_ref(), route.trust.as_ref());
    // Where a proxy stands between, that one resolves the name; what is resolved here is the proxy's.
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new(route.only_public && proxy.is_none()));
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let stream = match proxy {
        None => Box::new(tcp.call(address.uri.clone()).await?),
        Some(proxy) => {
            through(proxy, address, DirectConnector { tcp, config: trust.map(Trust::to_proxies) }).await?
        }
    };
    match trust {
        Some(trust) if address.is_secure() => secured(stream, address.host(), &trust.config).await,
        Some(_) | None => Ok(Link { stream, protocol: Protocol::Http1 }),
    }
}

/// A connection to the server through a proxy; where nothing is secured, to the proxy, which is told what is wanted.
async fn through(
    proxy: &Intercept,
    address: &Address,
    mut hop: DirectConnector,
) -> Result<BoxedStream, BoxError> {
    if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")) {
        // The proxy resolves the name, whatever the scheme asks for: done here it would hold up every other session.
        let socks = SocksV5::new(with_port(proxy.uri(), 1080)?, hop);
        let mut socks = match proxy.raw_auth() {
            Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
            None => socks,
        };
        return Ok(socks.call(with_port(&address.uri, address.port())?).await?);
    }
    if address.is_secure() {
        let tunnel = Tunnel::new(proxy.uri().clone(), hop);
        let mut tunnel = match proxy.basic_auth() {
            Some(password) => tunnel.with_auth(password.clone()),
            None => tunnel,
        };
        return Ok(tunnel.call(address.uri.clone()).await?);
    }
    hop.call(proxy.uri().clone()).await
}

/// The same address with its port written out.
fn with_port(uri: &Uri, port: u16) -> Result<Uri, BoxError> {
    if uri.port().is_some() {
        return Ok(uri.clone());
    }
    let authority = format!("{}:{port}", uri.host().unwrap_or_default());
    let scheme = uri.scheme_str().unwrap_or_default();
    Ok(Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build()?)
}

/// TLS over a connection to this host, and what was settled with it.
async fn secured(stream: BoxedStream, host: &str, config: &Arc<ClientConfig>) -> Result<Link, BoxError> {
    let name = ServerName::try_from(host.to_owned())?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, TokioIo::new(stream)).await?;
    let protocol = Protocol::chosen(stream.get_ref().1.alpn_protocol());
    Ok(Link { stream: Box::new(TokioIo::new(stream)), protocol })
}

/// Resolves names, to all that they lead to or only to what is the world's. What is connected to is what was looked at.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    only_public: bool,
}

impl Resolver {
    fn new(only_public: bool) -> Self {
        Self { system: GaiResolver::new(), only_public }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.system.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, only_public) = (self.system.call(name), self.only_public);
        Box::pin(async move {
            let mut addresses: Vec<SocketAddr> = resolving.await?.collect();
            if only_public {
                addresses.retain(|address| is_public(address.ip()));
                if addresses.is_empty() {
                    return Err(io::Error::other(NOT_PUBLIC));
                }
            }
            Ok(addresses.into_iter())
        })
    }
}

/// A connection without anything between: to a server, or to a proxy.
#[derive(Clone)]
struct DirectConnector {
    tcp: HttpConnector<Resolver>,
    /// For proxies that are secured themselves.
    config: Option<Arc<ClientConfig>>,
}

impl Service<Uri> for DirectConnector {
    type Response = BoxedStream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<BoxedStream, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.tcp.call(to.clone());
        let config = self.config.clone().filter(|_| to.scheme_str() == Some("https"));
        Box::pin(async move {
            let tcp: BoxedStream = Box::new(connecting.await?);
            let host = to.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            match config {
                Some(config) => Ok(secured(tcp, host, &config).await?.stream),
                None => Ok(tcp),
            }
        })
    }
}

/// Whether it was the server's certificate that ended it.
fn is_distrust(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // What an error of the system wraps is not among its causes.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = error.source();
    }
    false
}

/// What an error and its causes say. The outermost words often only say that something failed.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let words = error.to_string();
        // Some repeat their cause.
        if !said.last().is_some_and(|last| last.ends_with(&words)) {
            said.push(words);
        }
        next = error.source();
    }
    said.join(": ")
}
