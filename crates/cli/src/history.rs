//! A session's entries from the oldest on, page by page: the store gives pages from the newest back, so their
//! boundaries are collected first. A session of any length costs a few pages.

use q_core::{Entry, SessionId};
use q_host::wire::{Answer, Request};

use crate::client::{Client, unexpected};
use crate::error::CliError;

/// How much is asked for at once, in bytes.
const PAGE_BYTES: u32 = 512 << 10;

/// What is still to be read.
#[derive(Debug)]
pub(crate) struct History {
    session: SessionId,
    /// The newest page first.
    pages: Vec<Bounds>,
}

/// The entries of a page.
#[derive(Debug)]
struct Bounds {
    first: u64,
    last: u64,
    /// The entry behind it. The newest page has none, or its last entry would end with its first piece.
    before: Option<u64>,
}

impl History {
    /// Of a session up to its newest entry now.
    pub(crate) async fn of(client: &mut Client, session: SessionId) -> Result<Self, CliError> {
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let (entries, older) = page(client, session, before).await?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else { break };
            let first = first.no.0;
            pages.push(Bounds { first, last: last.no.0, before });
            before = Some(first);
            if !older {
                break;
            }
        }
        Ok(Self { session, pages })
    }

    /// The next page, oldest first; nothing after the newest.
    pub(crate) async fn next(&mut self, client: &mut Client) -> Result<Option<Vec<Entry>>, CliError> {
        let Some(Bounds { first, last, mut before }) = self.pages.pop() else { return Ok(None) };
        let mut parts: Vec<Vec<Entry>> = Vec::new();
        // The newest entry may have grown meanwhile, or others followed, so that a page holds fewer of those before.
        while before.is_none_or(|before| before > first) {
            let (entries, _) = page(client, self.session, before).await?;
            before = match entries.first() {
                Some(entry) => Some(entry.no.0),
                None => return Err(CliError::failed("the session went away while it was read")),
            };
            parts.push(entries);
        }
        let entries = parts.into_iter().rev().flatten();
        Ok(Some(entries.filter(|entry| (first..=last).contains(&entry.no.0)).collect()))
    }
}

/// Entries before a place, and whether older ones exist.
async fn page(
    client: &mut Client,
    session: SessionId,
    before: Option<u64>,
) -> Result<(Vec<Entry>, bool), CliError> {
    let request = Request::Page { session: session.into(), before, bytes: PAGE_BYTES };
    let Answer::Page(page) = client.ask(request).await? else { return Err(unexpected()) };
    Ok((page.entries.into_iter().map(Entry::from).collect(), page.trimmed))
}
