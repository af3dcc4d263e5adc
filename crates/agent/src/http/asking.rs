//! A turn that is asked: at each address where the dialect may be, and again where a server did nothing.

use std::sync::Arc;
use std::time::Duration;

use q_core::{AgentEvent, AgentFailure, FailureKind, TurnNo};

use super::address::Address;
use super::answering::Answering;
use super::dialect::{self, Offer, reasoning_content};
use super::retry::{self, FailedAttempt, Retry};
use super::route::Route;
use super::server_memory::{self, ServerMemory};
use crate::dialect::Dialect;
use crate::spec::HttpSpec;
use q_seat::Turn;

/// A turn that nobody answers yet.
pub(super) struct Asking {
    spec: Arc<HttpSpec>,
    /// What its conversation knows of the server, and keys that are lent for it.
    memory: Arc<ServerMemory>,
    /// In which turn, and what goes along that the server sealed.
    turn: TurnNo,
    carried: Vec<u64>,
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
    /// How long was waited for that in all.
    waited: Duration,
    /// Whether tools are offered: calls are no failure then.
    takes_calls: bool,
    /// Who is asked, as seals name it.
    sealed_by: String,
}

/// What came of asking.
pub(super) enum Asked {
    Answers(Box<Answering>),
    /// Nothing, and it is asked again after so long, which is said so.
    Again(Duration, AgentEvent),
    InVain(AgentFailure),
}

impl Asking {
    pub(super) async fn begin(
        spec: &Arc<HttpSpec>,
        memory: &Arc<ServerMemory>,
        turn: &Turn,
        offer: &Offer,
    ) -> Result<Self, AgentFailure> {
        let model = if turn.model.is_empty() { &spec.model } else { &turn.model };
        let base = Address::of(&spec.base_url)?;
        let sealed_by = format!("{} {} {model}", spec.dialect.word(), base.host());
        let offer = &Offer { sealed_by: sealed_by.clone(), ..offer.clone() };
        let turn = &*memory.readable(turn);
        let mut body = dialect::request_offering(spec.dialect, turn, model, &spec.shape, offer).to_string();
        let unsealed = dialect::request_without_seals(spec.dialect, turn, model, &spec.shape, offer);
        let mut unsealed = unsealed.map(|request| request.to_string());
        if memory.takes_none(turn) {
            body = unsealed.take().unwrap_or(body);
        }
        if memory.takes_newer_limit(&sealed_by) {
            body = dialect::with_newer_limit(&body).unwrap_or(body);
            unsealed = unsealed.map(|body| dialect::with_newer_limit(&body).unwrap_or(body));
        }
        let carried = server_memory::carried(turn, &sealed_by);
        let addresses = base.endpoints(spec.dialect, model)?;
        let route = Route::to(&base, &spec.network, spec.program.as_ref()).await?;
        let takes_calls = !offer.tools.is_empty();
        Ok(Self {
            spec: Arc::clone(spec),
            memory: Arc::clone(memory),
            turn: turn.no,
            carried,
            body,
            unsealed,
            addresses,
            unknown: 0,
            route,
            repeated: 0,
            waited: Duration::ZERO,
            takes_calls,
            sealed_by,
        })
    }

