//! What waits for one client: bounded, so that a slow client costs itself and nobody else.
//!
//! Pieces of one answer that wait together are joined. When too much waits, updates are dropped and the client gets
//! fresh snapshots once it has read the rest; only that a session ended is kept, since no snapshot would tell it. One that
//! goes on asking is not listened to until it has read some of its answers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use q_proto::HostMessage;
use q_proto::view::WireUpdate;
use tokio::sync::{Notify, Semaphore};

use super::backlog::{Backlog, BacklogHolder};
use super::weight::{ENVELOPE, weight};

/// What is taken at once to be written, and how long joined pieces become: what is being written cannot be dropped.
const TAKEN_BYTES: usize = 64 << 10;

/// Requests of one client that may be without an answer it has read.
const REQUESTS: usize = 16;

/// How much may wait for one client, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub updates: usize,
    /// All. Snapshots go out a few at a time: this must be above the longest of them.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { updates: 8 << 20, bytes: 32 << 20 }
    }
}

/// The queue of one client.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
    cut: Notify,
    /// Requests that may still come.
    requests: Semaphore,
    backlog: Arc<Backlog>,
}

#[derive(Debug, Default)]
struct Queue {
    bounds: Bounds,
    messages: VecDeque<HostMessage>,
    /// Where each session's last update stands, counted from the first message ever taken.
    last_update: BTreeMap<u128, usize>,
    taken: usize,
    /// What was taken last and is being written.
    writing: usize,
    updates: usize,
    bytes: usize,
    lagged: bool,
    /// Whether the host wants to know when nothing is left.
    awaited: bool,
    closed: bool,
    /// When something of it was last written, or it began to wait; among those moments of all clients.
    last_read: u64,
}

/// What the writing side gets.
#[derive(Debug)]
pub enum Taken {
    /// These, in order; what was taken before is written.
    Messages(VecDeque<HostMessage>),
    /// Nothing is left, and updates were dropped before: ask for snapshots.
    Lagged,
    /// Nothing is left, and the host has more.
    Drained,
    /// Nothing is left and nothing will come.
    Closed,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::sharing(Arc::default())
    }
}

impl Outbox {
    /// An empty one that shares this budget, and gives way where that is spent.
    pub(super) fn in_backlog(backlog: &Arc<Backlog>) -> Arc<Self> {
        let outbox = Arc::new(Self::sharing(Arc::clone(backlog)));
        let holder: Weak<dyn BacklogHolder> =
            Arc::downgrade(&(Arc::clone(&outbox) as Arc<dyn BacklogHolder>));
        backlog.join(holder);
        outbox
    }

    fn sharing(backlog: Arc<Backlog>) -> Self {
        Self {
            queue: Mutex::default(),
            filled: Notify::new(),
            cut: Notify::new(),
            requests: Semaphore::new(REQUESTS),
            backlog,
        }
    }

    pub fn push(&self, message: HostMessage) {
        let now = self.backlog.moment();
        self.change(|queue| {
            if queue.held() == 0 {
                queue.last_read = now;
            }
            queue.push(message);
        });
        self.filled.notify_one();
        self.backlog.make_room();
    }

    /// Says that nothing more will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Has [`Taken::Drained`] told once everything is read.
    pub fn notify_when_drained(&self) {
        self.lock().awaited = true;
        self.filled.notify_one();
    }

    /// Waits until one more request may come.
    pub(super) async fn may_ask(&self) {
        // Given back when the answer is taken; closed when nobody takes any.
        if let Ok(request) = self.requests.acquire().await {
            request.forget();
        }
    }

