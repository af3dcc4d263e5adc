//! `q steer`: says something into a running turn.

use std::process::ExitCode;

use crate::client::{Client, token};
use crate::commands::Context;
use crate::error::CliError;
use crate::input;

pub(crate) async fn run(context: &Context, address: &str, words: &[String]) -> Result<ExitCode, CliError> {
    let text = input::prompt(words, &context.environment)?;
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.steer_as(token()?, session.id, text).await?;
    Ok(ExitCode::SUCCESS)
}
