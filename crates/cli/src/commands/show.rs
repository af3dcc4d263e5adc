//! `q show`: a session's transcript, open or closed.

use std::process::ExitCode;

use q_core::{Entry, SessionId};
use q_host::wire::{Answer, Request};

use crate::args::ShowArgs;
use crate::client::{Client, unexpected};
use crate::commands::Context;
use crate::error::CliError;
use crate::json::{self, EntryJson, SessionJson, TranscriptJson};
use crate::{out, results};

/// How much is asked for at once, in bytes.
const PAGE_BYTES: u32 = 512 << 10;

pub(crate) async fn run(context: &Context, args: ShowArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    let (entries, older) = match args.entry {
        Some(no) => whole_entry(&mut client, session.id, no).await?,
        None => transcript(&mut client, session.id, args.tail).await?,
    };
    if args.json {
        let entries = entries.iter().map(EntryJson::from).collect();
        json::print(&TranscriptJson { session: SessionJson::from(&session), entries, older })?;
        return Ok(ExitCode::SUCCESS);
    }
    for entry in &entries {
        if args.numbers {
            out::line(&format!("[{}]", entry.no))?;
        }
        out::line(&q_term::plain::entry(entry))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One entry with all that is kept of it, and whether older ones exist.
async fn whole_entry(
    client: &mut Client,
    session: SessionId,
    no: u64,
) -> Result<(Vec<Entry>, bool), CliError> {
    let mut before = None;
    loop {
        let request = Request::Page { session: session.into(), before, bytes: PAGE_BYTES };
        let Answer::Page(page) = client.ask(request).await? else { return Err(unexpected()) };
        let first = page.entries.first().map_or(0, |entry| entry.no);
        before = Some(first);
        if page.trimmed && no < first {
            continue;
        }
        let found = page.entries.into_iter().find(|entry| entry.no == no);
        let missing = || CliError::failed(format!("no entry has the number {no}; `--numbers` shows them"));
        let mut entry = found.map(Entry::from).ok_or_else(missing)?;
        results::read_on(client, session, &mut entry).await?;
        return Ok((vec![entry], page.trimmed || first < no));
    }
}

/// A session's newest entries (all without `tail`), oldest first, and whether older ones exist.
pub(crate) async fn transcript(
    client: &mut Client,
    session: SessionId,
    tail: Option<usize>,
) -> Result<(Vec<Entry>, bool), CliError> {
    let mut pages: Vec<Vec<Entry>> = Vec::new();
    let mut before = None;
    let mut count = 0;
    let mut older = true;
    while older && tail.is_none_or(|tail| count < tail) {
        let request = Request::Page { session: session.into(), before, bytes: PAGE_BYTES };
        let Answer::Page(page) = client.ask(request).await? else { return Err(unexpected()) };
        older = page.trimmed && !page.entries.is_empty();
        before = page.entries.first().map(|entry| entry.no);
        count += page.entries.len();
        pages.push(page.entries.into_iter().map(Entry::from).collect());
    }
    let mut entries: Vec<Entry> = pages.into_iter().rev().flatten().collect();
    let surplus = tail.map_or(0, |tail| entries.len().saturating_sub(tail));
    entries.drain(..surplus);
    Ok((entries, older || surplus > 0))
}
