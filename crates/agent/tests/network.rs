//! Proxies and authorities: what the session's environment says about the network is what its connections do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use q_agent::{AgentSpec, CertificateFiles, HttpSpec, NetworkEnvironment, Seat, Secret};
use q_core::{AgentEvent, FailureKind, SessionId};
use q_testkit::server::{Script, Server};

use support::http2::Http2Server;
use support::proxy::Proxy;
use support::secure::Secure;
use support::{Outcome, answer, ask, asked_again, silent_for, spec};

fn through(proxy: &Proxy) -> NetworkEnvironment {
    NetworkEnvironment {
        http_proxy: Some(proxy.url()),
        https_proxy: Some(proxy.url()),
        ..NetworkEnvironment::default()
    }
}

fn trusting(proxy: &Proxy, certificates: CertificateFiles) -> NetworkEnvironment {
    NetworkEnvironment { certificates, ..through(proxy) }
}

fn authority() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/authorities/authority.pem")
}

/// A model at a name that no resolver knows; only a proxy gets there.
fn outside(base_url: &str, network: NetworkEnvironment) -> HttpSpec {
    HttpSpec { network, ..spec(base_url.into()) }
}

/// A server whose secure door is where the proxy leads; whoever holds them keeps them there.
fn behind_a_tunnel() -> (Server, Secure, Proxy) {
    let (server, proxy) = (Server::start(), Proxy::to_server());
    let secure = Secure::before(&server.base_url());
    proxy.lead_to(&secure.base_url());
    (server, secure, proxy)
}

#[tokio::test]
async fn a_plain_address_is_asked_for_through_the_proxy() {
    let (server, proxy) = (Server::start(), Proxy::to_server());
    proxy.lead_to(&server.base_url());
    let outcome = answer(outside("http://models.test/v1", through(&proxy)), ask("hi")).await;
    assert_eq!((outcome.text.as_str(), &outcome.ending), ("echo: hi", &Ok(())));
    assert_eq!(proxy.heads(), ["POST http://models.test/v1/chat/completions HTTP/1.1"]);
    assert_eq!(server.requests()[0].authorization.as_deref(), Some("Bearer sk-test"));
}

#[tokio::test]
async fn what_no_proxy_lists_is_reached_without_it() {
    let proxy = Proxy::to_server();
    for no_proxy in ["models.invalid", "*", ".invalid", "models.invalid:80"] {
        let network = NetworkEnvironment { no_proxy: Some(no_proxy.into()), ..through(&proxy) };
        let failure =
            answer(outside("http://models.invalid/v1", network), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable, "{no_proxy}");
        assert!(!failure.detail.contains("proxy"), "{failure}");
    }
    assert!(proxy.heads().is_empty());
}

#[tokio::test]
async fn this_machine_is_never_reached_through_a_proxy() {
    let (server, proxy) = (Server::start(), Proxy::to_server());
    for name in ["127.0.0.1", "localhost"] {
        let base_url = server.base_url().replace("127.0.0.1", name);
        let network = NetworkEnvironment { all_proxy: Some(proxy.url()), ..through(&proxy) };
        assert_eq!(answer(outside(&base_url, network), ask("hi")).await.ending, Ok(()), "{name}");
    }
    assert!(proxy.heads().is_empty());
}

#[tokio::test]
async fn a_secure_address_is_reached_through_a_tunnel_and_its_authority_is_asked_for() {
    let (server, _secure, proxy) = behind_a_tunnel();
    let url = "https://models.test/v1";
    for (name, network, known) in [
        ("the system's authorities", through(&proxy), false),
        (
            "its own",
            trusting(&proxy, CertificateFiles { ca_file: Some(authority()), ..CertificateFiles::default() }),
            true,
        ),
        (
            "one beside the system's",
            trusting(
                &proxy,
                CertificateFiles { extra_ca_file: Some(authority()), ..CertificateFiles::default() },
            ),
            true,
        ),
    ] {
        let outcome = answer(outside(url, network), ask("hi")).await;
        if known {
            assert_eq!((outcome.text.as_str(), &outcome.ending), ("echo: hi", &Ok(())), "{name}");
        } else {
            let failure = outcome.ending.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Untrusted, "{name}");
            assert!(failure.detail.contains("certificate"), "{name}: {failure}");
        }
    }
    assert!(
        proxy.heads().iter().all(|head| head == "CONNECT models.test:443 HTTP/1.1"),
        "{:?}",
        proxy.heads()
    );
    assert_eq!(server.requests().len(), 2);
}

