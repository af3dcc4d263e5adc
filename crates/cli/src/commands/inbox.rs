//! `q inbox`, `q approve`, `q deny`, `q answer`: what needs the person, over all sessions, and what to say to it.
//!
//! What is listed has an id, made of its turn, its number and the digest of its bytes. An answer names it, so that it is
//! for what was read and nothing else. Without an id a person at a terminal is shown the bytes and asked.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Subcommand;
use q_core::attention::{self, Need};
use q_core::{Answer, Command, PendingCall, SessionId, Summary, Wants};
use q_proto::Request;
use q_term::rules;
use q_term::sanitize::exact_line;
use serde::Serialize;

use crate::args::{AnswerArgs, ApproveArgs, DenyArgs, InboxArgs};
use crate::call_id::CallId;
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::error::CliError;
use crate::{input, json, out};

/// What is done with what waits for the person.
#[derive(Debug, Subcommand)]
pub(crate) enum CallVerb {
    /// List what waits for you, over all sessions
    Inbox(InboxArgs),
    /// Let a tool run that waits for your consent
    Approve(ApproveArgs),
    /// Forbid a tool that waits for your consent
    Deny(DenyArgs),
    /// Answer an agent's question
    Answer(AnswerArgs),
}

/// A call that waits, or a session that needs the person for another reason: then what only calls have is `null`.
#[derive(Serialize)]
struct WaitingJson {
    needs: &'static str,
    id: Option<String>,
    session: String,
    name: String,
    directory: String,
    wants: Option<&'static str>,
    tool: Option<String>,
    input: Option<String>,
    /// The rule that `--always` would make, in words.
    always: Option<String>,
    since_ms: u64,
    error: Option<String>,
}

