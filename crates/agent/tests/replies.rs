//! What servers reply, odd and hostile, one reply a file of `replies/`: what it must come to above a line `---`, the exact bytes
//! below. Each is played over the network, in pieces of several sizes, and its body is read cut at every byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use proptest::prelude::*;
use q_agent::http::reply::{BodySettings, LONGEST, ResponseBody, fuzz_reply};
use q_agent::{Dialect, Secret};

use support::{Outcome, answer, ask, asked, spec};

/// One file.
struct Case {
    name: String,
    /// What it must come to, as [`told`] tells it.
    expected: String,
    bytes: Vec<u8>,
    /// The server keeps the connection open behind its last byte.
    stays: bool,
    /// In which dialect it is asked, and how it is read: `dialect:` and `setting: think tags` say so.
    settings: BodySettings,
}

fn cases() -> Vec<Case> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replies");
    let mut cases: Vec<Case> = fs::read_dir(dir).unwrap().map(|entry| case(&entry.unwrap().path())).collect();
    cases.sort_by(|one, two| one.name.cmp(&two.name));
    cases
}

fn case(path: &Path) -> Case {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let file = fs::read(path).unwrap();
    let at =
        file.windows(5).position(|window| window == b"\n---\n").unwrap_or_else(|| panic!("{name}: no ---"));
    let head = String::from_utf8(file[..at].to_vec()).unwrap();
    let about = ["why: ", "server: ", "dialect: ", "setting: "];
    let meant = |line: &&str| !about.iter().any(|word| line.starts_with(word));
    let expected: Vec<&str> = head.lines().filter(meant).collect();
    let stays = head.lines().any(|line| line == "server: keeps the connection open");
    let dialect = head.lines().find_map(|line| line.strip_prefix("dialect: ")).unwrap_or("chat_completions");
    let settings = BodySettings {
        dialect: Dialect::of(dialect).unwrap_or_else(|| panic!("{name}: {dialect}")),
        think_tags: head.lines().any(|line| line == "setting: think tags"),
        secrets: Secret::new("sk-test").into(),
        longest: LONGEST,
        asked: 100,
    };
    Case { name, expected: expected.join("\n"), bytes: file[at + 5..].to_vec(), stays, settings }
}

/// What came of it, in lines: text and thoughts as JSON writes them, usage, how it ended.
fn told(outcome: &Outcome) -> String {
    let mut lines = String::new();
    for (name, text) in [("text", &outcome.text), ("thinking", &outcome.thinking)] {
        if !text.is_empty() {
            writeln!(lines, "{name}: {}", serde_json::to_string(text).unwrap()).unwrap();
        }
    }
    for seal in &outcome.seals {
        writeln!(lines, "sealed: {seal}").unwrap();
    }
    for source in &outcome.sources.all {
        let texts = [&source.title, &source.place, &source.quote];
        writeln!(lines, "source: {}", serde_json::to_string(&texts).unwrap()).unwrap();
    }
    if outcome.sources.left_out > 0 {
        writeln!(lines, "more sources: {}", outcome.sources.left_out).unwrap();
    }
    if outcome.torn > 0 {
        writeln!(lines, "torn: {}", outcome.torn).unwrap();
    }
    if let Some(usage) = outcome.usage {
        let parts = [
            ("cached", usage.cached),
            ("cache_written", usage.cache_written),
            ("reasoning", usage.reasoning),
        ];
        let parts = parts.iter().filter(|(_, tokens)| *tokens > 0);
        let parts: Vec<String> = parts.map(|(word, tokens)| format!(" {word} {tokens}")).collect();
        writeln!(lines, "usage: {} {}{}", usage.input, usage.output, parts.concat()).unwrap();
    }
    let ending = match &outcome.ending {
        Ok(()) => "done".to_owned(),
        Err(failure) if failure.detail.is_empty() => failure.kind.code().to_owned(),
        Err(failure) => format!("{}: {}", failure.kind.code(), failure.detail),
    };
    write!(lines, "ending: {ending}").unwrap();
    lines
}

/// Serves these bytes to the next who connects, this many at a time.
fn serve(bytes: Vec<u8>, piece: usize, stays: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(thread::spawn(move || {
        let mut client = asked(&listener);
        // Whoever has heard enough goes.
        for part in bytes.chunks(piece) {
            if client.write_all(part).is_err() {
                return;
            }
        }
        if !stays {
            let _gone = client.shutdown(std::net::Shutdown::Write);
        }
        let _until_it_goes = client.read(&mut [0]);
    }));
    format!("http://{address}/v1")
}

