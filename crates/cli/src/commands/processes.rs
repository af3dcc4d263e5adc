//! `q processes`: what commands go on in a session's background, and which have ended; one of them may be ended.

use std::process::ExitCode;

use q_core::SessionId;
use q_proto::message::WireProcess;
use q_proto::{Request, Response};
use q_term::sanitize;
use q_term::words;
use serde::Serialize;

use crate::args::ProcessesArgs;
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

/// One of `q processes --json`; docs/json.md promises it.
#[derive(Debug, Serialize)]
struct ProcessJson {
    number: u64,
    argv: Vec<String>,
    seconds: u64,
    ended: Option<String>,
}

/// What is asked of a host for it.
pub(crate) fn request(session: SessionId, stop: Option<u64>) -> Request {
    Request::Processes { session: session.into(), stop }
}

/// What goes on in the background of a session, once the one of that number is ended.
pub(crate) async fn ask(
    client: &mut Client,
    session: SessionId,
    stop: Option<u64>,
) -> Result<Vec<WireProcess>, CliError> {
    let Response::Processes(all) = client.ask(request(session, stop)).await? else {
        return Err(unexpected());
    };
    Ok(all)
}

/// The same for people, with how one is ended: nothing of a command's words is drawn or hidden.
pub(crate) fn lines_and_way_out(all: &[WireProcess]) -> Vec<String> {
    let runs = all.iter().any(|process| process.ended.is_none());
    let way_out = runs.then(|| "/kill-process NUMBER ends one, with all it started".to_owned());
    lines(all).into_iter().chain(way_out).collect()
}

fn lines(all: &[WireProcess]) -> Vec<String> {
    let line = |WireProcess { number, argv, seconds, ended }: &WireProcess| {
        let state = ended.as_ref().map_or("runs".to_owned(), |how| format!("ended, {how}"));
        let command = words::argv(argv);
        format!(
            "{number}  {command}  ({}, {})",
            sanitize::visible_line(&state),
            words::counted(usize::try_from(*seconds).unwrap_or(usize::MAX), "second")
        )
    };
    if all.is_empty() {
        vec!["nothing goes on in its background".to_owned()]
    } else {
        all.iter().map(line).collect()
    }
}

pub(crate) async fn run(context: &Context, args: ProcessesArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?.id;
    let all = ask(&mut client, session, args.kill).await?;
    if args.json {
        let line = |WireProcess { number, argv, seconds, ended }: &WireProcess| ProcessJson {
            number: *number,
            argv: argv.clone(),
            seconds: *seconds,
            ended: ended.clone(),
        };
        json::print(&all.iter().map(line).collect::<Vec<_>>())?;
    } else {
        lines(&all).iter().try_for_each(|line| out::line(line))?;
        if all.iter().any(|process| process.ended.is_none()) {
            out::note(&format!("q processes {} --kill NUMBER ends one, with all it started", args.session));
        }
    }
    Ok(ExitCode::SUCCESS)
}
