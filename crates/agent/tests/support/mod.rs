//! What the tests of the HTTP agent share.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod http2;
pub(crate) mod permitting;
pub(crate) mod proxy;
pub(crate) mod secure;

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use q_agent::{AgentSpec, HttpSpec, Message, Patience, Role, Seat, Secret, Turn};
use q_core::{AgentEvent, AgentFailure, FailureKind, SessionId, Sources, Usage};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn spec(base_url: String) -> HttpSpec {
    HttpSpec {
        base_url,
        key: Some(Secret::new("sk-test")),
        model: "scripted".into(),
        patience: silent_for(PATIENCE),
        ..HttpSpec::default()
    }
}

/// A server may be silent so long, and is asked once.
pub(crate) fn silent_for(idle_timeout: Duration) -> Patience {
    Patience { idle_timeout, retries: 0, ..Patience::default() }
}

/// A server is asked so often again.
pub(crate) fn asked_again(retries: u32) -> Patience {
    Patience { retries, ..silent_for(PATIENCE) }
}

/// The next who connects, once all that it asks has come: JSON ends with a brace.
pub(crate) fn asked(listener: &TcpListener) -> TcpStream {
    let (mut client, _) = listener.accept().unwrap();
    client.set_nodelay(true).unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut part = [0; 4096];
        let read = client.read(&mut part).unwrap();
        request.extend_from_slice(&part[..read]);
    }
    client
}

pub(crate) fn ask(text: &str) -> Turn {
    Turn { messages: vec![Message::words(Role::User, text)], ..Turn::default() }
}

/// What one ask comes to: text, usage, how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// What was sealed, one after the other.
    pub(crate) seals: Vec<String>,
    /// What it rests on.
    pub(crate) sources: Sources,
    /// How many parts of it came and could not be read.
    pub(crate) torn: u64,
    pub(crate) usage: Option<Usage>,
    /// Which model answered, and why it stopped, in the server's words.
    pub(crate) model: Option<String>,
    pub(crate) stop_reason: Option<String>,
    /// What it waited for before it asked again: which ask of how many, for how long, and after which failure.
    pub(crate) waits: Vec<(u32, u32, u64, FailureKind)>,
    pub(crate) ending: Result<(), AgentFailure>,
}

impl Outcome {
    /// What these events come to. Checks their shape on the way: one end, and nothing behind it.
    pub(crate) fn of(events: impl IntoIterator<Item = AgentEvent>) -> Self {
        let (mut text, mut thinking, mut usage, mut ending) = (String::new(), String::new(), None, None);
        let (mut sources, mut torn) = (Sources::default(), 0);
        let (mut model, mut stop_reason, mut waits, mut seals) = (None, None, Vec::new(), Vec::new());
        for event in events {
            assert!(ending.is_none(), "{event:?} after the end");
            match event {
                AgentEvent::Text(piece) => text.push_str(&piece),
                AgentEvent::Thinking(piece) => thinking.push_str(&piece),
                AgentEvent::Sealed(seal) => seals.push(seal.content),
                AgentEvent::Sources(told) => {
                    assert!(!told.is_empty(), "sources are told, or not at all");
                    sources.join(told);
                }
                AgentEvent::Torn(parts) => {
                    assert!(parts > 0 && torn == 0, "what is lost is told, once");
                    torn = parts;
                }
                AgentEvent::Usage(counted) => usage = Some(counted),
                AgentEvent::Model(name) => assert!(model.replace(name).is_none(), "the model is told twice"),
                AgentEvent::StopReason(word) => assert!(stop_reason.replace(word).is_none(), "two reasons"),
                AgentEvent::Retrying { attempt, of, wait_ms, failure } => {
                    assert!(text.is_empty() && thinking.is_empty(), "it is asked again behind a word");
                    waits.push((attempt, of, wait_ms, failure.kind));
                }
                AgentEvent::Done => ending = Some(Ok(())),
                AgentEvent::Failed(failure) => ending = Some(Err(failure)),
                other @ (AgentEvent::Title(_)
                | AgentEvent::Steerable
                | AgentEvent::Sent(_)
                | AgentEvent::Asked { .. }
                | AgentEvent::Call(..)
                | AgentEvent::Plan(_)
                | AgentEvent::Progress { .. }
                | AgentEvent::Resume(_)
                | AgentEvent::ProjectFiles(_)
                | AgentEvent::Result { .. }) => panic!("{other:?}"),
            }
        }
        Self {
            text,
            thinking,
            seals,
            sources,
            torn,
            usage,
            model,
            stop_reason,
            waits,
            ending: ending.expect("an end"),
        }
    }
}

pub(crate) async fn answer(spec: HttpSpec, ask: Turn) -> Outcome {
    let agent = AgentSpec::Http(Arc::new(spec)).agent();
    Outcome::of(
        agent
            .open(Seat::of(SessionId(1)))
            .turn(ask, futures_util::stream::pending().boxed())
            .collect::<Vec<_>>()
            .await,
    )
}
