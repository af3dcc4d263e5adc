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
        match &stamped.record {
            Record::Created { .. } => self.figures.sessions_created += 1,
            Record::Began { .. } => {
                self.figures.turns += 1;
                self.turns.insert(session, now);
            }
            Record::Ended { turn, ending, usage } => {
                let took = self.turns.remove(&session).map(|began| now.since(began));
                if let Some(took) = took {
                    self.figures.turn_ended(took);
                }
                let outcome = match ending {
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
                };
                let took_ms = took.map(|took| took.as_millis() as u64);
                tracing::info!(target: "q::turn", %session, turn = turn.0, outcome, took_ms, tokens_in = usage.input, tokens_out = usage.output, "turn");
            }
            Record::Renamed { .. }
            | Record::Closed
            | Record::Queued { .. }
            | Record::Unqueued { .. }
            | Record::Said { .. }
            | Record::Seen { .. }
            | Record::Drafted { .. } => {}
        }
    }

    pub(crate) fn stats(&self, started: u64, sessions_live: u64) -> Stats {
        let figures = &self.figures;
        Stats {
            started,
            sessions_created: figures.sessions_created,
            sessions_live,
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
