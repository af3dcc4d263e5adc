//! `q tag`, `q pin`, `q unpin`, `q unread`: what a person sticks on a session.

use std::process::ExitCode;

use q_core::{Command, SessionId, TagChange};
use q_term::granted::{Way, granted};

use crate::args::MarkVerb;
use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn run(context: &Context, verb: MarkVerb) -> Result<ExitCode, CliError> {
    match verb {
        MarkVerb::Tag { session, changes } => tag(context, &session, &changes).await?,
        MarkVerb::Pin { session } => {
            mark(context, &session, |session| Command::Pin { session, pinned: true }).await?;
        }
        MarkVerb::Unpin { session } => {
            mark(context, &session, |session| Command::Pin { session, pinned: false }).await?;
        }
        MarkVerb::Unread { session } => {
            mark(context, &session, |session| Command::MarkUnread { session }).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn mark(
    context: &Context,
    address: &str,
    command: impl FnOnce(SessionId) -> Command,
) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    let command = command(session.id);
    client.command(command.clone()).await?;
    if let Some(said) = granted(&command, session.name.as_str(), Way::Shell) {
        out::note(&said);
    }
    Ok(())
}

/// Changes a session's tags, and prints those it has then.
async fn tag(context: &Context, address: &str, changes: &[String]) -> Result<(), CliError> {
    let mut client = Client::attach(context, false).await?;
    let mut session = client.resolve(address).await?;
    if !changes.is_empty() {
        let changes = changes.iter().map(|word| TagChange::typed(word)).collect();
        client.command(Command::Tag { session: session.id, changes }).await?;
        session = client.resolve(&session.id.to_string()).await?;
    }
    session.tags.iter().try_for_each(|tag| out::line(tag.as_str()))
}