#[tokio::test]
async fn replies_of_odd_servers_come_to_what_they_mean() {
    let mut wrong = String::new();
    let cases = cases();
    assert!(cases.len() >= 640, "{} cases", cases.len());
    for case in cases {
        for piece in [usize::MAX, 1, 7, 150] {
            let base_url = serve(case.bytes.clone(), piece.min(case.bytes.len()), case.stays);
            let mut spec = spec(base_url);
            spec.dialect = case.settings.dialect;
            spec.shape.think_tags = case.settings.think_tags;
            let said = told(&answer(spec, ask("hi")).await);
            if said != case.expected {
                writeln!(
                    wrong,
                    "== {} in pieces of {piece}\n{said}\n-- expected\n{}",
                    case.name, case.expected
                )
                .unwrap();
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn which_model_answered_and_why_it_stopped_is_told_in_the_servers_words() {
    let cases = cases();
    for (name, model, stop_reason) in [
        ("anthropic-plain", Some("claude-x"), Some("end_turn")),
        ("anthropic-max-tokens", Some("claude-x"), Some("max_tokens")),
        ("anthropic-no-reason", Some("claude-x"), None),
        ("gemini-plain", Some("m"), Some("STOP")),
        ("gemini-safety", None, Some("SAFETY")),
        ("ollama-plain", Some("m"), Some("stop")),
        ("ollama-length", Some("m"), Some("length")),
        ("responses-plain", Some("m"), Some("completed")),
        ("responses-max-output-tokens", Some("m"), Some("max_output_tokens")),
        ("finish-length", None, Some("length")),
    ] {
        let case = cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name}"));
        let body = case.bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let outcome = read(&case.settings, &[&case.bytes[body..]]);
        assert_eq!(
            (outcome.model.as_deref(), outcome.stop_reason.as_deref()),
            (model, stop_reason),
            "{name}"
        );
    }
}

#[test]
fn every_file_of_the_corpus_is_read_without_a_panic() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/reply");
    let files: Vec<_> = fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 90, "{} files", files.len());
    for file in files {
        fuzz_reply(&fs::read(&file).unwrap());
    }
}

proptest! {
    /// Streams of odd parts in any order: whatever they mean, the same however they are cut.
    #[test]
    fn a_stream_of_odd_parts_says_the_same_wherever_it_is_cut(
        parts in prop::collection::vec(prop::sample::select(PARTS), 0..40),
        noise in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut stream = parts.concat().into_bytes();
        let middle = stream.len() / 2;
        stream.splice(middle..middle, noise);
        fuzz_reply(&stream);
    }
}

/// What streams are made of, and what they should not be.
const PARTS: &[&str] = &[
    "data: ",
    "data:",
    ": ",
    "event: error",
    "id: 1",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "[DONE]",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "\\ud83d",
    "NaN",
    "null",
    "<html>",
    "{\"choices\":[{\"delta\":{\"content\":\"ü\"}}]}",
    "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}",
    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"t\"}}]}}]}",
    "{\"error\":{\"message\":\"m\"}}",
    "{\"usage\":{\"prompt_tokens\":1}}",
    "{\"message\":\"m\"}",
];

fn read(settings: &BodySettings, pieces: &[&[u8]]) -> Outcome {
    let mut reply = ResponseBody::new(settings.clone());
    for piece in pieces {
        reply.read(piece);
    }
    reply.end(None);
    Outcome::of(std::iter::from_fn(|| reply.event()))
}

#[test]
fn a_body_says_the_same_wherever_it_is_cut() {
    for case in cases() {
        let head = case.bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let body = &case.bytes[head + 4..];
        let labels = String::from_utf8_lossy(&case.bytes[..head]).to_ascii_lowercase();
        if !labels.starts_with("http/1.1 200")
            || labels.contains("-encoding:")
            || labels.contains("content-length:")
        {
            continue;
        }
        let whole = read(&case.settings, &[body]);
        assert_eq!(told(&whole), case.expected, "{}", case.name);
        for at in 0..=body.len() {
            let (left, right) = body.split_at(at);
            assert_eq!(read(&case.settings, &[left, right]), whole, "{} cut at {at}", case.name);
        }
        let singly: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(&case.settings, &singly), whole, "{} byte by byte", case.name);
    }
}
