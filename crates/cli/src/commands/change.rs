//! `q rename`, `q interrupt`, `q retry`: one request each.

use std::process::ExitCode;

use q_core::Command;

use crate::client::{Client, token};
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn rename(context: &Context, address: &str, name: String) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.command(Command::Rename { session: session.id, name: name.clone() }).await?;
    out::note(&format!("{} is now {name}", session.name));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn interrupt(context: &Context, address: &str) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.command(Command::Interrupt { session: session.id }).await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn retry(context: &Context, address: &str) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.command(Command::Retry { session: session.id, token: token()? }).await?;
    Ok(ExitCode::SUCCESS)
}
