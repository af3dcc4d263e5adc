//! The figures since the host started.

use q_telemetry::{Metrics, Quantiles};

use q_proto::Response;
use q_proto::message::{Stats, WireQuantiles};

pub(super) fn answer(metrics: &Metrics, started: u64, sessions_live: u64) -> Response {
    Response::Stats(Stats {
        started,
        sessions_created: metrics.sessions_created,
        sessions_live,
        hibernations: metrics.hibernations,
        turns: metrics.turns,
        turns_recovered: metrics.turns_recovered,
        switches: spread(metrics.switches()),
        commits: spread(metrics.commits()),
        turn_times: spread(metrics.turn_times()),
        errors: metrics.errors.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
    })
}

fn spread(quantiles: Quantiles) -> WireQuantiles {
    WireQuantiles { count: quantiles.count, p50_us: quantiles.p50_us, p95_us: quantiles.p95_us }
}
