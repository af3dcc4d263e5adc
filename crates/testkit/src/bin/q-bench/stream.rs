//! What words cost the host on their way, and what a session notices of another one's server that goes mad.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::process::{cpu_ticks, output_within};
use q_testkit::server::{Script, Server};

use crate::budget::Figure;
use crate::faults;
use crate::plan::Plan;
use crate::statistics::Sample;

/// A tick of the processor's time (Linux).
const TICK_US: f64 = 10_000.0;
/// How many words are counted on, as fast as they come, and a millisecond apart: each a piece of its own to the host.
const WORDS: usize = 20_000;
const WORDS_APART: usize = 4_000;
const APART: Duration = Duration::from_millis(1);
/// A quick answer, and how long it is watched: 500 words, a word each 4 ms.
const WATCHED: usize = 500;
const EVERY: Duration = Duration::from_millis(4);
const PATIENCE: Duration = Duration::from_mins(2);

/// Measures both, in a home of their own.
pub(crate) fn measure(plan: &Plan) -> Vec<Figure> {
    let (server, home) = (Server::start(), Home::new());
    home.configure(&format!(
        "[agents.steady]\nbase_url = \"{}\"\nmodel = \"m\"\n[agents.mad]\nbase_url = \"{}\"\nmodel = \"m\"\nretries = 0\n",
        server.base_url(),
        faults::serve(),
    ));
    server.on("quick", Script::new().whole().repeat(WORDS, "word ", Duration::ZERO).done());
    server.on("steady", Script::new().whole().repeat(WATCHED, "word ", EVERY).done());
    server.on("apart", Script::new().whole().repeat(WORDS_APART, "word ", APART).done());
    // Whatever a first turn takes is not a word's.
    ask(&home, plan, "steady", "hello");
    let mut figures = vec![
        words(&home, plan, "quick", WORDS, "a word among many at once, processor of the host"),
        words(&home, plan, "apart", WORDS_APART, "a word that comes alone, processor of the host"),
    ];
    let quiet = gaps(&home, plan, "");
    figures.push(Figure::new("  floor: between words, nothing beside, p99", quiet, "ms"));
    for fault in faults::ALL {
        let with = gaps(&home, plan, fault);
        let times = with.zip(quiet).map(|(with, quiet)| with / quiet);
        figures.push(Figure::new(format!("between words, p99, beside `{fault}`"), times, "×").budget(2.0));
    }
    figures
}

/// What a word costs the host, from its server to a client and to the disk.
fn words(home: &Home, plan: &Plan, prompt: &str, count: usize, what: &str) -> Figure {
    let ticks = || home.host_pid().and_then(cpu_ticks);
    let before = ticks();
    ask(home, plan, "steady", prompt);
    let taken = ticks().zip(before).map(|(after, before)| after.saturating_sub(before) as f64);
    Figure::new(what, taken.map(|ticks| ticks * TICK_US / count as f64), "µs").budget(50.0)
}

/// The longest gaps between the words of a steady answer, in milliseconds, while another session is answered by `fault` again and again.
fn gaps(home: &Home, plan: &Plan, fault: &str) -> Option<f64> {
    let over = Arc::new(AtomicBool::new(fault.is_empty()));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                ask(home, plan, "mad", &format!("fault {fault}"));
            }
        });
        let read = arrivals(begin(home, plan, "steady", "steady"));
        over.store(true, Ordering::Relaxed);
        let gaps = read.iter().zip(read.iter().skip(1)).map(|(one, next)| *next - *one);
        Sample::new(gaps.collect()).percentile(99)
    })
}

/// When each piece of what it says was there.
fn arrivals(mut client: Child) -> Vec<Instant> {
    let mut read = Vec::new();
    let mut said = 0;
    if let Some(stdout) = &mut client.stdout {
        let mut piece = [0; 4096];
        while let Ok(length) = stdout.read(&mut piece)
            && length > 0
        {
            said += length;
            read.push(clock::now());
        }
    }
    let ended = client.wait();
    let is_whole = said >= WATCHED * "word ".len() - 1 && ended.is_ok_and(|status| status.success());
    assert!(is_whole, "the steady answer was not whole: {said} bytes");
    read
}

fn begin(home: &Home, plan: &Plan, agent: &str, prompt: &str) -> Child {
    let mut command = home.command(&plan.program);
    command.args(["chat", "--agent", agent, prompt]).stdin(Stdio::null()).stdout(Stdio::piped());
    match command.stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(error) => panic!("q chat does not start: {error}"),
    }
}

/// Asks and waits for the end, whatever it is.
fn ask(home: &Home, plan: &Plan, agent: &str, prompt: &str) {
    let mut command = home.command(&plan.program);
    let ended =
        output_within(command.args(["chat", "--agent", agent, prompt]).stdin(Stdio::null()), PATIENCE);
    assert!(ended.is_some(), "q chat did not end within {PATIENCE:?}: {prompt}");
}
