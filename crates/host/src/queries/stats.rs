//! The figures since the host started.

use q_telemetry::{Figures, Quantiles};

use q_proto::Answer;
use q_proto::message::{Spread, Stats};

pub(super) fn answer(figures: &Figures, started: u64, sessions_live: u64) -> Answer {
    Answer::Stats(Stats {
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
    })
}

fn spread(quantiles: Quantiles) -> Spread {
    Spread { count: quantiles.count, p50_us: quantiles.p50_us, p95_us: quantiles.p95_us }
}
