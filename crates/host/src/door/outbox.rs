//! What waits for one client: bounded, so that a slow client costs itself and nobody else.
//!
//! Pieces of one answer that wait together are joined. When too much waits, updates are dropped and the client gets
//! fresh snapshots once it has read the rest; only that a session ended is kept, since no snapshot would tell it. One that goes on asking and does not read is cut off.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::wire::view::{Body, Call, Item, Line, Piece};
use crate::wire::{Answer, HostMessage};

/// What a message weighs without its texts.
const ENVELOPE: usize = size_of::<HostMessage>();

/// How much may wait for one client, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Text of updates.
    pub updates: usize,
    /// All. Snapshots of all live sessions go out together, each with its last entry however long that is: this must be
    /// above the sum of those.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { updates: 8 << 20, bytes: 64 << 20 }
    }
}

/// The queue of one client.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    bounds: Bounds,
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
pub enum Taken {
    /// These, in order.
    Messages(VecDeque<HostMessage>),
    /// Nothing is left, and updates were dropped before: ask for snapshots.
    Lagged,
    /// Nothing is left and nothing will come.
    Closed,
}

impl Outbox {
    /// Queues a message.
    pub fn push(&self, message: HostMessage) {
        self.lock().push(message);
        self.filled.notify_one();
    }

    /// Says that nothing more will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Waits for something to write.
    pub(crate) async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.try_take() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    /// An empty one with bounds of its own, so that small worlds reach them.
    #[cfg(feature = "simulation")]
    pub fn within(bounds: Bounds) -> Self {
        Self { queue: Mutex::new(Queue { bounds, ..Queue::default() }), filled: Notify::default() }
    }

    /// What waits, weighed as its bounds are.
    #[cfg(feature = "simulation")]
    pub fn weight(&self) -> Bounds {
        let queue = self.lock();
        Bounds { updates: queue.updates, bytes: queue.bytes }
    }

