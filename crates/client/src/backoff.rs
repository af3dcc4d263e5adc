//! When the next host is looked for, after one is gone or did not come.

use std::time::Duration;

use q_core::Instant;

/// How long is waited before a successor of a host is looked for, by the number of those that failed; the last holds for
/// all later ones.
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// A host that stayed this long was one: its end is no failure to come.
const STAYED: Duration = Duration::from_secs(5);

/// Waits longer after each host that did not come, or went at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    /// Hosts in a row that did not come, or went at once.
    failures: u32,
    /// When the host came that is there.
    joined: Option<Instant>,
}

impl Backoff {
    /// A host has come.
    pub const fn joined(&mut self, now: Instant) {
        self.joined = Some(now);
    }

    /// It is gone, or none came: how long to wait before the next one is looked for.
    pub fn lost(&mut self, now: Instant) -> Duration {
        if self.joined.take().is_some_and(|joined| now.since(joined) >= STAYED) {
            self.failures = 0;
        }
        let wait = WAITS.get(self.failures as usize).or(WAITS.last()).copied().unwrap_or_default();
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_while_hosts_fail_and_begin_anew_after_one_that_stayed() {
        let mut backoff = Backoff::default();
        let at = |seconds| Instant::default().after(Duration::from_secs(seconds));
        // When a host came, when it was gone or had not come, and how long is waited then.
        for (joined, lost, waits) in [
            (Some(0), 60, 0),
            (None, 60, 1),
            (None, 61, 2),
            (None, 63, 4),
            (Some(67), 71, 4),
            (Some(75), 80, 0),
            (Some(80), 81, 1),
        ] {
            if let Some(joined) = joined {
                backoff.joined(at(joined));
            }
            assert_eq!(backoff.lost(at(lost)), Duration::from_secs(waits), "{joined:?} to {lost}");
        }
    }
}
