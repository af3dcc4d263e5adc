//! How fast a body is read. A whole answer is read as it comes; a stream without end, which no model sends, takes no more of the
//! processor than this rate costs, and what it is ahead of it waits at its server.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes a second, far more than any model says: 20,000 words of the longest frames.
const RATE: usize = 8 << 20;
/// Bytes that may come at once before that: the longest answer there may be in one piece.
const BURST: usize = 1 << 20;

/// The rate as one body has used it.
#[derive(Debug)]
pub(super) struct RateLimit {
    /// When all that was read would have come at that rate.
    due: Instant,
}

impl RateLimit {
    /// Of nothing that was read yet.
    pub(super) const fn new(now: Instant) -> Self {
        Self { due: now }
    }

    /// Notes so many bytes. Until when no more may be read, if that is so.
    pub(super) fn note(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        self.due = self.due.max(now) + time_of(bytes);
        let next = self.due.checked_sub(time_of(BURST))?;
        (next > now).then_some(next)
    }
}

/// How long so many bytes take at that rate.
const fn time_of(bytes: usize) -> Duration {
    Duration::from_nanos(bytes as u64 * 1_000_000_000 / RATE as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_faster_waits_once_a_whole_answer_has_come() {
        let begin = Instant::now() + Duration::from_mins(1);
        let mut limit = RateLimit::new(begin);
        assert_eq!(limit.note(BURST, begin), None, "all of it at once");
        let mut now = begin;
        for _ in 0..128 {
            now = limit.note(RATE / 128, now).unwrap_or(now);
        }
        assert_eq!(now, begin + Duration::from_secs(1), "a second for what is said in a second");
    }

    #[test]
    fn what_was_not_used_for_a_long_time_is_no_more_than_a_burst() {
        let begin = Instant::now() + Duration::from_mins(1);
        let mut limit = RateLimit::new(begin);
        let later = begin + Duration::from_mins(10);
        assert_eq!(limit.note(BURST, later), None);
        assert!(limit.note(4096, later).is_some());
    }
}