pub(crate) async fn run(context: &Context, verb: CallVerb) -> Result<ExitCode, CliError> {
    match verb {
        CallVerb::Inbox(args) => list(context, args.json).await?,
        CallVerb::Approve(ApproveArgs { session, id, always }) => {
            let answer = if always { Answer::Always } else { Answer::Once };
            reply(context, session.as_deref(), id, Wants::Consent, answer).await?;
        }
        CallVerb::Deny(DenyArgs { session, id, words }) => {
            let answer = if words.is_empty() { Answer::Deny } else { Answer::Words(words.join(" ")) };
            reply(context, session.as_deref(), id, Wants::Consent, answer).await?;
        }
        CallVerb::Answer(AnswerArgs { session, words }) => {
            let words = input::prompt(&words, &context.environment)?;
            reply(context, Some(&session), None, Wants::Words, Answer::Words(words)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn waiting(client: &mut Client) -> Result<Vec<(SessionId, PendingCall)>, CliError> {
    let q_proto::Response::Inbox(inbox) = client.ask(Request::Inbox).await? else { return Err(unexpected()) };
    Ok(inbox.into_iter().map(|(session, call)| (session.into(), call.into())).collect())
}

async fn list(context: &Context, as_json: bool) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let inbox = waiting(&mut client).await?;
    let sessions = client.list().await?;
    let named = inbox.into_iter().filter_map(|(id, pending)| {
        sessions.iter().find(|session| session.id == id).map(|session| (session, pending))
    });
    let named: Vec<(&Summary, PendingCall)> = named.collect();
    let others = attention::waiting(&sessions).into_iter().filter_map(|session| {
        Some((session, attention::need(session).filter(|need| *need != Need::Answer)?))
    });
    let others: Vec<(&Summary, Need)> = others.collect();
    if as_json {
        let others = others.into_iter().map(|(session, need)| other_shape(session, need));
        return json::print(&named.into_iter().map(shape).chain(others).collect::<Vec<_>>());
    }
    if named.is_empty() && others.is_empty() {
        out::note("nothing needs you");
    }
    let now = q_host::clock::wall();
    for (session, pending) in &named {
        let age = q_term::words::age(now, pending.since);
        let id = CallId::of(pending);
        out::line(&format!("{} {id} ({age}, in {})", session.name, exact_line(&session.directory)))?;
        out::line(&format!("    {}", q_term::words::pending(pending).replace('\n', "\n    ")))?;
    }
    for (session, _) in &others {
        let age = q_term::words::age(now, session.touched);
        let need = q_term::words::need(session).unwrap_or_default();
        out::line(&format!("{} ({age}, in {})", session.name, exact_line(&session.directory)))?;
        out::line(&format!("    {need}"))?;
    }
    Ok(())
}

fn other_shape(session: &Summary, need: Need) -> WaitingJson {
    WaitingJson {
        needs: json::need(need),
        id: None,
        session: session.id.to_string(),
        name: session.name.to_string(),
        directory: session.directory.clone(),
        wants: None,
        tool: None,
        input: None,
        always: None,
        since_ms: session.touched.0,
        error: session.failure.as_ref().map(q_term::words::why),
    }
}

fn shape((session, pending): (&Summary, PendingCall)) -> WaitingJson {
    WaitingJson {
        needs: json::need(Need::Answer),
        id: Some(CallId::of(&pending).to_string()),
        session: session.id.to_string(),
        name: session.name.to_string(),
        directory: session.directory.clone(),
        wants: Some(if pending.wants == Wants::Words { "words" } else { "consent" }),
        always: pending.always.as_ref().map(rules::words),
        tool: Some(pending.tool),
        input: Some(pending.input),
        since_ms: pending.since.0,
        error: None,
    }
}

async fn reply(
    context: &Context,
    address: Option<&str>,
    id: Option<CallId>,
    wants: Wants,
    answer: Answer,
) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let fitting = waiting(&mut client)
        .await?
        .into_iter()
        .filter(|(_, pending)| (pending.wants == Wants::Words) == (wants == Wants::Words))
        .filter(|(_, pending)| id.is_none_or(|id| CallId::of(pending) == id));
    let session = if let Some(address) = address {
        client.resolve(address).await?
    } else {
        let only = only_session(fitting.clone().map(|(session, _)| session).collect())?;
        let found = client.list().await?.into_iter().find(|session| session.id == only);
        found.ok_or_else(|| CliError::failed("it waits no longer"))?
    };
    let fitting: Vec<PendingCall> =
        fitting.filter(|(other, _)| *other == session.id).map(|(_, pending)| pending).collect();
    let pending = only(&session, &fitting)?;
    if id.is_none() && wants != Wants::Words {
        confirm(context, &session, pending, &answer)?;
    }
    let (turn, call, digest) = (pending.turn, pending.call, pending.digest);
    let command = Command::Answer { session: session.id, turn, call, digest, answer };
    client.carry_out(&session, command).await
}

/// The session that is meant where none is named: the only one in which such things wait.
fn only_session(waiting_in: BTreeSet<SessionId>) -> Result<SessionId, CliError> {
    let sessions: Vec<SessionId> = waiting_in.into_iter().collect();
    let error = match sessions.as_slice() {
        [only] => return Ok(*only),
        [] => CliError::failed("no such thing waits in any session"),
        [_, _, ..] => CliError::usage("things wait in several sessions; say in which"),
    };
    Err(error.hint("`q inbox` lists what waits, with ids"))
}

fn only<'a>(session: &Summary, fitting: &'a [PendingCall]) -> Result<&'a PendingCall, CliError> {
    let complaint = match fitting {
        [one] => return Ok(one),
        [] => CliError::failed(format!("no such thing waits in `{}`", session.name)),
        [_, _, ..] => {
            // Said as it is: in a complaint it would be taken for advice.
            for pending in fitting {
                let asks = q_term::words::pending(pending).replace('\n', "\n    ");
                out::note(&format!("{} {asks}", CallId::of(pending)));
            }
            CliError::usage(format!("several things wait in `{}`; name one by its id", session.name))
        }
    };
    Err(complaint.hint("`q inbox` lists what waits, with ids"))
}

/// Shows what an answer without an id is for. Who cannot be shown it must name it.
fn confirm(
    context: &Context,
    session: &Summary,
    pending: &PendingCall,
    answer: &Answer,
) -> Result<(), CliError> {
    if !context.environment.input_is_terminal {
        return Err(CliError::usage("nobody here has seen what waits")
            .hint(format!("name it by its id, as `q inbox` lists it: {}", CallId::of(pending))));
    }
    let directory = exact_line(&session.directory);
    out::note(&format!("{} {} (in {directory})", session.name, q_term::words::pending(pending)));
    let question = match answer {
        Answer::Once => "Let it run? [y/N] ".to_owned(),
        Answer::Always => match &pending.always {
            Some(rule) => {
                format!("Let it run, and have the rule in this session: {}? [y/N] ", rules::words(rule))
            }
            None => return Err(CliError::failed("it can only be allowed once")),
        },
        Answer::Deny | Answer::Words(_) => "Deny it? [y/N] ".to_owned(),
    };
    if out::ask(&question)? { Ok(()) } else { Err(CliError::failed("nothing was answered; it still waits")) }
}
