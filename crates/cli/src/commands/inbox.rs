//! `q inbox`, `q approve`, `q deny`, `q answer`: what needs the person, over all sessions, and what to say to it.
//!
//! What is listed has an id, made of its turn, its number and the digest of its bytes. An answer names it, so that it is
//! for what was read and nothing else. Without an id a person at a terminal is shown the bytes and asked.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Subcommand;
use q_core::attention::{self, Need};
use q_core::{Answer, Circumstance, PendingCall, SessionId, Summary, Wants};
use q_proto::Request;
use q_term::command::{table, what_follows};
use q_term::rules;
use q_term::sanitize::exact_line;
use q_term::words::counted;
use serde::Serialize;

use crate::args::{AllArgs, AnswerArgs, ApproveArgs, DenyArgs, InboxArgs};
use crate::call_id::CallId;
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::error::CliError;
use crate::{input, json, out};

/// What is said where the person did not say yes.
const NOT_ANSWERED: &str = "nothing was answered; it still waits";

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

/// Which calls were named, and how.
struct MeantCalls {
    session: Option<String>,
    id: Option<CallId>,
    several: AllArgs,
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
    /// What stands around the call, where its bytes do not say all of it.
    circumstance: Option<&'static str>,
    /// Of a file that is written anew: which lines go and which come.
    difference: Option<String>,
    /// The rule that `--always` would make, in words.
    always: Option<String>,
    since_ms: u64,
    error: Option<String>,
}

