//! `q stats`: your own figures since the host started. They stay on this machine.

use std::fmt::Write as _;
use std::process::ExitCode;

use q_proto::message::{Stats, WireQuantiles};
use q_proto::{Request, Response};
use q_term::words::{counted, size};
use serde::Serialize;

use crate::args::JsonArgs;
use crate::client::{Client, unexpected};
use crate::commands::quota;
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out};

pub(crate) async fn run(context: &Context, args: JsonArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let Response::Stats(stats) = client.ask(Request::Stats).await? else { return Err(unexpected()) };
    let Response::Status(host) = client.ask(Request::Status).await? else { return Err(unexpected()) };
    let stats = StatsJson {
        stats,
        stored: host.stored,
        stored_bytes: host.stored_bytes,
        store_bytes: host.store_bytes,
        disk_bytes: q_store::disk_use(&context.place.store()),
    };
    if args.json {
        json::print(&stats)?;
    } else {
        out::text(&table(&stats))?;
    }
    if let Some(said) = quota::exceeded(&mut client).await? {
        out::note(&said);
    }
    Ok(ExitCode::SUCCESS)
}

/// The fields of `--json`, which docs/json.md promises.
#[derive(Debug, Serialize)]
struct StatsJson {
    #[serde(flatten)]
    stats: Stats,
    stored: u64,
    stored_bytes: u64,
    store_bytes: u64,
    disk_bytes: u64,
}

fn table(all: &StatsJson) -> String {
    let stats = &all.stats;
    let age = q_term::words::duration(q_host::clock::wall(), q_core::WallTime(stats.started));
    let mut text = format!(
        "host        started {age} ago\n\
         sessions    {} live, {} created, {} hibernated\n\
         turns       {}{}; {} cut by a crash\n\
         switches    {}\n\
         commits     {}\n\
         stored      {}, {} of {}; {} on the disk\n",
        stats.sessions_live,
        stats.sessions_created,
        times(stats.hibernations),
        stats.turns,
        in_brackets(stats.turn_times),
        stats.turns_recovered,
        spread(stats.switches),
        spread(stats.commits),
        counted(usize::try_from(all.stored).unwrap_or(usize::MAX), "session"),
        size(all.stored_bytes),
        size(all.store_bytes),
        size(all.disk_bytes),
    );
    if stats.errors.is_empty() {
        text.push_str("errors      none\n");
    }
    for (code, count) in &stats.errors {
        let _infallible = writeln!(text, "errors      {count} {code}");
    }
    text
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn spread(spread: WireQuantiles) -> String {
    format!("{}{}", spread.count, in_brackets(spread))
}

fn in_brackets(spread: WireQuantiles) -> String {
    if spread.count == 0 {
        String::new()
    } else {
        format!(" (p50 {}, p95 {})", time(spread.p50_us), time(spread.p95_us))
    }
}

fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000_000 => format!("{}.{} ms", us / 1000, us % 1000 / 100),
        10_000_000.. => format!("{} s", us / 1_000_000),
    }
}
