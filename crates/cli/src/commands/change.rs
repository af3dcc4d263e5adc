//! `q rename`, `q close`, `q interrupt`, `q retry`: one request each.

use std::process::ExitCode;

use q_host::wire::Request;

use crate::client::{Client, token};
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

pub(crate) async fn rename(context: &Context, address: &str, name: String) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.ask(Request::Rename { session: session.id.into(), name: name.clone() }).await?;
    out::note(&format!("{} is now {name}", session.name));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn close(context: &Context, address: &str, force: bool) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.ask(Request::Close { session: session.id.into(), force }).await?;
    out::note(&format!("closed {}; its history stays: q show {}", session.name, session.name));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn interrupt(context: &Context, address: &str) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.ask(Request::Interrupt { session: session.id.into() }).await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn retry(context: &Context, address: &str) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(address).await?;
    client.ask(Request::Retry { session: session.id.into(), token: token()? }).await?;
    Ok(ExitCode::SUCCESS)
}
