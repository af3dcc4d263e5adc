//! `q retry`: asks again what failed or was interrupted.

use std::process::ExitCode;

use q_core::Command;

use crate::client::{Client, token};
use crate::commands::Context;
use crate::error::CliError;

pub(crate) async fn run(context: &Context, address: &str) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.command(Command::Retry { session: session.id, token: token()? }).await?;
    Ok(ExitCode::SUCCESS)
}
