//! `q export`: a session as a file, wherever it is. The file is there whole or not at all; of a damaged session it holds
//! what can be read, and says so.

use std::path::Path;
use std::process::ExitCode;

use q_core::import::{ImportFault, Thread};
use q_core::{Entry, Limits};
use q_proto::{Request, Response};

use crate::args::{ExportArgs, ExportFormat};
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::exchange::document::DocumentFacts;
use crate::exchange::form::Form;
use crate::exchange::output::Output;
use crate::history::EntryPages;
use crate::{out, results};

pub(crate) async fn run(context: &Context, args: ExportArgs) -> Result<ExitCode, CliError> {
    let place = args.output.filter(|place| place.as_os_str() != "-");
    let format = args.format.unwrap_or_else(|| by_ending(place.as_deref()));
    let mut output = match place {
        None => Output::Standard,
        Some(place) => Output::to(&context.environment.directory.join(place), args.force)?,
    };
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    let mut history = EntryPages::of(&mut client, session.id).await?;
    let request = Request::Facts { session: session.id.into() };
    let Response::Facts(facts) = client.ask(request).await? else { return Err(unexpected()) };
    let facts = DocumentFacts::new(&session, *facts);
    let mut form = Form::new(format);
    let mut fitting = Fitting::of(format);
    let mut cut: Vec<String> = Vec::new();
    output.write(&form.begin(&facts)?)?;
    while let Some(entries) = history.next(&mut client).await? {
        for mut entry in entries.into_iter().filter(|entry| fitting.keeps(entry)) {
            match results::read_on(&mut client, session.id, &mut entry).await {
                Err(error) if error.kind == ErrorKind::Unreadable => cut.push(entry.no.to_string()),
                read => read?,
            }
            output.write(&form.entry(&entry, history.unanswered.contains(&entry.no))?)?;
        }
    }
    output.write(&form.end(&facts))?;
    output.finish()?;
    if !cut.is_empty() {
        let entries = cut.join(", ");
        out::note(&format!(
            "q: the rest of these results is lost, their beginning is there: entries {entries}"
        ));
    }
    if fitting.left_out > 0 {
        let count = fitting.left_out;
        out::note(&format!(
            "q: the prompt or call that they belong to is lost, so {count} of its entries are left out"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a file for `q` leaves out where something is lost: what belonged to a lost prompt or call could not have come to be
/// without it, and would not be imported.
#[derive(Debug)]
struct Fitting {
    so_far: Option<Thread>,
    left_out: usize,
}

impl Fitting {
    fn of(format: ExportFormat) -> Self {
        Self { so_far: (format == ExportFormat::Json).then(Thread::default), left_out: 0 }
    }

    fn keeps(&mut self, entry: &Entry) -> bool {
        let Some(so_far) = &mut self.so_far else { return true };
        let limits = Limits::default();
        if let Err(ImportFault::NoTurn | ImportFault::NoCall(_)) = so_far.verify(entry, &limits) {
            self.left_out += 1;
            return false;
        }
        so_far.take(entry, entry.no, &limits);
        true
    }
}

fn by_ending(place: Option<&Path>) -> ExportFormat {
    match place.and_then(Path::extension).and_then(|ending| ending.to_str()) {
        Some("md" | "markdown") => ExportFormat::Md,
        Some("html" | "htm") => ExportFormat::Html,
        Some(_) | None => ExportFormat::Json,
    }
}