    /// What is there to write now.
    pub fn try_take(&self) -> Option<Taken> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, message: HostMessage) {
        let is_replaceable = is_told_by_snapshots(&message);
        if self.closed || is_replaceable && self.lagged {
            return; // nobody will read it, or the snapshots to come hold it
        }
        let joined = self.join(&message);
        let weight = if joined { weight(&message) - ENVELOPE } else { weight(&message) };
        self.bytes += weight;
        self.updates += if is_replaceable { weight } else { 0 };
        if !joined {
            if let Some(session) = session_of(&message) {
                self.last_update.insert(session, self.taken + self.messages.len());
            }
            self.messages.push_back(message);
        }
        if self.updates > self.bounds.updates {
            self.drop_updates();
        }
        if self.bytes > self.bounds.bytes {
            self.messages.clear();
            (self.updates, self.bytes) = (0, 0);
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
        self.messages.retain(|message| !is_told_by_snapshots(message));
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

/// Whether snapshots of all open sessions would tell it too. That a session ended is what they do not tell.
fn is_told_by_snapshots(message: &HostMessage) -> bool {
    match message {
        HostMessage::Update(Piece::Line(line)) => line.presence.is_open(),
        HostMessage::Update(
            Piece::Entry { .. }
            | Piece::Text { .. }
            | Piece::Queue { .. }
            | Piece::Draft { .. }
            | Piece::Pending { .. },
        ) => true,
        HostMessage::Update(Piece::Gone(_))
        | HostMessage::Snapshot(_)
        | HostMessage::Welcome(_)
        | HostMessage::Unwelcome { .. }
        | HostMessage::Ready
        | HostMessage::Reply { .. }
        | HostMessage::Going { .. } => false,
    }
}

fn session_of(message: &HostMessage) -> Option<u128> {
    match message {
        HostMessage::Update(
            Piece::Entry { session, .. }
            | Piece::Text { session, .. }
            | Piece::Queue { session, .. }
            | Piece::Draft { session, .. }
            | Piece::Pending { session, .. }
            | Piece::Gone(session),
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
            HostMessage::Update(Piece::Text { text, .. } | Piece::Draft { text, .. })
            | HostMessage::Reply { answer: Ok(Answer::Stretch(text)), .. } => text.len(),
            HostMessage::Update(Piece::Entry { entry, .. }) => item_weight(entry),
            HostMessage::Update(Piece::Queue { queue, .. }) => queue.iter().map(|(_, text)| text.len()).sum(),
            HostMessage::Update(Piece::Pending { pending, .. }) => pending.iter().map(call_weight).sum(),
            HostMessage::Snapshot(shot) => {
                let entries: usize = shot.entries.iter().map(item_weight).sum();
                let queue: usize = shot.queue.iter().map(|(_, text)| text.len()).sum();
                let pending: usize = shot.pending.iter().map(call_weight).sum();
                entries + queue + pending + shot.draft.len()
            }
            HostMessage::Reply { answer: Ok(Answer::Page(page)), .. } => {
                page.entries.iter().map(item_weight).sum()
            }
            HostMessage::Reply { answer: Ok(Answer::List(lines)), .. } => {
                lines.iter().map(Line::weight).sum()
            }
            HostMessage::Reply { answer: Ok(Answer::Sizes(sizes)), .. } => size_of_val(sizes.as_slice()),
            HostMessage::Update(Piece::Line(_) | Piece::Gone(_))
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Reply { .. }
            | HostMessage::Going { .. } => 0,
        }
}

fn item_weight(item: &Item) -> usize {
    match &item.body {
        Body::Prompt(text)
        | Body::Answer(text)
        | Body::Thinking(text)
        | Body::Call { input: text, .. }
        | Body::Result { text, .. } => text.len(),
        Body::Interrupted(_) | Body::Failed(_) | Body::PromptLost(_) | Body::LogCut(_) => 0,
    }
}

fn call_weight(call: &Call) -> usize {
    call.tool.len() + call.input.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use super::*;
    use crate::wire::Id;
    use q_core::Presence;

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
            assert!(outbox.lock().updates <= Bounds::default().updates);
        }
        outbox.push(HostMessage::Ready);
        assert!(matches!(outbox.lock().take(), Some(Taken::Messages(messages)) if messages.len() == 1));
        assert!(matches!(outbox.lock().take(), Some(Taken::Lagged)));
        outbox.push(text(1, 0, "fresh"));
        assert_eq!(texts(&outbox), [(1, "fresh".into())]);
    }

    fn line(session: u128, presence: Presence) -> HostMessage {
        HostMessage::Update(Piece::Line(Box::new(Line {
            id: Id(session),
            name: "a".into(),
            slot: 0,
            kind: String::new(),
            agent: String::new(),
            model: String::new(),
            directory: String::new(),
            policy: q_core::Policy::Ask,
            tags: Vec::new(),
            pinned: false,
            parent: None,
            presence,
            trashed: None,
            activity: q_core::Activity::Idle,
            held: false,
            pending: 0,
            unread: 0,
            seen: (0, 0),
            queued: 0,
            entries: 0,
            turns: 0,
            tokens: (0, 0),
            failure: None,
            preview: String::new(),
            created: 0,
            touched: 0,
            wants_agent: false,
        })))
    }

    #[test]
    fn who_lags_still_hears_that_sessions_ended() {
        let outbox = Outbox::default();
        outbox.push(line(1, Presence::Closed));
        outbox.push(line(2, Presence::Live));
        outbox.push(text(2, 0, &"x".repeat(Bounds::default().updates)));
        outbox.push(line(3, Presence::Closed));
        outbox.push(line(4, Presence::Live));
        let Some(Taken::Messages(messages)) = outbox.try_take() else { panic!("nothing is left") };
        assert_eq!(messages.iter().filter_map(session_of).collect::<Vec<_>>(), [1, 3]);
        assert!(matches!(outbox.try_take(), Some(Taken::Lagged)));
    }

    fn page(bytes: usize) -> HostMessage {
        let body = Body::Answer("x".repeat(bytes));
        let entries = vec![Item { no: 1, at: 0, body }];
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
