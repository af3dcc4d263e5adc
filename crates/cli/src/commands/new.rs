//! `q new`: creates a session, and opens it unless told to stay in the shell.

use std::path::Path;
use std::process::ExitCode;

use q_core::Kind;
use q_host::wire::Request;
use serde::Serialize;

use crate::args::NewArgs;
use crate::client::Client;
use crate::commands::{Context, not_empty, open};
use crate::error::CliError;
use crate::{json, out};

#[derive(Serialize)]
struct NewJson {
    id: String,
    name: String,
    slot: u32,
    prompt: Option<u64>,
}

pub(crate) async fn run(context: &Context, args: NewArgs, plain: bool) -> Result<ExitCode, CliError> {
    let kind: Kind =
        args.kind.parse().map_err(|error| CliError::usage(format!("`{}` is {error}", args.kind)))?;
    let directory = directory(context, args.cwd.as_deref())?;
    let prompt = match args.prompt.as_slice() {
        [] => None,
        words => Some(not_empty(words.join(" "))?),
    };
    let mut client = Client::attach(context, false).await?;
    let request = create(context, args.name, kind, args.agent.as_deref(), args.model, directory)?;
    let id = client.create(request).await?;
    let prompt = match prompt {
        None => None,
        Some(text) => Some(client.submit(id, text).await?),
    };
    if !args.detached {
        return open::run(context, Some(id.to_string()), plain).await;
    }
    let session = client.resolve(&id.to_string()).await?;
    if args.json {
        let shape =
            NewJson { id: id.to_string(), name: session.name.to_string(), slot: session.slot, prompt };
        json::print(&shape)?;
    } else {
        out::line(session.name.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The request for a new session with the agent that was asked for, or the default one.
pub(crate) fn create(
    context: &Context,
    name: Option<String>,
    kind: Kind,
    agent: Option<&str>,
    model: Option<String>,
    directory: String,
) -> Result<Request, CliError> {
    let agent = context.known.choose(agent)?;
    let own_model = match &agent.reach {
        q_host::wire::message::Reach::Guide => String::new(),
        q_host::wire::message::Reach::Http { model, .. } => model.clone(),
    };
    let model = model.or_else(|| context.environment.text("Q_MODEL").map(str::to_owned)).unwrap_or(own_model);
    let model = if agent.name == crate::agents::GUIDE { String::new() } else { model };
    Ok(Request::Create { name, kind, agent: agent.name.clone(), model, directory })
}

fn directory(context: &Context, given: Option<&Path>) -> Result<String, CliError> {
    let Some(given) = given else { return Ok(context.environment.directory.to_string_lossy().into_owned()) };
    let directory = context.environment.directory.join(given);
    match directory.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path.to_string_lossy().into_owned()),
        Ok(_) => Err(CliError::usage(format!("{} is not a directory", given.display()))),
        Err(error) => Err(CliError::usage(format!("{} cannot be used: {error}", given.display()))),
    }
}
