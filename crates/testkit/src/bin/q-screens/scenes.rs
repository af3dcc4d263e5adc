//! What is on the pictures: people's work as a script, each scene in a home of its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use q_testkit::home::Home;
use q_testkit::process::output_within;
use q_testkit::server::{Script, Server};
use q_testkit::terminal::Terminal;

use crate::svg::picture;

const ROWS: u16 = 26;
const COLUMNS: u16 = 100;
/// For one command of the line.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a screen does not change before it is taken.
const QUIET: Duration = Duration::from_millis(300);

const QUESTION: &str = "why does the login handler return 500?";
const ANSWER: &str = "The handler unwraps a header that a browser may leave out:

```rust
// Fails where nobody sends it.
let token = headers.get(\"x-csrf\").unwrap();
```

Answer **403** in its place, and say which header is missing:

```rust
let Some(token) = headers.get(\"x-csrf\") else {
    return Err(Status::forbidden(\"x-csrf is missing\"));
};
```

| route | before | after |
|---|--:|--:|
| /login | 500 | 403 |
| /logout | 500 | 403 |
";

/// Where a scene happens: the home goes first, its host must not outlive it.
struct Stage<'a> {
    home: Home,
    server: Server,
    program: &'a Path,
}

/// Every picture by its name.
pub(crate) fn all(program: &Path) -> Vec<(&'static str, String)> {
    let mut pictures = vec![("welcome", Stage::new(program).welcome())];
    let stage = Stage::new(program);
    stage.work();
    let mut terminal = stage.open();
    terminal.wait_text("1 debug-login");
    terminal.send_line("/switch debug-login");
    let title = "A session with its answer, and in the bar what the others do";
    pictures.push(("sessions", taken(&terminal, "/logout", title)));
    terminal.send("/se");
    pictures.push(("completion", taken(&terminal, "/sessions", "What can be meant by what is typed")));
    terminal.send("\u{3}");
    terminal.wait_no_text("/sessions");
    terminal.send("\u{18}l");
    pictures.push(("list", taken(&terminal, "┌ sessions", "The list of sessions")));
    pictures
}

impl<'a> Stage<'a> {
    fn new(program: &'a Path) -> Self {
        let server = Server::start();
        let mut home = Home::new();
        home.set("COLORTERM", "truecolor");
        home.set("Q_NO_MOTION", "1");
        home.configure(&format!(
            "theme = \"night\"\nagent = \"claude\"\n[agents.claude]\nbase_url = {:?}\nmodel = \"claude-sonnet\"\ntools = true\n",
            server.base_url()
        ));
        Self { home, server, program }
    }

    fn q(&self, arguments: &[&str]) {
        let output = output_within(self.home.command(self.program).args(arguments), PATIENCE);
        let output = output.unwrap_or_else(|| panic!("q {arguments:?} did not end"));
        assert!(output.status.success(), "q {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn open(&self) -> Terminal {
        Terminal::spawn(self.home.pty_command(self.program), ROWS, COLUMNS)
    }

    fn welcome(&self) -> String {
        let terminal = self.open();
        taken(&terminal, "Welcome to q", "q, opened for the first time")
    }

    /// Four sessions: one answered, one at work, one that asks, one that is done.
    fn work(&self) {
        let project = self.home.directory("HOME").join("api");
        fs::create_dir_all(&project).unwrap_or_else(|error| panic!("{}: {error}", project.display()));
        let directory = project.display().to_string();
        self.server.on(QUESTION, Script::new().say(ANSWER).done());
        self.server.on("write the plan", Script::new().say("Three steps: ").wait_for("never").done());
        self.server.on(
            "do the tests pass?",
            Script::new().say("I run them.").call("run", r#"{"argv":["cargo","test"]}"#).done(),
        );
        self.server.on("summarise the docs", Script::new().say("They say what q promises.").done());
        for (name, kind, prompt) in [
            ("debug-login", "debug", QUESTION),
            ("s3-plan", "planning", "write the plan"),
            ("review-auth", "development", "do the tests pass?"),
            ("docs", "development", "summarise the docs"),
        ] {
            self.q(&["new", "-d", name, "--kind", kind, "--cwd", &directory]);
            self.q(&["send", name, prompt]);
            if prompt != "write the plan" {
                // It ends, or asks: which of both its exit code says.
                let _either = output_within(
                    self.home.command(self.program).args(["wait", name, "--timeout", "20"]),
                    PATIENCE,
                );
            }
        }
    }
}

/// The screen once it shows that and rests.
fn taken(terminal: &Terminal, shown: &str, title: &str) -> String {
    terminal.wait_settled(title, QUIET, |screen| screen.contents().contains(shown));
    terminal.look(|screen| picture(screen, title))
}
