//! `q agents check NAME`: one tiny turn, asked from here and kept nowhere, and what of it works.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use q_agent::http::shown_address;
use q_agent::{AgentSpec, Dialect, Message, Role, Seat, Turn};
use q_core::{AgentEvent, AgentFailure, FailureKind, SessionId, Usage};
use q_host::clock::Clock;
use q_proto::message::Reach;
use q_term::sanitize::visible_line;
use q_term::words;
use serde::Serialize;

use super::agents::{ACP, command};
use crate::args::CheckArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

/// What is asked: short to answer, whatever the model.
const PROMPT: &str = "Answer with the one word: hello";
/// What answers with more than this, in bytes with its thoughts, answers something else.
const MOST_BYTES: usize = 256 << 10;
/// What each event counts at least, in bytes: those without any text come to an end, too.
const EVENT_BYTES: usize = 16;
/// How long the whole turn may take beyond the silence that the agent is allowed: a server that says a byte now and then
/// is never silent.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);

#[derive(Serialize)]
struct CheckJson<'a> {
    name: &'a str,
    base_url: Option<String>,
    /// The program that it is, where it is one.
    command: Option<String>,
    dialect: Option<&'a str>,
    model: &'a str,
    answer: &'a str,
    /// How many pieces it came in.
    pieces: usize,
    thinks: bool,
    /// How many parts of the answer came and could not be read.
    torn: u64,
    first_piece_ms: Option<u64>,
    took_ms: u64,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    /// A code, as in `q ls --json`; nothing where all is well.
    failure: Option<&'static str>,
    error: Option<String>,
}

/// What came of the turn, up to its end.
#[derive(Debug, Default)]
struct CheckResult {
    answer: String,
    pieces: usize,
    thinks: bool,
    torn: u64,
    first: Option<Duration>,
    usage: Option<Usage>,
    failure: Option<AgentFailure>,
}

pub(crate) async fn run(context: &Context, args: CheckArgs) -> Result<ExitCode, CliError> {
    let CheckArgs { name, model, json: as_json } = args;
    let agent = context.agents.choose(Some(&name), true)?;
    let (base_url, dialect) = match &agent.reach {
        Reach::Guide => (None, None),
        Reach::Http { base_url, shaping, .. } => {
            let dialect = Dialect::of(&shaping.dialect).unwrap_or_default().word();
            (Some(shown_address(base_url)), Some(dialect))
        }
        Reach::Acp { .. } => (None, Some(ACP)),
    };
    let command = command(&agent.reach);
    let model = model.unwrap_or_else(|| agent.reach.model().to_owned());
    let mut reach = agent.reach.clone();
    if let Some(mut fetch) = context.agents.key_commands.fetch(&name) {
        reach.set_key(fetch.key().await.map_err(CliError::failed)?.expose());
    }
    let clock = Clock::start();
    // No session: what is asked here is kept nowhere.
    let directory = context.environment.directory.clone();
    let seat = Seat { directory, ..Seat::of(SessionId(0)) };
    let came = ask(q_host::reach::spec(reach), &model, seat, &clock, may_take(&agent.reach)).await;
    let took = since_start(&clock);
    let error = came.failure.as_ref().map(in_words);
    if as_json {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        json::print(&CheckJson {
            name: &agent.name,
            base_url: base_url.clone(),
            command: command.clone(),
            dialect,
            model: &model,
            answer: &came.answer,
            pieces: came.pieces,
            thinks: came.thinks,
            torn: came.torn,
            first_piece_ms: came.first.map(millis),
            took_ms: millis(took),
            tokens_in: came.usage.map(|usage| usage.input),
            tokens_out: came.usage.map(|usage| usage.output),
            failure: came.failure.as_ref().map(|failure| failure.kind.code()),
            error: error.clone(),
        })?;
    } else {
        let asked = match (base_url.or(command), dialect) {
            (Some(place), Some(dialect)) => format!("{place} ({dialect})"),
            _guide => "built in".to_owned(),
        };
        let model = if model.is_empty() { "its own" } else { &model };
        out::line(&visible_line(&format!("{name}: {asked}, model {model}")))?;
        for line in lines(&came, took) {
            out::line(&visible_line(&line))?;
        }
    }
    match error {
        None => Ok(ExitCode::SUCCESS),
        Some(_) if as_json => Ok(ExitCode::FAILURE),
        Some(error) => Err(CliError::failed(error)),
    }
}

