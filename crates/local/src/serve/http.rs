//! What is asked over one connection, and what is answered: chat completions, and which model there is. One request a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;

use super::request::Wish;
use super::response::{Events, Identity, ResponseBytes, in_one, refused, streamed};
use crate::answer::{AnswerPiece, Asked};
use crate::error::LocalError;
use crate::model_file::ModelFile;
use crate::queue::Job;

/// The longest body of a request, in bytes. A conversation of a hundred thousand tokens has half a megabyte.
const MAX_BODY: usize = 4 << 20;
/// The longest head, in bytes.
const MAX_HEAD: usize = 32 << 10;
/// How long whoever connects may take to say what is wanted.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers that may be waited for at once.
const MAX_WAITING: usize = 64;

/// What every connection knows.
pub(super) struct Desk {
    pub(super) model: Arc<ModelFile>,
    /// Tokens of a conversation with its answer.
    pub(super) context: usize,
    pub(super) jobs: Sender<Job>,
    places: Arc<Semaphore>,
    answers: AtomicU64,
    /// Seconds since 1970 when it began.
    created: u64,
    /// What no two servers begin with.
    seed: u64,
}

impl Desk {
    pub(super) fn new(
        model: Arc<ModelFile>,
        context: usize,
        jobs: Sender<Job>,
        created: u64,
        seed: u64,
    ) -> Self {
        let places = Arc::new(Semaphore::new(MAX_WAITING));
        Self { model, context, jobs, places, answers: AtomicU64::new(0), created, seed }
    }

    /// Speaks over a connection until it ends. A client that goes away drops the answer that it was told.
    pub(super) async fn speak(self: Arc<Self>, stream: UnixStream) {
        let service = service_fn(move |request| {
            let desk = Arc::clone(&self);
            async move { Ok::<_, std::convert::Infallible>(desk.answer(request).await) }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(MAX_HEAD)
            .keep_alive(false);
        let _gone_or_over = builder.serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<ResponseBytes> {
        let path = request.uri().path().trim_start_matches("/v1").trim_end_matches('/').to_owned();
        match (request.method(), path.as_str()) {
            (&Method::GET, "/models") => self.models(),
            (&Method::GET, "/health" | "") => in_one(StatusCode::OK, &json!({ "status": "ok" })),
            (&Method::POST, "/chat/completions") => match self.chat(request).await {
                Ok(response) | Err(response) => response,
            },
            (_, "/models" | "/chat/completions" | "/health") => {
                refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not in this way")
            }
            (_, _) => {
                refused(StatusCode::NOT_FOUND, "path", "there are /v1/chat/completions and /v1/models here")
            }
        }
    }

    fn models(&self) -> Response<ResponseBytes> {
        let Self { model, context, created, .. } = self;
        let one = json!({
            "id": model.name, "object": "model", "created": created, "owned_by": "local", "context_length": context,
        });
        in_one(StatusCode::OK, &json!({ "object": "list", "data": [one] }))
    }

    async fn chat(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<ResponseBytes>, Response<ResponseBytes>> {
        let busy = |_| {
            refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "so many wait here already that no more can: it is overloaded",
            )
        };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(busy)?;
        let body = body(request.into_body()).await?;
        let number = self.answers.fetch_add(1, Ordering::Relaxed);
        let wish = Wish::of(&body, self.seed.wrapping_add(number));
        let wish = wish.map_err(|why| refused(StatusCode::BAD_REQUEST, "invalid_request_error", &why))?;
        let name = &self.model.name;
        if !wish.model.is_empty() && wish.model != *name {
            let why = format!(
                "there is no model `{:.80}` at this socket, but {name}: each has an agent of its own (provider = \"local\", model = \"NAME\")",
                wish.model
            );
            return Err(refused(StatusCode::NOT_FOUND, "model_not_found", &why));
        }
        let (is_streamed, is_counted) = (wish.is_streamed, wish.is_counted);
        let asked = self.written(wish).await?;
        let (pieces, mut come) = unbounded_channel();
        let gone = |_| refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this server is ending");
        self.jobs.send(Job { asked, pieces }).map_err(gone)?;
        let identity =
            Identity { id: format!("chatcmpl-{number}"), model: name.clone(), created: self.created };
        if is_streamed {
            return Ok(streamed(Events::new(come, identity, is_counted, place)));
        }
        let mut text = String::new();
        loop {
            match come.recv().await {
                Some(AnswerPiece::Said(words)) => text.push_str(&words),
                Some(AnswerPiece::Over(finish)) => return Ok(identity.whole(&text, finish)),
                Some(AnswerPiece::Failed(error)) => return Err(failed(&error)),
                None => return Err(failed(&LocalError::new("the answer was given up"))),
            }
        }
    }

    /// A conversation in tokens; they leave space for an answer, or it is said how many there are too many.
    async fn written(&self, wish: Wish) -> Result<Asked, Response<ResponseBytes>> {
        let model = Arc::clone(&self.model);
        let Wish { said, most, sampling, .. } = wish;
        let writing = tokio::task::spawn_blocking(move || model.markup.write(&said, &model.tokenizer));
        let tokens =
            writing.await.map_err(|_| failed(&LocalError::new("the conversation could not be written")))?;
        let Some(left) = self.context.checked_sub(tokens.len()).filter(|left| *left > 0) else {
            let why = format!(
                "the conversation has {} tokens, and the context window of {} here is {}",
                tokens.len(),
                self.model.name,
                self.context
            );
            return Err(refused(StatusCode::BAD_REQUEST, "context_length_exceeded", &why));
        };
        Ok(Asked { tokens, most: most.min(left), sampling })
    }
}

fn failed(error: &LocalError) -> Response<ResponseBytes> {
    refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &error.to_string())
}

/// A body, within its bounds of size and time.
async fn body(mut body: Incoming) -> Result<Vec<u8>, Response<ResponseBytes>> {
    let too_long = || {
        let why = format!("a request has {MAX_BODY} bytes at most");
        refused(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", &why)
    };
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_long());
    }
    let reading = async {
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let cut =
                |_| refused(StatusCode::BAD_REQUEST, "invalid_request_error", "the request is not whole");
            if let Ok(data) = frame.map_err(cut)?.into_data() {
                if bytes.len() + data.len() > MAX_BODY {
                    return Err(too_long());
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(bytes)
    };
    let late =
        |_| refused(StatusCode::REQUEST_TIMEOUT, "timeout", "the request did not come to its end in time");
    tokio::time::timeout(PATIENCE, reading).await.map_err(late)?
}
