//! `q-tour`: the way from a first start to two sessions answered and one approval given, walked in a real terminal in front of a
//! scripted model. Started by `cargo xtask tour`, which holds it to few keys; the seconds are told and judged by nobody.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::server::{Script, Server};
use q_testkit::terminal::Terminal;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// The most keys beyond the texts, from the start to the end of each of these.
const TWO_SESSIONS: usize = 5;
const APPROVAL: usize = 8;

/// Somebody who has never seen q: what was pressed is counted, what was typed as text is not.
struct Newcomer {
    terminal: Terminal,
    keys: usize,
    began: Instant,
    /// Each stage with the keys and the seconds up to its end.
    stages: Vec<(&'static str, usize, f64)>,
}

impl Newcomer {
    /// Types a text: words that would be typed anywhere.
    fn words(&mut self, text: &str) {
        self.terminal.send(text);
        self.terminal.wait_text(text);
    }

    /// Presses one key, which counts.
    fn key(&mut self, bytes: &str) {
        self.keys += 1;
        self.terminal.send(bytes);
    }

    fn reached(&mut self, stage: &'static str) {
        let seconds = (clock::now() - self.began).as_secs_f64();
        self.stages.push((stage, self.keys, seconds));
    }

    /// From the start of q to the first answer, by what the first screen says and nothing else.
    fn first_session(&mut self) {
        self.terminal.wait_text("Type a question and press Enter");
        self.reached("first screen");
        self.words("why is the sky blue?");
        self.key("\r");
        self.terminal.wait_text("because of Rayleigh");
        self.reached("first answer");
    }

    /// A second one beside it, answered, and back: the tour of the screen itself notices both.
    fn second_session(&mut self) {
        self.terminal.wait_text("try /new");
        self.key("\u{e}"); // Ctrl+N, on an empty prompt
        self.terminal.wait_text("Nothing has been said here yet");
        self.words("what is a monad?");
        self.key("\r");
        self.terminal.wait_text("a monoid of endofunctors");
        self.terminal.wait_text("try /switch");
        self.key("\u{1b}1"); // Alt+1
        self.terminal.wait_text("because of Rayleigh");
        self.terminal.wait_text("try /sessions");
        self.reached("two sessions answered");
    }

    /// A call that asks, and its answer.
    fn approval(&mut self) {
        self.words("count the stars");
        self.key("\r");
        self.terminal.wait_settled(
            "a question that can be answered",
            std::time::Duration::from_millis(300),
            |screen| screen.contents().contains("? 1 run"),
        );
        self.key("y");
        self.key("\r");
        self.terminal.wait_text("so many stars");
        self.reached("one approval given");
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let &["--q", program] = words.as_slice() else {
        eprintln!("usage: q-tour --q PATH");
        return ExitCode::from(2);
    };
    let program = match std::fs::canonicalize(program) {
        Ok(program) => program,
        Err(error) => {
            eprintln!("{program}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let stages = walked(&program);
    println!("{:<24}{:>5}{:>9}", "stage", "keys", "seconds");
    for (stage, keys, seconds) in &stages {
        println!("{stage:<24}{keys:>5}{seconds:>9.1}");
    }
    let too_many = [("two sessions answered", TWO_SESSIONS), ("one approval given", APPROVAL)];
    let mut exit = ExitCode::SUCCESS;
    for (wanted, most) in too_many {
        let needed = stages.iter().find(|(stage, ..)| *stage == wanted).map(|(_, keys, _)| *keys);
        if needed.is_none_or(|keys| keys > most) {
            eprintln!("{wanted}: {needed:?} keys beyond the texts, and {most} is the most");
            exit = ExitCode::FAILURE;
        }
    }
    exit
}

/// The stages of one walk. The home goes before the server: its host must not outlive it.
fn walked(program: &Path) -> Vec<(&'static str, usize, f64)> {
    let server = Server::start();
    server.on("why is the sky blue?", Script::new().say("It is blue because of Rayleigh.").done());
    server.on("what is a monad?", Script::new().say("It is a monoid of endofunctors.").done());
    server.on("count the stars", Script::new().say("There are so many stars.").done());
    server.once("count the stars", Script::new().call("run", r#"{"argv":["echo","stars"]}"#).done());
    let home = Home::new();
    home.configure(&format!(
        "agent = \"scripted\"\n[agents.scripted]\nbase_url = {:?}\nmodel = \"scripted\"\ntools = true\n",
        server.base_url()
    ));
    let began = clock::now();
    let terminal = Terminal::spawn(home.pty_command(program), ROWS, COLUMNS);
    let mut newcomer = Newcomer { terminal, keys: 0, began, stages: Vec::new() };
    newcomer.first_session();
    newcomer.second_session();
    newcomer.approval();
    newcomer.stages
}
