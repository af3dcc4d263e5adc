//! Figures and the turn log, read off the records as they are decided: no rule of the core is told twice.

use std::collections::BTreeMap;

use q_core::{Batch, Ending, Instant, Interrupter, Record, SessionId, Stamped};
use q_telemetry::{Figures, Quantiles};

use crate::wire::message::{Spread, Stats};

/// Watches records go by.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) figures: Figures,
    turns: BTreeMap<SessionId, Instant>,
}

impl Watch {
    pub(crate) fn saw(&mut self, now: Instant, batch: &Batch) {
        for stamped in &batch.records {
            self.saw_record(now, stamped);
        }
    }

    fn saw_record(&mut self, now: Instant, stamped: &Stamped) {
        let session = stamped.session;
        if let Record::Created { .. } = &stamped.record {
            self.figures.sessions_created += 1;
        } else if let Record::Hibernated { .. } = &stamped.record {
            self.figures.hibernations += 1;
        } else if let Record::Began { .. } = &stamped.record {
            self.figures.turns += 1;
            self.turns.insert(session, now);
        } else if let Record::Ended { turn, ending, usage, .. } = &stamped.record {
            let took = self.turns.remove(&session).map(|began| now.since(began));
            if let Some(took) = took {
                self.figures.turn_ended(took);
            }
            let outcome = self.saw_ending(ending);
            let took_ms = took.map(|took| took.as_millis() as u64);
            tracing::info!(target: "q::turn", %session, turn = turn.0, outcome, took_ms, tokens_in = usage.input, tokens_out = usage.output, "turn");
        }
    }

    fn saw_ending(&mut self, ending: &Ending) -> &'static str {
        match ending {
            Ending::Done => "done",
            Ending::Interrupted(Interrupter::Crash) => {
                self.figures.turns_recovered += 1;
                "cut by a crash"
            }
            Ending::Interrupted(Interrupter::User | Interrupter::Stop) => "interrupted",
            Ending::Failed(failure) => {
                self.figures.failed(failure.kind.code());
                failure.kind.code()
            }
        }
    }

    pub(crate) fn stats(&self, started: u64, sessions_live: u64) -> Stats {
        let figures = &self.figures;
        Stats {
            started,
            sessions_created: figures.sessions_created,
            sessions_live,
            hibernations: figures.hibernations,
            turns: figures.turns,
            turns_recovered: figures.turns_recovered,
            switches: spread(figures.switches()),
            commits: spread(figures.commits()),
            turn_times: spread(figures.turn_times()),
            errors: figures.errors.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
        }
    }
}

fn spread(quantiles: Quantiles) -> Spread {
    Spread { count: quantiles.count, p50_us: quantiles.p50_us, p95_us: quantiles.p95_us }
}
