//! `q delete`: throws a session into the trash, or erases it at once.

use std::process::ExitCode;

use q_core::{Command, SessionId, Summary};

use crate::args::DeleteArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn run(context: &Context, args: DeleteArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    if args.now {
        erase(context, &mut client, &args.session, args.force).await?;
    } else {
        let session = client.resolve(&args.session).await?;
        client.carry_out(&session, trash(session.id, args.force)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Throws a session into the trash.
pub(crate) const fn trash(session: SessionId, even_if_working: bool) -> Command {
    Command::Trash { session, even_if_working }
}

/// Ends a session and its history for good.
pub(super) fn erasure(session: SessionId, even_if_working: bool) -> Command {
    Command::Erase { session, even_if_working }
}

async fn erase(context: &Context, client: &mut Client, address: &str, force: bool) -> Result<(), CliError> {
    let session = client.resolve_first(address, |_| true).await?;
    if !force {
        confirm(context, &session)?;
    }
    client.carry_out(&session, erasure(session.id, force)).await
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
