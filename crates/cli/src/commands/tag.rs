//! `q tag`: changes a session's tags, and prints those it has then.

use std::process::ExitCode;

use q_core::{Command, TagChange};

use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn run(context: &Context, address: &str, changes: &[String]) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let mut session = client.resolve(address).await?;
    if !changes.is_empty() {
        let changes = changes.iter().map(|word| TagChange::typed(word)).collect();
        client.command(Command::Tag { session: session.id, changes }).await?;
        session = client.resolve(&session.id.to_string()).await?;
    }
    session.tags.iter().try_for_each(|tag| out::line(tag.as_str()))?;
    Ok(ExitCode::SUCCESS)
}
