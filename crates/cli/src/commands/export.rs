//! `q export`: a session as a file, wherever it is, whole or not at all.

use std::path::Path;
use std::process::ExitCode;

use q_host::wire::{Answer, Request};

use crate::args::{ExportArgs, ExportFormat};
use crate::client::{Client, unexpected};
use crate::commands::Context;
use crate::error::CliError;
use crate::exchange::document::Facts;
use crate::exchange::form::Form;
use crate::exchange::output::Output;
use crate::history::History;
use crate::results;

pub(crate) async fn run(context: &Context, args: ExportArgs) -> Result<ExitCode, CliError> {
    let place = args.output.filter(|place| place.as_os_str() != "-");
    let format = args.format.unwrap_or_else(|| by_ending(place.as_deref()));
    let mut output = match place {
        None => Output::Standard,
        Some(place) => Output::to(&context.environment.directory.join(place), args.force)?,
    };
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    let mut history = History::of(&mut client, session.id).await?;
    let request = Request::Facts { session: session.id.into() };
    let Answer::Facts(facts) = client.ask(request).await? else { return Err(unexpected()) };
    let facts = Facts::new(&session, *facts);
    let mut form = Form::new(format);
    output.write(&form.begin(&facts)?)?;
    while let Some(entries) = history.next(&mut client).await? {
        for mut entry in entries {
            results::read_on(&mut client, session.id, &mut entry).await?;
            output.write(&form.entry(&entry)?)?;
        }
    }
    output.write(&form.end(&facts))?;
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn by_ending(place: Option<&Path>) -> ExportFormat {
    match place.and_then(Path::extension).and_then(|ending| ending.to_str()) {
        Some("md" | "markdown") => ExportFormat::Md,
        Some("html" | "htm") => ExportFormat::Html,
        Some(_) | None => ExportFormat::Json,
    }
}
