//! When a server that did not answer is asked again, without anybody asking for it: only where it said that it did nothing, or
//! could not be reached, and never once a word came. The wait grows, and is drawn at random, so that clients that were refused
//! together do not come back together; a server that names a time is taken at its word.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use q_core::{AgentFailure, FailureKind};

/// The most that anybody may have a request repeated: it is sent six times then.
const MOST: u32 = 5;
/// The longest that all waits of one request may be together: whoever is to wait longer is told, and decides.
const LONGEST: Duration = Duration::from_secs(20);

/// An ask that came to nothing.
#[derive(Debug)]
pub(super) struct FailedAttempt {
    pub(super) failure: AgentFailure,
    /// Whether it may be asked again, and when at the earliest.
    pub(super) retry: Retry,
}

/// Whether an ask may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// It would come to the same, or may have had its effect.
    Never,
    /// Nothing came of it.
    Soon,
    /// Nothing came of it, and the server said how long to wait.
    After(Duration),
}

impl From<AgentFailure> for FailedAttempt {
    fn from(failure: AgentFailure) -> Self {
        Self { failure, retry: Retry::Never }
    }
}

impl Retry {
    /// After a refusal of this status, which means that.
    pub(super) fn after(status: u16, kind: FailureKind, wait: Option<Duration>) -> Self {
        let passes = matches!(status, 408 | 409 | 424 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529);
        let is_final = matches!(
            kind,
            FailureKind::QuotaSpent
                | FailureKind::ContextTooLong
                | FailureKind::NoImages
                | FailureKind::Rejected
        );
        match wait {
            _ if !passes || is_final => Self::Never,
            Some(wait) => Self::After(wait),
            None => Self::Soon,
        }
    }

    /// How long to wait before the ask is repeated for this time, the first being 0, after so long a wait before; nothing where
    /// it is not.
    pub(super) fn wait(self, repeated: u32, allowed: u32, waited: Duration) -> Option<Duration> {
        if repeated >= allowed.min(MOST) {
            return None;
        }
        let left = LONGEST.saturating_sub(waited);
        match self {
            Self::Never => None,
            Self::After(wait) => (wait <= left).then_some(wait),
            Self::Soon => {
                let most = Duration::from_secs(1 << repeated).min(left);
                // Keys of hashes are the standard library's randomness.
                let random = RandomState::new().hash_one(repeated);
                let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
                Some(Duration::from_millis(random % (most + 1)))
            }
        }
    }
}

/// How often a request is sent at most of which so many repetitions are allowed.
pub(super) const fn most_asks(allowed: u32) -> u32 {
    1 + if allowed < MOST { allowed } else { MOST }
}

/// How long a response says to wait: milliseconds, or seconds, a duration (`1m30s`), or a date, which is compared with the server's
/// own, else with `now`.
pub(super) fn named_wait(
    millis: Option<&str>,
    after: Option<&str>,
    date: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    if let Some(millis) = millis.and_then(|millis| millis.trim().parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let after = after?.trim();
    if let Ok(seconds) = after.parse::<f64>() {
        return wait_of(seconds);
    }
    if let Some(wait) = duration(after) {
        return Some(wait);
    }
    let here = || now.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs() + EPOCH);
    let now = date.and_then(|date| seconds(date.trim())).or_else(here)?;
    Some(Duration::from_secs(seconds(after)?.saturating_sub(now)))
}

/// So many seconds. What no clock holds is longer than anybody waits; less than nothing is no time.
fn wait_of(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A duration as programs write it: `15m0s`, `2h`, `1.5s`, `200ms`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut all) = (text.trim(), Duration::ZERO);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(end);
        let (unit, seconds) = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)]
            .into_iter()
            .find(|(unit, _)| behind.starts_with(unit))?;
        all = all.saturating_add(wait_of(number.parse::<f64>().ok()? * seconds)?);
        rest = behind.get(unit.len()..)?;
    }
    Some(all)
}

/// Seconds from the year 0, as [`seconds`] counts them, to the beginning of 1970.
const EPOCH: u64 = 62_162_121_600;

