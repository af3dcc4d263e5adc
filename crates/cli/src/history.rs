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
    /// The first entries of pages and the number behind their last, the newest page first.
    pages: Vec<(u64, u64)>,
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
            pages.push((first, before.unwrap_or(last.no.0 + 1)));
            before = Some(first);
            if !older {
                break;
            }
        }
        Ok(Self { session, pages })
    }

    /// The next page, oldest first; nothing after the newest.
    pub(crate) async fn next(&mut self, client: &mut Client) -> Result<Option<Vec<Entry>>, CliError> {
        let Some((first, mut before)) = self.pages.pop() else { return Ok(None) };
        let mut parts: Vec<Vec<Entry>> = Vec::new();
        // The newest entry may have grown meanwhile, so that its page holds fewer of those before it.
        while before > first {
            let (entries, _) = page(client, self.session, Some(before)).await?;
            before = match entries.first() {
                Some(entry) => entry.no.0,
                None => return Err(CliError::failed("the session went away while it was read")),
            };
            parts.push(entries);
        }
        Ok(Some(parts.into_iter().rev().flatten().filter(|entry| entry.no.0 >= first).collect()))
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
