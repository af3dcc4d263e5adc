//! One streamed chat completion. The only file that names the provider library.
//!
//! What the library hides is made up for here: it ends a stream that was cut and one that lacks only its last
//! `[DONE]` in the same silent way, so the finish reason is watched for in the raw frames.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatStream, ChatStreamEvent, RawFrameRef, ReasoningEffort,
    StreamEnd,
};
use genai::resolver::{AuthData, Endpoint};
use genai::webc::StreamTimeout;
use genai::{BoxError, Client, Error, Headers, ModelIden, ServiceTarget};
use q_core::{AgentFailure, FailureKind, Usage};
use serde_json::Value;

use super::connection::{client_for, completions_url};
use super::detail::clean;
use super::failed;
use super::failure::{Refused, in_stream};
use q_core::conversation::{Message, Role};

use crate::ask::Ask;
use crate::secret::Secret;
use crate::spec::HttpSpec;

/// A completion under way. Dropping it closes its connection.
pub(super) struct Completion {
    stream: ChatStream,
    /// Set once the server has given a finish reason: whatever happens to the connection then, the answer is complete.
    finished: Arc<AtomicBool>,
    key: Option<Secret>,
}

/// What was heard of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A piece of it.
    Text(String),
    /// Its end, and what it cost if the server said so.
    End(Option<Usage>),
}

impl Completion {
    /// Prepares the request; it is sent with the first [`Self::hear`].
    pub(super) async fn request(spec: HttpSpec, ask: Ask) -> Result<Self, AgentFailure> {
        let HttpSpec { base_url, key, model, idle_timeout, network: _ } = spec;
        let model = if ask.model.is_empty() { model } else { ask.model };
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(base_url.as_str()),
            auth: AuthData::RequestOverride {
                url: completions_url(&base_url)?,
                headers: headers(key.as_ref())?,
            },
            model: ModelIden::new(AdapterKind::OpenAI, model.as_str()),
        };
        let finished = Arc::new(AtomicBool::new(false));
        let options = options(&model, Arc::clone(&finished))
            .with_stream_header_timeout(idle_timeout)
            .with_stream_read_timeout(idle_timeout);
        let mut request = ChatRequest::new(ask.messages.iter().map(message).collect());
        if !ask.brief.is_empty() {
            request = request.with_system(ask.brief);
        }
        let told = |error: Error| told(error, key.as_ref());
        let connections = tokio::task::spawn_blocking(move || client_for(&base_url)).await;
        let connections = connections.map_err(|error| failed(FailureKind::Internal, error.to_string()))??;
        let client = Client::builder().with_reqwest(connections).build().map_err(told)?;
        let response = client.exec_chat_stream(target, request, Some(&options)).await.map_err(told)?;
        Ok(Self { stream: response.stream, finished, key })
    }

    /// The next piece. After an end or a failure nothing may be asked for.
    pub(super) async fn hear(&mut self) -> Result<Heard, AgentFailure> {
        loop {
            match self.stream.next().await {
                Some(Ok(ChatStreamEvent::Chunk(chunk))) => return Ok(Heard::Text(chunk.content)),
                Some(Ok(ChatStreamEvent::End(end))) => return Ok(Heard::End(usage(&end))),
                // What a model thinks is not its answer, and it was offered no tools.
                Some(Ok(
                    ChatStreamEvent::Start
                    | ChatStreamEvent::ReasoningChunk(_)
                    | ChatStreamEvent::ThoughtSignatureChunk(_)
                    | ChatStreamEvent::ToolCallChunk(_)
                    | ChatStreamEvent::Heartbeat,
                )) => {}
                Some(Err(Error::ChatResponse { body, .. })) => {
                    return Err(in_stream(&body, self.key.as_ref()));
                }
                Some(Err(_)) | None if self.finished.load(Ordering::Relaxed) => return Ok(Heard::End(None)),
                Some(Err(error)) => return Err(told(error, self.key.as_ref())),
                None => return Err(failed(FailureKind::Cut, "the stream ended without a finish reason")),
            }
        }
    }
}

