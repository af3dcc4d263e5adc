//! How the network of a client is left, on the wire: its proxies and whom it trusts. Proxy addresses may hold passwords.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use q_agent::NetworkEnvironment;
use serde::{Deserialize, Serialize};

/// [`NetworkEnvironment`]. Paths are bytes: they need not be text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    #[serde(skip_serializing_if = "Option::is_none")]
    http_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    https_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_dir: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_ca_file: Option<Vec<u8>>,
}

impl Network {
    /// How long its texts are.
    pub(super) fn bytes(&self) -> usize {
        let Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = self;
        let texts = [http_proxy, https_proxy, all_proxy, no_proxy].into_iter().flatten().map(String::len);
        let paths = [ca_file, ca_dir, extra_ca_file].into_iter().flatten().map(Vec::len);
        texts.chain(paths).sum()
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl From<NetworkEnvironment> for Network {
    fn from(environment: NetworkEnvironment) -> Self {
        let NetworkEnvironment {
            http_proxy,
            https_proxy,
            all_proxy,
            no_proxy,
            ca_file,
            ca_dir,
            extra_ca_file,
        } = environment;
        let bytes = |path: Option<PathBuf>| path.map(|path| path.into_os_string().into_vec());
        let (ca_file, ca_dir, extra_ca_file) = (bytes(ca_file), bytes(ca_dir), bytes(extra_ca_file));
        Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file }
    }
}

impl From<Network> for NetworkEnvironment {
    fn from(network: Network) -> Self {
        let Network { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } =
            network;
        let path = |bytes: Option<Vec<u8>>| bytes.map(|bytes| PathBuf::from(OsString::from_vec(bytes)));
        let (ca_file, ca_dir, extra_ca_file) = (path(ca_file), path(ca_dir), path(extra_ca_file));
        Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_a_client_has_arrives_and_is_not_shown() {
        let environment = NetworkEnvironment {
            http_proxy: Some("http://user:hunter2@proxy:3128".into()),
            https_proxy: Some("http://user:hunter2@proxy:3129".into()),
            all_proxy: Some("http://user:hunter2@proxy:3130".into()),
            no_proxy: Some("localhost,.example".into()),
            ca_file: Some(OsString::from_vec(b"/etc/ca\xff.pem".to_vec()).into()),
            ca_dir: Some("/etc/certs".into()),
            extra_ca_file: Some("/etc/extra.pem".into()),
        };
        let network = Network::from(environment.clone());
        let written = rmp_serde::to_vec_named(&network).unwrap();
        let arrived: Network = rmp_serde::from_slice(&written).unwrap();
        assert_eq!(NetworkEnvironment::from(arrived), environment);
        for shown in [format!("{network:?}"), format!("{environment:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(rmp_serde::to_vec_named(&Network::default()).unwrap(), [0x80], "nothing costs a byte");
    }
}
