//! Bodies that come compressed, which nobody asked for: each word as it comes, nothing without bound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use async_compression::Level;
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;
use futures_util::StreamExt;
use futures_util::future::join_all;
use q_agent::{AgentSpec, Seat};
use q_core::{AgentEvent, FailureKind, SessionId};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use support::{Outcome, answer, ask, asked, spec};

const ENCODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn frame(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

const END: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Each part packed so that all of it can be unpacked from what has come; the end of the whole is with the last.
async fn packed(encoding: &str, parts: &[String]) -> Vec<Vec<u8>> {
    async fn through<W: AsyncWrite + Unpin>(
        mut to: W,
        parts: &[String],
        taken: impl Fn(&mut W) -> Vec<u8>,
    ) -> Vec<Vec<u8>> {
        let mut packed = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            to.write_all(part.as_bytes()).await.unwrap();
            to.flush().await.unwrap();
            if at + 1 == parts.len() {
                to.shutdown().await.unwrap();
            }
            packed.push(taken(&mut to));
        }
        packed
    }
    match encoding {
        "gzip" => through(GzipEncoder::new(Vec::new()), parts, |to| std::mem::take(to.get_mut())).await,
        "br" => {
            // The library's usual level takes seconds.
            let to = BrotliEncoder::with_quality(Vec::new(), Level::Fastest);
            through(to, parts, |to| std::mem::take(to.get_mut())).await
        }
        "zstd" => through(ZstdEncoder::new(Vec::new()), parts, |to| std::mem::take(to.get_mut())).await,
        other => panic!("{other}"),
    }
}

/// Serves a head and then each part when it is asked for on the channel; the connection is closed behind the last.
fn serve(status: &str, encoding: &str, parts: Vec<Vec<u8>>) -> (String, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (next, wanted) = mpsc::channel::<()>();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\ncontent-encoding: {encoding}\r\nconnection: close\r\n\r\n"
    );
    drop(thread::spawn(move || {
        let mut client = asked(&listener);
        client.write_all(head.as_bytes()).unwrap();
        for part in parts {
            // Whoever does not ask any more has gone, or wants all of it.
            let _gone = wanted.recv();
            if client.write_all(&part).is_err() {
                return;
            }
        }
        let _gone = client.shutdown(std::net::Shutdown::Write);
        let _until_it_goes = client.read(&mut [0]);
    }));
    (format!("http://{address}/v1"), next)
}

#[tokio::test]
async fn each_word_is_there_as_soon_as_it_has_come() {
    let words = ["one ", "two ", "three"];
    let mut parts: Vec<String> = words.iter().map(|word| frame(word)).collect();
    parts.push(END.to_owned());
    for encoding in ENCODINGS {
        let (base_url, next) = serve("200 OK", encoding, packed(encoding, &parts).await);
        let agent = AgentSpec::Http(std::sync::Arc::new(spec(base_url))).agent();
        let mut events =
            agent.open(Seat::of(SessionId(1))).turn(ask("hi"), futures_util::stream::pending().boxed());
        for word in words {
            next.send(()).unwrap();
            let event = tokio::time::timeout(support::PATIENCE, events.next()).await.unwrap();
            assert_eq!(event, Some(AgentEvent::Text(word.into())), "{encoding}");
        }
        next.send(()).unwrap();
        let rest = Outcome::of(events.collect::<Vec<_>>().await);
        assert_eq!(rest.ending, Ok(()), "{encoding}");
    }
}

#[tokio::test]
async fn what_is_cut_or_damaged_is_said_to_be_and_its_words_are_kept() {
    let parts = [frame("some "), frame("words"), END.to_owned()];
    for encoding in ENCODINGS {
        let whole: Vec<u8> = packed(encoding, &parts).await.concat();
        let text = "some words".to_owned();
        for name in ["cut", "damaged"] {
            let mut bytes = packed(encoding, &parts[..2]).await;
            bytes.pop();
            let mut bytes = bytes.concat();
            if name == "damaged" {
                bytes.extend([0xff; 64]);
            }
            let (base_url, _) = serve("200 OK", encoding, vec![bytes]);
            let outcome = answer(spec(base_url), ask("hi")).await;
            // What came in one piece with the damage may be lost with it.
            let kept =
                if name == "cut" { outcome.text == "some " } else { "some ".starts_with(&outcome.text) };
            assert!(kept, "{encoding} {name}: {}", outcome.text);
            assert_eq!(outcome.ending.unwrap_err().kind, FailureKind::Cut, "{encoding} {name}");
        }
        // The server's last word counts, not the packing's.
        let (base_url, _) = serve("200 OK", encoding, vec![whole[..whole.len() - 1].to_vec()]);
        let outcome = answer(spec(base_url), ask("hi")).await;
        assert_eq!((outcome.text, outcome.ending), (text, Ok(())), "{encoding}");
    }
}

