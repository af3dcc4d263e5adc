//! How connections are made: one per request, straight to the address that was configured.

use std::time::Duration;

use q_core::{AgentFailure, FailureKind};
use reqwest::{Client, Url, redirect, retry};

use super::failed;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// What makes connections to `base_url`.
///
/// Blocks: for `https` the system's certificates are read (30 ms the first time, 2 ms and 0.1 MB later; `http` costs a few
/// microseconds). Nothing is pooled and HTTP/1.1 is spoken, so a request has its connection for itself and dropping the answer closes
/// it. Redirects are not followed: a conversation goes to the server that was configured or nowhere. Nothing is sent
/// again: a turn runs at most once.
pub(super) fn client_for(base_url: &str) -> Result<Client, AgentFailure> {
    let url = address(base_url)?;
    let builder = Client::builder()
        .http1_only()
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .user_agent(concat!("q/", env!("CARGO_PKG_VERSION")));
    let builder = if is_loopback(&url) { builder.no_proxy() } else { builder };
    let builder = if url.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
    builder.build().map_err(|error| failed(FailureKind::Internal, error.to_string()))
}

/// Where completions of this base address are asked for. A query of the base address stays at the end.
pub(super) fn completions_url(base_url: &str) -> Result<String, AgentFailure> {
    let mut url = address(base_url)?;
    let path = format!("{}/chat/completions", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url.into())
}

fn address(base_url: &str) -> Result<Url, AgentFailure> {
    let fault = |why: &str| failed(FailureKind::Unreachable, format!("base_url is not an address: {why}"));
    let url = Url::parse(base_url.trim()).map_err(|error| fault(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(fault("it must begin with http:// or https://")),
    }
}

/// Whether it leads to this machine; a proxy for the outside has no business there.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().map_or_else(
        |_| host == "localhost" || host.ends_with(".localhost"),
        |address| address.to_canonical().is_loopback(),
    )
}

#[cfg(test)]
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
        ] {
            assert_eq!(completions_url(base), Ok(url.to_owned()), "{base}");
        }
        for base in ["", "127.0.0.1:8080/v1", "localhost:8080", "ftp://x/v1", "file:///etc", "http://"] {
            let kind = completions_url(base).map_err(|failure| failure.kind);
            assert_eq!(kind, Err(FailureKind::Unreachable), "{base}");
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for (base, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]:1", true),
            ("http://localhost:1", true),
            ("http://api.localhost:1", true),
            ("http://10.0.0.1:1", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(address(base).map(|url| is_loopback(&url)), Ok(loopback), "{base}");
        }
    }
}
