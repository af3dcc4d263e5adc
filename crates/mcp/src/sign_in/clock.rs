//! The time, by which tokens end: read here alone.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch. A clock that is wrong costs a renewal, or a refusal behind which there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "tokens end by the clock of the wall; the one place that reads it"
)]
pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
