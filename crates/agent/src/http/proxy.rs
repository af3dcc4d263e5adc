//! Which proxy stands between a session and its model, by the usual variables of the session's own environment.

pub(super) use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::client::proxy::matcher::Matcher;
use q_core::{AgentFailure, FailureKind};

use super::address::Address;
use crate::network::NetworkEnvironment;

/// The proxy for this address, if there is one. One that is set and cannot be used is a failure: a conversation does not go
/// another way than the person wanted.
pub(super) fn proxy_for(
    address: &Address,
    network: &NetworkEnvironment,
) -> Result<Option<Intercept>, AgentFailure> {
    if address.is_loopback() {
        return Ok(None);
    }
    let NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, .. } = network;
    let (name, own) =
        if address.is_secure() { ("https_proxy", https_proxy) } else { ("http_proxy", http_proxy) };
    let set = |value: &Option<String>| value.as_deref().map(str::trim).is_some_and(|value| !value.is_empty());
    let (name, value) = if set(own) { (name, own) } else { ("all_proxy", all_proxy) };
    let Some(value) = value.as_deref().map(str::trim).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let matcher =
        |no: String| Matcher::builder().all(value.to_owned()).no(no).build().intercept(&address.uri);
    let usable = matcher(String::new())
        .filter(|proxy| !proxy.uri().scheme_str().is_some_and(|s| s.starts_with("socks4")));
    if usable.is_none() {
        let why = format!("{name} is not the address of a proxy: http://, https:// or socks5:// begins one");
        return Err(AgentFailure::new(FailureKind::ProxyFailed, why));
    }
    Ok(matcher(exceptions(no_proxy.as_deref().unwrap_or_default(), address.port())))
}

/// What `no_proxy` lists, for this port. Names with a port are for that port; a star before a name is for what stands below it.
fn exceptions(no_proxy: &str, port: u16) -> String {
    let listed = no_proxy.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    let meant = listed.filter_map(|entry| {
        let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
        match entry.rsplit_once(':') {
            Some((host, own)) if !host.contains(':') || host.ends_with(']') => {
                (own.parse() == Ok(port)).then_some(host)
            }
            Some(_) | None => Some(entry),
        }
    });
    let meant = meant.map(|entry| entry.trim_start_matches('[').trim_end_matches(']'));
    meant.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    fn proxy(url: &str, no_proxy: &str) -> Option<String> {
        let network = NetworkEnvironment {
            http_proxy: Some("http://plain:1".into()),
            https_proxy: Some("secure:2".into()),
            all_proxy: Some("socks5://all:3".into()),
            no_proxy: Some(no_proxy.into()),
            ..NetworkEnvironment::default()
        };
        let proxy = proxy_for(&Address::of(url).unwrap(), &network).unwrap();
        proxy.map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn the_scheme_chooses_the_proxy_and_some_addresses_have_none() {
        for (url, no_proxy, chosen) in [
            ("http://api.test", "", Some("http://plain:1/")),
            ("https://api.test", "", Some("http://secure:2/")),
            ("http://127.0.0.1:8080", "", None),
            ("http://localhost", "", None),
            ("http://[::1]", "", None),
            ("https://api.test", "*", None),
            ("https://api.test", "other.test, api.test", None),
            ("https://api.test", "other.test api.test", None),
            ("https://api.test", "API.test", None),
            ("https://deep.api.test", "api.test", None),
            ("https://deep.api.test", ".api.test", None),
            ("https://deep.api.test", "*.api.test", None),
            ("https://notapi.test", "api.test", Some("http://secure:2/")),
            ("https://api.test", "pi.test", Some("http://secure:2/")),
            ("https://api.test:8443", "api.test:8443", None),
            ("https://api.test", "api.test:443", None),
            ("https://api.test", "api.test:8443", Some("http://secure:2/")),
            ("http://10.1.2.3", "10.0.0.0/8", None),
            ("http://11.1.2.3", "10.0.0.0/8", Some("http://plain:1/")),
            ("http://[fd00::1]:80", "fd00::1", None),
            ("http://[fd00::1]", "[fd00::1]:80", None),
            ("http://[fd00::1]", "fd00::/8", None),
        ] {
            assert_eq!(proxy(url, no_proxy).as_deref(), chosen, "{url} with {no_proxy:?}");
        }
    }

    #[test]
    fn all_proxy_stands_in_and_nothing_is_no_proxy() {
        let only =
            |all: &str| NetworkEnvironment { all_proxy: Some(all.into()), ..NetworkEnvironment::default() };
        let chosen = |network| {
            let address = Address::of("https://api.test").unwrap();
            proxy_for(&address, &network).map(|proxy| proxy.map(|proxy| proxy.uri().to_string()))
        };
        assert_eq!(chosen(only("socks5h://p:9")), Ok(Some("socks5h://p:9/".into())));
        assert_eq!(chosen(only("  ")), Ok(None));
        assert_eq!(chosen(NetworkEnvironment::default()), Ok(None));
        for useless in ["ftp://p:9", "socks4://p:9", "http://", "http://a b"] {
            let failure = chosen(only(useless)).unwrap_err();
            assert!(failure.detail.contains("all_proxy"), "{failure}");
        }
        let blank = NetworkEnvironment { https_proxy: Some(String::new()), ..only("http://p:9") };
        assert_eq!(chosen(blank), Ok(Some("http://p:9/".into())));
    }

    #[test]
    fn a_password_of_a_proxy_is_for_the_proxy_alone() {
        let value = "http://me:p%40ss@p:9";
        let network = NetworkEnvironment { http_proxy: Some(value.into()), ..NetworkEnvironment::default() };
        let proxy = proxy_for(&Address::of("http://api.test").unwrap(), &network).unwrap().unwrap();
        assert_eq!(proxy.uri().to_string(), "http://p:9/");
        assert_eq!(proxy.basic_auth().unwrap(), "Basic bWU6cEBzcw==");
        assert!(!format!("{network:?}").contains("p%40ss"), "{network:?}");
    }
}
