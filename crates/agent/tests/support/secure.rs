//! TLS in front of a server that has none, as `models.test`, vouched for by the authority that lies beside this file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) struct Secure {
    address: SocketAddr,
}

impl Secure {
    /// In front of the server with this base address. It ends with the test's process.
    pub(crate) fn before(base_url: &str) -> Self {
        let place = base_url.split("//").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let acceptor = acceptor(&[]);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        drop(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((client, _)) = listener.accept().await {
                    let (acceptor, place) = (acceptor.clone(), place.clone());
                    drop(tokio::spawn(async move {
                        // Clients that do not trust it go.
                        let Ok(mut client) = acceptor.accept(client).await else { return };
                        let mut server = TcpStream::connect(place).await.unwrap();
                        drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
                    }));
                }
            });
        }));
        Self { address }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("https://{}/v1", self.address)
    }
}

/// TLS as `models.test`, in which these protocols may be chosen.
pub(crate) fn acceptor(protocols: &[&str]) -> TlsAcceptor {
    let pem = include_bytes!("server.pem");
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}
