//! A client's local copy of what it shows: fed by snapshots and updates, read by drawing.
//!
//! Switching sessions reads only this, so it needs no round trip. Memory is bounded per session; older entries are asked
//! for when scrolled to.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use crate::entry::Entry;
use crate::id::{EntryNo, SessionId};
use crate::presence::Presence;
use crate::snapshot::{PendingCall, QueuedPrompt, Snapshot, Summary, Update};

/// What the copy of one session may weigh before its oldest entries go, in bytes.
pub const SESSION_BYTES: usize = 256 << 10;

/// What it may weigh together with older entries that somebody reads or searches in it: no more of those are taken then.
pub const PAGED_BYTES: usize = 8 << 20;

/// A client's copy of what the host knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    sessions: BTreeMap<SessionId, Mirrored>,
    /// The newest stamp that was given.
    stamp: Stamp,
    /// Sessions that have such older entries.
    paged: BTreeSet<SessionId>,
}

/// By which two looks at a session's line tell whether it changed between them. It is no part of what is shown: two copies are
/// alike, however they came to be so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamp(u64);

impl Stamp {
    /// Whether nothing changed since that one was given.
    pub const fn is(self, other: Self) -> bool {
        self.0 == other.0
    }

    const fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

impl PartialEq for Stamp {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Stamp {}

/// The copy of one open session; of one that hibernates only its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Its line in the list.
    pub summary: Summary,
    /// That of its line as it is.
    pub stamp: Stamp,
    /// Its newest entries, oldest first.
    pub entries: VecDeque<Entry>,
    /// Whether older entries exist that are not here.
    pub trimmed: bool,
    pub queue: Vec<QueuedPrompt>,
    /// The draft as last saved by any client.
    pub draft: String,
    /// Calls that wait for the person.
    pub pending: Vec<PendingCall>,
}

/// An update does not fit: something was missed, and the session's snapshot must be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed(pub SessionId);

impl Mirror {
    /// Open sessions by slot.
    pub fn by_slot(&self) -> Vec<&Mirrored> {
        let mut sessions: Vec<&Mirrored> = self.sessions.values().collect();
        sessions.sort_by_key(|session| (session.summary.slot, session.summary.id));
        sessions
    }

    /// Open sessions in no order that means anything.
    pub fn sessions(&self) -> impl Iterator<Item = &Mirrored> {
        self.sessions.values()
    }

    pub fn get(&self, id: SessionId) -> Option<&Mirrored> {
        self.sessions.get(&id)
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// That of the line that changed last, of all sessions that are open or were.
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Starts again from nothing: the host is another one.
    pub fn clear(&mut self) {
        self.stamp.next();
        self.sessions.clear();
        self.paged.clear();
    }

    /// Takes one session's beginning in, or replaces what was missed.
    pub fn load(&mut self, snapshot: Snapshot) {
        let Snapshot { summary, entries, trimmed, queue, draft, pending } = snapshot;
        let entries = entries.into();
        let stamp = self.stamp.next();
        self.paged.remove(&summary.id);
        self.sessions
            .insert(summary.id, Mirrored { summary, stamp, entries, trimmed, queue, draft, pending });
    }

    /// Puts older entries in front of a session's: those asked for before `before`. If that is no longer its first entry (a
    /// snapshot came meanwhile), they would leave a hole, and are left out; so are those that come once it is full.
    pub fn prepend(&mut self, id: SessionId, before: EntryNo, older: Vec<Entry>, trimmed: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.entries.front().is_none_or(|first| first.no != before) {
            return;
        }
        let mut weight = session.weight();
        let mut older = older.into_iter().rev().filter(|entry| entry.no < before).peekable();
        while let Some(entry) = older.next_if(|_| weight < PAGED_BYTES) {
            weight += entry.weight();
            session.entries.push_front(entry);
        }
        session.trimmed = trimmed || older.next().is_some();
        self.paged.insert(id);
    }

    /// Older entries are read in that session, or in none: those of all others go.
    pub fn keep_pages_of(&mut self, reads: &[SessionId]) {
        for id in core::mem::take(&mut self.paged) {
            if reads.contains(&id) {
                self.paged.insert(id);
            } else if let Some(session) = self.sessions.get_mut(&id) {
                session.trim(SESSION_BYTES);
            }
        }
    }

    /// What this client shows to its end is read. The host will say the same; the screen need not wait for it.
    pub fn mark_read(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.summary.unread = 0;
            session.stamp = self.stamp.next();
        }
    }

