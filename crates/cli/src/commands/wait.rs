//! `q wait`: until sessions have nothing left to do. A session that failed or was interrupted, or whose summary did not
//! come about, is done, and gives the exit code; so does one that waits for the person, which is said.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use q_client::News;
use q_core::mirror::Mirrored;
use q_core::{Activity, Body, Compaction, SessionId, Stop};

use crate::args::WaitArgs;
use crate::client::Client;
use crate::commands::inbox::note_waiting;
use crate::context::Context;
use crate::error::{CliError, ErrorKind};

pub(crate) async fn run(context: &Context, args: WaitArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, true).await?;
    let mut wanted = BTreeSet::new();
    for address in &args.sessions {
        wanted.insert(client.resolve(address).await?.id);
    }
    let waiting = until_done(&mut client, &wanted, args.any);
    match args.timeout {
        None => waiting.await?,
        Some(seconds) => match tokio::time::timeout(Duration::from_secs(seconds), waiting).await {
            Ok(done) => done?,
            Err(_) => return Err(CliError::failed(format!("not done after {seconds} s; the work goes on"))),
        },
    }
    for session in wanted.iter().filter_map(|&id| client.mirror.get(id)) {
        for pending in &session.pending {
            note_waiting(&session.summary, pending);
        }
    }
    Ok(verdict(&client, &wanted))
}

async fn until_done(client: &mut Client, wanted: &BTreeSet<SessionId>, any: bool) -> Result<(), CliError> {
    loop {
        let mut done = wanted.iter().map(|&id| is_done(client, id));
        if if any { done.any(|done| done) } else { done.all(|done| done) } {
            return Ok(());
        }
        match client.next().await? {
            News::Going { why, .. } => return Err(CliError::failed(why)),
            News::Changed | News::Whole | News::Answered { .. } | News::Unasked { .. } => {}
        }
    }
}

/// Nothing runs, and what waits will not run by itself. A closed session is done.
pub(crate) fn is_done(client: &Client, id: SessionId) -> bool {
    client.mirror.get(id).is_none_or(|session| {
        // What needs the person goes on only when the person says something.
        let activity = session.summary.activity;
        !activity.is_busy() || activity.needs_person()
    })
}

/// How a session ended what it did. A summary that did not come about leaves the session as it was, and is a failure to whoever
/// waits for it.
fn end_of(session: &Mirrored) -> Activity {
    let last = session.entries.back().map(|entry| &entry.body);
    if let Some(Body::Compaction(Compaction::Stopped(stop))) = last {
        return match stop {
            Stop::Failed(_) => Activity::Failed,
            Stop::Interrupted(_) => Activity::Interrupted,
        };
    }
    session.summary.activity
}

fn verdict(client: &Client, wanted: &BTreeSet<SessionId>) -> ExitCode {
    let ends = wanted.iter().filter_map(|&id| client.mirror.get(id)).map(end_of);
    let worst = ends.max_by_key(|activity| match activity {
        Activity::Idle | Activity::Working => 0,
        Activity::NeedsApproval | Activity::NeedsInput => 1,
        Activity::Interrupted => 2,
        Activity::Failed => 3,
    });
    match worst {
        Some(Activity::Failed) => ExitCode::from(ErrorKind::Failed.exit_code()),
        Some(Activity::Interrupted) => ExitCode::from(ErrorKind::Interrupted.exit_code()),
        Some(Activity::NeedsApproval | Activity::NeedsInput) => {
            ExitCode::from(ErrorKind::NeedsPerson.exit_code())
        }
        Some(Activity::Idle | Activity::Working) | None => ExitCode::SUCCESS,
    }
}
