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
//! | `exchange` | one request and its response |
//! | `protocol` | the two forms in which it is spoken |
//! | `body` | its body as bytes, unpacked where it is packed |
//! | `signing` | requests signed with a pair of keys |
//! | `fetch` | what is downloaded, and not asked |
//! | `models` | the list of a provider's models |
//! | `lines`, `events`, `json` | the steps from bytes to frames |
//! | `event_frames` | the same from binary frames |
//! | `reply` | a body as it comes, made into what an agent says |
//! | `frames` | frames, each given to the dialect |
//! | `dialect` | the protocols: where and what is asked, what frames mean |
//! | `answer` | an answer as far as it came, in whatever dialect |
//! | `calls` | what an answer calls, as it comes |
//! | `tool_turn` | a turn in which tools are offered: asked, carried out, asked again |
//! | `think_tags` | thoughts that stand in the text |
//! | `finish`, `usage` | why an answer ended, what it cost |
//! | `event_queue` | what came and is not handed on yet |
//! | `rate_limit` | how fast a body is read |
//! | `retry` | when a server that did nothing is asked again |
//! | `failure` | what a refusal of the server means |
//! | `detail`, `page` | what of it is kept for the person |

mod address;
mod answer;
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
mod json;
mod lines;
mod models;
mod page;
mod protocol;
mod proxy;
mod rate_limit;
pub mod reply;
mod retry;
mod route;
mod signing;
mod socket;
mod think_tags;
mod tool_turn;
mod trust;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use q_core::{AgentEvent, AgentFailure, FailureKind};
use tokio::time::Instant;

use crate::seat::{Agent, AgentControl, Conversation, Seat, Turn};
use crate::secret::Secrets;
use crate::spec::HttpSpec;

use address::Address;
pub use calls::AskedCall;
use dialect::Offer;
use exchange::{Bytes, Exchange};
use failure::Refused;
use rate_limit::RateLimit;
use reply::{BodySettings, ResponseBody};
use retry::{FailedAttempt, Retry, named_wait};
use route::Route;
use tool_turn::ToolConversation;

/// The most that is read of what a server says in place of an answer, in bytes, and how long it may take to say it.
const MAX_ERROR: usize = 64 << 10;
const ERROR_TIME: Duration = Duration::from_secs(5);
/// How long a server may take to say what an answer cost once it has said why it ended.
const AFTER_FINISH: Duration = Duration::from_secs(3);
/// After this many bytes all others have their turn, whatever has come by then: a hundred of the smallest frames, which is
/// less than half a millisecond. A word of another session waits for several such turns on its way to a screen.
const AT_ONCE: usize = 4 << 10;

/// A model behind an API.
#[derive(Clone, Debug)]
pub struct HttpAgent {
    spec: Arc<HttpSpec>,
}

impl HttpAgent {
    /// The agent reached so.
    pub const fn new(spec: Arc<HttpSpec>) -> Self {
        Self { spec }
    }
}

impl Agent for HttpAgent {
    fn open(&self, seat: Seat) -> Arc<dyn Conversation> {
        match &self.spec.tools {
            Some(tools) => Arc::new(ToolConversation::new(Arc::clone(&self.spec), tools, &seat)),
            None => Arc::new(self.clone()),
        }
    }
}

/// It remembers nothing: each turn is a request of its own, with all that the server must know.
impl Conversation for HttpAgent {
    fn turn(
        &self,
        turn: Turn,
        _controls: BoxStream<'static, AgentControl>,
    ) -> BoxStream<'static, AgentEvent> {
        stream::unfold(Stage::Due(Box::new((Arc::clone(&self.spec), turn))), step).boxed()
    }
}

/// How far an answer has come.
enum Stage {
    /// Nothing is sent yet.
    Due(Box<(Arc<HttpSpec>, Turn)>),
    /// To be asked, and not before that moment where there is one.
    Asking(Box<Asking>, Option<Instant>),
    Answering(Box<Answering>),
    Over,
}

