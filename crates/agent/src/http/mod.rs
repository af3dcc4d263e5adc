//! Models behind an API: one HTTP request per turn, answered by a stream.
//!
//! Requests of different sessions share no connection and no header: each opens its own connection and closes it at the
//! end, or at once when the answer is dropped. What a server refused without doing anything (too many requests, a fault of its own,
//! no connection) is asked again a few times; once a word came, asking again is the person's decision.
//!
//! Bytes become lines, lines events, events frames of JSON, frames what an agent says; every step is linear and has a limit.
//!
//! | room | what lives there |
//! |---|---|
//! | `address` | where a model is |
//! | `proxy` | what stands between, by the session's environment |
//! | `trust` | whose word is taken for who a server is |
//! | `route` | both of these, for all asks of a turn |
//! | `connection`, `socket`, `byte_stream` | how connections are made, over a network and on this machine |
//! | `asking` | a turn that is asked, until somebody answers |
//! | `answering` | an answer that comes |
//! | `exchange` | one request and its response |
//! | `protocol` | the two forms in which it is spoken |
//! | `body` | its body as bytes, unpacked where it is packed |
//! | `signing` | requests signed with a pair of keys |
//! | `role_keys` | such a pair, lent to whoever is signed in |
//! | `server_memory` | what a conversation remembers of its server: such keys, and seals that it refused |
//! | `fetch` | what is downloaded, and not asked |
//! | `models` | the list of a provider's models |
//! | `lines`, `events`, `json_stream` | the steps from bytes to frames, which `q-json` reads |
//! | `halves` | letters that come in two frames |
//! | `event_frames` | the same from binary frames |
//! | `reply` | a body as it comes, made into what an agent says |
//! | `resemblance` | in which dialect a frame is that is none of this one |
//! | `frames` | frames, each given to the dialect |
//! | `dialect` | the protocols: where and what is asked, what frames mean |
//! | `answer` | an answer as far as it came, in whatever dialect |
//! | `calls` | what an answer calls, as it comes |
//! | `tool_turn` | a turn in which tools are offered: asked, carried out, asked again |
//! | `session_tools` | what may be called: q's own tools and those of MCP servers |
//! | `server_http` | how MCP servers at an address are asked |
//! | `web`, `page_text` | a page that a model wants, fetched for it, and what it says as text |
//! | `public` | which addresses are the world's |
//! | `think_tags` | thoughts that stand in the text |
//! | `finish`, `usage` | why an answer ended, what it cost |
//! | `event_queue` | what came and is not handed on yet |
//! | `rate_limit` | how fast a body is read |
//! | `retry` | when a server that did nothing is asked again |
//! | `failure` | what a refusal of the server means |
//! | `detail`, `page` | what of it is kept for the person |

mod address;
mod answer;
mod answering;
mod asking;
mod body;
mod byte_stream;
mod calls;
mod connection;
#[cfg(test)]
mod cuts;
mod detail;
mod dialect;
mod event_frames;
mod event_queue;
mod events;
mod exchange;
mod failure;
pub mod fetch;
mod finish;
mod frames;
mod halves;
mod held_commands;
mod json_stream;
mod lines;
mod models;
mod page;
mod page_text;
mod protocol;
mod proxy;
mod public;
mod rate_limit;
pub mod reply;
mod resemblance;
mod retry;
mod role_keys;
mod route;
mod server_http;
mod server_memory;
mod session_tools;
mod signing;
mod socket;
mod think_tags;
mod tool_turn;
mod trust;
mod unsettled;
mod usage;
mod web;

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use q_core::AgentEvent;
use tokio::time::Instant;

use crate::spec::HttpSpec;
pub use q_seat::shown_address;
use q_seat::{Agent, Controls, Conversation, Seat, Turn};
pub use server_http::ServerHttp;

pub use address::fault as address_fault;
use answering::Answering;
use asking::{Asked, Asking};
pub use calls::AskedCall;
use dialect::Offer;
use server_memory::ServerMemory;
use tool_turn::ToolConversation;

/// A model behind an API.
#[derive(Clone, Debug)]
pub struct HttpAgent {
    spec: Arc<HttpSpec>,
    memory: Arc<ServerMemory>,
}

impl HttpAgent {
    /// The agent reached so.
    pub fn new(spec: Arc<HttpSpec>) -> Self {
        Self { spec, memory: Arc::default() }
    }
}

impl Agent for HttpAgent {
    fn open(&self, seat: Seat) -> Arc<dyn Conversation> {
        match &self.spec.tools {
            Some(tools) => Arc::new(ToolConversation::new(Arc::clone(&self.spec), tools, &seat)),
            // Keys that are lent are one conversation's.
            None => Arc::new(Self::new(Arc::clone(&self.spec))),
        }
    }
}

/// It remembers nothing: each turn is a request of its own, with all that the server must know.
impl Conversation for HttpAgent {
    fn turn(&self, turn: Turn, _controls: Controls) -> BoxStream<'static, AgentEvent> {
        stream::unfold(Stage::Due(Box::new((self.clone(), turn))), step).boxed()
    }
}

/// How far an answer has come.
enum Stage {
    /// Nothing is sent yet.
    Due(Box<(HttpAgent, Turn)>),
    /// To be asked, and not before that moment where there is one.
    Asking(Box<Asking>, Option<Instant>),
    Answering(Box<Answering>),
    Over,
}

async fn step(mut stage: Stage) -> Option<(AgentEvent, Stage)> {
    loop {
        stage = match stage {
            Stage::Due(due) => {
                let (agent, turn) = *due;
                match Asking::begin(&agent.spec, &agent.memory, &turn, &Offer::default()).await {
                    Ok(asking) => Stage::Asking(Box::new(asking), None),
                    Err(failure) => return Some((AgentEvent::Failed(failure), Stage::Over)),
                }
            }
            Stage::Asking(mut asking, at) => {
                if let Some(at) = at {
                    tokio::time::sleep_until(at).await;
                }
                match asking.ask().await {
                    Asked::Answers(answering) => Stage::Answering(answering),
                    Asked::Again(wait, event) => {
                        return Some((event, Stage::Asking(asking, Some(Instant::now() + wait))));
                    }
                    Asked::InVain(failure) => return Some((AgentEvent::Failed(failure), Stage::Over)),
                }
            }
            Stage::Answering(mut answering) => {
                let event = answering.next_event().await;
                let is_last = matches!(event, AgentEvent::Done | AgentEvent::Failed(_));
                return Some((event, if is_last { Stage::Over } else { Stage::Answering(answering) }));
            }
            Stage::Over => return None,
        }
    }
}
