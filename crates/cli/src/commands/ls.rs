//! `q ls`: every session on a line.

use std::process::ExitCode;

use q_core::{Activity, Presence, Summary};

use crate::args::LsArgs;
use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::json::{self, SessionJson};
use crate::out;

pub(crate) async fn run(context: &Context, args: LsArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let mut sessions = client.list().await?;
    sessions.retain(|session| {
        (args.all || session.presence == Presence::Live) && (!args.waiting || needs_someone(session))
    });
    // Open ones by slot, closed ones behind them, the newest first.
    sessions.sort_by_key(|session| (session.slot == 0, session.slot, std::cmp::Reverse(session.touched)));
    if args.json {
        json::print(&sessions.iter().map(SessionJson::from).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if sessions.is_empty() {
        out::note("no sessions; `q` opens one, `q new NAME` makes one");
    }
    let now = q_host::clock::wall();
    let width = sessions.iter().map(|session| session.name.as_str().chars().count()).max().unwrap_or(0);
    for session in &sessions {
        out::line(&row(session, width, now))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn needs_someone(session: &Summary) -> bool {
    let stopped = match session.activity {
        Activity::Failed | Activity::Interrupted => true,
        Activity::Idle | Activity::Working => false,
    };
    stopped || session.unread > 0
}

fn row(session: &Summary, width: usize, now: q_core::WallTime) -> String {
    let slot = if session.slot == 0 { "-".to_owned() } else { session.slot.to_string() };
    let unread = if session.unread == 0 { String::new() } else { format!("+{}", session.unread) };
    let activity =
        if session.presence == Presence::Closed { "closed" } else { json::activity(session.activity) };
    let age = q_term::words::age(now, session.touched);
    let preview = q_term::sanitize::visible_line(&session.preview).into_owned();
    let name = session.name.as_str();
    format!("{slot:>2}  {name:<width$}  {activity:<11} {unread:<4} {age:>4}  {preview}").trim_end().to_owned()
}
