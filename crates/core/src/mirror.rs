//! A client's local copy of what it shows: fed by snapshots and updates, read by drawing.
//!
//! Switching sessions reads only this, so it needs no round trip. Memory is bounded per session; older entries are asked
//! for when scrolled to.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use crate::id::{EntryNo, SessionId};
use crate::session::head::{Activity, Presence};
use crate::session::transcript::{Body, Entry};
use crate::view::{QueuedPrompt, Snapshot, Summary, Update};

/// What the copy of one session may weigh before its oldest entries go, in bytes.
pub const SESSION_BYTES: usize = 256 << 10;

/// The copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    sessions: BTreeMap<SessionId, Mirrored>,
}

/// The copy of one live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Its line in the list.
    pub summary: Summary,
    /// Its newest entries, oldest first.
    pub entries: VecDeque<Entry>,
    /// Whether older entries exist that are not here.
    pub trimmed: bool,
    /// Prompts that wait.
    pub queue: Vec<QueuedPrompt>,
    /// The draft as last saved by any client.
    pub draft: String,
}

/// An update does not fit: something was missed, and the session's snapshot must be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed(pub SessionId);

impl Mirror {
    /// Live sessions by slot.
    pub fn by_slot(&self) -> Vec<&Mirrored> {
        let mut sessions: Vec<&Mirrored> = self.sessions.values().collect();
        sessions.sort_by_key(|session| (session.summary.slot, session.summary.id));
        sessions
    }

    /// One session.
    pub fn get(&self, id: SessionId) -> Option<&Mirrored> {
        self.sessions.get(&id)
    }

    /// How many sessions are live.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Whether anything works.
    pub fn anything_works(&self) -> bool {
        self.sessions.values().any(|session| session.summary.activity == Activity::Working)
    }

    /// Starts again from nothing: the host is another one.
    pub fn clear(&mut self) {
        self.sessions.clear();
    }

    /// Takes one session's beginning in, or replaces what was missed.
    pub fn load(&mut self, snapshot: Snapshot) {
        let Snapshot { summary, entries, trimmed, queue, draft } = snapshot;
        let entries = entries.into();
        self.sessions.insert(summary.id, Mirrored { summary, entries, trimmed, queue, draft });
    }

    /// Puts older entries in front of a session's.
    pub fn prepend(&mut self, id: SessionId, older: Vec<Entry>, trimmed: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let first = session.entries.front().map(|entry| entry.no);
        for entry in older.into_iter().rev() {
            if first.is_none_or(|first| entry.no < first) {
                session.entries.push_front(entry);
            }
        }
        session.trimmed = trimmed;
    }

    /// What this client shows to its end is read. The host will say the same; the screen need not wait for it.
    pub fn mark_read(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.summary.unread = 0;
        }
    }

    /// Takes a change in.
    pub fn apply(&mut self, update: Update) -> Result<(), Missed> {
        match update {
            Update::Session(summary) if summary.presence == Presence::Closed => {
                self.sessions.remove(&summary.id);
                Ok(())
            }
            Update::Session(summary) => {
                if let Some(session) = self.sessions.get_mut(&summary.id) {
                    session.summary = summary;
                } else {
                    self.load(Snapshot {
                        summary,
                        entries: Vec::new(),
                        trimmed: false,
                        queue: Vec::new(),
                        draft: String::new(),
                    });
                }
                Ok(())
            }
            Update::Entry { session, entry } => {
                let session = self.sessions.get_mut(&session).ok_or(Missed(session))?;
                session.take(entry);
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
        }
    }
}

impl Mirrored {
    fn take(&mut self, entry: Entry) {
        // A snapshot taken meanwhile may hold it, and more of it, already.
        if self.entries.back().is_none_or(|last| last.no < entry.no) {
            self.entries.push_back(entry);
            self.trim();
        }
    }

    /// Whether the piece fits (or is known already).
    fn grow(&mut self, no: EntryNo, offset: u64, text: &str) -> bool {
        let Some(Entry { body: Body::Answer(answer), .. }) =
            self.entries.iter_mut().rev().find(|entry| entry.no == no)
        else {
            return false;
        };
        let have = answer.len() as u64;
        if have == offset {
            answer.push_str(text);
        }
        have >= offset
    }

    fn trim(&mut self) {
        let mut weight: usize = self.entries.iter().map(Entry::weight).sum();
        while weight > SESSION_BYTES && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                weight -= oldest.weight();
                self.trimmed = true;
            }
        }
    }
}