pub(crate) async fn run(context: &Context, verb: CallVerb) -> Result<ExitCode, CliError> {
    match verb {
        CallVerb::Inbox(args) => list(context, args.json).await?,
        CallVerb::Approve(ApproveArgs { session, id, always, several }) => {
            let answer = if always { Answer::Always } else { Answer::Once };
            consent(context, MeantCalls { session, id, several }, answer).await?;
        }
        CallVerb::Deny(DenyArgs { session, id, several, words }) => {
            let answer = if words.is_empty() { Answer::Deny } else { Answer::Words(words.join(" ")) };
            consent(context, MeantCalls { session, id, several }, answer).await?;
        }
        CallVerb::Answer(AnswerArgs { session, words }) => {
            let words = input::prompt(&words, &context.environment)?;
            reply(context, Some(&session), None, Wants::Words, Answer::Words(words)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says of a call that it waits, and how it is answered from another place.
pub(crate) fn note_waiting(session: &Summary, pending: &PendingCall) {
    let (name, id) = (&session.name, CallId::of(pending));
    let directory = exact_line(&session.directory);
    out::note(&format!("q: {name} (in {directory}) {}", q_term::words::pending(pending)));
    out::note(&match pending.wants {
        Wants::Words => format!("q: it waits for you: q answer {name} WORDS"),
        Wants::Nothing | Wants::Consent => {
            format!("q: it waits for you: q approve {name} {id}, or q deny {name} {id}")
        }
    });
}

/// What waits for an answer, over all sessions.
pub(crate) async fn waiting(client: &mut Client) -> Result<Vec<(SessionId, PendingCall)>, CliError> {
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
        if let Some(rule) = &pending.always {
            out::line(&format!("    always: {}", rules::words(rule)))?;
        }
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
        circumstance: None,
        difference: None,
        always: None,
        since_ms: session.touched.0,
        error: session.failure.as_ref().map(q_term::words::why),
    }
}

fn shape((session, pending): (&Summary, PendingCall)) -> WaitingJson {
    let (circumstance, difference) = match &pending.circumstance {
        Circumstance::Plain => (None, None),
        Circumstance::Unheld => (Some("unheld"), None),
        Circumstance::Denied => (Some("denied"), None),
        Circumstance::New => (Some("new"), None),
        Circumstance::Replaces(replaced) => (Some("replaces"), Some(replaced.difference.clone())),
    };
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
        circumstance,
        difference,
        since_ms: pending.since.0,
        error: None,
    }
}

/// Answers one call, or all of them.
async fn consent(context: &Context, meant: MeantCalls, answer: Answer) -> Result<(), CliError> {
    let MeantCalls { session, id, several } = meant;
    // An id says the session as well: alone it is enough.
    let (session, id) = match (session, id) {
        (Some(word), None) if !several.all => match word.parse() {
            Ok(id) => (None, Some(id)),
            Err(_no_id) => (Some(word), None),
        },
        both => both,
    };
    if several.all {
        return reply_to_all(context, session.as_deref(), several.tool, answer).await;
    }
    reply(context, session.as_deref(), id, Wants::Consent, answer).await
}

/// Answers each call that waits in one session at this moment, by its own bytes: what comes while they are shown is not among
/// them. One that is over meanwhile is told, and does not keep the others from being answered.
async fn reply_to_all(
    context: &Context,
    address: Option<&str>,
    tool: Option<String>,
    answer: Answer,
) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let is_meant = |pending: &PendingCall| {
        pending.wants != Wants::Words && tool.as_ref().is_none_or(|tool| *tool == pending.tool)
    };
    let (session, calls) = in_one_session(&mut client, address, is_meant).await?;
    if calls.is_empty() {
        let of = tool.map(|tool| format!(" of {}", exact_line(&tool))).unwrap_or_default();
        return Err(CliError::failed(format!("no call{of} waits in `{}`", session.name))
            .hint("`q inbox` lists what waits, with ids"));
    }
    for pending in &calls {
        print_call(&session, pending);
    }
    let count = counted(calls.len(), "call");
    let does = if matches!(answer, Answer::Once | Answer::Always) { "Let them run" } else { "Deny them" };
    if context.environment.input_is_terminal && !out::ask(&format!("{count}. {does}? [y/N] "))? {
        return Err(CliError::failed(NOT_ANSWERED));
    }
    let mut over = None;
    for pending in &calls {
        let command = table::answer(session.id, pending, answer.clone());
        if let Err(error) = client.carry_out(&session, command).await {
            out::note(&format!("{} {}", CallId::of(pending), error.on_one_line()));
            over = Some(error);
        }
    }
    over.map_or(Ok(()), Err)
}

/// The session that is meant, and what of that sort waits in it; without an address the only one in which such things wait.
async fn in_one_session(
    client: &mut Client,
    address: Option<&str>,
    is_meant: impl Fn(&PendingCall) -> bool,
) -> Result<(Summary, Vec<PendingCall>), CliError> {
    let fitting = waiting(client).await?.into_iter().filter(|(_, pending)| is_meant(pending));
    let session = if let Some(address) = address {
        client.resolve(address).await?
    } else {
        let only = only_session(fitting.clone().map(|(session, _)| session).collect())?;
        let found = client.list().await?.into_iter().find(|session| session.id == only);
        found.ok_or_else(|| CliError::failed("it waits no longer"))?
    };
    let here = fitting.filter(|(other, _)| *other == session.id).map(|(_, pending)| pending).collect();
    Ok((session, here))
}

async fn reply(
    context: &Context,
    address: Option<&str>,
    id: Option<CallId>,
    wants: Wants,
    answer: Answer,
) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    // A question takes a no without a word as well.
    let denies = answer == Answer::Deny;
    let fits = |pending: &PendingCall| denies || (pending.wants == Wants::Words) == (wants == Wants::Words);
    let is_meant = |pending: &PendingCall| id.is_none_or(|id| CallId::of(pending) == id);
    let (session, waiting) = in_one_session(&mut client, address, |pending| {
        fits(pending) && (address.is_some() || is_meant(pending))
    })
    .await?;
    let fitting: Vec<PendingCall> = waiting.iter().filter(|pending| is_meant(pending)).cloned().collect();
    let pending = only(&session, &fitting)?;
    if id.is_none() && wants != Wants::Words {
        confirm(context, &session, pending, &answer)?;
    }
    let command = table::answer(session.id, pending, answer);
    let follows = what_follows(&command, &waiting);
    client.carry_out(&session, command).await?;
    if let Some(follows) = follows {
        out::note(&follows);
    }
    Ok(())
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
            let name = &session.name;
            return Err(CliError::usage(format!("several things wait in `{name}`")).hint(format!(
                "say which: `q approve {name} ID`; `q approve {name} --all` lets all of them run"
            )));
        }
    };
    Err(complaint.hint("`q inbox` lists what waits, with ids"))
}

/// Says of a call what it would do, and where.
fn print_call(session: &Summary, pending: &PendingCall) {
    let directory = exact_line(&session.directory);
    // Before what it would do: behind that it would be taken for its last line.
    out::note(&format!("{} (in {directory}) {}", session.name, q_term::words::pending(pending)));
}

/// Shows what an answer without an id is for. Who cannot be shown it must name it.
fn confirm(
    context: &Context,
    session: &Summary,
    pending: &PendingCall,
    answer: &Answer,
) -> Result<(), CliError> {
    if !context.environment.input_is_terminal {
        return Err(CliError::usage("no terminal is here, so what waits could not be shown")
            .hint(format!("name it by its id, as `q inbox` lists it: {}", CallId::of(pending))));
    }
    print_call(session, pending);
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
    if out::ask(&question)? { Ok(()) } else { Err(CliError::failed(NOT_ANSWERED)) }
}
