//! The server as seen by a client that knows no HTTP library.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::{Script, Server};

const PATIENCE: Duration = Duration::from_secs(20);

fn connect(server: &Server) -> TcpStream {
    let address = server.base_url().replace("http://", "").replace("/v1", "");
    TcpStream::connect(address).unwrap()
}

fn ask(server: &Server, said: &str) -> TcpStream {
    let mut socket = connect(server);
    let body = json!({
        "model": "m",
        "stream": true,
        "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": said}],
    });
    let body = body.to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer k\r\nContent-Length: {}",
        body.len()
    );
    write!(socket, "{head}\r\n\r\n{body}").unwrap();
    socket
}

/// Everything up to the end of the connection, without the head.
fn body(mut socket: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    bytes.split_off(head + 4)
}

/// The chunks of a body, and whether it ended in good order.
fn chunks(mut body: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut chunks = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (chunks, true);
        }
        chunks.push(body[end + 2..end + 2 + length].to_vec());
        body = &body[end + 2 + length + 2..];
    }
    (chunks, false)
}

fn text(chunks: &[Vec<u8>]) -> String {
    String::from_utf8(chunks.concat()).unwrap()
}

#[test]
fn an_answer_looks_like_a_real_one() {
    let server = Server::start();
    let (chunks, whole) = chunks(&body(ask(&server, "größer")));
    assert!(whole);
    let events = text(&chunks);
    let events: Vec<&str> =
        events.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let [role, content, finish, usage, end] = events.try_into().unwrap();
    let json = |event: &str| serde_json::from_str::<serde_json::Value>(event).unwrap();
    assert_eq!(json(role)["choices"][0]["delta"], json!({"role": "assistant", "content": null}));
    assert_eq!(json(content)["choices"][0]["delta"], json!({"content": "echo: größer"}));
    assert_eq!(json(content)["choices"][0]["finish_reason"], json!(null));
    assert_eq!(json(finish)["choices"][0]["finish_reason"], "stop");
    assert_eq!(json(usage)["choices"], json!([]));
    assert_eq!(json(usage)["usage"]["total_tokens"], 3);
    assert_eq!(end, "[DONE]");
}

#[test]
fn bytes_are_divided_where_the_script_says() {
    let server = Server::start();
    for offset in 0..=7 {
        server.on("", Script::new().raw("ab世cd").split_at(offset));
        let (chunks, whole) = chunks(&body(ask(&server, "x")));
        let wanted: Vec<&[u8]> = match "ab世cd".as_bytes().split_at(offset) {
            (one, []) | ([], one) => vec![one],
            (one, two) => vec![one, two],
        };
        assert_eq!(chunks, wanted, "{offset}");
        assert!(whole);
    }
}

#[test]
fn odd_pieces_cut_characters_and_lose_nothing() {
    let server = Server::start();
    let said = "世界".repeat(500);
    server.on("", Script::new().raw(said.as_str()));
    let (chunks, _) = chunks(&body(ask(&server, "x")));
    assert!(chunks.iter().any(|chunk| std::str::from_utf8(chunk).is_err()));
    assert_eq!(text(&chunks), said);
}

#[test]
fn a_cut_is_not_an_end() {
    let server = Server::start();
    server.on("cut", Script::new().say("half").cut());
    server.on("short", Script::new().say("half"));
    assert!(!chunks(&body(ask(&server, "cut"))).1);
    assert!(chunks(&body(ask(&server, "short"))).1);
}

#[test]
fn gates_hold_until_they_are_opened() {
    let server = Server::start();
    server.on("", Script::new().wait_for("gate").say("through").done());
    let early = ask(&server, "x");
    assert!(server.wait_for_requests(1, PATIENCE));
    assert_eq!(server.open_streams(), 1);
    server.open("gate");
    assert!(text(&chunks(&body(early)).0).contains("through"));
    assert!(text(&chunks(&body(ask(&server, "late"))).0).contains("through"));
    assert!(server.wait_for_open_streams(0, PATIENCE));
}

#[test]
fn a_client_that_goes_is_noticed() {
    let server = Server::start();
    server.on("", Script::new().silence());
    let socket = ask(&server, "x");
    assert!(server.wait_for_open_streams(1, PATIENCE));
    drop(socket);
    assert!(server.wait_for_open_streams(0, PATIENCE));
}

#[test]
fn rules_newest_first_and_once() {
    let server = Server::start();
    server.on("a", Script::new().raw("old"));
    server.on("a", Script::new().raw("new"));
    server.once("a", Script::new().raw("once"));
    for wanted in ["once", "new", "new"] {
        assert_eq!(text(&chunks(&body(ask(&server, "a"))).0), wanted);
    }
}

#[test]
fn what_was_asked_is_written_down() {
    let server = Server::start();
    drop(body(ask(&server, "hello")));
    let [seen] = server.requests().try_into().unwrap();
    assert_eq!(seen.authorization.as_deref(), Some("Bearer k"));
    assert_eq!(seen.last_user_text(), "hello");
    assert_eq!(seen.path, "/v1/chat/completions");
    assert!(!server.wait_for_requests(2, Duration::from_millis(1)));
}

#[test]
fn refusals_carry_their_status_and_headers() {
    let server = Server::start();
    server.on("", Script::new().status(429, "slow down").retry_after(7));
    let mut answer = String::new();
    ask(&server, "x").read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 7\r\n") && answer.ends_with("\r\n\r\nslow down"), "{answer}");
}

#[test]
fn models_are_listed_and_other_paths_are_not_there() {
    let server = Server::start();
    for (request, status) in
        [("GET /v1/models", "200"), ("GET /", "404"), ("GET /v1/chat/completions", "404")]
    {
        let mut socket = connect(&server);
        write!(socket, "{request} HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.get(9..12).unwrap_or_default(), status, "{request}");
    }
}
