//! `q usage`: the tokens that sessions cost, as their servers counted, and how full their models' windows are.

use std::process::ExitCode;

use q_core::Summary;
use q_term::words;
use serde::Serialize;

use crate::args::UsageArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::json::{self, WindowJson};
use crate::out;

/// What `q usage --json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
struct UsageJson {
    sessions: Vec<SessionUsageJson>,
    /// Of these sessions together, whatever became of them.
    tokens_in: u64,
    tokens_out: u64,
}

/// One session in it.
#[derive(Debug, Serialize)]
struct SessionUsageJson {
    id: String,
    name: String,
    model: String,
    turns: u64,
    tokens_in: u64,
    tokens_out: u64,
    window: Option<WindowJson>,
}

impl From<&Summary> for SessionUsageJson {
    fn from(summary: &Summary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name.to_string(),
            model: summary.model.clone(),
            turns: summary.turns,
            tokens_in: summary.tokens_in,
            tokens_out: summary.tokens_out,
            window: summary.window.map(WindowJson::from),
        }
    }
}

pub(crate) async fn run(context: &Context, args: UsageArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let mut sessions = match &args.session {
        Some(address) => vec![client.resolve(address).await?],
        None => client.list().await?,
    };
    // What cost most stands first.
    let cost = |session: &Summary| session.tokens_in.saturating_add(session.tokens_out);
    sessions.sort_by_key(|session| std::cmp::Reverse(cost(session)));
    let sum = |of: fn(&Summary) -> u64| sessions.iter().map(of).fold(0, u64::saturating_add);
    let (tokens_in, tokens_out) = (sum(|session| session.tokens_in), sum(|session| session.tokens_out));
    if args.json {
        let sessions = sessions.iter().map(SessionUsageJson::from).collect();
        json::print(&UsageJson { sessions, tokens_in, tokens_out })?;
        return Ok(ExitCode::SUCCESS);
    }
    let spent: Vec<&Summary> =
        sessions.iter().filter(|session| cost(session) > 0 || args.session.is_some()).collect();
    let width = spent.iter().map(|session| session.name.as_str().chars().count()).max().unwrap_or(0);
    for session in &spent {
        out::line(&format!("{:<width$}  {}", session.name.as_str(), words::usage(session)))?;
    }
    if args.session.is_none() {
        let (read, written) = (words::tokens(tokens_in), words::tokens(tokens_out));
        out::line(&format!("{:<width$}  {read} tokens read, {written} written", "all"))?;
    }
    Ok(ExitCode::SUCCESS)
}
