//! `q show`: a session's transcript, open or closed.

use std::process::ExitCode;
use std::time::Duration;

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Body, Entry, EntryNo, Outcome, SessionId};

use crate::args::ShowArgs;
use crate::client::Client;
use crate::commands::inbox::{note_waiting, waiting};
use crate::context::Context;
use crate::error::CliError;
use crate::history::Back;
use crate::json::{self, EntryJson, SessionJson, TranscriptJson};
use crate::{out, results};

pub(crate) async fn run(context: &Context, args: ShowArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    let Excerpt { entries, unanswered, took, older } = match args.entry {
        Some(no) => whole_entry(&mut client, session.id, no).await?,
        None => transcript(&mut client, session.id, args.tail).await?,
    };
    if args.json {
        let session = SessionJson::from(&session);
        let shape = |entry: &Entry| {
            EntryJson::of(entry, unanswered.contains(&entry.no)).thought_for(took.get(&entry.no).copied())
        };
        let entries = entries.iter().map(shape).collect();
        json::print(&TranscriptJson { session, entries, older })?;
        return Ok(ExitCode::SUCCESS);
    }
    let said_again = results_of(&entries);
    for entry in &entries {
        if args.entry.is_none()
            && matches!(&entry.body, Body::Output(output) if said_again.contains(&output.of))
        {
            continue;
        }
        if args.numbers {
            out::line(&format!("[{}]", entry.no))?;
        }
        let unanswered = unanswered.contains(&entry.no);
        out::line(&if let Body::Thinking(text) = &entry.body {
            q_term::plain::thought(text, took.get(&entry.no).copied())
        } else {
            let shown = q_term::plain::entry(entry, unanswered, q_term::Way::Shell);
            match &entry.body {
                Body::Stop(_) => shown.replace("SESSION", &session.name.to_string()),
                _of_somebody_elses_words => shown,
            }
        })?;
    }
    if args.entry.is_none() && session.activity.needs_person() {
        let all = waiting(&mut client).await?;
        for (_, pending) in all.iter().filter(|(id, _)| *id == session.id) {
            note_waiting(&session, pending);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The calls whose results say again what they put out: all but those that were cut short.
fn results_of(entries: &[Entry]) -> BTreeSet<EntryNo> {
    let ended = |entry: &Entry| match &entry.body {
        Body::Result(result) if result.outcome != Outcome::CutShort => Some(result.of),
        _none => None,
    };
    entries.iter().filter_map(ended).collect()
}

/// What is shown of a session.
struct Excerpt {
    entries: Vec<Entry>,
    /// The prompts that nothing answered.
    unanswered: BTreeSet<EntryNo>,
    /// How long thoughts took, where that is known.
    took: BTreeMap<EntryNo, Duration>,
    /// Whether older entries exist.
    older: bool,
}

/// One entry with all that is kept of it.
async fn whole_entry(client: &mut Client, session: SessionId, no: u64) -> Result<Excerpt, CliError> {
    // From the newest back, as pages are had: nothing says on which one an entry is.
    let mut back = Back::of(session);
    while let Some(page) = back.next(client).await? {
        let first = page.first().map_or(0, |entry| entry.no.0);
        if no < first {
            continue;
        }
        let took = thoughts(&page);
        let Some(mut entry) = page.into_iter().find(|entry| entry.no.0 == no) else { break };
        results::read_on(client, session, &mut entry).await?;
        let older = back.goes_on || first < no;
        return Ok(Excerpt { entries: vec![entry], unanswered: back.unanswered, took, older });
    }
    Err(CliError::failed(format!("no entry has the number {no}; `--numbers` shows them")))
}

/// A session's newest entries; all without `tail`.
async fn transcript(
    client: &mut Client,
    session: SessionId,
    tail: Option<usize>,
) -> Result<Excerpt, CliError> {
    let mut pages: Vec<Vec<Entry>> = Vec::new();
    let mut back = Back::of(session);
    let mut count = 0;
    while tail.is_none_or(|tail| count < tail)
        && let Some(page) = back.next(client).await?
    {
        count += page.len();
        pages.push(page);
    }
    let mut entries: Vec<Entry> = pages.into_iter().rev().flatten().collect();
    let took = thoughts(&entries);
    let surplus = tail.map_or(0, |tail| entries.len().saturating_sub(tail));
    entries.drain(..surplus);
    let older = back.goes_on || surplus > 0;
    Ok(Excerpt { entries, unanswered: back.unanswered, took, older })
}

/// How long the thoughts among these entries took.
fn thoughts(entries: &[Entry]) -> BTreeMap<EntryNo, Duration> {
    let behind = entries.iter().skip(1);
    let took = |(entry, behind): (&Entry, &Entry)| Some((entry.no, entry.thought_for(Some(behind))?));
    entries.iter().zip(behind).filter_map(took).collect()
}
