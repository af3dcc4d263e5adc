//! `q-real-agent`: three sessions at once talk to a real server, the host is killed in between, and nobody's history
//! holds a word of another's. Started by `cargo xtask real-agent`, which runs the server.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Output};
use std::thread;
use std::time::Duration;

use q_testkit::home::Home;
use q_testkit::process::{kill9, output_within};
use serde_json::Value;

/// For one command of the line; a small model on two busy cores answers in seconds.
const PATIENCE: Duration = Duration::from_mins(5);
/// How `q wait` is told the same, a little earlier.
const PATIENCE_SECONDS: &str = "280";

/// The sessions, and what each is asked, in order. The words in it are its own.
const CONVERSATIONS: &[(&str, [&str; 3])] = &[
    (
        "rivers",
        ["Name a river in France.", "Name a river in Egypt.", "Thank you. Say goodbye to the rivers."],
    ),
    ("colours", ["Name a warm colour.", "Name a cold colour.", "Thank you. Say goodbye to the colours."]),
    (
        "animals",
        [
            "Name an animal that flies.",
            "Name an animal that swims.",
            "Thank you. Say goodbye to the animals.",
        ],
    ),
];
/// The host is killed before this turn, counted from 0.
const TURN_AFTER_THE_CRASH: usize = 2;

struct Drive {
    home: Home,
    program: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let &["--q", program, "--base-url", base_url, "--model", model] = words.as_slice() else {
        say("usage: q-real-agent --q PATH --base-url URL --model NAME");
        return ExitCode::from(2);
    };
    let drive = Drive { home: Home::new(), program: program.into() };
    drive.home.configure(&format!(
        "agent = \"real\"\n\n[agents.real]\nbase_url = {base_url:?}\nmodel = {model:?}\n"
    ));
    drive.converse();
    let faults: Vec<String> =
        CONVERSATIONS.iter().flat_map(|(name, prompts)| drive.faults(name, prompts)).collect();
    for fault in &faults {
        say(fault);
    }
    if faults.is_empty() {
        let turns = CONVERSATIONS.len() * 3;
        say(&format!(
            "{} sessions, {turns} turns with a real model, one host killed: all as it should be",
            CONVERSATIONS.len()
        ));
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

impl Drive {
    /// All sessions take each turn together.
    fn converse(&self) {
        for (name, _) in CONVERSATIONS {
            self.q(&["new", name, "-d"]);
        }
        for turn in 0..3 {
            if turn == TURN_AFTER_THE_CRASH {
                self.crash();
            }
            thread::scope(|scope| {
                for (name, prompts) in CONVERSATIONS {
                    scope.spawn(move || {
                        self.q(&["send", name, prompts[turn]]);
                        self.wait(name);
                    });
                }
            });
        }
    }

    /// Waits until the model is done, or the server's limit of tokens was reached: then the turn has failed, and says so.
    fn wait(&self, name: &str) {
        let output = self.output(&["wait", name, "--timeout", PATIENCE_SECONDS]);
        if !output.status.success() {
            let shown = self.q(&["show", name, "--json"]);
            let shown: Value = serde_json::from_str(&shown)
                .unwrap_or_else(|error| panic!("q show --json: {error}: {shown}"));
            let failure = shown.pointer("/session/failure").and_then(Value::as_str);
            assert_eq!(failure, Some("length_limit"), "{name} failed: {shown}");
        }
    }

    fn crash(&self) {
        let Some(host) = self.home.host_pid() else { panic!("q host status --json names no pid") };
        assert!(kill9(host), "there is no host {host} to kill");
        say(&format!("killed the host ({host})"));
    }

    /// What is wrong with a session's history, which must be its own three prompts, each with an answer.
    fn faults(&self, name: &str, prompts: &[&str; 3]) -> Vec<String> {
        let history = self.history(name);
        let mut faults = Vec::new();
        let wanted = prompts.iter().flat_map(|prompt| [("user", Some(*prompt)), ("assistant", None)]);
        let wanted: Vec<(&str, Option<&str>)> = wanted.collect();
        if history.len() != wanted.len() {
            faults.push(format!("{name}: {} entries, not {}", history.len(), wanted.len()));
        }
        for ((role, text), (wanted_role, wanted_text)) in history.iter().zip(&wanted) {
            if role != wanted_role
                || wanted_text.is_some_and(|wanted| wanted != text)
                || text.trim().is_empty()
            {
                faults.push(format!("{name}: {role} {text:?}, where {wanted_role} {wanted_text:?} belongs"));
            }
        }
        for (role, text) in &history {
            say(&format!("  {name:<8} {role:<9} {:?}", text.chars().take(90).collect::<String>()));
        }
        faults
    }

    /// A session's entries: who, and what.
    fn history(&self, name: &str) -> Vec<(String, String)> {
        let shown = self.q(&["show", name, "--json"]);
        let shown: Value =
            serde_json::from_str(&shown).unwrap_or_else(|error| panic!("q show --json: {error}: {shown}"));
        let field = |entry: &Value, name: &str| {
            entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let entries = shown.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let said = entries.iter().map(|entry| (field(entry, "role"), field(entry, "text")));
        said.filter(|(role, _)| role != "failed").collect()
    }

    /// Runs a `q` command to its end.
    fn output(&self, arguments: &[&str]) -> Output {
        output_within(self.home.command(&self.program).args(arguments), PATIENCE)
            .unwrap_or_else(|| panic!("q {arguments:?} did not end within {PATIENCE:?}"))
    }

    /// Runs a `q` command that must succeed; gives what it printed.
    fn q(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "q {arguments:?} ended with {}:\n{}{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr),
        );
        text(&output.stdout)
    }
}

/// Says a line to the person; a closed pipe is no reason to stop.
fn say(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}
