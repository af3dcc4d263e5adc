//! A home with a scripted server in it.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::server::{Script, Seen, Server};
use q_testkit::terminal::Terminal;
use serde_json::Value;

use crate::run::{Outcome, Run};
use crate::screen::Person as _;

/// The program under test.
pub(crate) const Q: &str = env!("CARGO_BIN_EXE_q");
/// How long the server may have to be waited for. Generous: the machine may be building something meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How often what nobody tells is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Where a test happens. The home goes first: its host must not outlive it.
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) server: Server,
}

impl World {
    /// A fresh home whose environment names a fresh server.
    pub(crate) fn new() -> Self {
        let server = Server::start();
        let mut home = Home::new();
        home.set("OPENAI_BASE_URL", &server.base_url());
        home.set("OPENAI_MODEL", "scripted");
        home.knows_q();
        Self { home, server }
    }

    /// The same, but its environment names no server: only a configuration can.
    pub(crate) fn unnamed() -> Self {
        let mut world = Self::new();
        world.home.set("OPENAI_BASE_URL", "");
        world
    }

    /// `q` in a terminal of 24 × 80.
    pub(crate) fn open(&self) -> Terminal {
        self.terminal(&[])
    }

    /// The same, with that session in front.
    pub(crate) fn open_at(&self, name: &str) -> Terminal {
        let terminal = self.open();
        terminal.wait_prompt(name);
        terminal
    }

    /// `q attach NAME` in a terminal, with that session in front.
    pub(crate) fn attach(&self, name: &str) -> Terminal {
        let terminal = self.terminal(&["attach", name]);
        terminal.wait_prompt(name);
        terminal
    }

    /// A shell that puts what it starts into the foreground, and can be told to.
    pub(crate) fn shell(&self) -> Terminal {
        let mut shell = self.home.pty_command(Path::new("/bin/sh"));
        shell.args(["-i", "-m"]);
        Terminal::spawn(shell, 24, 80)
    }

    /// `q` with arguments, in a terminal.
    pub(crate) fn terminal(&self, args: &[&str]) -> Terminal {
        let mut command = self.home.pty_command(Path::new(Q));
        command.args(args);
        Terminal::spawn(command, 24, 80)
    }

    /// With each of these as its configuration, `q` does nothing but say what is wrong.
    pub(crate) fn refuses_configurations(&self, mistakes: impl IntoIterator<Item = (String, &'static str)>) {
        for (written, told) in mistakes {
            self.home.configure(&written);
            self.q(&["agents"]).exited(2).told(told);
            self.q(&["ls"]).exited(2).told(told);
        }
    }

    /// `q` with arguments and nothing to read, to its end.
    pub(crate) fn q(&self, args: &[&str]) -> Outcome {
        self.start(args).finish()
    }

    /// The same, reading `input`.
    pub(crate) fn q_reading(&self, args: &[&str], input: impl Into<Vec<u8>>) -> Outcome {
        Run::start(self.home.command(Path::new(Q)).args(args), Some(input.into())).finish()
    }

    /// The same, started by another program: as another user, behind other mounts. `None`, with a word on standard error,
    /// where that program may not do so, or not reach `q`.
    #[allow(clippy::print_stderr, reason = "a test that is passed by says so")]
    pub(crate) fn q_by(&self, starter: &[&str], args: &[&str]) -> Option<Outcome> {
        let by = |args: &[&str]| {
            let q = self.home.command(Path::new(Q));
            let mut command = Command::new(starter.first().expect("a program"));
            command.args(starter.iter().skip(1)).arg(Q).args(args);
            command.env_clear().current_dir("/");
            command.envs(q.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command
        };
        if !by(&["--version"]).output().is_ok_and(|output| output.status.success()) {
            eprintln!("passed by: {starter:?} does not work here (it wants root)");
            return None;
        }
        let outcome = Run::start(&mut by(args), None).finish();
        // Whoever has another user's host started ends it; should that fail, it goes with this home.
        let status = by(&["host", "status", "--json"]).output().expect("q runs");
        let status = serde_json::from_slice::<Value>(&status.stdout).unwrap_or_default();
        if let Some(pid) = status["pid"].as_u64() {
            self.home.end_with(u32::try_from(pid).expect("a process id"));
        }
        Some(outcome)
    }

    /// `q` with arguments, in pipes, going on.
    pub(crate) fn start(&self, args: &[&str]) -> Run {
        Run::start(self.home.command(Path::new(Q)).args(args), None)
    }

    /// The same, in that directory.
    pub(crate) fn start_in(&self, directory: &Path, args: &[&str]) -> Run {
        Run::start(self.home.command(Path::new(Q)).args(args).current_dir(directory), None)
    }

    /// Detached sessions of these names.
    pub(crate) fn with_sessions(self, names: &[&str]) -> Self {
        for name in names {
            self.q(&["new", "-d", name]).succeeded();
        }
        self
    }

    /// A session of `q ls --all --json`.
    pub(crate) fn session(&self, name: &str) -> Value {
        let all = self.q(&["ls", "--all", "--json"]).json();
        let found = all.as_array().and_then(|all| all.iter().find(|session| session["name"] == name));
        found.unwrap_or_else(|| panic!("no session {name} in {all}")).clone()
    }

    /// Answers `prompt` with one piece, then waits for the gate of that name before the rest.
    pub(crate) fn gated(&self, prompt: &str, before: &str, gate: &str, after: &str) {
        self.server.on(prompt, Script::new().say(before).wait_for(gate).say(after).done());
    }

    /// Has that session begin an answer to `first`, which goes on once the gate `first` is open.
    pub(crate) fn begin_first(&self, session: &str) {
        self.gated("first", "One", "first", " is done.");
        self.q(&["send", session, "first"]).succeeded();
        self.wait_for_streams(1);
    }

    /// Waits until the server was asked `count` times in all.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        let came = self.server.wait_for_requests(count, PATIENCE);
        assert!(came, "the server was asked {} times, not {count}", self.server.requests().len());
    }

    /// Waits until the server is answering exactly `count`.
    pub(crate) fn wait_for_streams(&self, count: usize) {
        let came = self.server.wait_for_open_streams(count, PATIENCE);
        assert!(came, "{} streams are open, not {count}", self.server.open_streams());
    }

    /// The one request whose last prompt contains `text`.
    pub(crate) fn request(&self, text: &str) -> Seen {
        let mut requests = self.server.requests();
        requests.retain(|seen| seen.last_user_text().contains(text));
        assert_eq!(requests.len(), 1, "requests about {text:?}: {requests:#?}");
        requests.remove(0)
    }
}

/// Looks again and again until something is so that nobody tells about.
#[track_caller]
pub(crate) fn eventually(what: &str, so: impl Fn() -> bool) {
    until(what, || so().then_some(()));
}

/// Looks again and again until there is something. Rests in between: what is waited for needs the processor, too.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = clock::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(clock::now() < deadline, "never: {what}");
        thread::park_timeout(LOOK_AGAIN);
    }
}

/// The conversation in a request: who said what, without what the program itself puts in front.
pub(crate) fn conversation(seen: &Seen) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = seen.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said = messages.iter().filter(|message| message["role"] != "system");
    said.map(|message| (text(&message["role"]), text(&message["content"]))).collect()
}

/// A conversation as it is written in a test: prompts and answers in turn.
pub(crate) fn turns(texts: &[&str]) -> Vec<(String, String)> {
    let roles = ["user", "assistant"].into_iter().cycle();
    roles.zip(texts).map(|(role, text)| (role.to_owned(), (*text).to_owned())).collect()
}
