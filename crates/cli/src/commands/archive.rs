//! `q close`, `q reopen`, `q delete`, `q restore`: where sessions go when they are done with, and back.

use std::process::ExitCode;

use q_core::{Command, Presence, Summary};
use q_term::granted::{Way, granted};

use crate::args::ArchiveVerb;
use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn run(context: &Context, verb: ArchiveVerb) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    match verb {
        ArchiveVerb::Close { session, force } => {
            let session = client.resolve(&session).await?;
            tell(&mut client, &session, Command::Close { session: session.id, even_if_working: force })
                .await?;
        }
        ArchiveVerb::Reopen { session } => reopen(&mut client, &session).await?,
        ArchiveVerb::Delete { session, now: false, force } => {
            let session = client.resolve(&session).await?;
            tell(&mut client, &session, Command::Trash { session: session.id, even_if_working: force })
                .await?;
        }
        ArchiveVerb::Delete { session, now: true, force } => {
            erase(context, &mut client, &session, force).await?;
        }
        ArchiveVerb::Restore { session } => {
            let session = client.resolve_first(&session, is_in(Presence::Trashed)).await?;
            tell(&mut client, &session, Command::Restore { session: session.id }).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn tell(client: &mut Client, session: &Summary, command: Command) -> Result<(), CliError> {
    client.command(command.clone()).await?;
    if let Some(said) = granted(&command, session.name.as_str(), Way::Shell) {
        out::note(&said);
    }
    Ok(())
}

/// Whether a session is there.
pub(crate) fn is_in(presence: Presence) -> impl Fn(&Summary) -> bool {
    move |session| session.presence == presence
}

async fn reopen(client: &mut Client, address: &str) -> Result<(), CliError> {
    let session = client.resolve_first(address, is_in(Presence::Closed)).await?;
    client.command(Command::Reopen { session: session.id }).await?;
    let now = client.resolve(&session.id.to_string()).await?;
    let renamed =
        if now.name == session.name { String::new() } else { format!(" (`{}` is taken)", session.name) };
    out::note(&format!("{} is open again, in slot {}{renamed}", now.name, now.slot));
    Ok(())
}

async fn erase(context: &Context, client: &mut Client, address: &str, force: bool) -> Result<(), CliError> {
    let session = client.resolve_first(address, |_| true).await?;
    if !force {
        confirm(context, &session)?;
    }
    tell(client, &session, Command::Erase { session: session.id, even_if_working: force }).await
}

/// Asks before history goes for good. Who cannot be asked must say so beforehand.
fn confirm(context: &Context, session: &Summary) -> Result<(), CliError> {
    if !context.environment.input_is_terminal {
        return Err(CliError::usage(format!(
            "erasing `{}` cannot be undone, and nobody can be asked here",
            session.name
        ))
        .hint(format!("q delete --now --force {}", session.name)));
    }
    let question = format!("Erase {} and its {} entries for good? [y/N] ", session.name, session.entries);
    if out::ask(&question)? { Ok(()) } else { Err(CliError::failed("nothing was erased")) }
}
