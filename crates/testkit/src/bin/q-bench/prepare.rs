//! Ten sessions with a past, made as a person's scripts would make them: through the command line, with the guide.

use std::path::Path;
use std::thread;
use std::time::Duration;

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::process::output_within;
use serde_json::Value;

use crate::console;
use crate::plan::{Plan, SESSIONS};

/// For one command of the line.
const PATIENCE: Duration = Duration::from_mins(2);
/// `q`'s exit code for "a limit refused it": here, that the queue is full.
const REFUSED_BY_A_LIMIT: i32 = 4;
/// What is asked; different in size and answer, so that screens differ.
const QUESTIONS: &[&str] = &[
    "How do I switch between sessions?",
    "What happens to my work when the machine loses power?",
    "Which keys are there?",
    "How do I connect a model of my own? I have a server on this machine that speaks the usual protocol.",
    "What does the number beside a session's name mean?",
];

/// The name of session `number`, from 1; its slot is the same number.
pub(crate) fn name(number: usize) -> String {
    format!("bench-{number}")
}

/// Fills the home with the plan's sessions; panics with `q`'s own words when that fails.
pub(crate) fn sessions(home: &Home, plan: &Plan) {
    let began = clock::now();
    // One after the other, so that slots follow the numbers.
    for number in 1..=SESSIONS {
        q(home, &plan.program, &["new", &name(number), "-d", "--agent", "guide"]);
    }
    thread::scope(|scope| {
        for number in 1..=SESSIONS {
            scope.spawn(move || fill(home, plan, &name(number)));
        }
    });
    let entries = entries(home, plan);
    assert!(
        entries.len() == SESSIONS && entries.iter().all(|&entries| entries >= plan.amounts.entries as u64),
        "wanted {} sessions of {} entries, have {entries:?}",
        SESSIONS,
        plan.amounts.entries,
    );
    console::print(&format!(
        "prepared: {} sessions, {} entries each, in {:.1} s",
        SESSIONS,
        plan.amounts.entries,
        began.elapsed().as_secs_f64()
    ));
}

fn fill(home: &Home, plan: &Plan, session: &str) {
    let questions = QUESTIONS.iter().cycle().take(plan.amounts.entries.div_ceil(2));
    for (turn, question) in questions.enumerate() {
        let prompt = format!("{question} ({session}, {turn})");
        while !was_taken(home, &plan.program, &["send", session, &prompt]) {
            q(home, &plan.program, &["wait", session, "--timeout", "60"]);
        }
    }
    q(home, &plan.program, &["wait", session, "--timeout", "60"]);
}

/// How many entries each session has.
fn entries(home: &Home, plan: &Plan) -> Vec<u64> {
    let list = q(home, &plan.program, &["ls", "--json"]);
    let list: Value =
        serde_json::from_str(&list).unwrap_or_else(|error| panic!("q ls --json: {error}: {list}"));
    let sessions = list.as_array().map(Vec::as_slice).unwrap_or_default();
    sessions.iter().filter_map(|session| session.get("entries")?.as_u64()).collect()
}

/// Runs a `q` command that must succeed; gives what it printed.
pub(crate) fn q(home: &Home, program: &Path, arguments: &[&str]) -> String {
    match run(home, program, arguments) {
        (Some(0), said, _) => said,
        (code, said, complained) => panic!("q {arguments:?} ended with {code:?}:\n{said}{complained}"),
    }
}

/// Runs a `q` command that a full queue may refuse.
fn was_taken(home: &Home, program: &Path, arguments: &[&str]) -> bool {
    match run(home, program, arguments) {
        (Some(0), ..) => true,
        (Some(REFUSED_BY_A_LIMIT), ..) => false,
        (code, said, complained) => panic!("q {arguments:?} ended with {code:?}:\n{said}{complained}"),
    }
}

fn run(home: &Home, program: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Some(output) = output_within(home.command(program).args(arguments), PATIENCE) else {
        panic!("q {arguments:?} did not end within {PATIENCE:?}");
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
