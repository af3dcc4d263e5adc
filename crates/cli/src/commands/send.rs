//! `q send`: queues a prompt and prints its number.

use std::process::ExitCode;

use crate::client::Client;
use crate::commands::Context;
use crate::error::CliError;
use crate::{input, out};

pub(crate) async fn run(context: &Context, address: &str, words: Vec<String>) -> Result<ExitCode, CliError> {
    let text = input::prompt(&words, &context.environment)?;
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    context.known.say_who_answers(&session);
    let prompt = client.submit(session.id, text).await?;
    out::line(&prompt.to_string())?;
    Ok(ExitCode::SUCCESS)
}
