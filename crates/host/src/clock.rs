//! The clock: the only place where time is read for the core.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use q_core::{Instant, Now, WallTime};

/// The system's clocks, monotonic time counted from when this was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock that begins now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    /// Both clocks, read together.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: wall() }
    }

    pub fn mono(&self) -> Instant {
        Instant(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// How long until `deadline`; zero when it has passed.
    pub fn until(&self, deadline: Instant) -> Duration {
        deadline.since(self.mono())
    }
}

/// What the calendar says. A clock before 1970 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar")]
pub fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
