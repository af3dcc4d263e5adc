//! What it costs to leave ten sessions open: memory of host and client, and what they do while nothing happens.

use std::sync::mpsc;
use std::time::Duration;

use q_testkit::home::Home;
use q_testkit::process::{ContextSwitches, cpu_ticks, proportional_set_size};

use crate::budget::Figure;
use crate::plan::{Plan, SESSIONS};
use crate::start::attach;

/// After the last key, before anything is called idle: longer than a draft waits to be saved.
pub(crate) const CALM: Duration = Duration::from_secs(3);
/// How long idleness is watched.
pub(crate) const WATCHED: Duration = Duration::from_secs(5);

pub(crate) const MEGABYTE: f64 = 1_000_000.0;

/// Measures host and client with all sessions open.
pub(crate) fn measure(home: &Home, plan: &Plan) -> Vec<Figure> {
    let mut terminal = attach(home, plan);
    // Shows each session once, so that nothing is small only because it was never looked at.
    for number in (1..=SESSIONS.min(9)).rev() {
        terminal.send(format!("\x1b{number}"));
        terminal.wait_text(&format!("[{}] >", crate::prepare::name(number)));
    }
    let client = terminal.pid();
    let Some(host) = home.host_pid() else { panic!("q host status --json names no pid") };
    wait(CALM);
    let memory = |pid| proportional_set_size(pid).map(|bytes| bytes as f64 / MEGABYTE);
    let both = memory(host).zip(memory(client)).map(|(host, client)| host + client);
    let before = [host, client].map(|pid| (ContextSwitches::of(pid), cpu_ticks(pid)));
    wait(WATCHED);
    let after = [host, client].map(|pid| (ContextSwitches::of(pid), cpu_ticks(pid)));
    let per_second = |count: Option<u64>| count.map(|count| count as f64 / WATCHED.as_secs_f64());
    let grown = |before: Option<u64>, after: Option<u64>| Some(after?.saturating_sub(before?));
    let mut figures = vec![
        Figure::new("memory, host and client, PSS", both, "MB").gate(125.0).budget(20.0),
        Figure::new("  of it the host", memory(host), "MB"),
        Figure::new("  of it the client", memory(client), "MB"),
    ];
    for (who, (before, after)) in ["host", "client"].into_iter().zip(before.into_iter().zip(after)) {
        let wakes = per_second(after.0.zip(before.0).map(|(after, before)| after.since(&before)));
        // A tick is 10 ms, so ticks a second are percent of one core.
        let cpu = per_second(grown(before.1, after.1));
        figures.push(Figure::new(format!("idle, {who}, context switches"), wakes, "/s").budget(0.0));
        figures.push(Figure::new(format!("idle, {who}, processor"), cpu, "%").budget(0.0));
    }
    figures
}

/// Lets time pass: idleness is a span, there is no event to wait for.
pub(crate) fn wait(span: Duration) {
    let (silent, nothing) = mpsc::channel::<()>();
    nothing.recv_timeout(span).ok();
    drop(silent);
}
