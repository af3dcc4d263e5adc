//! Whose word is taken for who a server is: the system's authorities, or those that the session's environment names.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use q_core::{AgentFailure, FailureKind};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::protocol::Protocol;
use crate::network::CertificateFiles;

/// Where systems keep their authorities in one file; the first there is, is read.
#[cfg(not(target_os = "macos"))]
const SYSTEM_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];
/// Where they keep them in files of their own, where there is no such file.
#[cfg(not(target_os = "macos"))]
const SYSTEM_DIRS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];
/// The most that is read of a file, in bytes: a hundred times what systems have.
const MAX_FILE: u64 = 32 << 20;
/// The most files that are read of a directory.
const MAX_FILES: usize = 4096;

/// What secures connections of a session, and what of its environment could not be used.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) config: Arc<ClientConfig>,
    pub(super) missing: Option<String>,
}

impl Trust {
    /// Reads the authorities. Blocks: a system has a few hundred kilobytes of them (2 ms, 30 ms where the disk is asked first).
    pub(super) fn read(files: &CertificateFiles) -> Result<Self, AgentFailure> {
        let CertificateFiles { ca_file, ca_dir, extra_ca_file } = files;
        let mut roots = RootCertStore::empty();
        let mut missing = None;
        if ca_file.is_none() && ca_dir.is_none() {
            add_system(&mut roots);
        }
        let unusable = |name: &str, path: &Path, why: String| {
            AgentFailure::new(FailureKind::Untrusted, format!("{name} ({}): {why}", path.display()))
        };
        if let Some(path) = ca_file {
            add_file(&mut roots, path).map_err(|why| unusable("SSL_CERT_FILE", path, why))?;
        }
        for dir in ca_dir.iter().flat_map(|dirs| std::env::split_paths(dirs).collect::<Vec<PathBuf>>()) {
            add_dir(&mut roots, &dir).map_err(|why| unusable("SSL_CERT_DIR", &dir, why))?;
        }
        if let Some(path) = extra_ca_file
            && let Err(why) = add_file(&mut roots, path)
        {
            // Only said where trust fails: everything else works without it.
            missing = Some(format!("NODE_EXTRA_CA_CERTS ({}): {why}", path.display()));
        }
        let internal =
            |error: tokio_rustls::rustls::Error| AgentFailure::new(FailureKind::Internal, error.to_string());
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(internal)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = Protocol::OFFERED.map(<[u8]>::to_vec).into();
        Ok(Self { config: Arc::new(config), missing })
    }

    /// The same for connections to proxies, which are asked for tunnels in the older protocol.
    pub(super) fn to_proxies(&self) -> Arc<ClientConfig> {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// The keychain's authorities. The library looks into the environment first, which a host's start has emptied.
#[cfg(target_os = "macos")]
fn add_system(roots: &mut RootCertStore) {
    let _added_and_ignored = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
}

/// The system's authorities. Without any, every server is unknown, and said to be.
#[cfg(not(target_os = "macos"))]
fn add_system(roots: &mut RootCertStore) {
    if SYSTEM_FILES.iter().any(|file| add_file(roots, Path::new(file)).is_ok()) {
        return;
    }
    for dir in SYSTEM_DIRS {
        let _not_there = add_dir(roots, Path::new(dir));
    }
}

/// Adds the authorities of a file; an error where there are none.
fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let mut pem = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_FILE).read_to_end(&mut pem).map_err(|error| error.to_string())?;
    let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let (added, _unusable) = roots.add_parsable_certificates(certificates);
    if added == 0 { Err("no certificate in it".into()) } else { Ok(()) }
}

/// Adds the authorities of all files in a directory. What is none of them is passed over.
fn add_dir(roots: &mut RootCertStore, dir: &Path) -> Result<(), String> {
    let entries = std::fs::read_dir(dir).map_err(|error| error.to_string())?;
    // The same file stands there by several names.
    let paths = entries.filter_map(Result::ok).filter_map(|entry| entry.path().canonicalize().ok());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).take(MAX_FILES).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let _no_certificate = add_file(roots, &path);
    }
    Ok(())
}
