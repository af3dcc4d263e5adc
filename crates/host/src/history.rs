//! What an agent is sent of a session's history: the newest entries, and how many older ones are left out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use q_core::{Body, Entry, EntryNo, PlacedSeal, Sent, SessionId, compaction};
use q_store::{Store, StoreError};

/// The most of a conversation an agent is sent, in bytes; the newest entries count.
pub(crate) const HISTORY_BYTES: usize = 400 << 10;

/// Reads histories, and remembers how much of each is left out. What is older never changes: each time only what has
/// been left out since is counted, so that a long session costs the time of a page, and its whole length once.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    counted: Mutex<BTreeMap<SessionId, LeftOut>>,
}

/// The newest entries of a session, oldest first. They begin with the summary that counts, wherever that stands: what it stands
/// for is not left out.
#[derive(Debug)]
pub(crate) struct SentHistory {
    pub(crate) entries: Vec<Entry>,
    /// What was sealed between them; some may stand before the first.
    pub(crate) seals: Vec<PlacedSeal>,
    /// How many entries there are and are not.
    pub(crate) sent: Sent,
}

/// The entries before one of them.
#[derive(Clone, Debug)]
struct LeftOut {
    before: EntryNo,
    count: u64,
    /// The summaries among them that count behind all of them, each with how many entries there are up to it.
    standing: Vec<(EntryNo, u64)>,
}

impl Histories {
    /// What an agent is sent of a session: see [`SentHistory`].
    pub(crate) fn read(&self, store: &dyn Store, session: SessionId) -> Result<SentHistory, StoreError> {
        let page = store.page(session, None, HISTORY_BYTES)?;
        let first = page.entries.first().map(|entry| entry.no).filter(|_| page.trimmed);
        let (mut entries, seals) = (page.entries, page.seals);
        let (count, mut standing) = first.map_or((0, Vec::new()), |first| {
            let LeftOut { count, standing, .. } = self.left_out(store, session, first);
            (count, standing)
        });
        note_page(&mut standing, count, &entries);
        let Some((summary, up_to)) = standing.last().copied() else {
            let sent = Sent { entries: entries.len() as u64, left_out: count };
            return Ok(SentHistory { entries, seals, sent });
        };
        if up_to > count {
            entries.retain(|entry| entry.no >= summary);
            let sent = Sent { entries: entries.len() as u64, left_out: 0 };
            return Ok(SentHistory { entries, seals, sent });
        }
        // It stands before the page. What is said of summaries in the page cancels out, and would cancel this one.
        let before = EntryNo(summary.0.saturating_add(1));
        let found = store.page(session, Some(before), 1)?.entries.pop().filter(|entry| entry.no == summary);
        entries.retain(|entry| !matches!(entry.body, Body::Compaction(_)));
        let sent = Sent { entries: entries.len() as u64, left_out: count.saturating_sub(up_to) };
        entries.splice(0..0, found);
        Ok(SentHistory { entries, seals, sent })
    }

    /// What stands before this entry. Where older ones cannot be read those that can are counted, at least one: the agent is
    /// asked nevertheless.
    fn left_out(&self, store: &dyn Store, session: SessionId, before: EntryNo) -> LeftOut {
        let known = self.counted.lock().unwrap_or_else(PoisonError::into_inner).get(&session).cloned();
        let known = known.filter(|known| known.before <= before);
        let (mut pages, mut oldest, mut is_whole) = (Vec::new(), before, true);
        while known.as_ref().is_none_or(|known| oldest > known.before) {
            let Ok(page) = store.page(session, Some(oldest), HISTORY_BYTES) else {
                is_whole = false;
                break;
            };
            let counts = |entry: &Entry| known.as_ref().is_none_or(|known| entry.no >= known.before);
            let first = page.entries.first().map(|entry| entry.no);
            pages.push(marks(page.entries.into_iter().filter(counts)));
            match first {
                Some(first) if page.trimmed && first < oldest => oldest = first,
                Some(_) | None => break,
            }
        }
        let (mut count, mut standing) = known.map_or((0, Vec::new()), |known| (known.count, known.standing));
        for (marks, entries) in pages.into_iter().rev() {
            for (place, entry) in marks {
                compaction::note(&mut standing, (entry.no, count + place), &entry.body);
            }
            count += entries;
        }
        if !is_whole {
            return LeftOut { before, count: count.max(1), standing };
        }
        let left_out = LeftOut { before, count, standing };
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).insert(session, left_out.clone());
        left_out
    }
}

/// What is said of summaries in a page, each with its place from 1; and how many entries the page has.
fn marks(entries: impl Iterator<Item = Entry>) -> (Vec<(u64, Entry)>, u64) {
    let (mut marks, mut count) = (Vec::new(), 0);
    for entry in entries {
        count += 1;
        if matches!(entry.body, Body::Compaction(_)) {
            marks.push((count, entry));
        }
    }
    (marks, count)
}

/// Takes in what the page behind `count` entries says of summaries.
fn note_page(standing: &mut Vec<(EntryNo, u64)>, count: u64, entries: &[Entry]) {
    for (entry, place) in entries.iter().zip(count + 1..) {
        compaction::note(standing, (entry.no, place), &entry.body);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_core::Limits;
    use q_core::trace::{Player, parse};
    use q_store::MemoryStore;

    use super::*;

    const ID: SessionId = SessionId(1);

    /// Plays these lines; what they write is in the store then.
    fn play(player: &mut Player, store: &MemoryStore, lines: &[String]) {
        for line in lines {
            let directive = parse(line, 0).unwrap().directive;
            let effects = player.carry_out(directive).unwrap();
            let batches: Vec<_> = effects.and_then(|effects| effects.batch).into_iter().collect();
            store.append(&batches).unwrap();
        }
    }

    /// A turn of two entries of more than `bytes` bytes.
    fn turn(no: u64, bytes: usize) -> Vec<String> {
        let answer = "x".repeat(bytes);
        let turn = if no == 1 { String::new() } else { format!(" turn {no}") };
        [
            format!("submit s1 \"go on\" token {no}"),
            format!("text s1 \"{answer}\"{turn}"),
            format!("done s1{turn}"),
        ]
        .into()
    }

    #[test]
    fn all_that_is_left_out_is_counted_and_again_only_what_is_new() {
        let (mut player, store, histories) =
            (Player::new(Limits::default()), MemoryStore::new(), Histories::default());
        play(&mut player, &store, &["create s1 name a".to_owned()]);
        for no in 1..=40 {
            play(&mut player, &store, &turn(no, HISTORY_BYTES / 10));
            let SentHistory { entries, sent, .. } = histories.read(&store, ID).unwrap();
            assert_eq!(entries.len() as u64, sent.entries);
            assert_eq!(sent.entries + sent.left_out, 2 * no, "after turn {no}: {sent:?}");
            assert_eq!(sent.left_out > 0, no >= 10, "after turn {no}: {sent:?}");
            let afresh = Histories::default().read(&store, ID).unwrap().sent;
            assert_eq!(afresh, sent, "what was counted before is remembered right");
            assert_eq!(histories.read(&store, ID).unwrap().sent, sent, "and asked again, as a retry does");
        }
        // What was counted is not read again: a wrong figure in memory stays.
        let known = LeftOut { before: EntryNo(3), count: 1000, standing: Vec::new() };
        histories.counted.lock().unwrap().insert(ID, known);
        assert!(histories.read(&store, ID).unwrap().sent.left_out > 1000);
    }
}
