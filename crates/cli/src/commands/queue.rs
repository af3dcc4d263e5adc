//! `q queue`, `q unqueue`, `q edit`, `q move`, `q now`, `q steer`: prompts that wait, and words that do not.
//!
//! A prompt is named by its number, which it keeps, and which `q send` prints: the queue may move on at any time, so a
//! place in it would mean another prompt by then.

use std::process::ExitCode;

use q_core::{Command, PromptNo, QueuedPrompt, Summary};
use serde::Serialize;

use crate::args::QueueVerb;
use crate::client::{Client, token};
use crate::commands::Context;
use crate::error::CliError;
use crate::{input, json, out};

#[derive(Serialize)]
struct QueuedJson {
    prompt: u64,
    text: String,
}

pub(crate) async fn run(context: &Context, verb: QueueVerb) -> Result<ExitCode, CliError> {
    match verb {
        QueueVerb::Queue { session, json } => list(context, &session, json).await?,
        QueueVerb::Unqueue { session: address, prompt } => {
            let (mut client, session) = attach(context, &address).await?;
            let prompt = PromptNo(prompt);
            client
                .command(Command::Unqueue { session: session.id, prompt })
                .await
                .map_err(numbered(&address))?;
        }
        QueueVerb::Edit { session: address, prompt, text } => {
            let text = input::prompt(&text, &context.environment)?;
            let (mut client, session) = attach(context, &address).await?;
            let edit = Command::Edit { session: session.id, prompt: PromptNo(prompt), text };
            client.command(edit).await.map_err(numbered(&address))?;
        }
        QueueVerb::Move { session: address, prompt, place } => {
            let place = place.checked_sub(1).ok_or_else(|| {
                CliError::usage("places begin at 1").hint(format!("q move {address} {prompt} 1"))
            })?;
            let (mut client, session) = attach(context, &address).await?;
            let to = Command::Move { session: session.id, prompt: PromptNo(prompt), place };
            client.command(to).await.map_err(numbered(&address))?;
        }
        QueueVerb::Now { session, prompt } => now(context, &session, prompt).await?,
        QueueVerb::Steer { session, prompt } => {
            let text = input::prompt(&prompt, &context.environment)?;
            let (mut client, session) = attach(context, &session).await?;
            client.command(Command::Steer { session: session.id, token: token()?, text }).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn attach(context: &Context, address: &str) -> Result<(Client, Summary), CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    Ok((client, session))
}

/// The way out where a number is not one of those that wait.
fn numbered(address: &str) -> impl FnOnce(CliError) -> CliError {
    move |error| error.hint(format!("`q queue {address}` lists what waits, with numbers"))
}

/// What waits in a session, which is woken for it.
async fn waiting(context: &Context, address: &str) -> Result<(Client, Summary, Vec<QueuedPrompt>), CliError> {
    let mut client = Client::attach(context, true).await?;
    let session = client.resolve(address).await?;
    client.wake(session.id).await?;
    let queue = client.mirror.get(session.id).map(|session| session.queue.clone()).unwrap_or_default();
    Ok((client, session, queue))
}

async fn list(context: &Context, address: &str, as_json: bool) -> Result<(), CliError> {
    let (_, session, queue) = waiting(context, address).await?;
    if as_json {
        let shape = |waiting: QueuedPrompt| QueuedJson { prompt: waiting.prompt.0, text: waiting.text };
        return json::print(&queue.into_iter().map(shape).collect::<Vec<_>>());
    }
    if queue.is_empty() {
        out::note(&format!("nothing waits in {}", session.name));
    }
    for waiting in queue {
        let text = q_term::sanitize::visible_line(&waiting.text);
        out::line(&format!("{:>3}  {text}", waiting.prompt))?;
    }
    Ok(())
}

async fn now(context: &Context, address: &str, prompt: Option<u64>) -> Result<(), CliError> {
    let (mut client, session, queue) = waiting(context, address).await?;
    let next = queue.first().map(|next| next.prompt);
    let prompt = prompt.map(PromptNo).or(next).ok_or_else(|| {
        CliError::failed(format!("nothing waits in {}", session.name))
            .hint(format!("q send {address} PROMPT sends one"))
    })?;
    client.command(Command::SendNow { session: session.id, prompt }).await.map_err(numbered(address))
}
