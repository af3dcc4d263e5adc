//! `q agents check NAME`: one tiny turn, asked from here and kept nowhere, and what of it works.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use q_agent::http::shown_address;
use q_agent::{AgentOffer, AgentOffers, AgentSpec, Dialect, Message, Role, Seat, ServerLimit, Turn};
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
    /// Whether tools were offered with it; nothing of whether they were taken where that is not known.
    tools: bool,
    tools_taken: Option<bool>,
    /// What the server told of its own limits.
    limits: Vec<LimitJson<'a>>,
    /// What a program that it is lets people choose or type, and whether it takes words in its turn.
    modes: Vec<&'a str>,
    commands: Vec<&'a str>,
    steers: bool,
    first_piece_ms: Option<u64>,
    took_ms: u64,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    /// A code, as in `q ls --json`; nothing where all is well.
    failure: Option<&'static str>,
    error: Option<String>,
}

#[derive(Serialize)]
struct LimitJson<'a> {
    what: &'a str,
    left: Option<&'a str>,
    of: Option<&'a str>,
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
    /// Whether tools were offered.
    offers_tools: bool,
    /// Whether it is a program that has tools of its own.
    brings_tools: bool,
    /// The tool that it called in the place of an answer.
    called: Option<String>,
    limits: Vec<ServerLimit>,
    /// What a program that it is lets people choose or type.
    offers: AgentOffers,
}

