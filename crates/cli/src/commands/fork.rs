//! `q fork`: a session that begins with another one's history.

use std::process::ExitCode;

use q_proto::Request;

use crate::args::ForkArgs;
use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::json::{self, SessionJson};
use crate::out;

pub(crate) async fn run(context: &Context, args: ForkArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let parent = client.resolve(&args.session).await?;
    let request = Request::Fork { session: parent.id.into(), at: args.at, name: args.name, reach: None };
    let made = client.create(request).await?;
    let fork = client.resolve(&made.id.to_string()).await?;
    if args.json {
        json::print(&SessionJson::from(&fork))?;
    } else {
        out::line(fork.name.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}
