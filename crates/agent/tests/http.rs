//! The HTTP agent against the scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use q_agent::{AgentSpec, Dialect, HttpSpec, Message, Role, Seat, Secret, Turn};
use q_core::{AgentEvent, FailureKind, SessionId, Sources, Usage};
use q_testkit::server::{Script, Server};

use support::{Outcome, PATIENCE, answer, ask, asked, asked_again, silent_for, spec};

#[tokio::test]
async fn an_answer_streams_and_is_counted() {
    let server = Server::start();
    let outcome = answer(spec(server.base_url()), ask("Grüße, 世界!")).await;
    assert_eq!(outcome.text, "echo: Grüße, 世界!");
    assert_eq!(outcome.usage, Some(Usage { input: 2, output: 3, ..Usage::default() }));
    assert_eq!(outcome.ending, Ok(()));
    assert!(server.wait_for_open_streams(0, PATIENCE));
}

#[tokio::test]
async fn the_request_holds_the_conversation_and_nothing_else() {
    let server = Server::start();
    let said = |role, text: &str| Message::words(role, text);
    let ask = Turn {
        system_prompt: "Be kind.".into(),
        model: "other".into(),
        messages: vec![said(Role::User, "one"), said(Role::Assistant, "two"), said(Role::User, "three")],
        ..Turn::default()
    };
    answer(spec(server.base_url()), ask).await;
    let [seen] = server.requests().try_into().expect("one request");
    assert_eq!(seen.path, "/v1/chat/completions");
    assert_eq!(seen.authorization.as_deref(), Some("Bearer sk-test"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&seen.body).unwrap());
    let names: Vec<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "content-type", "accept", "user-agent", "host", "content-length"]);
}

/// The head of the one request that an agent of Bedrock sends with this key.
async fn bedrock_head(key: &str) -> String {
    use std::io::Read as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = client.read(&mut request).unwrap();
        client.write_all(b"HTTP/1.1 400 No\r\nConnection: close\r\n\r\n{}").unwrap();
        String::from_utf8_lossy(&request[..read]).split("\r\n\r\n").next().unwrap().to_owned()
    });
    let (dialect, key, model) = (Dialect::Bedrock, Some(Secret::new(key)), "anthropic.m-v1:0".into());
    let outcome = answer(HttpSpec { dialect, key, model, ..spec(base_url) }, ask("hi")).await;
    assert_eq!(outcome.ending.map_err(|failure| failure.kind), Err(FailureKind::Rejected));
    serving.join().unwrap()
}

#[tokio::test]
async fn a_pair_of_keys_signs_and_one_key_is_sent() {
    let head = bedrock_head("AKID:sk-secret:sk-session").await;
    assert!(head.starts_with("POST /model/anthropic.m-v1%3A0/converse-stream HTTP/1.1"), "{head}");
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name}: {head}"))
    };
    let (date, _time) = header("x-amz-date").split_once('T').unwrap();
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKID/{date}/us-east-1/bedrock/aws4_request, ");
    let signed = "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=";
    assert!(header("authorization").starts_with(&format!("{scope}{signed}")), "{head}");
    assert_eq!(header("x-amz-security-token"), "sk-session");
    assert!(!head.contains("sk-secret"), "{head}");
    let head = bedrock_head("bedrock-api-key-x").await;
    assert!(head.contains("authorization: Bearer bedrock-api-key-x") && !head.contains("x-amz"), "{head}");
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let server = Server::start();
    let keyless = HttpSpec { key: None, ..spec(server.base_url()) };
    assert_eq!(answer(keyless, ask("hi")).await.ending, Ok(()));
    assert_eq!(server.requests()[0].authorization, None);
}

#[tokio::test]
async fn names_of_models_arrive_as_they_are() {
    let server = Server::start();
    for name in
        ["gpt-x-high", "o3-mini-low", "org/model:free", "ns::model", "claude-none", "gpt-5-codex", "日本"]
    {
        let spec = HttpSpec { model: name.into(), ..spec(server.base_url()) };
        assert_eq!(answer(spec, ask("hi")).await.ending, Ok(()), "{name}");
        let seen = server.requests().pop().expect("a request");
        assert_eq!(seen.body["model"], name);
        assert_eq!(seen.body.get("reasoning_effort"), None, "{name}");
    }
}

#[tokio::test]
async fn the_address_may_end_in_a_slash() {
    let server = Server::start();
    let slash = spec(format!("{}/", server.base_url()));
    assert_eq!(answer(slash, ask("hi")).await.ending, Ok(()));
}

