//! How the network of a client is left, on the wire: its proxies and whom it trusts. Proxy addresses may hold passwords.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a person's network is left: what the variables of that name say where the client runs. By default nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// The proxy for `http://` addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_proxy: Option<String>,
    /// The proxy for `https://` addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_proxy: Option<String>,
    /// The proxy where none of these two is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_proxy: Option<String>,
    /// Hosts that are reached without a proxy, with commas between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// Certificates trusted instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none", with = "bytes")]
    pub ca_file: Option<PathBuf>,
    /// A directory of such.
    #[serde(skip_serializing_if = "Option::is_none", with = "bytes")]
    pub ca_dir: Option<PathBuf>,
    /// Certificates trusted beside the others.
    #[serde(skip_serializing_if = "Option::is_none", with = "bytes")]
    pub extra_ca_file: Option<PathBuf>,
}

impl Network {
    /// How long its texts are.
    pub(super) fn bytes(&self) -> usize {
        let Self { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = self;
        let texts = [http_proxy, https_proxy, all_proxy, no_proxy].into_iter().flatten().map(String::len);
        let paths = [ca_file, ca_dir, extra_ca_file].into_iter().flatten().map(|path| path.as_os_str().len());
        texts.chain(paths).sum()
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

/// Paths are bytes: they need not be text.
mod bytes {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands the field over so")]
    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.as_os_str().as_bytes()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        let bytes = Option::<Vec<u8>>::deserialize(from)?;
        Ok(bytes.map(|bytes| PathBuf::from(OsString::from_vec(bytes))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn what_a_client_has_arrives_and_is_not_shown() {
        let network = Network {
            http_proxy: Some("http://user:hunter2@proxy:3128".into()),
            https_proxy: Some("http://user:hunter2@proxy:3129".into()),
            all_proxy: Some("http://user:hunter2@proxy:3130".into()),
            no_proxy: Some("localhost,.example".into()),
            ca_file: Some(OsString::from_vec(b"/etc/ca\xff.pem".to_vec()).into()),
            ca_dir: Some("/etc/certs".into()),
            extra_ca_file: Some("/etc/extra.pem".into()),
        };
        let written = q_msgpack::write(&network).unwrap();
        let arrived: Network = q_msgpack::read(&written).unwrap();
        assert!(arrived == network);
        let shown = format!("{network:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(q_msgpack::write(&Network::default()).unwrap(), [0x80], "nothing costs a byte");
    }
}