/// How long the turn may take, from the first byte sent to the last one read.
fn may_take(reach: &Reach) -> Duration {
    match reach {
        Reach::Guide => ANSWERS_WITHIN,
        // It may have to fetch itself first.
        Reach::Acp { .. } => ANSWERS_WITHIN.saturating_mul(3),
        Reach::Http { idle_timeout_ms, shaping, .. } => {
            let silence = shaping.first_byte_ms.unwrap_or(*idle_timeout_ms);
            ANSWERS_WITHIN.saturating_add(Duration::from_millis(silence))
        }
    }
}

async fn ask(agent: AgentSpec, model: &str, seat: Seat, clock: &Clock, within: Duration) -> CheckResult {
    let messages = vec![Message::words(Role::User, PROMPT)];
    let turn = Turn { model: model.to_owned(), messages, ..Turn::default() };
    let conversation = agent.agent().open(seat);
    let events = conversation.turn(turn, stream::pending().boxed());
    let came = read(events, clock, within).await;
    conversation.release().await;
    came
}

/// Reads a turn to its end, or as far as an answer to such a question goes. What is dropped unread is cancelled.
async fn read(
    mut events: impl Stream<Item = AgentEvent> + Unpin,
    clock: &Clock,
    within: Duration,
) -> CheckResult {
    let mut came = CheckResult::default();
    let mut bytes = 0;
    let reading = async {
        while let Some(event) = events.next().await {
            bytes += came.take(event, clock);
            if bytes > MOST_BYTES {
                let detail =
                    format!("more than {} where one word was asked for", words::size(MOST_BYTES as u64));
                came.failure = Some(AgentFailure { kind: FailureKind::TooLong, detail });
                return;
            }
        }
    };
    if tokio::time::timeout(within, reading).await.is_err() {
        let detail = format!("it had not ended after {} s", within.as_secs());
        came.failure = Some(AgentFailure { kind: FailureKind::Cut, detail });
    }
    came
}

impl CheckResult {
    /// Takes an event in; gives what it weighs, in bytes.
    fn take(&mut self, event: AgentEvent, clock: &Clock) -> usize {
        let mut bytes = EVENT_BYTES;
        match event {
            AgentEvent::Text(text) => {
                bytes += text.len();
                self.answer.push_str(&text);
                self.pieces += 1;
                self.first = self.first.or(Some(since_start(clock)));
            }
            AgentEvent::Thinking(text) => {
                bytes += text.len();
                self.thinks = true;
            }
            AgentEvent::Torn(parts) => self.torn = self.torn.saturating_add(parts),
            AgentEvent::Usage(usage) => self.usage = Some(usage),
            AgentEvent::Failed(failure) => self.failure = Some(failure),
            AgentEvent::Sent(_)
            | AgentEvent::Asked { .. }
            | AgentEvent::Title(_)
            | AgentEvent::Steerable
            | AgentEvent::Sealed(_)
            | AgentEvent::Plan(_)
            | AgentEvent::Sources(_)
            | AgentEvent::ProjectFiles(_)
            | AgentEvent::Model(_)
            | AgentEvent::Call(..)
            | AgentEvent::Progress { .. }
            | AgentEvent::Result { .. }
            | AgentEvent::Resume(_)
            | AgentEvent::Retrying { .. }
            | AgentEvent::StopReason(_)
            | AgentEvent::Done => {}
        }
        bytes
    }
}

/// How long ago the clock was started.
fn since_start(clock: &Clock) -> Duration {
    Duration::from_micros(clock.mono().0)
}

/// What failed and what to do, without advice for a session: there is none.
fn in_words(failure: &AgentFailure) -> String {
    let next = failure.kind.way_out().replace(", then `/retry`", "");
    // Nothing is to be gone on with here, and nothing to be asked again.
    let next = if failure.kind == FailureKind::LengthLimit {
        "raise max_tokens in its table".to_owned()
    } else if next.contains("`/retry`") || next.contains("`/continue`") {
        "try again in a while".to_owned()
    } else {
        next
    };
    format!("{}: {next}", words::why(failure))
}