#[tokio::test]
async fn every_failure_has_its_kind() {
    let server = Server::start();
    let said = || Script::new().say("half ").say("an answer");
    let length = "data: {\"choices\":[{\"delta\":{\"content\":\".\"},\"finish_reason\":\"length\"}]}\n\n";
    let unknown = r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#;
    for (name, script, kind, text) in [
        ("400", Script::new().status(400, r#"{"error":{"message":"no"}}"#), FailureKind::Rejected, ""),
        ("400 model", Script::new().status(400, unknown), FailureKind::UnknownModel, ""),
        ("401", Script::new().status(401, "{}"), FailureKind::WrongKey, ""),
        ("403", Script::new().status(403, "<html>"), FailureKind::Forbidden, ""),
        ("404", Script::new().status(404, unknown), FailureKind::UnknownModel, ""),
        ("404 path", Script::new().status(404, "page not found"), FailureKind::WrongPath, ""),
        ("422", Script::new().status(422, "[]"), FailureKind::Rejected, ""),
        ("429", Script::new().status(429, "{}").retry_after(7), FailureKind::RateLimited, ""),
        ("500", Script::new().status(500, ""), FailureKind::ServerError, ""),
        ("503", Script::new().status(503, "busy"), FailureKind::ServerError, ""),
        (
            "moved",
            Script::new().status(307, "").header("location", "http://127.0.0.1:1/"),
            FailureKind::WrongPath,
            "",
        ),
        ("cut at once", Script::new().cut(), FailureKind::Cut, ""),
        ("cut", said().cut(), FailureKind::Cut, "half an answer"),
        ("cut inside an event", said().raw("data: {\"choi").cut(), FailureKind::Cut, "half an answer"),
        ("ended early", said(), FailureKind::Cut, "half an answer"),
        ("ended at once", Script::new(), FailureKind::Cut, ""),
        ("not JSON, not finished", said().raw("data: {nonsense}\n\n"), FailureKind::Cut, "half an answer"),
        ("a web page", Script::new().raw("<html>Log in to the airport</html>"), FailureKind::Unreachable, ""),
        ("nothing", Script::new().done(), FailureKind::Empty, ""),
        ("blank", Script::new().say(" \n").done(), FailureKind::Empty, " \n"),
        ("cut by length", said().raw(length), FailureKind::LengthLimit, "half an answer."),
        (
            "error inside",
            said().raw("data: {\"error\":{\"message\":\"overloaded\"}}\n\n").done(),
            FailureKind::Overloaded,
            "half an answer",
        ),
    ] {
        server.on(name, script);
        let outcome = answer(spec(server.base_url()), ask(name)).await;
        assert_eq!(outcome.ending.map_err(|failure| failure.kind), Err(kind), "{name}");
        assert_eq!(outcome.text, text, "{name}");
    }
}

#[tokio::test]
async fn what_a_server_refused_without_doing_anything_is_asked_again_a_few_times() {
    let server = Server::start();
    let refusal = |status| Script::new().status(status, "busy").header("retry-after", "0");
    let patient = || HttpSpec { patience: asked_again(2), ..spec(server.base_url()) };
    for status in [408, 425, 429, 500, 502, 503, 504, 520, 524, 529] {
        let (prompt, before) = (format!("after {status}"), server.requests().len());
        server.once(&prompt, refusal(status));
        server.once(&prompt, refusal(429));
        let outcome = answer(patient(), ask(&prompt)).await;
        assert_eq!((outcome.text, outcome.ending), (format!("echo: {prompt}"), Ok(())));
        let told: Vec<_> =
            outcome.waits.iter().map(|(attempt, of, wait, _)| (*attempt, *of, *wait)).collect();
        assert_eq!(told, [(2, 3, 0), (3, 3, 0)], "{status}");
        assert!(outcome.waits.iter().any(|wait| wait.3 == FailureKind::RateLimited), "{status}");
        assert_eq!(server.requests().len(), before + 3, "{status}");
    }
    server.on("always", refusal(500));
    let failure = answer(patient(), ask("always")).await.ending.unwrap_err();
    assert_eq!(
        (failure.kind, failure.detail.as_str()),
        (FailureKind::ServerError, "500, retry after 0: busy; asked 3 times")
    );
    // What would come to the same, what nobody is to wait for, and what had a word said.
    let spent = r#"{"error":{"code":"insufficient_quota"}}"#;
    for (name, script) in [
        ("bad", refusal(400)),
        ("spent", Script::new().status(429, spent).header("retry-after", "0")),
        ("long", Script::new().status(429, "busy").retry_after(3600)),
        ("broken", Script::new().say("half").cut()),
        (
            "error inside",
            Script::new().say("half").raw(&b"data: {\"error\":{\"code\":500,\"message\":\"m\"}}\n\n"[..]),
        ),
        ("nameless", Script::new().raw(&b"data: {\"error\":{\"message\":\"m\"}}\n\n"[..])),
        ("cut at once", Script::new().cut()),
    ] {
        let before = server.requests().len();
        server.on(name, script);
        assert!(answer(patient(), ask(name)).await.ending.is_err(), "{name}");
        assert_eq!(server.requests().len(), before + 1, "{name}");
    }
}

#[tokio::test]
async fn an_error_before_the_first_word_is_asked_again_as_its_status_is() {
    let server = Server::start();
    let patient = || HttpSpec { patience: asked_again(1), ..spec(server.base_url()) };
    let model = r#"{"model":"m","choices":[]}"#;
    for (name, error, kind) in [
        ("rate", r#"{"error":{"code":429,"message":"m"}}"#, Some(FailureKind::RateLimited)),
        (
            "overloaded",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            Some(FailureKind::Overloaded),
        ),
        ("fault", r#"{"error":{"type":"server_error","message":"m"}}"#, Some(FailureKind::ServerError)),
        ("gateway", r#"{"error":{"code":"520","message":"m"}}"#, Some(FailureKind::ServerError)),
        ("spent", r#"{"error":{"code":"insufficient_quota","message":"m"}}"#, None),
        ("bad", r#"{"error":{"code":400,"message":"m"}}"#, None),
    ] {
        let before = server.requests().len();
        server.once(name, Script::new().raw(format!("data: {model}\n\ndata: {error}\n\n")));
        let outcome = answer(patient(), ask(name)).await;
        let waits: Vec<FailureKind> = outcome.waits.iter().map(|wait| wait.3).collect();
        assert_eq!(waits, kind.into_iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(outcome.ending.is_ok(), kind.is_some(), "{name}");
        assert_eq!(server.requests().len(), before + 1 + waits.len(), "{name}");
        if kind.is_some() {
            assert_eq!(outcome.text, format!("echo: {name}"));
        }
    }
}

#[tokio::test]
async fn waiting_to_ask_again_ends_with_whoever_waits() {
    let server = Server::start();
    server.on("", Script::new().status(503, "busy").retry_after(19));
    let patient = HttpSpec { patience: asked_again(5), ..spec(server.base_url()) };
    let gone = tokio::time::timeout(Duration::from_millis(300), answer(patient, ask("x"))).await;
    assert!(gone.is_err(), "it waits");
    assert_eq!(server.requests().len(), 1, "nothing is sent once nobody waits");
}

#[tokio::test]
async fn an_address_that_can_mean_two_things_is_asked_at_both() {
    let server = Server::start();
    let bare = server.base_url().trim_end_matches("/v1").to_owned();
    for base_url in [bare.clone(), format!("{bare}/"), format!("{bare}/v1/chat/completions")] {
        assert_eq!(answer(spec(base_url.clone()), ask("hi")).await.text, "echo: hi", "{base_url}");
    }
    let failure = answer(spec(format!("{bare}/nowhere")), ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.kind, FailureKind::WrongPath);
}

/// What did not know the path the first time is not asked when the other address is asked again.
#[tokio::test]
async fn the_address_that_worked_is_remembered_when_it_is_asked_again() {
    use std::io::Read as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let answered = r#"{"choices":[{"message":{"content":"so"},"finish_reason":"stop"}]}"#;
    let serving = std::thread::spawn(move || {
        let replies = [("404 Not Found", "page not found"), ("503 Busy", "busy"), ("200 OK", answered)];
        replies.map(|(status, body)| {
            let (mut client, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let read = client.read(&mut request).unwrap();
            let head = "Connection: close\r\nRetry-After: 0\r\n\r\n";
            client.write_all(format!("HTTP/1.1 {status}\r\n{head}{body}").as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).lines().next().unwrap().to_owned()
        })
    });
    let outcome = answer(HttpSpec { patience: asked_again(1), ..spec(base_url) }, ask("hi")).await;
    assert_eq!((outcome.text.as_str(), outcome.ending), ("so", Ok(())));
    let asked = ["/v1/chat/completions", "/chat/completions", "/chat/completions"];
    assert_eq!(serving.join().unwrap(), asked.map(|path| format!("POST {path} HTTP/1.1")));
}

#[tokio::test]
async fn answers_that_end_unusually_but_whole_are_done() {
    let server = Server::start();
    let finish = r#"data: {"choices":[{"index":0,"delta":{"content":"."},"finish_reason":"stop"}]}"#;
    for (name, script, text) in [
        ("no [DONE]", Script::new().say("all").finish(), "all"),
        ("cut behind the finish", Script::new().say("all").finish().cut(), "all"),
        ("no last line end", Script::new().say("all").raw(finish), "all."),
        (
            "text with the finish",
            Script::new().say("all").raw(format!("{finish}\n\ndata: [DONE]\n\n")),
            "all.",
        ),
        ("not JSON", Script::new().say("all").raw("data: {nonsense}\n\n").done(), "all"),
        ("not text", Script::new().say("all").raw(b"data: \xff\xfe\n\n".as_slice()).done(), "all"),
        ("open behind the finish", Script::new().say("all").finish().silence(), "all"),
        ("comments", Script::new().raw(": ping\n\n: ping\n\n").say("all").raw(": ping\n\n").done(), "all"),
        (
            "no space",
            Script::new().raw("data:{\"choices\":[{\"delta\":{\"content\":\"all\"}}]}\n\n").done(),
            "all",
        ),
        (
            "says the word",
            Script::new().say("\"finish_reason\":\"stop\"").done(),
            "\"finish_reason\":\"stop\"",
        ),
    ] {
        server.on(name, script);
        let outcome = answer(spec(server.base_url()), ask(name)).await;
        assert_eq!((outcome.text.as_str(), outcome.ending), (text, Ok(())), "{name}");
    }
    server.on("only says it", Script::new().say("\"finish_reason\":\"stop\""));
    let outcome = answer(spec(server.base_url()), ask("only says it")).await;
    assert_eq!(outcome.ending.map_err(|failure| failure.kind), Err(FailureKind::Cut));
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (base_url, kind) in [
        (format!("http://127.0.0.1:{port}/v1"), FailureKind::Unreachable),
        ("http://no-such-host.invalid/v1".into(), FailureKind::Unreachable),
        ("127.0.0.1:1".into(), FailureKind::WrongPath),
        (String::new(), FailureKind::WrongPath),
    ] {
        let failure = answer(spec(base_url.clone()), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, kind, "{base_url}: {}", failure.detail);
        assert!(!failure.detail.is_empty(), "{base_url}");
    }
}

#[tokio::test]
async fn the_key_never_shows() {
    let server = Server::start();
    server
        .on("", Script::new().status(401, r#"{"error":{"message":"Incorrect API key provided: sk-test"}}"#));
    let failure = answer(spec(server.base_url()), ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.detail, "401 Incorrect API key provided: [key]");
    // A server may say back whatever else it was told, in any place.
    server.once(
        "told",
        Script::new().status(403, r#"{"error":{"message":"sk-header-1 with sk-header-2 as hidden-word"}}"#),
    );
    let mut told = spec(server.base_url().replace("://", "://me:hidden-word@"));
    let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    told.shape.headers = vec![header("api-key", "sk-header-1"), header("x-auth", "Bearer sk-header-2")];
    let failure = answer(told, ask("told")).await.ending.unwrap_err();
    assert_eq!(failure.detail, "403 [key] with [key] as [key]");
    for key in ["sk-te\nst", "sk-tést", "sk test"] {
        let spec = HttpSpec { key: Some(Secret::new(key)), ..spec(server.base_url()) };
        let failure = answer(spec, ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::WrongKey);
        assert!(!failure.detail.contains("sk"), "{}", failure.detail);
    }
    let password = "http://me:hidden@127.0.0.1:1/v1".to_owned();
    let failure = answer(spec(password), ask("hi")).await.ending.unwrap_err();
    assert!(!failure.detail.contains("hidden"), "{}", failure.detail);
}

#[tokio::test]
async fn what_comes_behind_the_reason_gives_no_more_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let pinging = std::thread::spawn(move || {
        let mut client = asked(&listener);
        let frame = r#"{"choices":[{"delta":{"content":"so"},"finish_reason":"stop"}]}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        let mut written = client.write_all(format!("{head}data: {frame}\n\n").as_bytes());
        while written.is_ok() {
            written = client.write_all(b": ping\n\n");
        }
    });
    let spec = HttpSpec { patience: silent_for(Duration::from_secs(2)), ..spec(base_url) };
    let outcome = tokio::time::timeout(PATIENCE, answer(spec, ask("hi"))).await.expect("it ends by itself");
    assert_eq!((outcome.text.as_str(), outcome.ending), ("so", Ok(())));
    pinging.join().unwrap();
}

#[tokio::test]
async fn silence_has_an_end() {
    let server = Server::start();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("http://{}/v1", listener.local_addr().unwrap());
    server.on("late", Script::new().say("half").silence());
    for (base_url, prompt, text) in [(server.base_url(), "late", "half"), (deaf, "never", "")] {
        let spec = HttpSpec { patience: silent_for(Duration::from_millis(80)), ..spec(base_url) };
        let outcome = answer(spec, ask(prompt)).await;
        assert_eq!(outcome.ending.map_err(|failure| failure.kind), Err(FailureKind::Silent), "{prompt}");
        assert_eq!(outcome.text, text);
    }
    assert!(server.wait_for_open_streams(0, PATIENCE), "the connection stayed open");
}

#[tokio::test]
async fn dropping_an_answer_closes_its_connection() {
    let server = Arc::new(Server::start());
    server.on("waits", Script::new().wait_for("never"));
    server.on("talks", Script::new().repeat(1_000_000, "word ", Duration::from_millis(1)));
    for prompt in ["waits", "talks"] {
        let mut events = AgentSpec::Http(Arc::new(spec(server.base_url())))
            .agent()
            .open(Seat::of(SessionId(1)))
            .turn(ask(prompt), futures_util::stream::pending().boxed());
        // The first frame says who answers, and no word of it.
        assert!(matches!(events.next().await, Some(AgentEvent::Model(_))));
        if prompt == "talks" {
            assert!(matches!(events.next().await, Some(AgentEvent::Text(_))));
        } else {
            tokio::select! {
                event = events.next() => panic!("{event:?}"),
                open = streams_become(1, &server) => assert!(open),
            }
        }
        drop(events);
        assert!(streams_become(0, &server).await, "the connection stayed open");
    }
}

/// Waits beside the runtime: connections are opened and closed by tasks of their own, which need it.
async fn streams_become(count: usize, server: &Arc<Server>) -> bool {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || server.wait_for_open_streams(count, PATIENCE))
        .await
        .expect("no panic")
}

#[tokio::test]
async fn an_answer_that_nobody_polls_is_not_asked_for() {
    let server = Server::start();
    drop(
        AgentSpec::Http(Arc::new(spec(server.base_url())))
            .agent()
            .open(Seat::of(SessionId(1)))
            .turn(ask("hi"), futures_util::stream::pending().boxed()),
    );
    assert_eq!(answer(spec(server.base_url()), ask("once")).await.ending, Ok(()));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn ten_thousand_calls_that_nobody_asked_for_are_one_failure() {
    let server = Server::start();
    let call = |number: usize| {
        let call = format!(
            "{{\"index\":{number},\"id\":\"c{number}\",\"function\":{{\"name\":\"dig\",\"arguments\":\"{{}}\"}}}}"
        );
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n")
    };
    let calls: String = (0..10_000).map(call).collect();
    server.on("dig", Script::new().raw(calls).whole().silence());
    let outcome = answer(spec(server.base_url()), ask("dig")).await;
    let failure = outcome.ending.unwrap_err();
    assert_eq!((failure.kind, failure.detail.as_str()), (FailureKind::WantsTool, "dig and at least 64 more"));
    assert!(server.wait_for_open_streams(0, PATIENCE), "more calls are waited for");
}

#[tokio::test]
async fn a_line_without_an_end_fails_its_own_turn() {
    let server = Server::start();
    let line = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}", "x".repeat(20 << 20));
    server.on("long", Script::new().say("half").raw(line).whole().silence());
    let outcome = answer(spec(server.base_url()), ask("long")).await;
    let failure = outcome.ending.unwrap_err();
    assert_eq!((failure.kind, outcome.text.as_str()), (FailureKind::Cut, "half"));
    assert!(failure.detail.contains("longer than 1024 KB"), "{failure}");
    assert!(server.wait_for_open_streams(0, PATIENCE), "the rest is waited for");
}

/// All run on one thread: while one stream has more to read than it ever can, others have their turn after every piece of it.
#[tokio::test]
async fn a_flood_lets_others_have_their_turn() {
    const FLOOD: usize = 16 << 20;
    let server = Server::start();
    server.on("flood", Script::new().raw(": nothing\n".repeat(FLOOD / 10)).whole().say("all").done());
    let flooded = answer(spec(server.base_url()), ask("flood"));
    let mut turns = 0;
    let others = async {
        loop {
            turns += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        outcome = flooded => assert_eq!((outcome.text.as_str(), outcome.ending), ("all", Ok(()))),
        () = others => {}
    }
    assert!(turns >= FLOOD / (64 << 10), "others had {turns} turns");
}

/// A server that refuses in a hundred megabytes gets rid of a few: what the system holds for both ends, and what is read.
#[tokio::test]
async fn a_refusal_is_read_no_further_than_its_limit() {
    use std::io::{Read, Write};
    const BODY: usize = 100 << 20;
    const SENT: usize = 32 << 20;
    for head in [
        format!("content-length: {BODY}\r\n\r\n"),
        format!("transfer-encoding: chunked\r\n\r\n{BODY:x}\r\n"),
        format!("content-encoding: gzip\r\ncontent-length: {BODY}\r\n\r\n"),
        format!("content-encoding: rot13\r\ncontent-length: {BODY}\r\n\r\n"),
        "\r\n".to_owned(),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let start = format!("HTTP/1.1 500 No\r\nconnection: close\r\n{head}");
        let sending = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let _request = client.read(&mut [0; 4096]).unwrap();
            client.write_all(start.as_bytes()).unwrap();
            let block = "zebra ".repeat(10_000);
            (0..BODY / block.len()).take_while(|_| client.write_all(block.as_bytes()).is_ok()).count()
                * block.len()
        });
        let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ServerError, "{head}");
        assert!(["zebra", "compressed"].iter().any(|word| failure.detail.contains(word)), "{failure}");
        let sent = tokio::task::spawn_blocking(|| sending.join().unwrap()).await.unwrap();
        assert!(sent < SENT, "{sent} bytes were taken with {head}");
    }
}

#[tokio::test]
async fn a_head_has_a_limit() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let _request = client.read(&mut [0; 4096]).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        while client.write_all(format!("x: {}\r\n", "y".repeat(4000)).as_bytes()).is_ok() {}
    }));
    let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
}

#[tokio::test]
async fn sessions_that_ask_at_once_do_not_meet() {
    let server = Server::start();
    let one = |number: usize| {
        let key = Some(Secret::new(format!("key-{number}")));
        let said = format!("session {number}");
        server.on(&said, Script::new().wait_for("all").say(&format!("to {number}")).done());
        answer(HttpSpec { key, ..spec(server.base_url()) }, ask(&said))
    };
    let answers = futures_util::future::join_all((10..20).map(one));
    let opened = async {
        // Opened only while all ten are waiting: none of them waits for another one.
        while server.requests().len() < 10 {
            tokio::task::yield_now().await;
        }
        server.open("all");
    };
    let (answers, ()) = futures_util::future::join(answers, opened).await;
    for (number, outcome) in (10..20).zip(answers) {
        assert_eq!((outcome.text, outcome.ending), (format!("to {number}"), Ok(())));
    }
    for seen in server.requests() {
        let number = seen.last_user_text().replace("session ", "");
        assert_eq!(seen.authorization, Some(format!("Bearer key-{number}")));
        assert_eq!(seen.body["messages"].as_array().map(Vec::len), Some(1));
    }
}

/// A stream as a real server sends it, with line ends of its own.
fn recorded(line_end: &str) -> String {
    include_str!("recorded.sse").replace('\n', line_end)
}

#[tokio::test]
async fn wherever_the_network_divides_a_stream_it_says_the_same() {
    let server = Server::start();
    for line_end in ["\n", "\r\n"] {
        let stream = recorded(line_end);
        let whole = Outcome {
            text: "Größe: 12 €\n世界 👩‍💻 \"done\"".into(),
            thinking: String::new(),
            seals: Vec::new(),
            sources: Sources::default(),
            torn: 0,
            usage: Some(Usage { input: 21, output: 9, ..Usage::default() }),
            model: Some("m".into()),
            stop_reason: Some("stop".into()),
            waits: Vec::new(),
            ending: Ok(()),
        };
        for offset in 0..=stream.len() {
            server.once("", Script::new().raw(stream.as_str()).split_at(offset));
            assert_eq!(answer(spec(server.base_url()), ask("x")).await, whole, "{offset} with {line_end:?}");
        }
    }
}
