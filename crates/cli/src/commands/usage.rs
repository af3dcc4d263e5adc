//! `q usage`: the tokens that sessions cost, as their servers counted, and how full their models' windows are.

use std::process::ExitCode;

use q_core::{Summary, Usage};
use q_term::{spending, words};
use serde::Serialize;

use crate::args::UsageArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::json::{self, BudgetJson, TokensJson, WindowJson};
use crate::out;

/// What `q usage --json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
struct UsageJson {
    sessions: Vec<SessionUsageJson>,
    /// Of these sessions together, whatever became of them.
    #[serde(flatten)]
    tokens: TokensJson,
}

/// One session in it.
#[derive(Debug, Serialize)]
struct SessionUsageJson {
    id: String,
    name: String,
    model: String,
    turns: u64,
    #[serde(flatten)]
    tokens: TokensJson,
    window: Option<WindowJson>,
    budget: Option<BudgetJson>,
}

impl From<&Summary> for SessionUsageJson {
    fn from(summary: &Summary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name.to_string(),
            model: summary.model.clone(),
            turns: summary.turns,
            tokens: summary.usage.into(),
            window: summary.window.map(WindowJson::from),
            budget: summary.budget.map(BudgetJson::from),
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
    let cost = |session: &Summary| session.usage.total();
    sessions.sort_by_key(|session| std::cmp::Reverse(cost(session)));
    let all = sessions.iter().map(|session| session.usage).fold(Usage::default(), Usage::plus);
    if args.json {
        let sessions = sessions.iter().map(SessionUsageJson::from).collect();
        json::print(&UsageJson { sessions, tokens: all.into() })?;
        return Ok(ExitCode::SUCCESS);
    }
    let spent: Vec<&Summary> =
        sessions.iter().filter(|session| cost(session) > 0 || args.session.is_some()).collect();
    let width = spent.iter().map(|session| session.name.as_str().chars().count()).max().unwrap_or(0);
    for session in &spent {
        out::line(&format!("{:<width$}  {}", session.name.as_str(), spending::usage(session)))?;
    }
    if args.session.is_none() {
        out::line(&format!("{:<width$}  {}", "all", words::spent(all)))?;
    }
    Ok(ExitCode::SUCCESS)
}
