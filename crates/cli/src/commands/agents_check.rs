//! `q agents check NAME`: one tiny turn, asked from here and kept nowhere, and what of it works.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use q_agent::{AgentSpec, Dialect, Message, Role, Seat, Turn};
use q_core::{AgentEvent, AgentFailure, SessionId, Usage};
use q_host::clock::Clock;
use q_proto::message::Reach;
use q_term::sanitize::visible_line;
use serde::Serialize;

use crate::args::CheckArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

/// What is asked: short to answer, whatever the model.
const PROMPT: &str = "Answer with the one word: hello";

#[derive(Serialize)]
struct CheckJson<'a> {
    name: &'a str,
    base_url: Option<&'a str>,
    dialect: Option<&'a str>,
    model: &'a str,
    answer: &'a str,
    /// How many pieces it came in.
    pieces: usize,
    thinks: bool,
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
    first: Option<Duration>,
    usage: Option<Usage>,
    failure: Option<AgentFailure>,
}

pub(crate) async fn run(context: &Context, args: CheckArgs) -> Result<ExitCode, CliError> {
    let CheckArgs { name, model, json: as_json } = args;
    let agent = context.agents.choose(Some(&name), true)?;
    let (base_url, dialect, own_model) = match &agent.reach {
        Reach::Guide => (None, None, ""),
        Reach::Http { base_url, shaping, model, .. } => {
            let dialect = Dialect::of(&shaping.dialect).unwrap_or_default().word();
            (Some(base_url.as_str()), Some(dialect), model.as_str())
        }
    };
    let model = model.unwrap_or_else(|| own_model.to_owned());
    let clock = Clock::start();
    let came = ask(q_host::reach::spec(agent.reach.clone()), &model, &clock).await;
    let took = since_start(&clock);
    let error = came.failure.as_ref().map(in_words);
    if as_json {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        json::print(&CheckJson {
            name: &agent.name,
            base_url,
            dialect,
            model: &model,
            answer: &came.answer,
            pieces: came.pieces,
            thinks: came.thinks,
            first_piece_ms: came.first.map(millis),
            took_ms: millis(took),
            tokens_in: came.usage.map(|usage| usage.input),
            tokens_out: came.usage.map(|usage| usage.output),
            failure: came.failure.as_ref().map(|failure| failure.kind.code()),
            error: error.clone(),
        })?;
    } else {
        let asked = match (base_url, dialect) {
            (Some(url), Some(dialect)) => format!("{url} ({dialect})"),
            _guide => "built in".to_owned(),
        };
        let model = if model.is_empty() { "the server's own" } else { &model };
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

async fn ask(agent: AgentSpec, model: &str, clock: &Clock) -> CheckResult {
    let messages = vec![Message::words(Role::User, PROMPT)];
    let turn = Turn { brief: String::new(), model: model.to_owned(), messages };
    // No session: what is asked here is kept nowhere.
    let conversation = agent.agent().open(Seat::of(SessionId(0)));
    let mut events = conversation.turn(turn, stream::pending().boxed());
    let mut came = CheckResult::default();
    while let Some(event) = events.next().await {
        match event {
            AgentEvent::Text(text) => {
                came.answer.push_str(&text);
                came.pieces += 1;
                came.first = came.first.or(Some(since_start(clock)));
            }
            AgentEvent::Thinking(_) => came.thinks = true,
            AgentEvent::Usage(usage) => came.usage = Some(usage),
            AgentEvent::Failed(failure) => came.failure = Some(failure),
            AgentEvent::Sent(_)
            | AgentEvent::Title(_)
            | AgentEvent::Steerable
            | AgentEvent::Plan(_)
            | AgentEvent::Model(_)
            | AgentEvent::Call(_)
            | AgentEvent::Progress { .. }
            | AgentEvent::Result { .. }
            | AgentEvent::Resume(_)
            | AgentEvent::StopReason(_)
            | AgentEvent::Done => {}
        }
    }
    came
}

/// How long ago the clock was started.
fn since_start(clock: &Clock) -> Duration {
    Duration::from_micros(clock.mono().0)
}

/// What failed and what to do, without advice for a session: there is none.
fn in_words(failure: &AgentFailure) -> String {
    let AgentFailure { kind, detail } = failure;
    let detail = if detail.is_empty() { String::new() } else { format!(" ({})", visible_line(detail)) };
    let next = kind.way_out().replace(", then `/retry`", "");
    let next = if next.contains("`/retry`") { "try again in a while".to_owned() } else { next };
    format!("{}{detail}: {next}", kind.what())
}

/// What works, a line each.
fn lines(came: &CheckResult, took: Duration) -> Vec<String> {
    let short: String = came.answer.trim().chars().take(60).collect();
    let (works, fails) = ("yes", "no");
    let first = came.first.map_or(String::new(), |first| format!(" after {:.1} s", first.as_secs_f64()));
    let answer = if short.is_empty() { fails.to_owned() } else { format!("{works}: {short:?}{first}") };
    let stream = match came.pieces {
        0 => fails.to_owned(),
        1 => "it came in one piece, so nothing can be said".to_owned(),
        pieces => format!("{works}: {pieces} pieces, all within {:.1} s", took.as_secs_f64()),
    };
    let usage = came.usage.map_or_else(
        || "no: the server does not count".to_owned(),
        |usage| format!("{works}: {} tokens read, {} written", usage.input, usage.output),
    );
    vec![
        format!("  answer    {answer}"),
        format!("  stream    {stream}"),
        format!("  thinking  {}", if came.thinks { works } else { fails }),
        format!("  usage     {usage}"),
    ]
}
