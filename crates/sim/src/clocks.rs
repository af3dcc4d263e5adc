//! The clocks of a simulated machine: one that never runs backward, and a calendar that may be set.

use q_core::{Instant, Now, WallTime};

/// Some day in 2026, in milliseconds since 1970.
const BEGINNING_MS: u64 = 1_780_000_000_000;

/// The clock that never goes back and the one on the wall.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clocks {
    mono_us: u64,
    set_by_ms: i64,
}

impl Clocks {
    pub(super) fn now(self) -> Now {
        let wall_ms = (BEGINNING_MS + self.mono_us / 1000).saturating_add_signed(self.set_by_ms);
        Now { mono: self.mono(), wall: WallTime(wall_ms) }
    }

    pub(super) const fn mono(self) -> Instant {
        Instant(self.mono_us)
    }

    /// Time passes; asleep or not.
    pub(super) const fn pass(&mut self, us: u64) {
        self.mono_us += us;
    }

    /// Time passes until then, if that is still to come.
    pub(super) fn pass_until(&mut self, then: Instant) {
        self.mono_us = self.mono_us.max(then.0);
    }

    /// Somebody sets the calendar.
    pub(super) const fn set(&mut self, by_ms: i64) {
        self.set_by_ms = self.set_by_ms.saturating_add(by_ms);
    }
}
