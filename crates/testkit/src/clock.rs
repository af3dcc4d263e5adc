//! The clocks of the testing world, each read in one place.
//!
//! Not here: the virtual time that tests of the core hand in as data.

use std::time::Instant;

/// What the clock that never runs backward says.
#[expect(clippy::disallowed_methods, reason = "the one place where the testing world reads this clock")]
pub fn now() -> Instant {
    Instant::now()
}
