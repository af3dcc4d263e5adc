//! A session's entries, page by page: from the newest back, as the store gives them ([`Back`]), or from the oldest on
//! ([`EntryPages`]), for which the boundaries of the pages are collected first. A session of any length costs a few pages.

use std::collections::BTreeSet;

use q_core::conversation::Unanswered;
use q_core::{Entry, EntryNo, SessionId};
use q_proto::{Request, Response};

use crate::client::{Client, unexpected};
use crate::error::CliError;

/// How much is asked for at once, in bytes.
const PAGE_BYTES: u32 = 512 << 10;

/// A walk from a session's newest entry back.
#[derive(Debug)]
pub(crate) struct Back {
    session: SessionId,
    /// The oldest entry so far.
    before: Option<u64>,
    /// Whether older ones exist.
    pub(crate) goes_on: bool,
    /// Tells which prompts nothing answered: what stopped their turn is newer.
    walk: Unanswered,
    /// The prompts so far that nothing answered.
    pub(crate) unanswered: BTreeSet<EntryNo>,
}

impl Back {
    pub(crate) fn of(session: SessionId) -> Self {
        let (walk, unanswered) = (Unanswered::default(), BTreeSet::new());
        Self { session, before: None, goes_on: true, walk, unanswered }
    }

    /// The next page, its oldest entry first; nothing where there is no older one.
    pub(crate) async fn next(&mut self, client: &mut Client) -> Result<Option<Vec<Entry>>, CliError> {
        if !self.goes_on {
            return Ok(None);
        }
        let (entries, older) = page(client, self.session, self.before).await?;
        let first = entries.first().map(|entry| entry.no.0);
        // A host that says there is more and sends nothing would be asked for ever.
        self.goes_on = older && first.is_some();
        self.before = first.or(self.before);
        let walk = &mut self.walk;
        // From the newest back: what stopped the turn of a prompt stands behind that.
        self.unanswered.extend(entries.iter().rev().filter(|entry| walk.is(entry)).map(|entry| entry.no));
        Ok(first.map(|_| entries))
    }
}

/// What is still to be read, from the oldest on.
#[derive(Debug)]
pub(crate) struct EntryPages {
    session: SessionId,
    /// The newest page first.
    pages: Vec<KnownRange>,
    /// The prompts that nothing answered.
    pub(crate) unanswered: BTreeSet<EntryNo>,
}

/// The entries of a page.
#[derive(Debug)]
struct KnownRange {
    first: u64,
    last: u64,
    /// The entry behind it. The newest page has none, or its last entry would end with its first piece.
    before: Option<u64>,
}

impl EntryPages {
    /// Of a session up to its newest entry now.
    pub(crate) async fn of(client: &mut Client, session: SessionId) -> Result<Self, CliError> {
        let mut pages = Vec::new();
        let mut back = Back::of(session);
        let mut before = None;
        while let Some(entries) = back.next(client).await? {
            if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
                pages.push(KnownRange { first: first.no.0, last: last.no.0, before });
            }
            before = back.before;
        }
        Ok(Self { session, pages, unanswered: back.unanswered })
    }

    /// The next page, oldest first; nothing after the newest.
    pub(crate) async fn next(&mut self, client: &mut Client) -> Result<Option<Vec<Entry>>, CliError> {
        let Some(KnownRange { first, last, mut before }) = self.pages.pop() else { return Ok(None) };
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
    let Response::Page(page) = client.ask(request).await? else { return Err(unexpected()) };
    Ok((page.entries.into_iter().map(Entry::from).collect(), page.trimmed))
}