    /// Takes a change in.
    pub fn apply(&mut self, update: Update) -> Result<(), Missed> {
        match update {
            Update::Session(summary) => {
                self.take_line(*summary);
                Ok(())
            }
            Update::Gone(id) => {
                self.stamp.next();
                self.sessions.remove(&id);
                Ok(())
            }
            Update::Entry { session, entry } => {
                let most = if self.paged.contains(&session) { PAGED_BYTES } else { SESSION_BYTES };
                let session = self.sessions.get_mut(&session).ok_or(Missed(session))?;
                session.take(entry, most);
                Ok(())
            }
            Update::Text { session, entry, offset, text } => {
                let mirrored = self.sessions.get_mut(&session).ok_or(Missed(session))?;
                mirrored.grow(entry, offset, &text).then_some(()).ok_or(Missed(session))
            }
            Update::Queue { session, queue } => {
                self.sessions.get_mut(&session).ok_or(Missed(session))?.queue = queue;
                Ok(())
            }
            Update::Draft { session, text } => {
                self.sessions.get_mut(&session).ok_or(Missed(session))?.draft = text;
                Ok(())
            }
            Update::Pending { session, pending } => {
                self.sessions.get_mut(&session).ok_or(Missed(session))?.pending = pending;
                Ok(())
            }
        }
    }

    /// A line alone: of a session that is new, that hibernates, or that is known already.
    fn take_line(&mut self, summary: Summary) {
        match (summary.presence, self.sessions.get_mut(&summary.id)) {
            (Presence::Closed | Presence::Trashed, _) => {
                self.stamp.next();
                self.sessions.remove(&summary.id);
            }
            (Presence::Live, Some(known)) => {
                known.summary = summary;
                known.stamp = self.stamp.next();
            }
            (Presence::Live | Presence::Hibernated, _) => self.load(Snapshot::line(summary)),
        }
    }
}

impl Mirrored {
    /// A session of which only the line is at hand, since it is in no mirror.
    pub const fn of_line(summary: Summary) -> Self {
        Self {
            summary,
            stamp: Stamp(0),
            entries: VecDeque::new(),
            trimmed: false,
            queue: Vec::new(),
            draft: String::new(),
            pending: Vec::new(),
        }
    }

    /// What its entries weigh.
    fn weight(&self) -> usize {
        self.entries.iter().map(Entry::weight).sum()
    }

    /// Whether no older entries are taken any more.
    pub fn is_full(&self) -> bool {
        self.weight() >= PAGED_BYTES
    }

    /// Takes an entry in, and forgets the oldest ones where they are more than `most` bytes then.
    fn take(&mut self, entry: Entry, most: usize) {
        // Text that streams is told at once, and so may come before a call that was made earlier and is still being written:
        // each has its place. A snapshot taken meanwhile may hold it, and more of it, already; what is older than all that
        // is here belongs to a page.
        let place = self.entries.partition_point(|other| other.no < entry.no);
        let is_older = place == 0 && !self.entries.is_empty();
        if !is_older && self.entries.get(place).is_none_or(|other| other.no != entry.no) {
            self.entries.insert(place, entry);
            self.trim(most);
        }
    }

    /// Whether the piece fits (or is known already).
    fn grow(&mut self, no: EntryNo, offset: u64, text: &str) -> bool {
        let grown = self.entries.iter_mut().rev().find(|entry| entry.no == no);
        let Some(answer) = grown.and_then(|entry| entry.body.growing()) else { return false };
        let have = answer.len() as u64;
        if have == offset {
            answer.push_str(text);
        }
        have >= offset
    }