/// A file of authorities that is gone while a server is asked again was read before.
#[tokio::test]
async fn authorities_are_read_once_for_all_asks_of_a_turn() {
    let (server, _secure, proxy) = behind_a_tunnel();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("read-once.pem");
    std::fs::copy(authority(), &file).unwrap();
    server.once("hi", Script::new().status(503, "busy").retry_after(1));
    let network =
        trusting(&proxy, CertificateFiles { ca_file: Some(file.clone()), ..CertificateFiles::default() });
    let asking = answer(
        HttpSpec { patience: asked_again(1), ..outside("https://models.test/v1", network) },
        ask("hi"),
    );
    let removing = async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        std::fs::remove_file(&file).unwrap();
    };
    let (outcome, ()) = futures_util::future::join(asking, removing).await;
    assert_eq!((outcome.text.as_str(), outcome.ending), ("echo: hi", Ok(())));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_directory_of_authorities_takes_the_place_of_the_systems() {
    let (_server, _secure, proxy) = behind_a_tunnel();
    let dir = authority().parent().unwrap().to_owned();
    let network = trusting(&proxy, CertificateFiles { ca_dir: Some(dir), ..CertificateFiles::default() });
    assert_eq!(answer(outside("https://models.test/v1", network), ask("hi")).await.ending, Ok(()));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (server, _secure, proxy) = behind_a_tunnel();
    let network =
        trusting(&proxy, CertificateFiles { ca_file: Some(authority()), ..CertificateFiles::default() });
    let failure = answer(outside("https://other.test/v1", network), ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Untrusted);
    assert!(failure.detail.contains("certificate"), "{failure}");
    assert!(server.requests().is_empty(), "the conversation was sent to a stranger");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    let (_server, _secure, proxy) = behind_a_tunnel();
    let nowhere = || Some(PathBuf::from("/no/such/authority.pem"));
    for (network, name) in [
        (
            trusting(&proxy, CertificateFiles { ca_file: nowhere(), ..CertificateFiles::default() }),
            "SSL_CERT_FILE",
        ),
        (
            trusting(&proxy, CertificateFiles { ca_dir: nowhere(), ..CertificateFiles::default() }),
            "SSL_CERT_DIR",
        ),
        (
            trusting(&proxy, CertificateFiles { extra_ca_file: nowhere(), ..CertificateFiles::default() }),
            "NODE_EXTRA_CA_CERTS",
        ),
    ] {
        let failure = answer(outside("https://models.test/v1", network), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Untrusted);
        assert!(failure.detail.contains(name), "{failure}");
    }
    // One that is only missing beside others costs nothing where it is not needed.
    let both = trusting(
        &proxy,
        CertificateFiles {
            ca_file: Some(authority()),
            extra_ca_file: nowhere(),
            ..CertificateFiles::default()
        },
    );
    assert_eq!(answer(outside("https://models.test/v1", both), ask("hi")).await.ending, Ok(()));
}

#[tokio::test]
async fn a_proxy_is_told_its_password_and_nobody_else() {
    let (server, proxy) = (Server::start(), Proxy::to_server());
    proxy.lead_to(&server.base_url());
    let url = proxy.url().replace("http://", "http://me:hidden@");
    let network = NetworkEnvironment { http_proxy: Some(url.clone()), ..NetworkEnvironment::default() };
    assert_eq!(answer(outside("http://models.test/v1", network.clone()), ask("hi")).await.ending, Ok(()));
    assert_eq!(proxy.passwords(), ["Basic bWU6aGlkZGVu"]);
    assert!(
        server.requests()[0]
            .headers
            .iter()
            .all(|(name, _)| name != "authorization" || !name.contains("proxy"))
    );

    let refusing = Proxy::refusing(407);
    let url = refusing.url().replace("http://", "http://me:hidden@");
    for (base_url, network) in [
        (
            "http://models.test/v1",
            NetworkEnvironment { http_proxy: Some(url.clone()), ..NetworkEnvironment::default() },
        ),
        (
            "https://models.test/v1",
            NetworkEnvironment { https_proxy: Some(url), ..NetworkEnvironment::default() },
        ),
    ] {
        let failure = answer(outside(base_url, network), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ProxyFailed, "{failure}");
        assert!(!failure.detail.contains("hidden"), "{failure}");
    }
}

#[tokio::test]
async fn a_socks_proxy_leads_there_too() {
    let (server, proxy) = (Server::start(), Proxy::socks());
    proxy.lead_to(&server.base_url());
    let all = proxy.url();
    let network = NetworkEnvironment { all_proxy: Some(all), ..NetworkEnvironment::default() };
    let outcome = answer(outside("http://models.test/v1", network), ask("hi")).await;
    assert_eq!((outcome.text.as_str(), &outcome.ending), ("echo: hi", &Ok(())));
    assert_eq!(proxy.heads(), ["models.test:80"]);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_and_nothing_goes_past_it() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start();
    let gone = format!("http://127.0.0.1:{port}");
    let network = NetworkEnvironment { all_proxy: Some(gone), ..NetworkEnvironment::default() };
    for base_url in ["http://models.test/v1", "https://models.test/v1"] {
        let failure = answer(outside(base_url, network.clone()), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ProxyFailed);
        assert!(failure.detail.contains("proxy"), "{failure}");
    }
    assert!(server.requests().is_empty());
}

