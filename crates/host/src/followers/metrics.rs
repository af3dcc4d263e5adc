//! The figures of `q stats` and the turn log, read off the records: no rule of the core is told twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use q_core::{Ending, Interrupter, Record, Seq, SessionId, Stamped, WallTime};
use q_telemetry::Metrics;

use super::Following;
use super::follower::Follower;

/// The metrics, for whoever measures something and for whoever asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Metrics>>);

impl Recorder {
    fn metrics(&self) -> MutexGuard<'_, Metrics> {
        // A count that is one short is no reason to have none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn switched(&self, took: Duration) {
        self.metrics().switched(took);
    }

    /// A commit became durable.
    pub(crate) fn committed(&self, took: Duration) {
        self.metrics().committed(took);
    }

    /// Something went wrong; how often that did so far.
    pub(crate) fn failed(&self, code: &'static str) -> u64 {
        self.metrics().failed(code)
    }
}

/// The figures with all that was committed in them.
#[derive(Clone, Debug)]
pub(crate) struct FollowedMetrics {
    recorder: Recorder,
    following: Following,
}

impl FollowedMetrics {
    pub(crate) const fn new(recorder: Recorder, following: Following) -> Self {
        Self { recorder, following }
    }

    /// Reads them once all is counted that was committed before. Waits for that.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Metrics) -> T) -> T {
        self.caught_up();
        read(&self.recorder.metrics())
    }

    /// Waits until all is counted, and logged, that was committed before.
    pub(crate) fn caught_up(&self) {
        self.following.caught_up();
    }
}

/// Counts what is committed from now on. It keeps nothing: figures are those of one host's life.
#[derive(Debug)]
pub(crate) struct MetricsFollower {
    recorder: Recorder,
    /// When turns began that have not ended.
    turns: BTreeMap<SessionId, WallTime>,
}

impl Follower for MetricsFollower {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn take(&mut self, _session: SessionId, _from: Seq, records: &[Stamped]) {
        for stamped in records {
            self.saw(stamped);
        }
    }

    fn forget(&mut self, session: SessionId) {
        self.turns.remove(&session);
    }
}

impl MetricsFollower {
    pub(crate) const fn new(recorder: Recorder) -> Self {
        Self { recorder, turns: BTreeMap::new() }
    }

    fn saw(&mut self, stamped: &Stamped) {
        let session = stamped.session;
        if let Record::Created { .. } = &stamped.record {
            self.recorder.metrics().sessions_created += 1;
        } else if let Record::Hibernated { .. } = &stamped.record {
            self.recorder.metrics().hibernations += 1;
        } else if let Record::Began { .. } | Record::Continued { .. } = &stamped.record {
            self.recorder.metrics().turns += 1;
            self.turns.insert(session, stamped.at);
        } else if let Record::Ended { turn, ending, usage, .. } = &stamped.record {
            let began = self.turns.remove(&session);
            let took_ms = began.map(|began| stamped.at.0.saturating_sub(began.0));
            let outcome = {
                let mut metrics = self.recorder.metrics();
                if let Some(ms) = took_ms {
                    metrics.turn_ended(Duration::from_millis(ms));
                }
                count_ending(&mut metrics, ending)
            };
            tracing::info!(target: "q::turn", %session, turn = turn.0, outcome, took_ms, tokens_in = usage.input, tokens_out = usage.output, "turn");
        }
    }
}

fn count_ending(metrics: &mut Metrics, ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Interrupted(Interrupter::Crash) => {
            metrics.turns_recovered += 1;
            "cut by a crash"
        }
        Ending::Interrupted(Interrupter::User | Interrupter::Stop) => "interrupted",
        Ending::Failed(failure) => {
            metrics.failed(failure.kind.code());
            failure.kind.code()
        }
    }
}
