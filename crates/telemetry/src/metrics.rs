//! The figures of one host's life: what `q stats` prints.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Two significant digits are enough for people and keep each histogram at a few KB.
const DIGITS: u8 = 2;
/// Whatever takes longer counts as an hour, in microseconds.
const LONGEST_US: u64 = 3_600_000_000;

/// Counters and distributions since the host started.
#[derive(Debug)]
pub struct Metrics {
    pub sessions_created: u64,
    /// Times a session hibernated.
    pub hibernations: u64,
    pub turns: u64,
    /// Turns that a crash had cut, found at start.
    pub turns_recovered: u64,
    /// Things that went wrong, by code.
    pub errors: BTreeMap<&'static str, u64>,
    switches: Option<Histogram<u64>>,
    commits: Option<Histogram<u64>>,
    turn_times: Option<Histogram<u64>>,
}

/// A distribution in three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// How many were measured.
    pub count: u64,
    /// Half were not slower, in microseconds.
    pub p50_us: u64,
    /// 19 of 20 were not slower, in microseconds.
    pub p95_us: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST_US, DIGITS).ok();
        Self {
            sessions_created: 0,
            hibernations: 0,
            turns: 0,
            turns_recovered: 0,
            errors: BTreeMap::new(),
            switches: histogram(),
            commits: histogram(),
            turn_times: histogram(),
        }
    }
}

impl Metrics {
    /// A client switched: from the key to the last byte of the new screen.
    pub fn switched(&mut self, took: Duration) {
        record(&mut self.switches, took);
    }

    /// A commit became durable.
    pub fn committed(&mut self, took: Duration) {
        record(&mut self.commits, took);
    }

    pub fn turn_ended(&mut self, took: Duration) {
        record(&mut self.turn_times, took);
    }

    /// Something went wrong; how often that did so far.
    pub fn failed(&mut self, code: &'static str) -> u64 {
        let times = self.errors.entry(code).or_default();
        *times += 1;
        *times
    }

    /// How long switches took.
    pub fn switches(&self) -> Quantiles {
        quantiles(self.switches.as_ref())
    }

    /// How long commits took.
    pub fn commits(&self) -> Quantiles {
        quantiles(self.commits.as_ref())
    }

    /// How long turns took.
    pub fn turn_times(&self) -> Quantiles {
        quantiles(self.turn_times.as_ref())
    }
}

fn record(histogram: &mut Option<Histogram<u64>>, took: Duration) {
    // One that could not be made is missed in `q stats`, and nowhere else.
    if let Some(histogram) = histogram {
        histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

fn quantiles(histogram: Option<&Histogram<u64>>) -> Quantiles {
    histogram.map_or_else(Quantiles::default, |histogram| Quantiles {
        count: histogram.len(),
        p50_us: histogram.value_at_quantile(0.50),
        p95_us: histogram.value_at_quantile(0.95),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_what_was_recorded() {
        let mut metrics = Metrics::default();
        assert_eq!(metrics.switches(), Quantiles::default());
        for ms in 1..=100 {
            metrics.switched(Duration::from_millis(ms));
        }
        let seen = metrics.switches();
        assert_eq!(seen.count, 100);
        assert!((49_000..=51_500).contains(&seen.p50_us), "{seen:?}");
        assert!((94_000..=97_000).contains(&seen.p95_us), "{seen:?}");
    }
}