/// Runs itself again in an environment that sends everything through a proxy and trusts nobody: that of the process, which is
/// not the session's.
#[tokio::test]
async fn the_environment_of_the_process_counts_for_nothing() {
    const NAME: &str = "the_environment_of_the_process_counts_for_nothing";
    if std::env::args().any(|argument| argument == "--include-ignored") {
        let (server, proxy) = (Server::start(), Proxy::to_server());
        let secure = Secure::before(&server.base_url());
        proxy.lead_to(&secure.base_url());
        let failure =
            answer(outside("http://models.invalid/v1", NetworkEnvironment::default()), ask("hi")).await;
        assert!(!failure.ending.unwrap_err().detail.contains("proxy"));
        let network = trusting(
            &proxy,
            CertificateFiles { extra_ca_file: Some(authority()), ..CertificateFiles::default() },
        );
        assert_eq!(answer(outside("https://models.test/v1", network), ask("hi")).await.ending, Ok(()));
        return;
    }
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--include-ignored"])
        .envs(names.map(|name| (name, "http://127.0.0.1:1")))
        .envs(["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, "/no/such/place")))
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_key_shows_in_no_failure_of_a_proxy() {
    let (server, proxy) = (Server::start(), Proxy::to_server());
    proxy.lead_to(&server.base_url());
    server.on("", Script::new().status(403, "you sent sk-canary to the proxy"));
    let spec =
        HttpSpec { key: Some(Secret::new("sk-canary")), ..outside("http://models.test/v1", through(&proxy)) };
    let failure = answer(spec, ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.detail, "403 you sent [key] to the proxy");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_not_waited_for_without_end() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("http://{}", listener.local_addr().unwrap());
    let network = NetworkEnvironment { http_proxy: Some(deaf), ..NetworkEnvironment::default() };
    let spec = HttpSpec {
        patience: silent_for(Duration::from_millis(80)),
        ..outside("http://models.test/v1", network)
    };
    assert_eq!(answer(spec, ask("hi")).await.ending.unwrap_err().kind, FailureKind::Silent);
}

/// A server that chooses HTTP/2 is asked in it, and each word is there as it comes.
#[tokio::test]
async fn a_server_that_chooses_http2_is_asked_in_it() {
    let (server, _proxy, mut events) = turn_over_http2();
    for word in ["one ", "two"] {
        server.say.send(Ok(frame(word))).unwrap();
        let event = tokio::time::timeout(support::PATIENCE, events.next()).await.unwrap();
        assert_eq!(event, Some(AgentEvent::Text(word.into())));
    }
    server
        .say
        .send(Ok("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n".into()))
        .unwrap();
    server.say.send(Ok("data: [DONE]\n\n".into())).unwrap();
    let rest = Outcome::of(events.collect::<Vec<_>>().await);
    assert_eq!(rest.ending, Ok(()));
    let uri = "https://models.test/v1/chat/completions".to_owned();
    assert_eq!(server.asked(), [(uri, "Bearer sk-test".to_owned(), false)]);
}

/// A stream that is reset was cut; what has come is kept.
#[tokio::test]
async fn a_reset_stream_was_cut() {
    let (server, _proxy, mut events) = turn_over_http2();
    server.say.send(Ok(frame("some"))).unwrap();
    assert_eq!(events.next().await, Some(AgentEvent::Text("some".into())));
    server.say.send(Err("no more")).unwrap();
    let rest = Outcome::of(events.collect::<Vec<_>>().await);
    assert_eq!(rest.ending.unwrap_err().kind, FailureKind::Cut);
}

/// Nothing of a connection over HTTP/2 is left behind when its turn is dropped.
#[tokio::test]
async fn a_dropped_turn_ends_its_connection_over_http2() {
    let (server, _proxy, mut events) = turn_over_http2();
    server.say.send(Ok(frame("some"))).unwrap();
    assert_eq!(events.next().await, Some(AgentEvent::Text("some".into())));
    drop(events);
    let closed = async {
        while !server.say.is_closed() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(support::PATIENCE, closed).await.expect("the server is rid of its client");
}

/// A turn that is asked of a server which chooses HTTP/2, through a proxy.
fn turn_over_http2() -> (Http2Server, Proxy, BoxStream<'static, AgentEvent>) {
    let (server, proxy) = (Http2Server::start(), Proxy::to_server());
    proxy.lead_to(&server.base_url());
    let network =
        trusting(&proxy, CertificateFiles { ca_file: Some(authority()), ..CertificateFiles::default() });
    let events = turn(outside("https://models.test/v1", network));
    (server, proxy, events)
}

fn turn(spec: HttpSpec) -> BoxStream<'static, AgentEvent> {
    let agent = AgentSpec::Http(Arc::new(spec)).agent();
    agent.open(Seat::of(SessionId(1))).turn(ask("hi"), futures_util::stream::pending().boxed())
}

fn frame(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}
