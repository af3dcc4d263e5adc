//! What became of many runs, in one table.

use std::fmt;

use q_sim::{Counts, RunOutcome, Violation};

/// How figures of faults begin.
const FAULT: &str = "fault: ";
/// The figure of steps.
const STEPS: &str = "steps";

/// What all runs came to, added up.
#[derive(Debug, Default)]
pub(crate) struct RunSummary {
    seeds: u64,
    figures: Counts,
    /// Seeds that broke a law.
    pub(crate) failures: Vec<(u64, Violation)>,
}

impl RunSummary {
    /// Takes one run in.
    pub(crate) fn take(&mut self, seed: u64, outcome: RunOutcome) {
        self.seeds += 1;
        self.failures.extend(outcome.broken.map(|broken| (seed, broken)));
        self.add(outcome.figures);
    }

    fn add(&mut self, figures: Counts) {
        for (what, count) in figures {
            *self.figures.entry(what).or_default() += count;
        }
    }
}

impl FromIterator<Self> for RunSummary {
    fn from_iter<T: IntoIterator<Item = Self>>(parts: T) -> Self {
        let mut whole = Self::default();
        for part in parts {
            whole.seeds += part.seeds;
            whole.failures.extend(part.failures);
            whole.add(part.figures);
        }
        whole.failures.sort_by_key(|(seed, _)| *seed);
        whole
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, what, count| writeln!(f, "{what:<28} {count:>12}");
        row(f, "seeds, each played twice", self.seeds)?;
        for (what, count) in &self.figures {
            row(f, what, *count)?;
        }
        row(f, "failures", self.failures.len() as u64)?;
        for (seed, broken) in &self.failures {
            writeln!(f, "  seed {seed}: {:?}", broken.law)?;
        }
        self.in_one_line(f)
    }
}

impl RunSummary {
    fn in_one_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.figures.iter().filter_map(|(what, count)| Some((what.strip_prefix(FAULT)?, count)));
        let faults: Vec<String> = faults.map(|(what, count)| format!("{what} {count}")).collect();
        let steps = self.figures.get(STEPS).copied().unwrap_or_default();
        let (seeds, failures) = (self.seeds, self.failures.len());
        writeln!(f, "{seeds} seeds, {steps} steps, faults: {}; {failures} failures", faults.join(", "))
    }
}
