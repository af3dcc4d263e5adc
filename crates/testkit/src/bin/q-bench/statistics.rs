//! Percentiles of durations.

use std::time::Duration;

/// Measured durations, sorted, for their percentiles.
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Takes the durations in any order.
    pub(crate) fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The smallest duration that `percent` of all do not exceed, in milliseconds; nothing of an empty sample.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).map(|duration| duration.as_secs_f64() * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_duration_that_was_measured() {
        let sample = Sample::new((1..=100).rev().map(Duration::from_millis).collect());
        for (percent, milliseconds) in [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0)] {
            let found = sample.percentile(percent);
            assert!(found.is_some_and(|found| (found - milliseconds).abs() < 1e-9), "{percent}: {found:?}");
        }
        assert!(Sample::new(vec![Duration::from_millis(7)]).percentile(50).is_some());
        assert!(Sample::new(Vec::new()).percentile(50).is_none());
    }
}
