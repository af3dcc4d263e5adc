//! Keys that AWS's single sign-on lends for a role, by a scripted portal on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use futures_util::StreamExt;
use q_agent::{AgentSpec, Dialect, HttpSpec, Seat, Secret, SsoRole};
use q_core::{AgentEvent, FailureKind, SessionId};

use support::{answer, ask, spec};

/// Whether a request is there to the end of its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

/// What comes of so many turns of one conversation whose role is lent keys, and the heads of all that was asked. The
/// portal and the model are at one address, and the portal says what it is given.
async fn lent_turns(portal: &str, turns: usize) -> (Vec<AgentEvent>, Vec<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let (portal, (heads, head)) = (portal.to_owned(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut request) = (client.unwrap(), Vec::new());
            let mut bytes = [0; 4096];
            // All of it: a connection that is closed before loses its reply.
            while !is_whole(&request) {
                let read = client.read(&mut bytes).unwrap();
                assert!(read > 0, "the request has an end");
                request.extend_from_slice(&bytes[..read]);
            }
            let request = String::from_utf8_lossy(&request).split("\r\n\r\n").next().unwrap().to_owned();
            let model = r#"200 OK

{"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},"stopReason":"end_turn"}"#;
            let reply = if request.starts_with("GET") { portal.as_str() } else { model };
            let (status, body) = reply.split_once("\n\n").unwrap();
            let reply = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}"
            );
            // Before the reply: whoever has that finds it noted.
            let _nobody_looks = heads.send(request);
            client.write_all(reply.as_bytes()).unwrap();
        }
    });
    let role = SsoRole {
        portal: base_url.clone(),
        account: "123456789012".into(),
        role: "Read+er".into(),
        profile: "work".into(),
        token: Secret::new("aoa-canary"),
    };
    let (dialect, key, model) = (Dialect::Bedrock, Some(Secret::new(role.as_key())), "m".into());
    let agent = AgentSpec::Http(Arc::new(HttpSpec { dialect, key, model, ..spec(base_url) }));
    let conversation = agent.agent().open(Seat::of(SessionId(1)));
    let mut events = Vec::new();
    for _ in 0..turns {
        let said: Vec<AgentEvent> =
            conversation.turn(ask("hi"), futures_util::stream::pending().boxed()).collect().await;
        events.extend(said.last().cloned());
    }
    (events, head.try_iter().collect())
}

#[tokio::test]
async fn a_role_is_lent_keys_once_as_long_as_they_are_good() {
    let lends = |until: u64| {
        format!(
            "200 OK\n\n{{\"roleCredentials\":{{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":\"sk-secret\",\"sessionToken\":\"sk-session\",\"expiration\":{until}}}}}"
        )
    };
    for (until, portals) in [(4_102_444_800_000, 1), (1_000, 2)] {
        let (events, heads) = lent_turns(&lends(until), 2).await;
        assert_eq!(events, [AgentEvent::Done, AgentEvent::Done]);
        let (to_portal, to_model): (Vec<&String>, Vec<&String>) =
            heads.iter().partition(|head| head.starts_with("GET"));
        assert_eq!((to_portal.len(), to_model.len()), (portals, 2), "good until {until}");
        let path = "GET /federation/credentials?role_name=Read%2Ber&account_id=123456789012 HTTP/1.1";
        assert!(
            to_portal[0].starts_with(path) && to_portal[0].contains("x-amz-sso_bearer_token: aoa-canary")
        );
        for head in to_model {
            assert!(head.contains("Credential=ASIA/") && head.contains("x-amz-security-token: sk-session"));
            assert!(!head.contains("canary") && !head.contains("sk-secret"), "{head}");
        }
    }
}

#[tokio::test]
async fn a_role_that_is_lent_nothing_says_why_and_no_model_is_asked() {
    for (portal, kind, words) in [
        (
            "401 No\n\n{\"message\":\"Session token not found or invalid\"}",
            FailureKind::NotConfigured,
            "aws sso login --profile work",
        ),
        ("403 No\n\n{\"message\":\"No access\"}", FailureKind::Forbidden, "role Read+er"),
        ("404 No\n\n{}", FailureKind::NotConfigured, "sso_role_name"),
        ("200 OK\n\n<html>", FailureKind::ServerError, "lends no keys"),
    ] {
        let (events, heads) = lent_turns(portal, 1).await;
        let [AgentEvent::Failed(failure)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(failure.kind, kind, "{portal}");
        assert!(failure.detail.contains(words) && !failure.detail.contains("canary"), "{failure}");
        assert!(heads.iter().all(|head| head.starts_with("GET")) && heads.len() == 1, "{heads:?}");
    }
}

#[tokio::test]
async fn a_token_goes_nowhere_in_the_clear() {
    let key =
        r#"aws-sso {"portal":"http://portal.test","account":"1","role":"r","profile":"work","token":"aoa"}"#;
    let spec = spec("http://127.0.0.1:1".into());
    let spec = HttpSpec { dialect: Dialect::Bedrock, key: Some(Secret::new(key)), ..spec };
    let failure = answer(spec, ask("hi")).await.ending.unwrap_err();
    assert!(failure.detail.contains("AWS_ENDPOINT_URL_SSO must begin with https://"), "{failure}");
}
