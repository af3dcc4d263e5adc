//! What an agent is sent of a session's history: the newest entries, and how many older ones are left out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use q_core::{Entry, EntryNo, Sent, SessionId};
use q_store::{Store, StoreError};

/// The most of a conversation an agent is sent, in bytes; the newest entries count.
pub(crate) const HISTORY_BYTES: usize = 400 << 10;

/// Reads histories, and remembers how much of each is left out. What is older never changes: each time only what has
/// been left out since is counted, so that a long session costs the time of a page, and its whole length once.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    counted: Mutex<BTreeMap<SessionId, LeftOut>>,
}

/// The entries before one of them.
#[derive(Clone, Copy, Debug)]
struct LeftOut {
    before: EntryNo,
    count: u64,
}

impl Histories {
    /// The newest entries of a session, oldest first, and how many there are and are not.
    pub(crate) fn read(
        &self,
        store: &dyn Store,
        session: SessionId,
    ) -> Result<(Vec<Entry>, Sent), StoreError> {
        let page = store.page(session, None, HISTORY_BYTES)?;
        let first = page.entries.first().map(|entry| entry.no).filter(|_| page.trimmed);
        let left_out = first.map_or(0, |first| self.left_out(store, session, first));
        let sent = Sent { entries: page.entries.len() as u64, left_out };
        Ok((page.entries, sent))
    }

    /// How many entries stand before this one. Where older ones cannot be read those that can are counted, at least one:
    /// the agent is asked nevertheless.
    fn left_out(&self, store: &dyn Store, session: SessionId, before: EntryNo) -> u64 {
        let known = self.counted.lock().unwrap_or_else(PoisonError::into_inner).get(&session).copied();
        let known = known.filter(|known| known.before <= before);
        let (mut count, mut oldest) = (0, before);
        while known.is_none_or(|known| oldest > known.before) {
            let Ok(page) = store.page(session, Some(oldest), HISTORY_BYTES) else { return count.max(1) };
            let counts = |entry: &&Entry| known.is_none_or(|known| entry.no >= known.before);
            count += page.entries.iter().filter(counts).count() as u64;
            match page.entries.first() {
                Some(first) if page.trimmed && first.no < oldest => oldest = first.no,
                Some(_) | None => break,
            }
        }
        let count = count + known.map_or(0, |known| known.count);
        self.counted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session, LeftOut { before, count });
        count
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
            let (entries, sent) = histories.read(&store, ID).unwrap();
            assert_eq!(entries.len() as u64, sent.entries);
            assert_eq!(sent.entries + sent.left_out, 2 * no, "after turn {no}: {sent:?}");
            assert_eq!(sent.left_out > 0, no >= 10, "after turn {no}: {sent:?}");
            let afresh = Histories::default().read(&store, ID).unwrap().1;
            assert_eq!(afresh, sent, "what was counted before is remembered right");
            assert_eq!(histories.read(&store, ID).unwrap().1, sent, "and asked again, as a retry does");
        }
        // What was counted is not read again: a wrong figure in memory stays.
        let known = LeftOut { before: EntryNo(3), count: 1000 };
        histories.counted.lock().unwrap().insert(ID, known);
        assert!(histories.read(&store, ID).unwrap().1.left_out > 1000);
    }
}
