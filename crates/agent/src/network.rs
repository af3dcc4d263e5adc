//! A person's network: proxies, and whom it trusts. Proxy addresses may hold passwords.

use std::fmt;
use std::path::PathBuf;

/// How a person's network is left: what the variables of that name say in the environment of the client that brought the
/// agent. By default nothing: no proxy, the certificates q trusts anyway.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkEnvironment {
    /// The proxy for `http://` addresses.
    pub http_proxy: Option<String>,
    /// The proxy for `https://` addresses.
    pub https_proxy: Option<String>,
    /// The proxy where none of these two is set.
    pub all_proxy: Option<String>,
    /// Hosts that are reached without a proxy, with commas between them.
    pub no_proxy: Option<String>,
    pub certificates: CertificateFiles,
}

impl NetworkEnvironment {
    /// What the variables of an environment say: a text, or a path that was made whole. Proxies may be written in either
    /// case, as everywhere; the lower one wins.
    pub fn of_variables(
        text: impl Fn(&str) -> Option<String>,
        path: impl Fn(&str) -> Option<PathBuf>,
    ) -> Self {
        let proxy = |name: &str| text(name).or_else(|| text(&name.to_uppercase()));
        Self {
            http_proxy: proxy("http_proxy"),
            https_proxy: proxy("https_proxy"),
            all_proxy: proxy("all_proxy"),
            no_proxy: proxy("no_proxy"),
            certificates: CertificateFiles {
                ca_file: path("SSL_CERT_FILE"),
                ca_dir: path("SSL_CERT_DIR"),
                extra_ca_file: path("NODE_EXTRA_CA_CERTS"),
            },
        }
    }
}

/// The files that say whom a person trusts, and the variables that name them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CertificateFiles {
    /// Certificates trusted instead of the system's (`SSL_CERT_FILE`).
    pub ca_file: Option<PathBuf>,
    /// A directory of such (`SSL_CERT_DIR`).
    pub ca_dir: Option<PathBuf>,
    /// Certificates trusted beside the others (`NODE_EXTRA_CA_CERTS`).
    pub extra_ca_file: Option<PathBuf>,
}

/// What is set, and nothing of it: the address of a proxy may hold a password.
impl fmt::Debug for NetworkEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http_proxy, https_proxy, all_proxy, no_proxy, certificates } = self;
        let CertificateFiles { ca_file, ca_dir, extra_ca_file } = certificates;
        let is_set = [
            ("http_proxy", http_proxy.is_some()),
            ("https_proxy", https_proxy.is_some()),
            ("all_proxy", all_proxy.is_some()),
            ("no_proxy", no_proxy.is_some()),
            ("ca_file", ca_file.is_some()),
            ("ca_dir", ca_dir.is_some()),
            ("extra_ca_file", extra_ca_file.is_some()),
        ];
        f.debug_set().entries(is_set.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name)).finish()
    }
}