pub(crate) async fn run(context: &Context, args: CheckArgs) -> Result<ExitCode, CliError> {
    let CheckArgs { name, model, json: as_json } = args;
    let reach = context.agents.reach(&name, model.is_none()).await?;
    let (base_url, dialect, own_model) = match &reach {
        Reach::Guide => (None, None, String::new()),
        Reach::Http { base_url, shaping, model, .. } => {
            let dialect = Dialect::of(&shaping.dialect).unwrap_or_default().word();
            (Some(shown_address(base_url)), Some(dialect), model.clone())
        }
        Reach::Acp { model, .. } => (None, Some(ACP), model.clone()),
    };
    let command = command(&reach);
    let model = model.unwrap_or(own_model);
    let clock = Clock::start();
    let within = may_take(&reach);
    let offers_tools = matches!(&reach, Reach::Http { shaping, .. } if shaping.tools.is_some());
    // No session: what is asked here is kept nowhere.
    let directory = context.environment.directory.clone();
    let seat = Seat { directory, ..Seat::of(SessionId(0)) };
    let brings_tools = matches!(reach, Reach::Acp { .. });
    let came = ask(q_host::reach::spec(reach), &model, seat, &clock, within).await;
    let came = CheckResult { offers_tools, brings_tools, ..came };
    let took = since_start(&clock);
    let error = came.failure.as_ref().map(in_words);
    if as_json {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        json::print(&CheckJson {
            name: &name,
            base_url: base_url.clone(),
            command: command.clone(),
            dialect,
            model: &model,
            answer: &came.answer,
            pieces: came.pieces,
            thinks: came.thinks,
            torn: came.torn,
            tools: came.offers_tools,
            tools_taken: came.takes_tools(),
            limits: came.limits.iter().map(LimitJson::from).collect(),
            modes: names(&came.offers.modes).collect(),
            commands: names(&came.offers.commands).collect(),
            steers: came.offers.steers,
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
    let offers = conversation.offers();
    conversation.release().await;
    CheckResult { limits: agent.server_limits(), offers, ..came }
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
            if came.called.is_some() {
                return; // nobody permits it, so nothing comes behind it
            }
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
            AgentEvent::Call(call, _) => self.called = Some(call.tool),
            AgentEvent::Sent(_)
            | AgentEvent::Asked { .. }
            | AgentEvent::Title(_)
            | AgentEvent::Steerable
            | AgentEvent::Sealed(_)
            | AgentEvent::Plan(_)
            | AgentEvent::Sources(_)
            | AgentEvent::ProjectFiles(_)
            | AgentEvent::Model(_)
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

impl CheckResult {
    /// Whether the server took tools that were offered; nothing where none were, or nothing came by which that is known.
    fn takes_tools(&self) -> Option<bool> {
        let is_known = self.called.is_some() || self.pieces > 0 || self.thinks || self.failure.is_none();
        (self.offers_tools && is_known).then_some(true)
    }
}

impl<'a> From<&'a ServerLimit> for LimitJson<'a> {
    fn from(ServerLimit { what, left, of }: &'a ServerLimit) -> Self {
        Self { what, left: left.as_deref(), of: of.as_deref() }
    }
}

/// A limit in words: `59 of 60 requests left`.
fn limit(ServerLimit { what, left, of }: &ServerLimit) -> String {
    match (left, of) {
        (Some(left), Some(of)) => format!("{left} of {of} {what} left"),
        (Some(left), None) => format!("{left} {what} left"),
        (None, of) => format!("{} {what}", of.as_deref().unwrap_or("no")),
    }
}

/// How long ago the clock was started.
fn since_start(clock: &Clock) -> Duration {
    Duration::from_micros(clock.mono().0)
}

/// What failed and what to do, without advice for a session: there is none, and nothing to be asked again in one.
fn in_words(failure: &AgentFailure) -> String {
    let next = match failure.kind {
        FailureKind::LengthLimit => "raise max_tokens in its table".to_owned(),
        FailureKind::UnknownModel => {
            "name another in its table, or by --model; `q agents models NAME` lists them".to_owned()
        }
        FailureKind::SettingRefused => "`omit = [\"SETTING\"]` in its table never sends it".to_owned(),
        FailureKind::ContextTooLong | FailureKind::NoImages | FailureKind::WindowFull => {
            "its model is too small for it; --model asks another".to_owned()
        }
        FailureKind::Rejected | FailureKind::Filtered | FailureKind::Refused | FailureKind::WantsTool => {
            "read the detail; --model asks another".to_owned()
        }
        FailureKind::Forbidden | FailureKind::RegionRefused => {
            "let the account allow it; --model asks another".to_owned()
        }
        FailureKind::QuotaSpent
        | FailureKind::Unreachable
        | FailureKind::ProxyFailed
        | FailureKind::Untrusted
        | FailureKind::WrongPath
        | FailureKind::NotStarted
        | FailureKind::NotLoggedIn
        | FailureKind::WrongKey => failure.kind.way_out().replace(", then `/retry`", ""),
        FailureKind::Cut
        | FailureKind::Silent
        | FailureKind::RateLimited
        | FailureKind::Overloaded
        | FailureKind::ServerError
        | FailureKind::TooLong
        | FailureKind::Paused
        | FailureKind::TooManyRounds
        | FailureKind::Empty
        | FailureKind::NotShorter
        | FailureKind::BudgetSpent
        | FailureKind::NotConfigured
        | FailureKind::Internal => "try again in a while".to_owned(),
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
    let tools = match (&came.called, came.takes_tools()) {
        (Some(called), _) => format!("{works}: it called {called}, which nobody ran"),
        (None, Some(_)) => format!("{works}: offered, and none was called"),
        (None, None) if came.offers_tools => "not known: there is no answer".to_owned(),
        (None, None) if came.brings_tools => "its own".to_owned(),
        (None, None) => "not offered: tools = true in its table would".to_owned(),
    };
    let limits: Vec<String> = came.limits.iter().map(limit).collect();
    let limits = if limits.is_empty() { "not told by the server".to_owned() } else { limits.join(", ") };
    let torn = (came.torn > 0).then(|| format!("  torn      {}", words::torn(came.torn)));
    let mut lines = vec![
        format!("  answer    {answer}"),
        format!("  stream    {stream}"),
        format!("  thinking  {}", if came.thinks { works } else { fails }),
        format!("  tools     {tools}"),
        format!("  usage     {usage}"),
        format!("  limits    {limits}"),
    ];
    lines.extend(torn);
    if came.brings_tools && !is_refused {
        lines.extend(offered(&came.offers));
    }
    lines
}

/// What a program lets people choose or type, a line each.
fn offered(offers: &AgentOffers) -> [String; 5] {
    let listed = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let marked = |all: &[AgentOffer], now: &str| {
        let one = |name: &str| if name == now { format!("{name} (now)") } else { name.to_owned() };
        listed(names(all).map(one).collect())
    };
    let commands = names(&offers.commands).map(|name| format!("/{name}")).collect();
    let steers =
        if offers.steers { "yes: /steer reaches it in its turn" } else { "no: words wait for its next turn" };
    [
        format!("  models    {}", marked(&offers.models, &offers.model)),
        format!("  modes     {}", marked(&offers.modes, &offers.mode)),
        format!("  commands  {}", listed(commands)),
        format!("  steering  {steers}"),
        "  terminal  its files and commands may go through q, and ask".to_owned(),
    ]
}

fn names(offers: &[AgentOffer]) -> impl Iterator<Item = &str> {
    offers.iter().map(|offer| offer.name.as_str())
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
        assert!(ends(0, " no") && [1, 2, 4].iter().all(|line| ends(*line, unknown)), "{said:?}");
        assert!(ends(3, "would") && ends(5, "not told by the server"), "{said:?}");
        let refused = CheckResult { offers_tools: true, ..refused };
        assert!(lines(&refused, Duration::ZERO).get(3).is_some_and(|line| line.ends_with(unknown)));
        let limit = |left: Option<&str>, of: Option<&str>| ServerLimit {
            what: "requests".into(),
            left: left.map(str::to_owned),
            of: of.map(str::to_owned),
        };
        let limits = vec![limit(Some("59"), Some("60")), limit(None, Some("60"))];
        let came = CheckResult {
            answer: "hello".into(),
            pieces: 2,
            offers_tools: true,
            limits,
            ..CheckResult::default()
        };
        let said = lines(&came, Duration::ZERO).concat();
        assert!(!said.contains(unknown) && said.contains("offered, and none was called"), "{said}");
        assert!(said.contains("59 of 60 requests left, 60 requests"), "{said}");
    }

    #[test]
    fn no_advice_of_a_check_is_for_a_session() {
        for kind in FailureKind::ALL {
            let said = in_words(&AgentFailure { kind, detail: String::new() });
            for word in ["`/", "SESSION", "prompt"] {
                assert!(!said.contains(word), "{kind:?}: {said}");
            }
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
