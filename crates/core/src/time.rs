//! Time as data: the core is told what time it is and never asks.
//!
//! Not here: a way to read a clock (the host's business).

use core::time::Duration;

/// A point on a clock that never runs backward, in microseconds since an epoch the host chooses. For deadlines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// The instant `by` later; saturates instead of wrapping.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long from `earlier` to this; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// What the calendar says, in milliseconds since the Unix epoch. For people and for records; it may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub u64);

impl WallTime {
    /// The time `by` later; saturates instead of wrapping.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Now {
    /// When the calendar will say `wall`, if it does not jump.
    pub(crate) fn mono_at(self, wall: WallTime) -> Instant {
        self.mono.after(Duration::from_millis(wall.0.saturating_sub(self.wall.0)))
    }
}

/// Both clocks, read together by the host before each call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines.
    pub mono: Instant,
    /// For records.
    pub wall: WallTime,
}
