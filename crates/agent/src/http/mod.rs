//! Models behind an OpenAI-compatible API: one HTTP request per ask, answered by a stream.
//!
//! Requests of different sessions share no connection and no header: each opens its own connection and closes it at the
//! end, or at once when the answer is dropped. Nothing is ever sent twice; asking again is the person's decision.
//!
//! | room | what lives there |
//! |---|---|
//! | `completion` | one streamed completion; the only file that names the provider library |
//! | `connection` | how connections are made |
//! | `failure` | what a refusal of the server means |
//! | `detail` | what of it is kept for the person |

mod completion;
mod connection;
mod detail;
mod failure;

use futures_util::stream::{self, BoxStream, StreamExt};
use q_core::{AgentEvent, AgentFailure, FailureKind};

use crate::ask::{Agent, Ask, Told};
use crate::spec::HttpSpec;

use completion::{Completion, Heard};

/// A model behind an OpenAI-compatible API.
#[derive(Clone, Debug)]
pub struct HttpAgent {
    spec: HttpSpec,
}

impl HttpAgent {
    /// The agent reached so.
    pub const fn new(spec: HttpSpec) -> Self {
        Self { spec }
    }
}

impl Agent for HttpAgent {
    fn answer(&self, ask: Ask, _told: BoxStream<'static, Told>) -> BoxStream<'static, AgentEvent> {
        stream::unfold(Turn::Due(Box::new((self.spec.clone(), ask))), step).boxed()
    }
}

/// How far an answer has come.
enum Turn {
    /// Nothing is sent yet.
    Due(Box<(HttpSpec, Ask)>),
    /// The server answers.
    Answering(Box<Completion>),
    /// All is heard; that must be said.
    Complete,
    /// All is said.
    Over,
}

async fn step(mut turn: Turn) -> Option<(AgentEvent, Turn)> {
    loop {
        turn = match turn {
            Turn::Due(due) => {
                let (spec, ask) = *due;
                match Completion::request(spec, ask).await {
                    Ok(completion) => Turn::Answering(Box::new(completion)),
                    Err(failure) => return Some((AgentEvent::Failed(failure), Turn::Over)),
                }
            }
            Turn::Answering(mut completion) => match completion.hear().await {
                Ok(Heard::Text(text)) => return Some((AgentEvent::Text(text), Turn::Answering(completion))),
                Ok(Heard::End(Some(usage))) => return Some((AgentEvent::Usage(usage), Turn::Complete)),
                Ok(Heard::End(None)) => Turn::Complete,
                Err(failure) => return Some((AgentEvent::Failed(failure), Turn::Over)),
            },
            Turn::Complete => return Some((AgentEvent::Done, Turn::Over)),
            Turn::Over => return None,
        }
    }
}

fn failed(kind: FailureKind, detail: impl Into<String>) -> AgentFailure {
    AgentFailure { kind, detail: detail.into() }
}
