//! `q delete`: throws a session into the trash, or erases it at once.

use std::process::ExitCode;

use q_core::{Command, Summary};
use q_term::Way;
use q_term::command::notice;

use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn run(
    context: &Context,
    address: &str,
    now: bool,
    force: bool,
) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    if now {
        erase(context, &mut client, address, force).await?;
    } else {
        let session = client.resolve(address).await?;
        tell(&mut client, &session, Command::Trash { session: session.id, even_if_working: force }).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the core do it, and says what it did.
pub(super) async fn tell(client: &mut Client, session: &Summary, command: Command) -> Result<(), CliError> {
    client.command(command.clone()).await?;
    if let Some(said) = notice(&command, session.name.as_str(), Way::Shell) {
        out::note(&said);
    }
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