/// Seconds since the year 0 of a date as HTTP has it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<u64> {
    let mut words = date.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let word = words.next()?;
    let month = names.iter().position(|name| *name == word)? as u64;
    let year: u64 = words.next()?.parse().ok().filter(|year| *year < 10_000)?;
    let clock: Vec<u64> = words.next()?.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[hours, minutes, seconds] = clock.as_slice() else { return None };
    if words.next() != Some("GMT") || day > 31 || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    // Counted from March, a leap day is the last of its year.
    let (year, month) = if month < 2 { (year.checked_sub(1)?, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_had_no_effect_and_may_pass_is_asked_again() {
        for (status, kind, again) in [
            (429, FailureKind::RateLimited, true),
            (429, FailureKind::QuotaSpent, false),
            (408, FailureKind::ServerError, true),
            (500, FailureKind::ServerError, true),
            (500, FailureKind::ContextTooLong, false),
            (500, FailureKind::NoImages, false),
            (501, FailureKind::ServerError, false),
            (502, FailureKind::ServerError, true),
            (503, FailureKind::Overloaded, true),
            (504, FailureKind::ServerError, true),
            (529, FailureKind::Overloaded, true),
            (409, FailureKind::Overloaded, true),
            (409, FailureKind::Rejected, false),
            (424, FailureKind::ServerError, true),
            (400, FailureKind::Rejected, false),
            (401, FailureKind::WrongKey, false),
            (404, FailureKind::UnknownModel, false),
        ] {
            assert_eq!(Retry::after(status, kind, None) != Retry::Never, again, "{status} {kind:?}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let soon = |repeated, allowed| Retry::Soon.wait(repeated, allowed, Duration::ZERO);
        for repeated in 0..MOST {
            for _ in 0..50 {
                let wait = soon(repeated, 99);
                assert!(wait.is_some_and(|wait| wait <= Duration::from_secs(1 << repeated)), "{wait:?}");
            }
        }
        let waits: std::collections::BTreeSet<_> = (0..50).map(|_| soon(4, 99)).collect();
        assert!(waits.len() > 10, "they differ");
        assert_eq!(soon(MOST, 99), None);
        assert_eq!(soon(0, 0), None);
        assert_eq!(soon(2, 2), None);
        assert_eq!(Retry::Never.wait(0, 99, Duration::ZERO), None);
    }

    #[test]
    fn all_waits_together_have_a_limit() {
        for (named, waited, wait) in [
            (7, 0, Some(7)),
            (20, 0, Some(20)),
            (21, 0, None),
            (6, 14, Some(6)),
            (7, 14, None),
            (0, 20, Some(0)),
        ] {
            let after = Retry::After(Duration::from_secs(named)).wait(1, 5, Duration::from_secs(waited));
            assert_eq!(after, wait.map(Duration::from_secs), "{named} s after {waited}");
        }
        for _ in 0..50 {
            let last = Retry::Soon.wait(4, 5, LONGEST.saturating_sub(Duration::from_millis(3)));
            assert!(last.is_some_and(|wait| wait <= Duration::from_millis(3)), "{last:?}");
        }
    }

    #[test]
    fn what_no_clock_holds_is_longer_than_anybody_waits() {
        for after in ["1e300", "1e20", "99999999999999999999999h"] {
            assert_eq!(named_wait(None, Some(after), None, UNIX_EPOCH), Some(Duration::MAX), "{after}");
        }
    }

    #[test]
    fn a_time_to_wait_has_four_forms() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (millis, after, date, wait) in [
            (None, None, date, None),
            (None, Some("7"), None, Some(7000)),
            (None, Some(" 0 "), None, Some(0)),
            (None, Some("1.5"), None, Some(1500)),
            (Some("20"), Some("7"), None, Some(20)),
            (None, Some("Sun, 06 Nov 1994 08:50:07 GMT"), date, Some(30_000)),
            (None, Some("Mon, 07 Nov 1994 08:49:37 GMT"), date, Some(86_400_000)),
            (None, Some("Thu, 01 Dec 1994 08:49:37 GMT"), date, Some(25 * 86_400_000)),
            (None, Some("Wed, 01 Mar 1995 08:49:37 GMT"), date, Some(115 * 86_400_000)),
            (None, Some("Sun, 06 Nov 1994 08:49:07 GMT"), date, Some(0)),
            // Without the server's date, by the clock here, which is a minute behind.
            (None, Some("Sun, 06 Nov 1994 08:50:07 GMT"), None, Some(90_000)),
            (None, Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some("soon"), Some(90_000)),
            (None, Some("-1"), None, None),
            (None, Some("soon"), date, None),
            (None, Some("Sun, 99 Zeb 1994 08:49:37 GMT"), date, None),
            (None, Some("15m0s"), None, Some(900_000)),
            (None, Some("1.5s"), None, Some(1500)),
            (None, Some("200ms"), None, Some(200)),
            (None, Some("5 apples"), None, None),
        ] {
            let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
            assert_eq!(named_wait(millis, after, date, now), wait.map(Duration::from_millis), "{after:?}");
        }
    }
}
