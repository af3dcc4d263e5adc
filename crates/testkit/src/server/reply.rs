//! An answer as it goes over the wire: what real servers send, divided as networks divide it.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::http::{self, Request};
use super::ledger::{Ledger, Seen};
use super::script::{Chunking, ReplyStep, Script};

/// Serves one connection: one request, one answer. What goes wrong with it is the client's to notice.
pub(super) async fn converse(socket: TcpStream, ledger: Arc<Ledger>) {
    drop(socket.set_nodelay(true));
    let (from, to) = socket.into_split();
    let mut client = Client { from, to };
    if let Ok(Some(request)) = Request::read(&mut client.from).await {
        drop(respond(request, &mut client, &ledger).await);
    }
}

/// Who asks: what comes from there, and what goes there.
struct Client {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
}

async fn respond(request: Request, client: &mut Client, ledger: &Arc<Ledger>) -> io::Result<()> {
    let to = &mut client.to;
    let path = request.path.split('?').next().unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET", "/v1/models") => {
            let models = ["scripted", "scripted-mini"].map(|id| json!({"id": id, "object": "model"}));
            let models = json!({"object": "list", "data": models});
            http::answer(to, 200, &[], &models.to_string()).await
        }
        ("POST", path) if is_endpoint(path) => complete(request, client, ledger).await,
        _ => {
            http::answer(
                to,
                404,
                &[],
                r#"{"error":{"message":"no such path","type":"invalid_request_error"}}"#,
            )
            .await
        }
    }
}

/// Where models are asked. What they answer there, a script says in the words of the protocol.
fn is_endpoint(path: &str) -> bool {
    matches!(path, "/v1/chat/completions" | "/v1/messages" | "/v1/responses" | "/api/chat")
        || is_streamed(path)
}

/// Whether the place says that the answer streams, and not the request.
fn is_streamed(path: &str) -> bool {
    path.ends_with(":streamGenerateContent") || path.ends_with("/converse-stream")
}

async fn complete(request: Request, client: &mut Client, ledger: &Arc<Ledger>) -> io::Result<()> {
    let Client { from, to } = client;
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refuse(to, "the body is not JSON").await;
    };
    let authorization = request.header("authorization").map(str::to_owned);
    let seen = Seen { path: request.path, headers: request.headers, authorization, body };
    let script = ledger.script_for(seen.last_user_text());
    let streams = seen.body["stream"] == true || is_streamed(seen.path.split('?').next().unwrap_or_default());
    let mut stream = Stream::new(&seen, script.pieces.clone());
    let _open = ledger.note(seen);
    if !streams {
        return refuse(to, "only streams are scripted").await;
    }
    if let Some(status) = &script.status {
        return http::answer(to, status.code, &status.headers, &status.body).await;
    }
    // A client sends nothing behind its request: what can be read from it now is that it went.
    let mut rest = [0; 1];
    tokio::select! {
        sent = stream.play(script, to, ledger) => sent,
        _ = from.read(&mut rest) => Ok(()),
    }
}

async fn refuse(to: &mut OwnedWriteHalf, why: &str) -> io::Result<()> {
    let body = json!({"error": {"message": why, "type": "invalid_request_error"}});
    http::answer(to, 400, &[], &body.to_string()).await
}

/// The state of one stream.
#[derive(Debug)]
struct Stream {
    model: String,
    with_usage: bool,
    pieces: Chunking,
    /// Bytes of the body sent so far.
    sent: usize,
    tokens_in: usize,
    tokens_out: usize,
    /// Tools called so far.
    calls: usize,
}

impl Stream {
    fn new(seen: &Seen, pieces: Chunking) -> Self {
        let messages = seen.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let words =
            |message: &Value| message["content"].as_str().map_or(0, |text| text.split_whitespace().count());
        Self {
            model: seen.body["model"].as_str().unwrap_or_default().into(),
            with_usage: seen.body["stream_options"]["include_usage"] == true,
            pieces,
            sent: 0,
            tokens_in: messages.iter().map(words).sum(),
            tokens_out: 0,
            calls: 0,
        }
    }