fn message(message: &Message) -> ChatMessage {
    match message.role {
        Role::User => ChatMessage::user(message.text()),
        Role::Assistant => ChatMessage::assistant(message.text()),
    }
}

fn headers(key: Option<&Secret>) -> Result<Headers, AgentFailure> {
    let Some(key) = key.filter(|key| !key.expose().is_empty()) else { return Ok(Headers::default()) };
    if key.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Headers::from(("authorization", format!("Bearer {}", key.expose()))))
    } else {
        Err(failed(
            FailureKind::WrongKey,
            "the key holds a character that no key can have; see where it comes from",
        ))
    }
}

fn options(model: &str, finished: Arc<AtomicBool>) -> ChatOptions {
    ChatOptions::default()
        .with_capture_usage(true)
        .with_raw_frame_fn(move |_, frame| {
            if has_finish_reason(frame) {
                finished.store(true, Ordering::Relaxed);
            }
        })
        // The library takes names like `x-high` and `a::b` apart. An effort that is set, and that this protocol has no
        // word for, keeps it from the first; the name in the body, set last, from the second.
        .with_reasoning_effort(ReasoningEffort::Budget(0))
        .with_extra_body(serde_json::json!({ "model": model }))
}

/// Whether the frame says why the answer ended. Most say `null`; they are told apart before anything is parsed.
fn has_finish_reason(frame: RawFrameRef<'_>) -> bool {
    let Some((_, after)) = frame.data.rsplit_once("\"finish_reason\":") else { return false };
    if after.trim_start().starts_with("null") {
        return false;
    }
    let reason = frame.json().and_then(|json| json.pointer("/choices/0/finish_reason").cloned());
    reason.as_ref().and_then(Value::as_str).is_some()
}

fn usage(end: &StreamEnd) -> Option<Usage> {
    let usage = end.captured_usage.as_ref()?;
    let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or(0);
    Some(Usage { input: count(usage.prompt_tokens), output: count(usage.completion_tokens) })
}

/// The failure behind a library's error.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a library's enum of thirty errors, most of which cannot come here"
)]
fn told(error: Error, key: Option<&Secret>) -> AgentFailure {
    match error {
        Error::WebStream { error, .. } => transport(error, key),
        Error::HttpError { status, body, headers, .. } => {
            let retry_after = headers.get("retry-after").and_then(|value| value.to_str().ok());
            Refused { status: status.as_u16(), body: &body, retry_after }.failure(key)
        }
        Error::StreamParse { serde_error, .. } => failed(
            FailureKind::Cut,
            clean(&format!("the stream is not what it should be: {serde_error}"), key),
        ),
        other => failed(FailureKind::Internal, clean(&other.to_string(), key)),
    }
}

/// The failure behind an error of the connection, or of whatever else the library wraps the same way.
fn transport(error: BoxError, key: Option<&Secret>) -> AgentFailure {
    let error = match error.downcast::<Error>() {
        Ok(error) => return told(*error, key),
        Err(error) => error,
    };
    if error.is::<StreamTimeout>() {
        return failed(FailureKind::Silent, "");
    }
    match error.downcast::<reqwest::Error>() {
        // The address may hold a password.
        Ok(error) => connection_error(&error.without_url(), key),
        Err(error) => failed(FailureKind::Cut, clean(&format!("the stream is not text: {error}"), key)),
    }
}

fn connection_error(error: &reqwest::Error, key: Option<&Secret>) -> AgentFailure {
    let kind = if error.is_builder() || error.is_connect() {
        FailureKind::Unreachable
    } else if error.is_timeout() {
        FailureKind::Silent
    } else {
        FailureKind::Cut
    };
    // The outermost words only say that something failed; the causes say what.
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    let said = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
    failed(kind, clean(&said, key))
}
