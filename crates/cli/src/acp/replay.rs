//! A transcript read from the store for an editor that loads it: page by page back to its beginning, then told from there
//! on. What is in memory of it is a page or two, however long it is.

use q_core::{Entry, SessionId};
use q_proto::Request;
use q_proto::view::Pages;

/// How much is asked for at once, in bytes.
const PAGE_BYTES: u32 = 512 << 10;

/// How far a transcript was read.
#[derive(Debug)]
pub(super) struct Replay {
    session: SessionId,
    /// The newest page, which is told last: nothing else of a transcript grows while it is read.
    newest: Option<Vec<Entry>>,
    /// The first entries of all pages but the oldest, the newest page first.
    marks: Vec<u64>,
    /// Whether its beginning was reached.
    goes_forth: bool,
    asked: Option<u64>,
}

impl Replay {
    pub(super) const fn of(session: SessionId) -> Self {
        Self { session, newest: None, marks: Vec::new(), goes_forth: false, asked: None }
    }

    /// What is asked for next.
    pub(super) fn request(&self) -> Request {
        Request::Page { session: self.session.into(), before: self.asked, bytes: PAGE_BYTES }
    }

    /// Takes a page in; gives what is told next. Until it is over, another one is asked for.
    pub(super) fn page(&mut self, page: Pages) -> Vec<Entry> {
        let entries: Vec<Entry> = page.entries.into_iter().map(Entry::from).collect();
        let first = entries.first().map(|entry| entry.no.0).filter(|_| page.trimmed && !self.goes_forth);
        if let Some(first) = first {
            self.newest.get_or_insert(entries);
            self.marks.push(first);
            self.asked = Some(first);
            return Vec::new();
        }
        // Its beginning, or a page on the way from there. The one before the newest was asked for by the newest one's mark.
        self.goes_forth = true;
        self.marks.pop();
        self.asked = self.marks.last().copied();
        let newest = if self.marks.is_empty() { self.newest.take() } else { None };
        entries.into_iter().chain(newest.into_iter().flatten()).collect()
    }

    /// Whether all was told.
    pub(super) const fn is_over(&self) -> bool {
        self.goes_forth && self.newest.is_none()
    }
}

#[cfg(test)]
mod tests {
    use q_core::{Body, EntryNo, WallTime};

    use super::*;

    /// A store of so many entries that gives so many at once, read to its end: what was told, and how often it was asked.
    fn read(entries: u64, at_once: u64) -> (Vec<u64>, usize) {
        let mut replay = Replay::of(SessionId(1));
        let (mut told, mut asked) = (Vec::new(), 0);
        while !replay.is_over() {
            let Request::Page { before, .. } = replay.request() else { return (told, asked) };
            let end = before.unwrap_or(entries + 1);
            let first = end.saturating_sub(at_once).max(1);
            let entry = |no| Entry { no: EntryNo(no), at: WallTime(0), body: Body::Answer("a".into()) };
            let page =
                Pages { entries: (first..end).map(|no| entry(no).into()).collect(), trimmed: first > 1 };
            told.extend(replay.page(page).iter().map(|entry| entry.no.0));
            asked += 1;
        }
        (told, asked)
    }

    #[test]
    fn every_entry_is_told_once_from_the_oldest_on() {
        for (entries, at_once, asked) in [(0, 3, 1), (2, 3, 1), (3, 3, 1), (4, 3, 2), (7, 3, 4), (100, 7, 28)]
        {
            assert_eq!(read(entries, at_once), ((1..=entries).collect(), asked), "{entries} by {at_once}");
        }
    }
}