    async fn play(&mut self, script: Script, to: &mut OwnedWriteHalf, ledger: &Ledger) -> io::Result<()> {
        http::begin_stream(to).await?;
        if !matches!(script.steps.first(), Some(ReplyStep::Raw(_))) {
            self.event(to, &json!({"role": "assistant", "content": null}), None).await?;
        }
        for step in script.steps {
            match step {
                ReplyStep::Say(text) => self.say(to, &text).await?,
                ReplyStep::Repeat { count, text, every } => {
                    let mut beat = tokio::time::interval(every.max(std::time::Duration::from_nanos(1)));
                    for _ in 0..count {
                        beat.tick().await;
                        self.say(to, &text).await?;
                    }
                }
                ReplyStep::Call { tool, arguments } => self.call(to, &tool, &arguments).await?,
                ReplyStep::Raw(bytes) => self.send(to, &bytes).await?,
                ReplyStep::WaitFor(gate) => ledger.pass(&gate).await,
                ReplyStep::Finish => self.event(to, &json!({}), Some("stop")).await?,
                ReplyStep::Done => self.done(to).await?,
                ReplyStep::Silence => std::future::pending().await,
                ReplyStep::Cut => return Ok(()),
            }
        }
        http::end_stream(to).await
    }

    async fn say(&mut self, to: &mut OwnedWriteHalf, text: &str) -> io::Result<()> {
        self.tokens_out += text.split_whitespace().count();
        self.event(to, &json!({"content": text}), None).await
    }

    /// As real servers do: the name first, then what it is given, in two pieces.
    async fn call(&mut self, to: &mut OwnedWriteHalf, tool: &str, arguments: &str) -> io::Result<()> {
        let index = self.calls;
        self.calls += 1;
        let begun = json!({ "index": index, "id": format!("call_{index}"), "type": "function", "function": { "name": tool, "arguments": "" } });
        self.event(to, &json!({ "tool_calls": [begun] }), None).await?;
        let (first, rest) = arguments.split_at(arguments.floor_char_boundary(arguments.len() / 2));
        for piece in [first, rest] {
            let given = json!({ "index": index, "function": { "arguments": piece } });
            self.event(to, &json!({ "tool_calls": [given] }), None).await?;
        }
        Ok(())
    }

    async fn done(&mut self, to: &mut OwnedWriteHalf) -> io::Result<()> {
        let reason = if self.calls == 0 { "stop" } else { "tool_calls" };
        self.event(to, &json!({}), Some(reason)).await?;
        if self.with_usage {
            let usage = json!({
                "prompt_tokens": self.tokens_in,
                "completion_tokens": self.tokens_out,
                "total_tokens": self.tokens_in + self.tokens_out,
            });
            let mut last = self.envelope(&json!([]));
            last["usage"] = usage;
            self.send(to, format!("data: {last}\n\n").as_bytes()).await?;
        }
        self.send(to, b"data: [DONE]\n\n").await
    }

    async fn event(
        &mut self,
        to: &mut OwnedWriteHalf,
        delta: &Value,
        finish: Option<&str>,
    ) -> io::Result<()> {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        let event = format!("data: {}\n\n", self.envelope(&choices));
        self.send(to, event.as_bytes()).await
    }

    fn envelope(&self, choices: &Value) -> Value {
        json!({
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self.model,
            "choices": choices,
        })
    }

    async fn send(&mut self, to: &mut OwnedWriteHalf, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.piece(bytes.len()));
            http::chunk(to, piece).await?;
            self.sent += piece.len();
            bytes = rest;
        }
        Ok(())
    }

    /// How many of the next `left` bytes go into one piece.
    fn piece(&self, left: usize) -> usize {
        match self.pieces {
            Chunking::At(offset) if offset > self.sent => left.min(offset - self.sent),
            Chunking::At(_) | Chunking::Whole => left,
            // Lengths without a pattern that an event or a character could have in common with them.
            Chunking::Odd => left.min([97, 1, 41, 173, 2, 67, 13, 251][self.sent % 8]),
        }
    }
}
