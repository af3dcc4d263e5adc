//! What is answered: JSON in one piece, or events as an answer comes. While nothing comes, a comment is sent now and then, so that
//! who waits in the queue, or for the weights, is not taken for cut off.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::answer::{AnswerPiece, Finish};

/// How long nothing comes before a comment is sent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// The body of a response.
pub(super) enum ResponseBytes {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// An answer that comes.
    Events(Box<Events>),
}

/// An answer as events. Dropping it tells the queue that nobody listens.
pub(super) struct Events {
    pieces: UnboundedReceiver<AnswerPiece>,
    /// What is to be sent before anything else is looked for.
    ready: VecDeque<Bytes>,
    identity: Identity,
    is_counted: bool,
    signs: Interval,
    is_over: bool,
    /// One of those that may wait at once.
    _place: OwnedSemaphorePermit,
}

/// What every object of one answer says of it.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created: u64,
}

impl Events {
    pub(super) fn new(
        pieces: UnboundedReceiver<AnswerPiece>,
        identity: Identity,
        is_counted: bool,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let mut signs = interval(SIGN_OF_LIFE);
        signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        signs.reset();
        let first =
            identity.chunk(&json!([choice(&json!({ "role": "assistant", "content": "" }), None)]), None);
        Self { pieces, ready: [first].into(), identity, is_counted, signs, is_over: false, _place: place }
    }

    fn take(&mut self, piece: Option<AnswerPiece>) {
        match piece {
            Some(AnswerPiece::Said(words)) => {
                let choices = json!([choice(&json!({ "content": words }), None)]);
                self.ready.push_back(self.identity.chunk(&choices, None));
            }
            Some(AnswerPiece::Over(finish)) => {
                let choices = json!([choice(&json!({}), Some(reason(finish)))]);
                self.ready.push_back(self.identity.chunk(&choices, None));
                if self.is_counted {
                    self.ready.push_back(self.identity.chunk(&json!([]), Some(usage(finish))));
                }
                self.ready.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
                self.is_over = true;
            }
            Some(AnswerPiece::Failed(error)) => {
                self.ready.push_back(event(&error_object(&error.to_string(), "server_error")));
                self.is_over = true;
            }
            // The queue is gone in the middle of it: what is missing is no end.
            None => self.is_over = true,
        }
    }
}

impl Body for ResponseBytes {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Events(events) => loop {
                if let Some(bytes) = events.ready.pop_front() {
                    events.signs.reset();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                if events.is_over {
                    return Poll::Ready(None);
                }
                if let Poll::Ready(piece) = events.pieces.poll_recv(cx) {
                    events.take(piece);
                } else if events.signs.poll_tick(cx).is_ready() {
                    events.ready.push_back(Bytes::from_static(b": it waits\n\n"));
                } else {
                    return Poll::Pending;
                }
            },
        }
    }
}

impl Identity {
    fn object(&self, kind: &str, choices: &Value, usage: Option<Value>) -> Value {
        let Self { id, model, created } = self;
        let mut object =
            json!({ "id": id, "object": kind, "created": created, "model": model, "choices": choices });
        if let (Some(usage), Some(members)) = (usage, object.as_object_mut()) {
            members.insert("usage".into(), usage);
        }
        object
    }

    fn chunk(&self, choices: &Value, usage: Option<Value>) -> Bytes {
        event(&self.object("chat.completion.chunk", choices, usage))
    }

    /// An answer in one piece.
    pub(super) fn whole(&self, text: &str, finish: Finish) -> Response<ResponseBytes> {
        let message = json!({ "role": "assistant", "content": text });
        let choices = json!([{ "index": 0, "message": message, "finish_reason": reason(finish) }]);
        in_one(StatusCode::OK, &self.object("chat.completion", &choices, Some(usage(finish))))
    }
}

fn choice(delta: &Value, reason: Option<&str>) -> Value {
    json!({ "index": 0, "delta": delta, "finish_reason": reason })
}

const fn reason(finish: Finish) -> &'static str {
    if finish.is_cut { "length" } else { "stop" }
}

fn usage(finish: Finish) -> Value {
    let Finish { read, written, .. } = finish;
    json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written })
}

fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

fn error_object(message: &str, code: &str) -> Value {
    json!({ "error": { "message": message, "type": code, "code": code } })
}

/// Events of an answer.
pub(super) fn streamed(events: Events) -> Response<ResponseBytes> {
    let mut response = Response::new(ResponseBytes::Events(Box::new(events)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

pub(super) fn in_one(status: StatusCode, value: &Value) -> Response<ResponseBytes> {
    let mut response = Response::new(ResponseBytes::Whole(Some(Bytes::from(format!("{value}\n")))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A refusal, in the words and codes that such servers use.
pub(super) fn refused(status: StatusCode, code: &str, message: &str) -> Response<ResponseBytes> {
    in_one(status, &error_object(message, code))
}
