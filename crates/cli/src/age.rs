//! Ages as people type them: `90m`, `12h`, `30d`, `2w`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long ago something was, in the largest unit that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Age(pub(crate) Duration);

/// Units in seconds, the longest first.
const UNITS: [(&str, u64); 4] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)];

/// What was typed is no age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoAge;

impl fmt::Display for NoAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an age is a number and a unit: 90m, 12h, 30d, 2w")
    }
}

impl std::error::Error for NoAge {}

impl FromStr for Age {
    type Err = NoAge;

    fn from_str(typed: &str) -> Result<Self, NoAge> {
        let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| typed.ends_with(unit)).ok_or(NoAge)?;
        let number = typed.strip_suffix(unit).ok_or(NoAge)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoAge); // a sign, too, would be read as a number
        }
        let count: u64 = number.parse().map_err(|_| NoAge)?;
        count.checked_mul(seconds).map(Duration::from_secs).map(Self).ok_or(NoAge)
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let words = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
        let fits = |&(_, unit): &(&str, u64)| seconds >= 2 * unit && seconds.is_multiple_of(unit);
        let (words, unit) = words.into_iter().find(fits).unwrap_or(("seconds", 1));
        write!(f, "{} {words}", seconds / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_age_and_what_is_none() {
        for (typed, seconds) in
            [("0m", 0), ("90m", 5_400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)]
        {
            assert_eq!(typed.parse().ok(), Some(Age(Duration::from_secs(seconds))), "{typed}");
        }
        for typed in [
            "",
            "d",
            "30",
            "30 d",
            "-1d",
            "+1d",
            "1.5d",
            "1h30m",
            "30D",
            "30s",
            "99999999999999999999d",
            "18446744073709551615w",
        ] {
            assert_eq!(typed.parse::<Age>().ok(), None, "{typed}");
        }
    }

    #[test]
    fn ages_in_words() {
        for (seconds, said) in [
            (2_592_000, "30 days"),
            (86_400, "24 hours"),
            (5_400, "90 minutes"),
            (90, "90 seconds"),
            (0, "0 seconds"),
        ] {
            assert_eq!(Age(Duration::from_secs(seconds)).to_string(), said);
        }
    }
}
