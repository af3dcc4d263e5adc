//! `q send`: queues a prompt and prints its number.

use std::path::Path;
use std::process::ExitCode;

use crate::args::SendArgs;
use crate::client::Client;
use crate::context::Context;
use crate::error::CliError;
use crate::input::PromptInput;
use crate::{mcp_servers, out};

pub(crate) async fn run(context: &Context, args: SendArgs) -> Result<ExitCode, CliError> {
    let said = PromptInput::read(&args.prompt, &context.environment)?;
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    context.agents.note_who_answers(&session);
    mcp_servers::note_faults(context, &session.agent, Path::new(&session.directory));
    let said = said.with_files(args.no_files, &session.directory, &context.environment)?;
    let prompt = client.submit(session.id, said).await?;
    out::line(&prompt.to_string())?;
    Ok(ExitCode::SUCCESS)
}
