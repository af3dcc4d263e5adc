//! `q fork`: a session that begins with another one's history.

use std::process::ExitCode;

use q_core::{Command, EntryNo, SessionId};
use q_proto::UNDRAWN;

use crate::args::ForkArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::json::{self, SessionJson};
use crate::out;

pub(crate) async fn run(context: &Context, args: ForkArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let parent = client.resolve(&args.session).await?;
    let made = client.create(command(parent.id, args.at.map(EntryNo), args.name)).await?;
    let fork = client.resolve(&made.id.to_string()).await?;
    if args.json {
        json::print(&SessionJson::from(&fork))?;
    } else {
        out::line(fork.name.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A session that begins with the entries of another one up to `at`, or with all there are. The host draws its id.
pub(crate) fn command(session: SessionId, at: Option<EntryNo>, name: Option<String>) -> Command {
    Command::Fork { session, id: UNDRAWN, at, name }
}
