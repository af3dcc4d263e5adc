//! `q queue`: the prompts that wait in a session.
//!
//! A prompt is named by its number, which it keeps, and which `q send` prints: the queue may move on at any time, so a
//! place in it would mean another prompt by then.

use std::process::ExitCode;

use q_core::{QueuedPrompt, Summary};
use serde::Serialize;

use crate::args::QueueArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

#[derive(Serialize)]
struct QueuedJson {
    prompt: u64,
    text: String,
}

/// What waits in a session, which is woken for it.
pub(super) async fn waiting(
    context: &Context,
    address: &str,
) -> Result<(Client, Summary, Vec<QueuedPrompt>), CliError> {
    let mut client = Client::attach(context, true).await?;
    let session = client.resolve(address).await?;
    client.wake(session.id).await?;
    let queue = client.mirror.get(session.id).map(|session| session.queue.clone()).unwrap_or_default();
    Ok((client, session, queue))
}

pub(crate) async fn run(context: &Context, args: QueueArgs) -> Result<ExitCode, CliError> {
    let (_, session, queue) = waiting(context, &args.session).await?;
    if args.json {
        let shape = |waiting: QueuedPrompt| QueuedJson { prompt: waiting.prompt.0, text: waiting.text };
        json::print(&queue.into_iter().map(shape).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if queue.is_empty() {
        out::note(&format!("nothing waits in {}", session.name));
    }
    for waiting in queue {
        let text = q_term::sanitize::visible_line(&q_term::quoted::folded(&waiting.text)).into_owned();
        out::line(&format!("{:>3}  {text}", waiting.prompt))?;
    }
    Ok(ExitCode::SUCCESS)
}
