//! `q fork`: a session that begins with another one's history.

use std::process::ExitCode;

use q_core::{Command, EntryNo, SessionId};

use crate::args::ForkArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::json::{self, SessionJson};
use crate::out;

pub(crate) async fn run(context: &Context, args: ForkArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let parent = client.resolve(&args.session).await?;
    let (at, name) = (args.at.map(EntryNo), args.name);
    let fork = Command::Fork { session: parent.id, id: SessionId::UNDRAWN, at, name };
    let made = client.create(fork).await?;
    let fork = client.resolve(&made.id.to_string()).await?;
    if args.json {
        json::print(&SessionJson::from(&fork))?;
    } else {
        out::line(fork.name.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}