    /// Asks once. Where a server that did nothing may do something yet, it is to be asked again.
    pub(super) async fn ask(&mut self) -> Asked {
        let mut asked_once = self.ask_in_turn().await;
        let was_sealed = self.unsealed.is_some();
        if let Err(attempt) = &asked_once
            && let Some(body) = self.with_what_is_taken(&attempt.failure)
        {
            self.body = body;
            let is_renamed = is_about_limit(&attempt.failure);
            asked_once = self.ask_in_turn().await;
            if is_renamed && asked_once.is_ok() {
                self.memory.note_newer_limit(&self.sealed_by);
            }
            if was_sealed && self.unsealed.is_none() && asked_once.is_ok() {
                self.memory.note_refused(self.turn, &self.carried);
            }
        }
        let retries = self.spec.patience.retries;
        let attempt = match asked_once {
            Ok(begun) => {
                let mut begun = begun.of(&self.sealed_by, self.takes_calls);
                // What a server says with a status it may say in the answer too, before any word of it.
                match if retries > 0 { begun.failed_at_once().await } else { None } {
                    Some(failure) => FailedAttempt { failure, retry: Retry::Soon },
                    None => return Asked::Answers(Box::new(begun)),
                }
            }
            Err(attempt) => attempt,
        };
        let Some(wait) = attempt.retry.wait(self.repeated, retries, self.waited) else {
            return Asked::InVain(asked(self.repeated + 1, attempt.failure));
        };
        self.repeated += 1;
        self.waited += wait;
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

    /// What may be asked in the place of a request that was refused for the thoughts in it, for those it lacks, or for how it
    /// limits the answer.
    fn with_what_is_taken(&mut self, failure: &AgentFailure) -> Option<String> {
        if is_about_limit(failure) {
            return dialect::with_newer_limit(&self.body);
        }
        let misses_thoughts =
            self.spec.dialect == Dialect::ChatCompletions && is_about_missing_thoughts(failure);
        let completed = misses_thoughts.then(|| reasoning_content::completed(&self.body)).flatten();
        completed.or_else(|| if is_about_seals(failure) { self.unsealed.take() } else { None })
    }

    /// Asks where the dialect may be asked, until a place is found that knows it.
    async fn ask_in_turn(&mut self) -> Result<Answering, FailedAttempt> {
        let spec = self.memory.keys.lent_to(&self.spec).await?;
        let mut lost = None;
        let addresses = self.addresses.get(self.unknown..).unwrap_or_default();
        for (passed_over, address) in addresses.iter().enumerate() {
            match Answering::begin_at(&spec, &self.route, address, self.body.clone()).await {
                Err(attempt) if attempt.failure.kind == FailureKind::WrongPath => {
                    lost = lost.or(Some(attempt));
                }
                begun => {
                    if begun.as_ref().is_err_and(|attempt| attempt.failure.kind == FailureKind::WrongKey) {
                        self.memory.keys.forget();
                    }
                    self.unknown += passed_over;
                    return begun;
                }
            }
        }
        let nowhere = || AgentFailure::new(FailureKind::Internal, "there is no address to ask at").into();
        Err(lost.unwrap_or_else(nowhere))
    }
}

/// Whether a server wants another name for how long an answer may be, by its own words.
fn is_about_limit(failure: &AgentFailure) -> bool {
    failure.kind == FailureKind::SettingRefused && failure.detail.contains(dialect::NEWER_LIMIT)
}

/// Whether a server refuses what was sealed, by its own words: nothing came of that request.
fn is_about_seals(failure: &AgentFailure) -> bool {
    let words = failure.detail.to_ascii_lowercase();
    let named = ["signature", "encrypted", "thinking", "reasoning", "include"];
    is_about_request(failure) && named.iter().any(|name| words.contains(name))
}

/// Whether a server refuses a history for a thought that is not in it, by its own words.
fn is_about_missing_thoughts(failure: &AgentFailure) -> bool {
    let words = failure.detail.to_ascii_lowercase();
    let is_missed = ["missing", "passed back"].iter().any(|word| words.contains(word));
    is_about_request(failure) && words.contains(reasoning_content::MEMBER) && is_missed
}

/// Whether it is something in the request that a server refuses.
fn is_about_request(failure: &AgentFailure) -> bool {
    matches!(failure.kind, FailureKind::Rejected | FailureKind::SettingRefused)
}

/// A failure that came this often.
fn asked(times: u32, failure: AgentFailure) -> AgentFailure {
    match times {
        0 | 1 => failure,
        times => AgentFailure::new(failure.kind, format!("{}; asked {times} times", failure.detail)),
    }
}
