//! A moment as people write it, in UTC: a file may be read anywhere.

use q_core::{Utc, WallTime};

/// The moment in UTC, as `2026-03-01 12:30:05 UTC`.
pub(crate) fn moment(at: WallTime) -> String {
    let Utc { year, month, day, hour, minute, second } = at.into();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The same as programs read it, by ISO 8601.
pub(crate) fn iso(at: WallTime) -> String {
    let Utc { year, month, day, hour, minute, second } = at.into();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_where_the_calendar_has_it() {
        for (ms, written) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00 UTC"),
            (1_709_164_799_999, "2024-02-28 23:59:59 UTC"),
            (1_735_689_599_000, "2024-12-31 23:59:59 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799_999, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(moment(WallTime(ms)), written);
        }
    }
}
