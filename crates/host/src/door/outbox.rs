//! What waits for one client: bounded, so that a slow client costs itself and nobody else.
//!
//! Pieces of one answer that wait together are joined. When too much waits, updates are dropped and the client gets
//! fresh snapshots once it has read the rest. One that goes on asking and does not read is cut off.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::wire::view::Piece;
use crate::wire::{Answer, HostMessage};

/// The most text of updates that may wait for one client, in bytes.
const MAX_UPDATES: usize = 8 << 20;
/// The most that may wait in all. Snapshots of all live sessions go out together, each with its last entry however long
/// that is: this is above the sum of those.
const MAX_BYTES: usize = 64 << 20;
/// What a message weighs without its texts.
const ENVELOPE: usize = size_of::<HostMessage>();

/// The queue of one client.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<HostMessage>,
    /// Where each session's last update stands, counted from the first message ever taken.
    last_update: BTreeMap<u128, usize>,
    taken: usize,
    updates: usize,
    bytes: usize,
    lagged: bool,
    closed: bool,
}

/// What the writing side gets.
#[derive(Debug)]
pub(crate) enum Taken {
    /// These, in order.
    Messages(VecDeque<HostMessage>),
    /// Nothing is left, and updates were dropped before: ask for snapshots.
    Lagged,
    /// Nothing is left and nothing will come.
    Closed,
}

impl Outbox {
    /// Queues a message.
    pub(crate) fn push(&self, message: HostMessage) {
        self.lock().push(message);
        self.filled.notify_one();
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Waits for something to write.
    pub(crate) async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.lock().take() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, message: HostMessage) {
        let is_update = matches!(message, HostMessage::Update(_));
        if self.closed || is_update && self.lagged {
            return; // nobody will read it, or the snapshots to come hold it
        }
        let joined = self.join(&message);
        let weight = if joined { weight(&message) - ENVELOPE } else { weight(&message) };
        self.bytes += weight;
        self.updates += if is_update { weight } else { 0 };
        if !joined {
            if let Some(session) = session_of(&message) {
                self.last_update.insert(session, self.taken + self.messages.len());
            }
            self.messages.push_back(message);
        }
        if self.updates > MAX_UPDATES {
            self.drop_updates();
        }
        if self.bytes > MAX_BYTES {
            self.messages.clear();
            self.closed = true;
        }
    }

    /// Joins a piece of an answer to the one before it, if that still waits.
    fn join(&mut self, message: &HostMessage) -> bool {
        let HostMessage::Update(Piece::Text { session, entry, offset, text }) = message else { return false };
        let Some(place) = self.last_update.get(&session.0).and_then(|place| place.checked_sub(self.taken))
        else {
            return false;
        };
        if let Some(HostMessage::Update(Piece::Text { entry: waiting, offset: from, text: before, .. })) =
            self.messages.get_mut(place)
            && waiting == entry
            && *from + before.len() as u64 == *offset
        {
            before.push_str(text);
            return true;
        }
        false
    }

    fn drop_updates(&mut self) {
        self.messages.retain(|message| !matches!(message, HostMessage::Update(_)));
        self.updates = 0;
        self.bytes = self.messages.iter().map(weight).sum();
        self.last_update.clear();
        self.lagged = true;
    }

    fn take(&mut self) -> Option<Taken> {
        if !self.messages.is_empty() {
            self.taken += self.messages.len();
            (self.updates, self.bytes) = (0, 0);
            self.last_update.clear();
            return Some(Taken::Messages(std::mem::take(&mut self.messages)));
        }
        if self.closed {
            return Some(Taken::Closed);
        }
        std::mem::take(&mut self.lagged).then_some(Taken::Lagged)
    }
}

fn session_of(message: &HostMessage) -> Option<u128> {
    match message {
        HostMessage::Update(
            Piece::Entry { session, .. }
            | Piece::Text { session, .. }
            | Piece::Queue { session, .. }
            | Piece::Draft { session, .. },
        ) => Some(session.0),
        HostMessage::Update(Piece::Line(line)) => Some(line.id.0),
        HostMessage::Snapshot(shot) => Some(shot.line.id.0),
        HostMessage::Welcome(_)
        | HostMessage::Unwelcome { .. }
        | HostMessage::Ready
        | HostMessage::Reply { .. }
        | HostMessage::Going { .. } => None,
    }
}

