//! `q import`: a session from a file that `q export` wrote.
//!
//! The file is read twice: once to see that all of it fits, once to send it, part by part. So a file with a fault makes
//! nothing, and none is ever in memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

use q_core::import::Thread;
use q_core::{Command, Entry, Import, Item, Limits, SessionId};
use q_term::typed;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::args::ImportArgs;
use crate::client::{Client, token};
use crate::commands::delete;
use crate::context::{Context, config};
use crate::error::CliError;
use crate::exchange::read::{ToldEntries, read};
use crate::{json, out};

/// Text of one part, in bytes, before the entry that makes it whole.
const PART_BYTES: usize = 512 << 10;
/// Entries of one part.
const PART_ENTRIES: usize = 256;
/// Parts that are read ahead.
const PARTS_AHEAD: usize = 2;

#[derive(Serialize)]
struct ImportJson {
    id: String,
    name: String,
    slot: u32,
}

pub(crate) async fn run(context: &Context, args: ImportArgs) -> Result<ExitCode, CliError> {
    let is_piped = args.file.as_os_str() == "-";
    let what = if is_piped { "standard input".to_owned() } else { args.file.display().to_string() };
    let mut file = if is_piped {
        spool(context)?
    } else {
        let opened = File::open(context.environment.directory.join(&args.file));
        opened.map_err(|error| CliError::usage(format!("{what} cannot be read: {error}")))?
    };
    let ToldEntries { facts, unknown } =
        verify(&mut file, &config(&context.environment)?.limits.applied(), &what)?;
    if !unknown.is_empty() {
        let fields: Vec<String> = unknown.into_iter().collect();
        out::note(&format!(
            "q: {what} says more than this q knows, which is left out: {}",
            q_term::sanitize::visible_line(&fields.join(", "))
        ));
    }
    let (queue, draft) = (facts.queue.clone(), facts.draft.clone());
    let import = facts.into_import(args.name).map_err(|fault| faulty(&what, &fault))?;
    let mut client = Client::attach(context, false).await?;
    let id = bring(&mut client, file, import, rest(queue, &draft)?, &what).await?;
    let session = client.resolve(&id.to_string()).await?;
    if args.json {
        json::print(&ImportJson { id: id.to_string(), name: session.name.to_string(), slot: session.slot })?;
    } else {
        out::line(session.name.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads all of it and says what does not fit, with its place.
fn verify(file: &mut File, limits: &Limits, what: &str) -> Result<ToldEntries, CliError> {
    let mut so_far = Thread::default();
    let mut take = |entry: Entry| {
        so_far.verify(&entry, limits).map_err(|fault| format!("entry {}: {fault}", entry.no))?;
        so_far.take(&entry, entry.no, limits);
        Ok(())
    };
    let told = read(&mut *file, &mut take).map_err(|fault| faulty(what, &fault))?;
    file.rewind().map_err(|error| CliError::usage(format!("{what} cannot be read twice: {error}")))?;
    Ok(told)
}

/// Sends all of it. What came before a refusal is taken back.
async fn bring(
    client: &mut Client,
    file: File,
    import: Import,
    rest: Vec<Item>,
    what: &str,
) -> Result<SessionId, CliError> {
    let id = client.create(Command::Import(Box::new(import))).await?.id;
    match bring_parts(client, id, file, rest, what).await {
        Ok(()) => Ok(id),
        Err(error) => {
            let _gone_with_the_connection_otherwise = client.command(delete::erasure(id, true)).await;
            Err(error)
        }
    }
}

async fn bring_parts(
    client: &mut Client,
    id: SessionId,
    file: File,
    rest: Vec<Item>,
    what: &str,
) -> Result<(), CliError> {
    let (parts, mut ready) = mpsc::channel(PARTS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || send_parts(file, &parts));
    while let Some(items) = ready.recv().await {
        client.command(Command::ImportPart { session: id, items }).await?;
    }
    // Only now: the channel ends when the reader does, whether it came to the end of the file or not.
    let read = reading.await.map_err(|error| CliError::failed(format!("the file was not read: {error}")))?;
    read.map_err(|fault| faulty(what, &fault))?;
    for item in rest {
        client.command(Command::ImportPart { session: id, items: vec![item] }).await?;
    }
    client.command(Command::EndImport { session: id }).await
}

/// Reads the file in a thread of its own, which waits while enough is ready.
fn send_parts(file: File, parts: &mpsc::Sender<Vec<Item>>) -> Result<(), String> {
    let mut part = Vec::new();
    let mut bytes = 0;
    let send = |part: Vec<Item>| parts.blocking_send(part).map_err(|_| "nobody takes it any more".to_owned());
    let mut take = |entry: Entry| {
        bytes += entry.weight();
        part.push(Item::Entry(entry));
        if bytes >= PART_BYTES || part.len() >= PART_ENTRIES {
            bytes = 0;
            send(std::mem::take(&mut part))?;
        }
        Ok(())
    };
    read(file, &mut take)?;
    if part.is_empty() { Ok(()) } else { send(part) }
}

/// What waits in the session, and what was being typed.
fn rest(queue: Vec<String>, draft: &str) -> Result<Vec<Item>, CliError> {
    let waiting = queue
        .into_iter()
        .map(|text| Ok(Item::Waiting { token: token()?, text: typed::text(&text).into_owned() }));
    let mut rest = waiting.collect::<Result<Vec<Item>, CliError>>()?;
    if !draft.is_empty() {
        rest.push(Item::Draft(typed::text(draft).into_owned()));
    }
    Ok(rest)
}

/// What comes through a pipe, in a file without a name: it has to be read twice.
fn spool(context: &Context) -> Result<File, CliError> {
    let failed = |error: &dyn std::fmt::Display| {
        CliError::failed(format!("there is no place to keep what is read: {error}"))
    };
    context.place.prepare_data().map_err(|error| failed(&error))?;
    let path = context.place.store().with_file_name(format!(".q-import-{:032x}", token()?.0));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let mut file = file.map_err(|error| failed(&error))?;
    fs::remove_file(&path).map_err(|error| failed(&error))?;
    io::copy(&mut io::stdin().lock(), &mut file)
        .and_then(|_| file.rewind())
        .map_err(|error| CliError::failed(format!("standard input cannot be kept: {error}")))?;
    Ok(file)
}

fn faulty(what: &str, fault: &str) -> CliError {
    CliError::failed(format!("{what} cannot be imported: {fault}"))
        .hint("nothing was created; a file that `q export` wrote can be: q export SESSION -o FILE.json")
}
