//! The clocks of the testing world, each read in one place.
//!
//! Not here: the virtual time that tests of the core hand in as data.

use std::time::{Duration, Instant};

/// What the clock that never runs backward says.
#[expect(clippy::disallowed_methods, reason = "the one place where the testing world reads this clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits for what nobody tells, up to twenty seconds.
///
/// # Panics
/// When it never comes.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = now() + Duration::from_secs(20);
    while !so() {
        assert!(now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