/// What a message weighs, roughly: its texts and a little.
fn weight(message: &HostMessage) -> usize {
    ENVELOPE
        + match message {
            HostMessage::Update(Piece::Text { text, .. } | Piece::Draft { text, .. }) => text.len(),
            HostMessage::Update(Piece::Entry { entry, .. }) => item_weight(entry),
            HostMessage::Update(Piece::Queue { queue, .. }) => queue.iter().map(|(_, text)| text.len()).sum(),
            HostMessage::Snapshot(shot) => {
                shot.entries.iter().map(item_weight).sum::<usize>() + shot.draft.len()
            }
            HostMessage::Reply { answer: Ok(Answer::Page(page)), .. } => {
                page.entries.iter().map(item_weight).sum()
            }
            HostMessage::Update(Piece::Line(_))
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Reply { .. }
            | HostMessage::Going { .. } => 0,
        }
}

fn item_weight(item: &crate::wire::view::Item) -> usize {
    match &item.body {
        crate::wire::view::Body::Prompt(text) | crate::wire::view::Body::Answer(text) => text.len(),
        crate::wire::view::Body::Interrupted(_) | crate::wire::view::Body::Failed(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use super::*;
    use crate::wire::message::Id;

    fn text(session: u128, offset: u64, text: &str) -> HostMessage {
        HostMessage::Update(Piece::Text { session: Id(session), entry: 1, offset, text: text.into() })
    }

    fn texts(outbox: &Outbox) -> Vec<(u128, String)> {
        let Some(Taken::Messages(messages)) = outbox.lock().take() else { return vec![] };
        messages
            .into_iter()
            .map(|message| {
                let HostMessage::Update(Piece::Text { session, text, .. }) = &message else {
                    panic!("no text: {message:?}");
                };
                (session.0, text.clone())
            })
            .collect()
    }

    #[test]
    fn pieces_of_one_answer_join_while_they_wait() {
        let outbox = Outbox::default();
        outbox.push(text(1, 0, "a"));
        outbox.push(text(2, 0, "x"));
        outbox.push(text(1, 1, "b"));
        outbox.push(text(2, 1, "y"));
        assert_eq!(texts(&outbox), [(1, "ab".into()), (2, "xy".into())]);
        outbox.push(text(1, 2, "c"));
        outbox.push(text(1, 9, "gap"));
        assert_eq!(texts(&outbox), [(1, "c".into()), (1, "gap".into())]);
    }

    #[test]
    fn a_slow_client_costs_a_bounded_amount_and_is_told_to_start_again() {
        let outbox = Outbox::default();
        let megabyte = "x".repeat(1 << 20);
        for n in 0..100u64 {
            outbox.push(text(1, n << 20, &megabyte));
            assert!(outbox.lock().updates <= MAX_UPDATES);
        }
        outbox.push(HostMessage::Ready);
        assert!(matches!(outbox.lock().take(), Some(Taken::Messages(messages)) if messages.len() == 1));
        assert!(matches!(outbox.lock().take(), Some(Taken::Lagged)));
        outbox.push(text(1, 0, "fresh"));
        assert_eq!(texts(&outbox), [(1, "fresh".into())]);
    }

    fn page(bytes: usize) -> HostMessage {
        let body = crate::wire::view::Body::Answer("x".repeat(bytes));
        let entries = vec![crate::wire::view::Item { no: 1, at: 0, body }];
        let page = crate::wire::view::Pages { entries, trimmed: false };
        HostMessage::Reply { id: 1, answer: Ok(Answer::Page(page)) }
    }

    #[test]
    fn long_messages_that_are_no_updates_make_nobody_lag() {
        let outbox = Outbox::default();
        for _ in 0..10 {
            outbox.push(page(4 << 20)); // as snapshots of ten sessions may be
        }
        outbox.push(HostMessage::Ready);
        assert!(matches!(outbox.lock().take(), Some(Taken::Messages(messages)) if messages.len() == 11));
        assert!(outbox.lock().take().is_none());
    }

    #[test]
    fn a_client_that_asks_and_does_not_read_is_cut_off() {
        let outbox = Outbox::default();
        for _ in 0..100 {
            outbox.push(page(1 << 20));
        }
        assert!(matches!(outbox.lock().take(), Some(Taken::Closed)));
        outbox.push(HostMessage::Ready);
        assert!(matches!(outbox.lock().take(), Some(Taken::Closed)), "nothing waits for it any more");
    }
}
