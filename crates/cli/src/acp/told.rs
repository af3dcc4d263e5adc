//! What an editor was told of one session, so that each thing is told once and in its order: the mirror is compared with
//! it after every change.

use std::collections::{BTreeMap, BTreeSet};

use q_core::mirror::Mirrored;
use q_core::{Body, Called, Entry, EntryNo, Policy, Presence, WindowUse};
use serde_json::Value;

use crate::acp::options;
use crate::acp::updates::{self, CallStatus};

/// One session as an editor knows it.
#[derive(Debug, Default)]
pub(super) struct ToldSession {
    /// Whatever is not newer was told whole.
    whole: EntryNo,
    /// Newer entries that were told, and how many bytes of each.
    begun: BTreeMap<EntryNo, usize>,
    /// Calls among them that have not ended.
    calls: Vec<(EntryNo, Called)>,
    /// Those of them that were told to wait for the person.
    waiting: BTreeSet<EntryNo>,
    title: String,
    mode: Policy,
    window: Option<WindowUse>,
}

impl ToldSession {
    /// Takes what there is of it for told: the editor shows it, or does not want it.
    pub(super) fn skip<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>) {
        self.calls.clear();
        for entry in entries {
            if self.begun.is_empty() {
                self.whole = EntryNo(entry.no.0.saturating_sub(1));
            }
            self.note(entry);
        }
    }

    /// Takes the session's line for told.
    pub(super) fn note_line(&mut self, session: &Mirrored) {
        self.title = session.summary.name.to_string();
        self.mode = session.summary.policy;
    }

    /// Entries from the store, as updates. What belongs to a call that ended is kept no longer.
    pub(super) fn retell(&mut self, entries: &[Entry], session: &Mirrored) -> Vec<Value> {
        let mut told = Vec::new();
        for entry in entries {
            told.extend(updates::beginning(entry, &session.summary, &self.calls));
            if let Body::Call(called) = &entry.body {
                self.calls.push((entry.no, called.clone()));
            } else if let Body::Result(result) = &entry.body {
                self.calls.retain(|(no, _)| *no != result.of);
            }
        }
        told
    }

    /// Takes the beginning of a turn for told: it is what this editor sent.
    pub(super) fn skip_one(&mut self, entry: EntryNo, bytes: usize) {
        self.begun.insert(entry, bytes);
    }

    fn note(&mut self, entry: &Entry) {
        self.begun.insert(entry.no, entry.text().len());
        if let Body::Call(called) = &entry.body {
            self.calls.push((entry.no, called.clone()));
        }
    }

    fn is_new(&self, entry: &Entry) -> bool {
        entry.no > self.whole && !self.begun.contains_key(&entry.no)
    }

    /// The newest beginning of a turn that was not told.
    pub(super) fn untold_beginning<'a>(&self, session: &'a Mirrored) -> Option<&'a Entry> {
        let newest = session.entries.iter().rev();
        let mut untold = newest.take_while(|entry| entry.no > self.whole);
        untold.find(|entry| entry.body.begins_turn() && self.is_new(entry))
    }

    /// What is new, as updates in their order. With `holds`, nothing from where the next turn begins: whose that is will be
    /// known in a moment.
    pub(super) fn news(&mut self, session: &Mirrored, holds: bool) -> Vec<Value> {
        let mut news = Vec::new();
        let from = session.entries.partition_point(|entry| entry.no <= self.whole);
        let mut is_held = false;
        for entry in session.entries.range(from..) {
            is_held |= holds && entry.body.begins_turn() && self.is_new(entry);
            if is_held {
                break;
            }
            match self.begun.get(&entry.no).copied() {
                None => news.extend(updates::beginning(entry, &session.summary, &self.calls)),
                Some(told) if told < entry.text().len() => news.extend(updates::growth(entry, told)),
                Some(_all_of_it) => continue,
            }
            let is_call = matches!(entry.body, Body::Call(_)) && !self.begun.contains_key(&entry.no);
            if is_call {
                self.note(entry);
            } else {
                self.begun.insert(entry.no, entry.text().len());
            }
            if let Body::Result(result) = &entry.body {
                // It waits no longer, though the list of what waits may say so for a moment.
                self.calls.retain(|(no, _)| *no != result.of);
                self.waiting.remove(&result.of);
            }
        }
        self.waits_changed(session, &mut news);
        if !is_held && !session.summary.activity.is_busy() && session.summary.presence == Presence::Live {
            self.settle(session);
        }
        self.line_changed(session, &mut news);
        news
    }

    /// Nothing of what is there grows any more.
    fn settle(&mut self, session: &Mirrored) {
        if let Some(last) = session.entries.back() {
            self.whole = self.whole.max(last.no);
        }
        self.begun.clear();
        self.calls.clear();
        self.waiting.clear();
    }

    /// Calls that wait for the person from here on, or do no longer.
    fn waits_changed(&mut self, session: &Mirrored, news: &mut Vec<Value>) {
        let waiting: BTreeSet<EntryNo> =
            session.pending.iter().filter_map(|pending| called(session, pending).map(|(no, _)| no)).collect();
        for no in &waiting {
            let is_open = self.calls.iter().any(|(open, _)| open == no);
            if is_open && self.waiting.insert(*no) {
                news.push(updates::status(*no, CallStatus::Pending));
            }
        }
        let answered: Vec<EntryNo> = self.waiting.difference(&waiting).copied().collect();
        for no in answered {
            self.waiting.remove(&no);
            news.push(updates::status(no, CallStatus::InProgress));
        }
    }

    fn line_changed(&mut self, session: &Mirrored, news: &mut Vec<Value>) {
        let summary = &session.summary;
        if summary.name.as_str() != self.title {
            self.title = summary.name.to_string();
            news.push(updates::title(&self.title));
        }
        if summary.policy != self.mode {
            self.mode = summary.policy;
            news.push(options::mode(self.mode));
        }
        if summary.window != self.window {
            self.window = summary.window;
            news.extend(summary.window.and_then(updates::window));
        }
    }
}

/// The entry of a call that waits: the newest of its number, since numbers begin anew in each turn.
pub(super) fn called<'a>(
    session: &'a Mirrored,
    pending: &q_core::PendingCall,
) -> Option<(EntryNo, &'a Called)> {
    session.entries.iter().rev().find_map(|entry| {
        let Body::Call(called) = &entry.body else { return None };
        (called.no == pending.call && called.tool == pending.tool).then_some((entry.no, called))
    })
}