/// What works, a line each.
fn lines(came: &CheckResult, took: Duration) -> Vec<String> {
    let short: String = came.answer.trim().chars().take(60).collect();
    // Of a server that refuses nothing but that is known.
    let is_refused = came.failure.is_some() && came.pieces == 0 && !came.thinks;
    let (works, fails) = ("yes", if is_refused { "not known: there is no answer" } else { "no" });
    let first = came.first.map_or(String::new(), |first| format!(" after {:.1} s", first.as_secs_f64()));
    let answer = if short.is_empty() { "no".to_owned() } else { format!("{works}: {short:?}{first}") };
    let stream = match came.pieces {
        0 => fails.to_owned(),
        1 => "it came in one piece, so nothing can be said".to_owned(),
        pieces => format!("{works}: {pieces} pieces, all within {:.1} s", took.as_secs_f64()),
    };
    let usage = came.usage.map_or_else(
        || if is_refused { fails.to_owned() } else { "no: the server does not count".to_owned() },
        |usage| format!("{works}: {} tokens read, {} written", usage.input, usage.output),
    );
    let torn = (came.torn > 0).then(|| format!("  torn      {}", words::torn(came.torn)));
    let mut lines = vec![
        format!("  answer    {answer}"),
        format!("  stream    {stream}"),
        format!("  thinking  {}", if came.thinks { works } else { fails }),
        format!("  usage     {usage}"),
    ];
    lines.extend(torn);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> AgentEvent {
        AgentEvent::Text(text.into())
    }

    #[tokio::test]
    async fn a_turn_without_an_end_is_ended_by_its_length() {
        let long = "x".repeat(1000);
        for (event, kept) in
            [(text(&long), MOST_BYTES), (AgentEvent::Thinking(long.clone()), 0), (text(""), 0)]
        {
            let came = read(stream::repeat(event), &Clock::start(), Duration::from_hours(1)).await;
            assert_eq!(came.failure.map(|failure| failure.kind), Some(FailureKind::TooLong));
            assert!(came.answer.len() <= kept, "{} bytes", came.answer.len());
        }
    }

    #[tokio::test]
    async fn a_turn_without_an_end_is_ended_by_its_time() {
        let drips = stream::iter([text("hel"), text("lo")]).chain(stream::pending());
        let came = read(drips, &Clock::start(), Duration::ZERO).await;
        assert_eq!(came.answer, "hello", "what came is kept");
        let failure = came.failure.map(|failure| in_words(&failure));
        assert_eq!(
            failure.as_deref(),
            Some("the answer was cut off (it had not ended after 0 s): try again in a while")
        );
    }

    #[test]
    fn of_a_refusal_is_said_only_that_it_is_one() {
        let failed = |kind| Some(AgentFailure { kind, detail: String::new() });
        let refused = CheckResult { failure: failed(FailureKind::WrongKey), ..CheckResult::default() };
        let said = lines(&refused, Duration::ZERO);
        let unknown = "not known: there is no answer";
        let ends = |line: usize, end: &str| said.get(line).is_some_and(|line| line.ends_with(end));
        assert!(ends(0, " no") && (1..4).all(|line| ends(line, unknown)), "{said:?}");
        let came = CheckResult { answer: "hello".into(), pieces: 2, ..CheckResult::default() };
        assert!(!lines(&came, Duration::ZERO).concat().contains(unknown));
    }

    #[test]
    fn no_advice_of_a_check_is_for_a_session() {
        for kind in FailureKind::ALL {
            let said = in_words(&AgentFailure { kind, detail: String::new() });
            assert!(!said.contains("`/retry`") && !said.contains("`/continue`"), "{kind:?}: {said}");
        }
    }

    #[test]
    fn a_slow_agent_gets_the_time_that_it_is_allowed() {
        let shaping = |first_byte_ms| q_proto::shaping::Shaping { first_byte_ms, ..Default::default() };
        for (first_byte_ms, seconds) in
            [(None, 62), (Some(300_000), 360), (Some(u64::MAX), u64::MAX / 1000 + 60)]
        {
            let reach = Reach::Http {
                base_url: String::new(),
                key: None,
                model: String::new(),
                idle_timeout_ms: 2_000,
                network: q_proto::network::Network::default(),
                shaping: shaping(first_byte_ms),
            };
            assert_eq!(may_take(&reach).as_secs(), seconds);
        }
    }
}
