//! What a rig found, in one line, and how each failure is played again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use q_testkit::clock::now;
use q_testkit::process::peak_resident;

use super::image::{BrokenPromise, scratch};

/// Failures after which nothing more is tried.
const ENOUGH: usize = 5;

/// What some tries came to that went well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// How many of what the rig counts.
    pub number: u64,
    /// Acknowledged records that were looked for.
    pub acknowledged: u64,
    /// Flips that changed what is stored.
    pub changing: u64,
}

/// What a rig came to.
#[derive(Debug)]
pub struct RigReport {
    rig: &'static str,
    /// What the rig counts.
    what: String,
    pub tally: Tally,
    /// What did not, and the command that plays it again.
    pub failures: Vec<(BrokenPromise, String)>,
    took: Duration,
}

/// Tries every case on all cores, each core in a directory of its own.
pub fn try_all<T: Sync>(
    rig: &'static str,
    what: &str,
    cases: &[T],
    try_one: impl Fn(&Path, &T) -> Result<Tally, BrokenPromise> + Sync,
    again: impl Fn(&T) -> String + Sync,
) -> RigReport {
    let began = now();
    let next = AtomicUsize::new(0);
    let report = RigReport {
        rig,
        what: what.into(),
        tally: Tally::default(),
        failures: Vec::new(),
        took: Duration::ZERO,
    };
    let report = Mutex::new(report);
    let work = || {
        let place = scratch();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tried = caught(|| try_one(place.path(), case));
            let mut report = report.lock().unwrap();
            report.take(tried, || again(case));
            // A store that is broken at all is broken in most cases; five are enough to see how.
            if report.failures.len() >= ENOUGH {
                break;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut report = report.into_inner().unwrap();
    report.took = now() - began;
    report
}

/// A panic is a broken promise like any other.
fn caught<T>(work: impl FnOnce() -> Result<T, BrokenPromise>) -> Result<T, BrokenPromise> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(BrokenPromise::Wrong(format!("panicked: {said}")))
    })
}

impl RigReport {
    fn take(&mut self, tried: Result<Tally, BrokenPromise>, again: impl FnOnce() -> String) {
        match tried {
            Ok(Tally { number, acknowledged, changing }) => {
                self.tally.number += number;
                self.tally.acknowledged += acknowledged;
                self.tally.changing += changing;
            }
            Err(broken) => self.failures.push((broken, again())),
        }
    }

    fn count(&self, is_one: impl Fn(&BrokenPromise) -> bool) -> usize {
        self.failures.iter().filter(|(broken, _)| is_one(broken)).count()
    }
}

impl fmt::Display for RigReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { number, acknowledged, changing } = self.tally;
        let Self { rig, what, .. } = self;
        write!(f, "{rig}: {number} {what}, {acknowledged} acknowledged records looked for")?;
        let silent = self.count(|broken| matches!(broken, BrokenPromise::Silent(_)));
        for (what, count) in [
            ("lost", self.count(|broken| matches!(broken, BrokenPromise::Lost(_)))),
            ("silently lost", silent),
            ("unopenable", self.count(|broken| matches!(broken, BrokenPromise::Unopenable(_)))),
            ("otherwise wrong", self.count(|broken| matches!(broken, BrokenPromise::Wrong(_)))),
        ] {
            write!(f, ", {count} {what}")?;
        }
        if changing > 0 {
            let all = changing + silent as u64;
            write!(f, ", detected/changing {changing}/{all} ({} %)", changing * 100 / all)?;
        }
        if let Some(peak) = peak_resident(std::process::id()) {
            write!(f, ", largest resident memory of the opening process {} MiB", peak >> 20)?;
        }
        write!(f, ", {:.0} s", self.took.as_secs_f64())?;
        for (broken, again) in &self.failures {
            write!(f, "\nFAILED: {broken}\n  again: cargo xtask crash {again}")?;
        }
        Ok(())
    }
}