    fn trim(&mut self, most: usize) {
        let mut weight = self.weight();
        while weight > most && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                weight -= oldest.weight();
                self.trimmed = true;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::trace::{Player, parse};
    use crate::{Body, Effect, Limits, WallTime};

    /// What a client has that was there while the core was told these lines.
    fn mirror_of(lines: &[&str]) -> Mirror {
        let mut player = Player::new(Limits::default());
        let mut mirror = Mirror::default();
        for (number, line) in lines.iter().enumerate() {
            let line = parse(line, number as u64).unwrap();
            player.pass(line.after, line.wall);
            let effects = player.carry_out(line.directive).unwrap().unwrap_or_default();
            for effect in effects.at_once.into_iter().chain(effects.after) {
                if let Effect::Update(update) = effect {
                    mirror.apply(update).unwrap();
                }
            }
        }
        mirror
    }

    const ONE: SessionId = SessionId(1);
    const NOBODY: SessionId = SessionId(7);
    const ASKED: [&str; 3] = ["create s1 name a", "submit s1 \"why?\"", "text s1 \"because\""];

    fn entry(no: u64, text: &str) -> Entry {
        Entry { no: EntryNo(no), at: WallTime(0), body: Body::Prompt(text.into()) }
    }

    fn numbers(mirror: &Mirror) -> Vec<u64> {
        mirror.get(ONE).unwrap().entries.iter().map(|entry| entry.no.0).collect()
    }

    #[test]
    fn sessions_are_listed_by_slot_until_the_host_is_another() {
        let mut mirror = mirror_of(&["create s9 name a", "create s1 name b", "create s5 name c", "close s9"]);
        let slots = |mirror: &Mirror| -> Vec<(u128, u32)> {
            mirror.by_slot().iter().map(|one| (one.summary.id.0, one.summary.slot)).collect()
        };
        assert_eq!(slots(&mirror), [(1, 2), (5, 3)]);
        assert_eq!((mirror.len(), mirror.is_empty()), (2, false));
        mirror.clear();
        assert_eq!((mirror.len(), mirror.is_empty(), mirror.get(ONE)), (0, true, None));
        let again = mirror_of(&["create s9 name a", "create s5 name c", "close s9", "create s1 name b"]);
        assert_eq!(slots(&again), [(1, 1), (5, 2)], "not in the order of ids");
        assert_eq!(
            slots(&mirror_of(&["create s1 name a", "create s9 name b", "close s1", "create s10 name c"])),
            [(10, 1), (9, 2)]
        );
    }

    #[test]
    fn older_entries_are_taken_up_to_a_bound_and_go_when_nobody_reads_them() {
        let text = "x".repeat(SESSION_BYTES / 2);
        let mut mirror = mirror_of(&ASKED);
        let newest = mirror.get(ONE).unwrap().entries.front().unwrap().no.0;
        let mut session = mirror.get(ONE).unwrap().clone();
        session.entries.iter_mut().for_each(|entry| entry.no.0 += 1_000);
        session.trimmed = true;
        mirror.sessions.insert(ONE, session);
        for page in (0..100).rev() {
            let first = mirror.get(ONE).unwrap().entries.front().unwrap().no;
            let older = (first.0 - 4..first.0).map(|no| entry(no, &text)).collect();
            mirror.prepend(ONE, first, older, page > 0);
        }
        let weight = mirror.get(ONE).unwrap().weight();
        assert!((PAGED_BYTES..PAGED_BYTES + SESSION_BYTES).contains(&weight), "{weight}");
        assert!(mirror.get(ONE).unwrap().is_full() && mirror.get(ONE).unwrap().trimmed);
        // What comes meanwhile takes nothing from under who reads.
        let first = mirror.get(ONE).unwrap().entries.front().unwrap().no;
        mirror.apply(Update::Entry { session: ONE, entry: entry(newest + 2_000, "more") }).unwrap();
        assert!(mirror.get(ONE).unwrap().entries.front().unwrap().no.0 <= first.0 + 1);
        mirror.keep_pages_of(&[ONE]);
        assert!(mirror.get(ONE).unwrap().weight() > SESSION_BYTES);
        mirror.keep_pages_of(&[NOBODY]);
        assert!(mirror.get(ONE).unwrap().weight() <= SESSION_BYTES);
        assert!(mirror.paged.is_empty() && !mirror.get(ONE).unwrap().is_full());
    }

    #[test]
    fn what_is_shown_to_its_end_is_read() {
        let mut mirror = mirror_of(&ASKED);
        assert_eq!(mirror.get(ONE).unwrap().summary.unread, 1);
        mirror.mark_read(NOBODY);
        assert_eq!(mirror.get(ONE).unwrap().summary.unread, 1);
        mirror.mark_read(ONE);
        assert_eq!(mirror.get(ONE).unwrap().summary.unread, 0);
    }

    #[test]
    fn older_entries_go_in_front_of_the_first_and_leave_no_hole() {
        let older = || vec![entry(1, "a"), entry(2, "b"), entry(3, "not older")];
        let whole = [3, 4];
        let mut mirror = mirror_of(&ASKED);
        assert_eq!(numbers(&mirror), whole);
        for (id, before) in [(ONE, 4), (ONE, 9), (NOBODY, 3)] {
            mirror.prepend(id, EntryNo(before), older(), true);
            assert_eq!(
                (numbers(&mirror).as_slice(), mirror.get(ONE).unwrap().trimmed),
                (&whole[..], false),
                "{before}"
            );
        }
        mirror.prepend(ONE, EntryNo(3), older(), true);
        assert_eq!((numbers(&mirror), mirror.get(ONE).unwrap().trimmed), (vec![1, 2, 3, 4], true));
        mirror.prepend(ONE, EntryNo(1), Vec::new(), false);
        assert_eq!((numbers(&mirror), mirror.get(ONE).unwrap().trimmed), (vec![1, 2, 3, 4], false));
        let mut empty = mirror_of(&ASKED[..1]);
        empty.prepend(ONE, EntryNo(3), older(), true);
        assert!(empty.get(ONE).unwrap().entries.is_empty(), "there is nothing to go in front of");
    }

    #[test]
    fn a_piece_grows_its_entry_once_or_was_missed() {
        let piece = |session, entry, offset: u64| Update::Text {
            session,
            entry: EntryNo(entry),
            offset,
            text: "!?".into(),
        };
        for (update, said, taken) in [
            (piece(ONE, 4, 7), "because!?", Ok(())),
            (piece(ONE, 4, 6), "because", Ok(())),
            (piece(ONE, 4, 8), "because", Err(Missed(ONE))),
            (piece(ONE, 3, 4), "because", Err(Missed(ONE))),
            (piece(ONE, 5, 0), "because", Err(Missed(ONE))),
            (piece(NOBODY, 4, 7), "because", Err(Missed(NOBODY))),
        ] {
            let mut mirror = mirror_of(&ASKED);
            assert_eq!(mirror.apply(update.clone()), taken, "{update:?}");
            assert_eq!(mirror.get(ONE).unwrap().entries.back().unwrap().text(), said, "{update:?}");
        }
    }

    #[test]
    fn changes_of_a_session_that_is_not_there_are_missed() {
        for update in [
            Update::Entry { session: NOBODY, entry: entry(3, "a") },
            Update::Queue { session: NOBODY, queue: Vec::new() },
            Update::Draft { session: NOBODY, text: String::new() },
            Update::Pending { session: NOBODY, pending: Vec::new() },
        ] {
            assert_eq!(mirror_of(&ASKED).apply(update), Err(Missed(NOBODY)));
        }
        assert_eq!(mirror_of(&ASKED).apply(Update::Gone(NOBODY)), Ok(()), "it is gone already");
    }

    #[test]
    fn an_entry_that_a_snapshot_holds_is_not_taken_twice() {
        let mut mirror = mirror_of(&ASKED);
        for (no, expected) in [(4, vec![3, 4]), (2, vec![3, 4]), (5, vec![3, 4, 5])] {
            mirror.apply(Update::Entry { session: ONE, entry: entry(no, "new") }).unwrap();
            assert_eq!(numbers(&mirror), expected);
        }
        assert_eq!(mirror.get(ONE).unwrap().entries.get(1).unwrap().text(), "because");
    }

    #[test]
    fn the_oldest_entries_go_when_a_copy_grows_too_big() {
        let mut mirror = mirror_of(&ASKED);
        let third = "x".repeat(SESSION_BYTES / 3);
        for (no, expected, trimmed) in
            [(5, vec![3, 4, 5], false), (6, vec![3, 4, 5, 6], false), (7, vec![6, 7], true)]
        {
            mirror.apply(Update::Entry { session: ONE, entry: entry(no, &third) }).unwrap();
            assert_eq!((numbers(&mirror), mirror.get(ONE).unwrap().trimmed), (expected, trimmed));
        }
        let huge = entry(8, &"x".repeat(2 * SESSION_BYTES));
        mirror.apply(Update::Entry { session: ONE, entry: huge }).unwrap();
        assert_eq!(numbers(&mirror), [8], "the newest stays, however big");
        let mut full = mirror_of(&ASKED);
        let rest: usize = full.get(ONE).unwrap().entries.iter().map(Entry::weight).sum();
        let fits = SESSION_BYTES - rest - entry(5, "").weight();
        full.apply(Update::Entry { session: ONE, entry: entry(5, &"x".repeat(fits)) }).unwrap();
        assert_eq!(numbers(&full), [3, 4, 5], "exactly as much as may be");
    }

    #[test]
    fn of_a_session_that_sleeps_only_the_line_stays() {
        let mirror = mirror_of(&[&ASKED[..], &["done s1", "tick after 30min"]].concat());
        let asleep = mirror.get(ONE).unwrap();
        assert_eq!(
            (asleep.summary.presence, asleep.entries.len(), asleep.summary.name.to_string()),
            (Presence::Hibernated, 0, "a".into())
        );
    }
}
