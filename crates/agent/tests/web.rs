//! Pages that a model wants: what is reached and what never is, what of a page is told, and that no key goes along. A small proxy
//! on this machine stands for the world, since nothing of this machine is fetched by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use q_agent::{HttpSpec, NetworkEnvironment, Secret};
use q_core::{AgentEvent, CallFacts, CallSubject, Outcome, Wants};
use q_testkit::server::{Script, Server};
use serde_json::{Value, json};

use support::permitting::Permitting;
use support::spec;

/// A proxy that answers for every host, and what it was asked: request lines and headers.
struct World {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// Of each pair, what the address ends with, and the response.
    fn of(pages: Vec<(&'static str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> =
                    lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let target =
                    head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
                kept.lock().unwrap().push(head.join("\n"));
                let page = pages.iter().find(|(end, _)| target.ends_with(end));
                let response =
                    page.map_or(b"HTTP/1.1 404 no\r\n\r\nno such page".to_vec(), |(_, page)| page.clone());
                let _gone = stream.write_all(&response);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn response(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nset-cookie: a=b\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn elsewhere(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// What is said of an address of this machine or its network.
const OWN: &str = "it leads to this machine or its own network";

/// What a model is told that fetches these, one after the other, with leave for each; and what each call was about.
async fn fetched(network: NetworkEnvironment, wanted: &[Value]) -> Vec<(Outcome, String, CallSubject)> {
    let server = Server::start();
    server.once("do it", Script::new().say("So.").done());
    let calls = wanted.iter().fold(Script::new(), |script, input| script.call("fetch", &input.to_string()));
    server.once("do it", calls.done());
    let spec = HttpSpec { network, key: Some(Secret::new("sk-canary")), ..spec(server.base_url()) };
    let (mut subjects, mut unasked, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for event in Permitting::new().turn(spec).await {
        if let AgentEvent::Call(call, CallFacts { subject, .. }) = event {
            if call.wants != Wants::Consent {
                unasked.push(call.no);
            }
            subjects.push(subject);
        } else if let AgentEvent::Result { call, outcome, text } = event {
            // Nobody is asked about what is never fetched, and about nothing else.
            let is_never = text.contains(OWN) || matches!(subjects.last(), Some(CallSubject::Other));
            assert!(!unasked.contains(&call) || is_never && outcome == Outcome::Failed, "{call}: {text}");
            assert!(unasked.contains(&call) || !text.contains(OWN), "{call}: {text}");
            all.push((call, outcome, text));
        }
    }
    all.sort_by_key(|(call, ..)| *call);
    all.into_iter().zip(subjects).map(|((_, outcome, text), subject)| (outcome, text, subject)).collect()
}

#[tokio::test]
async fn nothing_of_this_machine_or_its_network_is_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"];
    let wanted: Vec<Value> =
        hosts.iter().map(|host| json!({ "url": format!("http://{host}:{port}/") })).collect();
    let mut all = fetched(NetworkEnvironment::default(), &wanted).await;
    let metadata = json!({ "url": "http://169.254.169.254/latest/meta-data/" });
    // A proxy is no way around, as far as the address says where it leads.
    let world = World::of(vec![]);
    let through =
        NetworkEnvironment { http_proxy: Some(world.address.clone()), ..NetworkEnvironment::default() };
    all.extend(
        fetched(
            through,
            &[metadata, json!({ "url": "http://10.0.0.1/" }), json!({ "url": "http://a.internal/" })],
        )
        .await,
    );
    for (outcome, text, subject) in &all {
        let is_refused = text.contains(OWN);
        assert!(*outcome == Outcome::Failed && is_refused, "{subject:?}: {text}");
    }
    assert!(listener.accept().is_err(), "nobody came");
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a_page_is_told_as_text_and_nobody_elses_word_leads_to_another_host() {
    let long = "a line of text\n".repeat(10_000);
    let world = World::of(vec![
        (
            "/page",
            response("text/html; charset=utf-8", b"<title>T</title><script>no</script><p>a <a href=/b>b</a>"),
        ),
        ("/plain", response("text/plain", b"as <it> is\xe2\x80\xae")),
        ("/long", response("text/plain", long.as_bytes())),
        ("/latin", response("text/plain; charset=ISO-8859-1", b"caf\xe9")),
        ("/image", response("image/png", b"\x89PNG")),
        ("/lies", response("text/plain", b"a\0b")),
        ("/moved", elsewhere("/page")),
        ("/away", elsewhere("http://evil.test/?stolen")),
        ("/home", elsewhere("http://127.0.0.1/")),
        ("/round", elsewhere("/round")),
    ]);
    let network =
        NetworkEnvironment { http_proxy: Some(world.address.clone()), ..NetworkEnvironment::default() };
    let at = |path: &str| json!({ "url": format!("http://docs.test/{path}") });
    let paths = ["page", "plain", "latin", "moved", "image", "lies", "away", "home", "round", "missing"];
    let all = fetched(network.clone(), &paths.map(at)).await;
    let said: Vec<(Outcome, &str)> = all
        .iter()
        .map(|(outcome, text, _)| (*outcome, text.split_once("\n\n").map_or(text.as_str(), |(_, text)| text)))
        .collect();
    let (done, failed) = (Outcome::Done, Outcome::Failed);
    assert_eq!(
        said,
        [
            (done, "T\n\na b (/b)\n"),
            (done, "as <it> is<U+202E>\n"),
            (done, "café\n"),
            (done, "T\n\na b (/b)\n"),
            (failed, "it is no text (image/png, status 200); nothing of it is told"),
            (failed, "it is no text, although it says text/plain; nothing of it is told"),
            (
                failed,
                "it is elsewhere, which was not asked for and not followed: http://evil.test/?stolen\nCall fetch with that address if you want it."
            ),
            (
                failed,
                "it is elsewhere, which was not asked for and not followed: http://127.0.0.1/\nCall fetch with that address if you want it."
            ),
            (failed, "the server redirects again and again"),
            (failed, "the server says 404\nno such page"),
        ]
    );
    assert!(all.iter().all(|(.., subject)| *subject == CallSubject::Host("docs.test".into())), "{all:?}");
    assert!(all[3].1.starts_with("http://docs.test/page says ("), "{}", all[3].1);
    let asked = world.asked().join("\n");
    for never in ["evil.test", "127.0.0.1/", "canary", "cookie", "authorization"] {
        assert!(!asked.to_lowercase().contains(never), "{never}: {asked}");
    }
    // A long one is read on.
    let first = fetched(network.clone(), &[at("long")]).await.remove(0).1;
    let from =
        first.rsplit_once("\"from\": ").unwrap().1.split(' ').next().unwrap().parse::<usize>().unwrap();
    assert!(first.len() < (64 << 10) + 300 && from == 64 << 10, "{} {from}", first.len());
    let rest =
        fetched(network, &[json!({ "url": "http://docs.test/long", "from": 140_000 })]).await.remove(0).1;
    assert!(rest.contains(&format!("({} bytes of text, from byte 140000 on)", long.len())), "{rest}");
    assert!(rest.ends_with(&format!("{}\n", &long[140_000..])), "{rest}");
}