    /// Nobody takes answers any more: questions wait for none.
    pub(super) fn expect_no_reader(&self) {
        self.requests.close();
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

    /// Waits until the client is cut off.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }

    /// An empty one with bounds of its own, so that small worlds reach them.
    #[cfg(feature = "simulation")]
    pub fn within(bounds: Bounds) -> Self {
        let outbox = Self::default();
        outbox.lock().bounds = bounds;
        outbox
    }

    /// What waits, weighed as its bounds are.
    #[cfg(feature = "simulation")]
    pub fn weight(&self) -> Bounds {
        let queue = self.lock();
        Bounds { updates: queue.updates, bytes: queue.bytes }
    }

    #[cfg(test)]
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// What is there to write now.
    pub fn try_take(&self) -> Option<Taken> {
        let now = self.backlog.moment();
        let taken = self.change(|queue| {
            // What was taken before is written by now.
            if queue.writing > 0 {
                queue.last_read = now;
            }
            queue.take()
        });
        if let Some(Taken::Messages(messages)) = &taken {
            let answers =
                messages.iter().filter(|message| matches!(message, HostMessage::Reply { .. })).count();
            self.requests.add_permits(answers);
        }
        taken
    }

    /// Changes the queue; the budget hears of what that adds or frees.
    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.lock();
        let before = queue.held();
        let done = change(&mut queue);
        self.backlog.changed(before, queue.held());
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BacklogHolder for Outbox {
    fn bytes(&self) -> usize {
        self.lock().held()
    }

    fn last_read(&self) -> u64 {
        self.lock().last_read
    }

    fn holds_updates(&self) -> bool {
        self.lock().updates > 0
    }

    fn drop_updates(&self) {
        self.change(Queue::drop_updates);
        self.filled.notify_one();
    }

    fn cut_off(&self) {
        self.change(Queue::cut_off);
        self.filled.notify_one();
        self.cut.notify_one();
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.backlog.changed(self.bytes(), 0);
    }
}

impl Queue {
    const fn held(&self) -> usize {
        self.bytes + self.writing
    }

    fn push(&mut self, message: HostMessage) {
        let is_replaceable = is_covered_by_snapshots(&message);
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
            self.cut_off();
        }
    }

    /// Joins a piece of an answer to the one before it, if that still waits.
    fn join(&mut self, message: &HostMessage) -> bool {
        let HostMessage::Update(WireUpdate::Text { session, entry, offset, text }) = message else {
            return false;
        };
        let Some(place) = self.last_update.get(&session.0).and_then(|place| place.checked_sub(self.taken))
        else {
            return false;
        };
        if let Some(HostMessage::Update(WireUpdate::Text {
            entry: waiting, offset: from, text: before, ..
        })) = self.messages.get_mut(place)
            && waiting == entry
            && *from + before.len() as u64 == *offset
            && before.len() + text.len() <= TAKEN_BYTES
        {
            before.push_str(text);
            return true;
        }
        false
    }

    fn drop_updates(&mut self) {
        self.messages.retain(|message| !is_covered_by_snapshots(message));
        self.messages.shrink_to(self.messages.len());
        self.updates = 0;
        self.bytes = self.messages.iter().map(weight).sum();
        self.last_update.clear();
        self.lagged = true;
    }

    fn cut_off(&mut self) {
        self.messages = VecDeque::new();
        self.last_update.clear();
        (self.updates, self.bytes, self.writing) = (0, 0, 0);
        self.closed = true;
    }

    /// Takes the next few messages, or the next one where that is long.
    fn take(&mut self) -> Option<Taken> {
        self.writing = 0;
        let mut taken = VecDeque::new();
        while let Some(message) = self.messages.front() {
            let weight = weight(message);
            if self.writing > 0 && self.writing + weight > TAKEN_BYTES {
                break;
            }
            self.writing += weight;
            self.bytes -= weight;
            self.updates -= if is_covered_by_snapshots(message) { weight } else { 0 };
            taken.extend(self.messages.pop_front());
        }
        if !taken.is_empty() {
            self.taken += taken.len();
            let taken_so_far = self.taken;
            self.last_update.retain(|_, place| *place >= taken_so_far);
            return Some(Taken::Messages(taken));
        }
        if self.closed {
            return Some(Taken::Closed);
        }
        if std::mem::take(&mut self.lagged) {
            self.awaited = false; // it starts again from the beginning
            return Some(Taken::Lagged);
        }
        std::mem::take(&mut self.awaited).then_some(Taken::Drained)
    }
}

/// Whether snapshots of all open sessions would tell it too. That a session ended is what they do not tell.
fn is_covered_by_snapshots(message: &HostMessage) -> bool {
    match message {
        HostMessage::Update(WireUpdate::Line(line)) => line.presence.is_open(),
        HostMessage::Update(update) => !matches!(update, WireUpdate::Gone(_)),
        HostMessage::Snapshot(_)
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
            WireUpdate::Entry { session, .. }
            | WireUpdate::Text { session, .. }
            | WireUpdate::Queue { session, .. }
            | WireUpdate::Draft { session, .. }
            | WireUpdate::Pending { session, .. }
            | WireUpdate::Gone(session),
        ) => Some(session.0),
        HostMessage::Update(WireUpdate::Line(line)) => Some(line.id.0),
        HostMessage::Snapshot(shot) => Some(shot.line.id.0),
        HostMessage::Welcome(_)
        | HostMessage::Unwelcome { .. }
        | HostMessage::Ready
        | HostMessage::Reply { .. }
        | HostMessage::Going { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    use futures_util::FutureExt as _;
    use q_core::trace::Player;
    use q_core::{Limits, Presence, SessionId};
    use q_proto::view::{WireBody, WireEntry, WireSummary};
    use q_proto::{Id, Response};

    fn text(session: u128, offset: u64, text: &str) -> HostMessage {
        HostMessage::Update(WireUpdate::Text { session: Id(session), entry: 1, offset, text: text.into() })
    }

    fn texts(outbox: &Outbox) -> Vec<(u128, String)> {
        let Some(Taken::Messages(messages)) = outbox.lock().take() else { return vec![] };
        messages
            .into_iter()
            .map(|message| {
                let HostMessage::Update(WireUpdate::Text { session, text, .. }) = &message else {
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
        let mut player = Player::new(Limits::default());
        player.play("create s1 name a").unwrap();
        let summary = player.core.view().summary(SessionId(1)).unwrap();
        let line = WireSummary { id: Id(session), presence, ..WireSummary::of(summary, false) };
        HostMessage::Update(WireUpdate::Line(Box::new(line)))
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
        let body = WireBody::Answer("x".repeat(bytes));
        let entries = vec![WireEntry { no: 1, at: 0, body }];
        let page = q_proto::view::Pages { entries, trimmed: false };
        HostMessage::Reply { id: 1, answer: Ok(Response::Page(page)) }
    }

    #[test]
    fn long_messages_that_are_no_updates_make_nobody_lag() {
        let outbox = Outbox::default();
        for _ in 0..3 {
            outbox.push(page(9 << 20)); // as a few snapshots may be
        }
        outbox.push(HostMessage::Ready);
        let mut lengths = Vec::new();
        while let Some(Taken::Messages(messages)) = outbox.try_take() {
            lengths.push(messages.len());
        }
        assert_eq!(lengths, [1, 1, 1, 1], "each long one is written before the next is taken");
        assert!(outbox.try_take().is_none());
    }

    #[test]
    fn the_host_hears_once_that_nothing_waits_any_more() {
        let outbox = Outbox::default();
        outbox.push(page(1));
        outbox.notify_when_drained();
        assert!(matches!(outbox.try_take(), Some(Taken::Messages(_))));
        assert!(matches!(outbox.try_take(), Some(Taken::Drained)));
        assert!(outbox.try_take().is_none());
    }

    #[tokio::test]
    async fn who_does_not_read_answers_may_ask_only_so_much() {
        let outbox = Outbox::default();
        for _ in 0..REQUESTS {
            outbox.may_ask().await;
            outbox.push(page(1));
        }
        let one_more = outbox.may_ask();
        tokio::pin!(one_more);
        assert!(one_more.as_mut().now_or_never().is_none());
        assert!(matches!(outbox.try_take(), Some(Taken::Messages(_))));
        one_more.await;
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
