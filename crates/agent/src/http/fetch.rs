//! What is downloaded, and not asked: a file at an address, through the same proxies, trusting the same authorities. Nothing is
//! stored here.

use std::time::Duration;

use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::HeaderName;
use q_core::{AgentFailure, FailureKind};

use super::address::Address;
use super::exchange::Exchange;
use super::route::Route;
use crate::network::NetworkEnvironment;

/// How long a server may stay silent.
const SILENCE: Duration = Duration::from_mins(1);
/// How many times an answer may be that it is elsewhere.
const MAX_REDIRECTS: usize = 4;

/// A file as it comes. Dropping it closes its connection.
pub struct Fetched {
    exchange: Exchange,
    /// Where it came from in the end.
    pub url: String,
}

/// Asks for the file at `url`, with these headers. Redirects are followed, never from `https://` to `http://`.
pub async fn fetch(
    url: &str,
    headers: &[(&'static str, String)],
    network: &NetworkEnvironment,
) -> Result<Fetched, AgentFailure> {
    let headers: Vec<(HeaderName, String)> =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone())).collect();
    let mut url = url.to_owned();
    for _ in 0..=MAX_REDIRECTS {
        let address = Address::of(&url)?;
        let route = Route::to(&address, network, None).await?;
        let exchange = Exchange::get(&route, &address, &headers, SILENCE).await;
        let exchange = exchange.map_err(|attempt| attempt.failure)?;
        let target =
            exchange.header("location").filter(|_| matches!(exchange.status(), 301..=303 | 307 | 308));
        match target {
            None => return Ok(Fetched { exchange, url }),
            Some(target) => {
                let next = joined(&url, target).ok_or_else(|| lost("the server redirects to no address"))?;
                if address.is_secure() && !next.starts_with("https://") {
                    return Err(lost("the server redirects from https:// to an address that is not secured"));
                }
                url = next;
            }
        }
    }
    Err(lost("the server redirects again and again"))
}

fn lost(why: &str) -> AgentFailure {
    AgentFailure::new(FailureKind::WrongPath, why)
}

impl Fetched {
    /// The status of the response.
    pub fn status(&self) -> u16 {
        self.exchange.status()
    }

    /// A header of the response, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.exchange.header(name)
    }

    /// The next piece; `None` at the end of what was announced.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, AgentFailure> {
        self.exchange.piece(SILENCE).await
    }
}

/// The address that a reference means which stands in what came from `base`; nothing where it means none.
pub fn joined(base: &str, reference: &str) -> Option<String> {
    let reference = reference.split('#').next()?;
    if reference.starts_with("http://") || reference.starts_with("https://") {
        return Some(reference.to_owned());
    }
    let base: Uri = base.parse().ok()?;
    let (scheme, authority) = (base.scheme_str()?, base.authority()?.as_str());
    if let Some(rest) = reference.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let mut path: Vec<&str> = match reference.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => {
            base.path().rsplit_once('/').map_or("", |(directory, _)| directory).split('/').skip(1).collect()
        }
    };
    for part in reference.trim_start_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    Some(format!("{scheme}://{authority}/{}", path.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_where_they_stand() {
        let base = "https://x.test/simple/name/";
        for (reference, expected) in [
            ("https://y.test/a.whl#sha256=1", "https://y.test/a.whl"),
            ("//y.test/a.whl", "https://y.test/a.whl"),
            ("/files/a.whl", "https://x.test/files/a.whl"),
            ("a.whl", "https://x.test/simple/name/a.whl"),
            ("../../packages/a.whl", "https://x.test/packages/a.whl"),
            ("../../../../a.whl", "https://x.test/a.whl"),
        ] {
            assert_eq!(joined(base, reference).as_deref(), Some(expected), "{reference}");
        }
        assert_eq!(joined("nowhere", "a"), None);
    }
}
