//! What waits for all clients together: one budget, so that many slow readers cost no more than a few.
//!
//! Above it the client that has read nothing for the longest gives way: first its updates, which snapshots tell again, then
//! its connection. One that holds little is left alone, since it is not the one that fills the budget.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What may wait for all clients, in bytes.
const ALL_BYTES: usize = 32 << 20;

/// Whoever holds some of what waits, and can give it up.
pub(super) trait BacklogHolder: fmt::Debug + Send + Sync {
    /// What it holds, with what is being written, in bytes.
    fn bytes(&self) -> usize;
    /// When its client last read something, among the moments of all clients.
    fn last_read(&self) -> u64;
    fn holds_updates(&self) -> bool;
    /// Drops what snapshots will tell again.
    fn drop_updates(&self);
    /// Gives up what was to be told to a client that does not read, and its connection.
    fn cut_off(&self);
}

/// What waits for all clients, as a budget that their outboxes share.
#[derive(Debug)]
pub(crate) struct Backlog {
    most: usize,
    bytes: AtomicUsize,
    /// Counts the moments at which clients read something or began to have something waiting: a clock that only orders.
    moments: AtomicU64,
    holders: Mutex<Vec<Weak<dyn BacklogHolder>>>,
}

impl Default for Backlog {
    fn default() -> Self {
        Self::of(ALL_BYTES)
    }
}

impl Backlog {
    /// One in which so many bytes may wait.
    pub(crate) const fn of(most: usize) -> Self {
        Self { most, bytes: AtomicUsize::new(0), moments: AtomicU64::new(0), holders: Mutex::new(Vec::new()) }
    }

    /// One more shares this budget.
    pub(super) fn join(&self, holder: Weak<dyn BacklogHolder>) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(holder);
    }

    /// What waits, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Now, among the moments of all clients.
    pub(super) fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::Relaxed)
    }

    /// An outbox holds `now` instead of `before`.
    pub(super) fn changed(&self, before: usize, now: usize) {
        if now >= before {
            self.bytes.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    /// Makes room until what waits fits again. The caller holds no holder's lock.
    pub(super) fn make_room(&self) {
        while self.bytes() > self.most {
            let holders: Vec<Arc<dyn BacklogHolder>> = {
                let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
                holders.iter().filter_map(Weak::upgrade).collect()
            };
            // While more waits than may, somebody holds this much. Half of an even share, so that those who stopped reading are
            // found before one that reads and was just given something long.
            let much = self.most / (2 * holders.len().max(1));
            let stalest = |can_give_way: fn(&dyn BacklogHolder) -> bool| {
                let heavy = holders.iter().filter(|holder| holder.bytes() > much && can_give_way(&***holder));
                heavy.min_by_key(|holder| holder.last_read())
            };
            let gave_way = stalest(|holder| holder.holds_updates()).map(|holder| holder.drop_updates());
            if gave_way.or_else(|| stalest(|_| true).map(|holder| holder.cut_off())).is_none() {
                return; // whoever held it has read it meanwhile
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use q_proto::view::{Pages, WireBody, WireEntry, WireUpdate};
    use q_proto::{HostMessage, Id, Response};

    use super::super::outbox::{Outbox, Taken};
    use super::*;

    const KB: usize = 1 << 10;

    fn text(offset: usize, bytes: usize) -> HostMessage {
        let (offset, text) = (offset as u64, "x".repeat(bytes));
        HostMessage::Update(WireUpdate::Text { session: Id(1), entry: 1, offset, text })
    }

    fn page(bytes: usize) -> HostMessage {
        let entries = vec![WireEntry { no: 1, at: 0, body: WireBody::Answer("x".repeat(bytes)) }];
        HostMessage::Reply { id: 1, answer: Ok(Response::Page(Pages { entries, trimmed: false })) }
    }

    /// Reads everything; whether it was told that something is missing.
    fn read(outbox: &Outbox) -> bool {
        loop {
            match outbox.try_take() {
                Some(Taken::Messages(_) | Taken::Drained) => {}
                Some(Taken::Lagged) => return true,
                Some(Taken::Closed) => panic!("it was cut off"),
                None => return false,
            }
        }
    }

    #[test]
    fn many_that_do_not_read_share_one_budget_and_who_reads_misses_nothing() {
        let backlog = Arc::new(Backlog::of(1024 * KB));
        let reader = Outbox::in_backlog(&backlog);
        let stuck: Vec<_> = (0..100).map(|_| Outbox::in_backlog(&backlog)).collect();
        for n in 0..200 {
            for outbox in stuck.iter().chain([&reader]) {
                outbox.push(text(n * KB, KB));
                assert!(backlog.bytes() <= 1024 * KB);
            }
            assert!(!read(&reader), "who reads lost something at {n}");
        }
        let lagged = stuck.iter().filter(|outbox| read(outbox)).count();
        assert!(lagged > 90, "only {lagged} start again when they read, and so hold nothing");
    }

    #[test]
    fn answers_that_nobody_reads_cost_who_asked_for_them() {
        let backlog = Arc::new(Backlog::of(1024 * KB));
        let (stuck, reader) = (Outbox::in_backlog(&backlog), Outbox::in_backlog(&backlog));
        for _ in 0..100 {
            stuck.push(page(100 * KB));
            reader.push(page(100 * KB));
            assert!(backlog.bytes() <= 1024 * KB);
            assert!(!read(&reader));
        }
        assert!(stuck.is_closed() && !reader.is_closed());
    }

    #[test]
    fn whoever_has_read_nothing_for_the_longest_gives_way_first() {
        let backlog = Arc::new(Backlog::of(1024 * KB));
        let (stuck, reader) = (Outbox::in_backlog(&backlog), Outbox::in_backlog(&backlog));
        reader.push(page(KB));
        stuck.push(page(400 * KB));
        assert!(!read(&reader));
        reader.push(page(700 * KB));
        assert!(stuck.is_closed() && !reader.is_closed(), "one that reads paid for one that does not");
    }

    #[test]
    fn what_is_gone_weighs_nothing() {
        let backlog = Arc::new(Backlog::of(1024 * KB));
        let outbox = Outbox::in_backlog(&backlog);
        outbox.push(page(100 * KB));
        outbox.push(text(0, 100 * KB));
        assert!(backlog.bytes() > 200 * KB);
        let _being_written = outbox.try_take();
        assert!(backlog.bytes() > 200 * KB, "what is being written still weighs");
        drop(outbox);
        assert_eq!(backlog.bytes(), 0);
    }
}
