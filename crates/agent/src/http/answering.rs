//! An answer that comes, read in slices so that no other session waits for it; or what a server says in the place of one.

use std::collections::VecDeque;
use std::time::Duration;

use q_core::{AgentEvent, AgentFailure, FailureKind};
use tokio::time::Instant;

use super::address::Address;
use super::calls::AskedCall;
use super::detail;
use super::exchange::{Bytes, Exchange};
use super::failure::Refused;
use super::rate_limit::RateLimit;
use super::reply::{self, BodySettings, ResponseBody};
use super::retry::{FailedAttempt, Retry};
use super::route::Route;
use crate::secret::Secrets;
use crate::spec::HttpSpec;

/// The most that is read of what a server says in place of an answer, in bytes, and how long it may take to say it.
const MAX_ERROR: usize = 64 << 10;
const ERROR_TIME: Duration = Duration::from_secs(5);
/// How long a server may take to say what an answer cost once it has said why it ended.
const AFTER_FINISH: Duration = Duration::from_secs(3);
/// After this many bytes all others have their turn, whatever has come by then: a hundred of the smallest frames, which is
/// less than half a millisecond. A word of another session waits for several such turns on its way to a screen.
const AT_ONCE: usize = 4 << 10;

/// An answer that comes. Dropping it closes its connection.
pub(super) struct Answering {
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
    /// What was heard ahead of whoever reads on.
    ahead: VecDeque<AgentEvent>,
}

impl Answering {
    pub(super) async fn begin_at(
        spec: &HttpSpec,
        route: &Route,
        address: &Address,
        body: String,
    ) -> Result<Self, FailedAttempt> {
        let asked = body.len();
        let mut exchange = Exchange::begin(spec, route, address, body).await?;
        let secrets = spec.secrets();
        if !(200..300).contains(&exchange.status()) {
            return Err(refusal(&mut exchange, &secrets).await);
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
            asked,
        });
        Ok(Self {
            exchange: Some(exchange),
            reply,
            idle: spec.patience.idle_timeout,
            until: None,
            rest: Bytes::new(),
            taken: 0,
            rate: RateLimit::new(Instant::now()),
            sealed_by: String::new(),
            ahead: VecDeque::new(),
        })
    }

    /// What the answer calls that has ended well.
    pub(super) fn calls(&mut self) -> Vec<AskedCall> {
        let mut calls = self.reply.calls();
        calls
            .iter_mut()
            .flat_map(|call| &mut call.seals)
            .for_each(|seal| seal.by.clone_from(&self.sealed_by));
        calls
    }

    /// The same, whose seals are of that maker, and whose calls are taken where there are tools.
    pub(super) fn of(mut self, maker: &str, takes_calls: bool) -> Self {
        maker.clone_into(&mut self.sealed_by);
        if takes_calls {
            self.reply = self.reply.taking_calls();
        }
        self
    }

    /// The failure that comes in the place of the first word, where the same request may be answered in a moment. Whatever else comes is
    /// kept for whoever reads on.
    pub(super) async fn failed_at_once(&mut self) -> Option<AgentFailure> {
        loop {
            let event = self.heard().await;
            if let AgentEvent::Failed(failure) = &event
                && self.reply.may_pass()
            {
                return Some(failure.clone());
            }
            let says_nothing = matches!(event, AgentEvent::Model(_) | AgentEvent::Usage(_));
            self.ahead.push_back(event);
            if !says_nothing {
                return None;
            }
        }
    }

    /// What comes next. After the last nothing may be asked for.
    pub(super) async fn next_event(&mut self) -> AgentEvent {
        match self.ahead.pop_front() {
            Some(event) => event,
            None => self.heard().await,
        }
    }

    async fn heard(&mut self) -> AgentEvent {
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

/// What a response means whose status is not success, and whether it may be asked for again.
pub(super) async fn refusal(exchange: &mut Exchange, secrets: &Secrets) -> FailedAttempt {
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
    let status = exchange.status();
    let refused =
        Refused { status, body: &body, retry_after, location: exchange.header("location"), error_type };
    let failure = refused.failure(secrets);
    // Some servers say themselves that nothing else would come of it.
    let is_final = exchange.header("x-should-retry").is_some_and(|word| word.trim() == "false");
    let wait = exchange.named_wait().or_else(|| refused.named_wait());
    let retry = if is_final { Retry::Never } else { Retry::after(status, failure.kind, wait) };
    FailedAttempt { failure, retry }
}