#[tokio::test]
async fn a_refusal_is_in_the_servers_words() {
    let body = ["{\"error\":{\"message\":\"zebras are out\"}}".to_owned()];
    for encoding in ENCODINGS {
        let (base_url, _) = serve("503 No", encoding, packed(encoding, &body).await);
        let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
        assert!(failure.detail.contains("zebras are out"), "{encoding}: {failure}");
    }
}

/// A body that is there as a whole, since it comes packed: its reader waits for nothing, so others have their turn only where it
/// lets them.
#[tokio::test]
async fn others_have_their_turn_after_each_four_kilobytes() {
    const BODY: usize = 1 << 20;
    let word = frame("word");
    for (line, word) in [(": nothing\n", word.as_str()), (&frame(""), &word), (&"x".repeat(BODY / 8), "")] {
        let body = line.repeat(BODY / line.len());
        let bytes = packed("gzip", &[body, format!("\n\n{word}{END}")]).await.concat();
        let (base_url, _) = serve("200 OK", "gzip", vec![bytes]);
        let agent = AgentSpec::Http(std::sync::Arc::new(spec(base_url))).agent();
        let conversation = agent.open(Seat::of(SessionId(1)));
        let mut events = conversation.turn(ask("hi"), futures_util::stream::pending().boxed());
        let (mut turns, mut first) = (0, std::pin::pin!(events.next()));
        let first = std::future::poll_fn(|cx| {
            turns += 1;
            first.as_mut().poll(cx)
        });
        assert!(tokio::time::timeout(support::PATIENCE, first).await.unwrap().is_some());
        assert!(turns >= BODY >> 12, "{turns} turns for a body of lines like {:?}", line.get(..10));
    }
}

/// A few kilobytes that mean a great many: of lines that are too long, and of lines that mean nothing.
#[tokio::test]
async fn a_bomb_is_read_no_further_than_its_limit() {
    const BOMB: usize = 256 << 20;
    let (long, empty) = ("0".repeat(1 << 20), ": nothing\n".repeat(1 << 17));
    let is_cut = async |line: &str, encoding: &str, said: &str| {
        let parts: Vec<String> = vec![line.to_owned(); BOMB / line.len()];
        let bytes = packed(encoding, &parts).await.concat();
        assert!(bytes.len() < 4 << 20, "{encoding} packs to {} bytes", bytes.len());
        let (base_url, _) = serve("200 OK", encoding, vec![bytes]);
        let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cut, "{encoding}: {failure}");
        assert!(failure.detail.contains(said), "{encoding}: {failure}");
    };
    for encoding in ENCODINGS {
        is_cut(&long, encoding, "longer than").await;
    }
    // Side by side: each is read no faster than a stream may be.
    join_all(ENCODINGS.map(|encoding| is_cut(&empty, encoding, "64 MB"))).await;
}

/// Members of gzip that hold nothing, on and on: read no further than a bound, whatever comes out.
#[tokio::test]
async fn what_is_packed_around_nothing_is_read_no_further_than_its_limit() {
    let nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let (base_url, _) = serve("200 OK", "gzip", vec![nothing.repeat(400_000)]);
    let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cut, "{failure}");
    assert!(failure.detail.contains("next to nothing"), "{failure}");
}

/// One that wants more memory for unpacking than HTTP allows.
#[tokio::test]
async fn a_window_has_a_limit() {
    let parameters = [CParameter::window_log(24), CParameter::content_size_flag(false)];
    let mut encoder = ZstdEncoder::with_quality_and_params(Vec::new(), Level::Fastest, &parameters);
    encoder.write_all(&vec![b'\n'; 32 << 20]).await.unwrap();
    encoder.shutdown().await.unwrap();
    let (base_url, _) = serve("200 OK", "zstd", vec![encoder.into_inner()]);
    let failure = answer(spec(base_url), ask("hi")).await.ending.unwrap_err();
    assert!(failure.detail.contains("damaged"), "{failure}");
}
