//! Addresses that may be asked for a sign-in, or handed to a browser: https, and on this machine http. What could be read in two
//! ways is none.

use std::net::IpAddr;

use q_tools::WantedPage;

/// Such an address, taken apart once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecureAddress {
    /// All of it, as it was written, without what stands behind `#`.
    pub(crate) url: String,
    /// The scheme and the host with its port, as everybody writes them.
    pub(crate) origin: String,
    /// The host, with its port where that is not the usual one.
    pub(crate) host: String,
}

impl SecureAddress {
    /// The address; or why it can be none.
    pub(crate) fn of(url: &str) -> Result<Self, String> {
        let WantedPage { url, host, from: _ } = WantedPage::at(url)?;
        let is_secure = url.starts_with("https://");
        if !is_secure && !is_this_machine(&host) {
            return Err(format!("{host} is not reached by https"));
        }
        let scheme = if is_secure { "https" } else { "http" };
        Ok(Self { origin: format!("{scheme}://{host}"), url, host })
    }

    /// The path, without a slash at its end; nothing where that is all of it.
    pub(crate) fn path(&self) -> &str {
        let behind = self.url.split_once("://").map_or("", |(_, behind)| behind);
        let behind = behind.split('?').next().unwrap_or_default();
        behind.find('/').and_then(|at| behind.get(at..)).unwrap_or_default().trim_end_matches('/')
    }

    /// Without its query and without a slash that stands alone: what a token is for.
    pub(crate) fn resource(&self) -> String {
        let bare = self.url.split('?').next().unwrap_or_default();
        let bare = if self.path().is_empty() { bare.trim_end_matches('/') } else { bare };
        bare.to_owned()
    }

    /// Whether what is for `resource` is for this address, too: the same origin, and the path or one above it.
    pub(crate) fn is_within(&self, resource: &Self) -> bool {
        let rest = self.path().strip_prefix(resource.path());
        self.origin == resource.origin && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether a host is this machine, whatever the resolver says.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(number) => number.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for (url, is_one) in [
            ("https://x.test/authorize?a=b", true),
            ("http://127.0.0.1:8080/a", true),
            ("http://localhost/a", true),
            ("http://[::1]:1/a", true),
            ("http://x.test/a", false),
            ("http://127.0.0.1.evil.test/a", false),
            ("http://localhost.evil.test/a", false),
            ("http://10.0.0.1/a", false),
            ("javascript:alert(1)", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("https://x.test@evil.test/", false),
            ("https://x.test/\n\u{1b}[2J", false),
            ("https://x.test/a b", false),
            ("-https://x.test/", false),
        ] {
            assert_eq!(SecureAddress::of(url).is_ok(), is_one, "{url}");
        }
    }

    #[test]
    fn what_is_for_a_place_is_for_what_stands_beneath_it() {
        for (address, resource, is_within) in [
            ("https://x.test/mcp", "https://x.test/mcp", true),
            ("https://x.test/mcp?key=a", "https://X.test:443/mcp/", true),
            ("https://x.test/mcp/a", "https://x.test/mcp", true),
            ("https://x.test/mcp", "https://x.test", true),
            ("https://x.test/mcp", "https://x.test/", true),
            ("https://x.test/mcp-other", "https://x.test/mcp", false),
            ("https://x.test/mcp", "https://x.test/other", false),
            ("https://x.test/mcp", "https://y.test/mcp", false),
            ("https://x.test:8443/mcp", "https://x.test/mcp", false),
        ] {
            let [address, resource] = [address, resource].map(|url| SecureAddress::of(url).unwrap());
            assert_eq!(address.is_within(&resource), is_within, "{address:?} {resource:?}");
        }
        for (url, resource) in [
            ("https://x.test/mcp?key=a", "https://x.test/mcp"),
            ("https://x.test/", "https://x.test"),
            ("https://x.test/mcp/", "https://x.test/mcp/"),
        ] {
            assert_eq!(SecureAddress::of(url).unwrap().resource(), resource);
        }
    }
}