async fn step(mut stage: Stage) -> Option<(AgentEvent, Stage)> {
    loop {
        stage = match stage {
            Stage::Due(due) => match Asking::begin(&due.0, &due.1, &Offer::default()).await {
                Ok(asking) => Stage::Asking(Box::new(asking), None),
                Err(failure) => return Some((AgentEvent::Failed(failure), Stage::Over)),
            },
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

/// A turn that nobody answers yet.
struct Asking {
    spec: Arc<HttpSpec>,
    body: String,
    /// What is asked in its place where the server cannot read what it sealed: another key, or a server that only looks the same.
    unsealed: Option<String>,
    /// Where the dialect may be asked, the likeliest first.
    addresses: Vec<Address>,
    /// How many of those are known not to know it: they need not be asked a second time.
    unknown: usize,
    route: Route,
    /// How often it was asked again.
    repeated: u32,
    /// Whether tools are offered: calls are no failure then.
    takes_calls: bool,
    /// Who is asked, as seals name it.
    sealed_by: String,
}

/// What came of asking.
enum Asked {
    Answers(Box<Answering>),
    /// Nothing, and it is asked again after so long, which is said so.
    Again(Duration, AgentEvent),
    InVain(AgentFailure),
}

impl Asking {
    async fn begin(spec: &Arc<HttpSpec>, turn: &Turn, offer: &Offer) -> Result<Self, AgentFailure> {
        let model = if turn.model.is_empty() { &spec.model } else { &turn.model };
        let base = Address::of(&spec.base_url)?;
        let sealed_by = format!("{} {} {model}", spec.dialect.word(), base.host());
        let offer = &Offer { sealed_by: sealed_by.clone(), ..offer.clone() };
        let body = dialect::request_offering(spec.dialect, turn, model, &spec.shape, offer).to_string();
        let unsealed = dialect::request_without_seals(spec.dialect, turn, model, &spec.shape, offer);
        let unsealed = unsealed.map(|request| request.to_string());
        let addresses = base.endpoints(spec.dialect, model)?;
        let route = Route::to(&base, &spec.network, spec.program.as_ref()).await?;
        let takes_calls = !offer.tools.is_empty();
        Ok(Self {
            spec: Arc::clone(spec),
            body,
            unsealed,
            addresses,
            unknown: 0,
            route,
            repeated: 0,
            takes_calls,
            sealed_by,
        })
    }

    /// Asks once. Where a server that did nothing may do something yet, it is to be asked again.
    async fn ask(&mut self) -> Asked {
        let mut asked_once = self.ask_in_turn().await;
        if asked_once.as_ref().is_err_and(|attempt| is_about_seals(&attempt.failure))
            && let Some(unsealed) = self.unsealed.take()
        {
            self.body = unsealed;
            asked_once = self.ask_in_turn().await;
        }
        let attempt = match asked_once {
            Ok(mut begun) => {
                begun.sealed_by.clone_from(&self.sealed_by);
                if self.takes_calls {
                    begun.reply = begun.reply.taking_calls();
                }
                return Asked::Answers(Box::new(begun));
            }
            Err(attempt) => attempt,
        };
        let retries = self.spec.retries;
        let Some(wait) = attempt.retry.wait(self.repeated, retries) else {
            return Asked::InVain(asked(self.repeated + 1, attempt.failure));
        };
        self.repeated += 1;
        Asked::Again(
            wait,
            AgentEvent::Retrying {
                attempt: self.repeated + 1,
                of: retry::most_asks(retries),
                wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                failure: attempt.failure,
            },
        )
    }

    /// Asks where the dialect may be asked, until a place is found that knows it.
    async fn ask_in_turn(&mut self) -> Result<Answering, FailedAttempt> {
        let mut lost = None;
        let addresses = self.addresses.get(self.unknown..).unwrap_or_default();
        for (passed_over, address) in addresses.iter().enumerate() {
            match Answering::begin_at(&self.spec, &self.route, address, self.body.clone()).await {
                Err(attempt) if attempt.failure.kind == FailureKind::WrongPath => {
                    lost = lost.or(Some(attempt));
                }
                begun => {
                    self.unknown += passed_over;
                    return begun;
                }
            }
        }
        let nowhere = || AgentFailure::new(FailureKind::Internal, "there is no address to ask at").into();
        Err(lost.unwrap_or_else(nowhere))
    }
}

/// An answer that comes. Dropping it closes its connection.
struct Answering {
    /// `None` once nothing that may still come matters.
    exchange: Option<Exchange>,
    reply: ResponseBody,
    idle: Duration,
    /// Until when it is waited for what an answer cost, once it is there. What comes meanwhile gives no more time.
    until: Option<Instant>,
    /// What came and is not taken in yet.
    rest: Bytes,
    /// Bytes taken in since others last had their turn, fewer than [`AT_ONCE`].
    taken: usize,
    rate: RateLimit,
    /// Who answers, as seals name it.
    sealed_by: String,
}

impl Answering {
    async fn begin_at(
        spec: &HttpSpec,
        route: &Route,
        address: &Address,
        body: String,
    ) -> Result<Self, FailedAttempt> {
        let mut exchange = Exchange::begin(spec, route, address, body).await?;
        let secrets = spec.secrets();
        if !(200..300).contains(&exchange.status()) {
            let failure = refusal(&mut exchange, &secrets).await;
            let header = |name| exchange.header(name);
            let wait = named_wait(header("retry-after-ms"), header("retry-after"), header("date"));
            return Err(FailedAttempt {
                retry: Retry::after(exchange.status(), failure.kind, wait),
                failure,
            });
        }
        if let Some(encoding) = exchange.unknown_packing() {
            let why = format!("the answer comes compressed in a way that q does not know ({encoding})");
            return Err(AgentFailure::new(FailureKind::ServerError, detail::clean(&why, &secrets)).into());
        }
        let think_tags = spec.shape.think_tags;
        let reply = ResponseBody::new(BodySettings {
            dialect: spec.dialect,
            think_tags,
            secrets,
            longest: reply::LONGEST,
        });
        Ok(Self {
            exchange: Some(exchange),
            reply,
            idle: spec.idle_timeout,
            until: None,
            rest: Bytes::new(),
            taken: 0,
            rate: RateLimit::new(Instant::now()),
            sealed_by: String::new(),
        })
    }

    /// What the answer calls that has ended well.
    fn calls(&mut self) -> Vec<AskedCall> {
        let mut calls = self.reply.calls();
        calls
            .iter_mut()
            .flat_map(|call| &mut call.seals)
            .for_each(|seal| seal.by.clone_from(&self.sealed_by));
        calls
    }

    /// What comes next. After the last nothing may be asked for.
    async fn next_event(&mut self) -> AgentEvent {
        loop {
            if let Some(mut event) = self.reply.event() {
                if let AgentEvent::Sealed(seal) = &mut event {
                    seal.by.clone_from(&self.sealed_by);
                }
                return event;
            }
            let Some(exchange) = &mut self.exchange else {
                return AgentEvent::Failed(AgentFailure::new(FailureKind::Internal, "the answer has no end"));
            };
            if self.rest.is_empty() {
                self.until = self
                    .reply
                    .is_finished()
                    .then(|| self.until.unwrap_or_else(|| Instant::now() + self.idle.min(AFTER_FINISH)));
                let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
                let piece = match left {
                    Some(Duration::ZERO) => Err(AgentFailure::new(FailureKind::Silent, "")),
                    left => exchange.piece(left.unwrap_or(self.idle)).await,
                };
                match piece {
                    Ok(Some(bytes)) => self.rest = bytes,
                    Ok(None) => self.reply.end(None),
                    Err(failure) => self.reply.end(Some(failure)),
                }
            }
            let slice = self.rest.split_to(self.rest.len().min(AT_ONCE - self.taken));
            self.reply.read(&slice);
            self.taken += slice.len();
            if self.reply.is_over() {
                self.exchange = None;
            } else if self.taken == AT_ONCE {
                match self.rate.note(std::mem::take(&mut self.taken), Instant::now()) {
                    Some(next) => tokio::time::sleep_until(next).await,
                    None => tokio::task::yield_now().await,
                }
            }
        }
    }
}

/// Whether a server refuses what was sealed, by its own words: nothing came of that request.
fn is_about_seals(failure: &AgentFailure) -> bool {
    let words = failure.detail.to_ascii_lowercase();
    let named = ["signature", "encrypted", "thinking", "reasoning", "include"];
    failure.kind == FailureKind::Rejected && named.iter().any(|name| words.contains(name))
}

/// A failure that came this often.
fn asked(times: u32, failure: AgentFailure) -> AgentFailure {
    match times {
        0 | 1 => failure,
        times => AgentFailure::new(failure.kind, format!("{}; asked {times} times", failure.detail)),
    }
}

/// What a response means whose status is not success.
async fn refusal(exchange: &mut Exchange, secrets: &Secrets) -> AgentFailure {
    let mut body = Vec::new();
    let packed = exchange.unknown_packing().map(|packed| format!("(its words are compressed: {packed})"));
    if packed.is_none() {
        let reading = async {
            while body.len() < MAX_ERROR {
                match exchange.piece(ERROR_TIME).await {
                    Ok(Some(bytes)) => body.extend(bytes.iter().take(MAX_ERROR - body.len())),
                    Ok(None) => break,
                    // Why there are no words is better than none.
                    Err(why) if body.is_empty() => {
                        body.extend_from_slice(why.detail.as_bytes());
                        break;
                    }
                    Err(_as_far_as_it_came) => break,
                }
            }
        };
        let _as_far_as_it_came = tokio::time::timeout(ERROR_TIME, reading).await;
    }
    let body = packed.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    let (retry_after, error_type) = (exchange.header("retry-after"), exchange.header("x-amzn-errortype"));
    Refused { status: exchange.status(), body: &body, retry_after, error_type }.failure(secrets)
}
