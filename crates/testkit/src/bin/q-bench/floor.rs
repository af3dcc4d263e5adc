//! The floor for a switch: tmux with as many windows and as much text, in the same run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use q_testkit::home::Home;
use q_testkit::process::output_within;
use q_testkit::terminal::Terminal;

use crate::console;
use crate::plan::{Plan, SESSIONS};
use crate::prepare::{name, q};
use crate::start::{COLS, QUIET, ROWS};

const TMUX: &str = "/usr/bin/tmux";
const PATIENCE: Duration = Duration::from_secs(30);

/// A tmux of its own with one window a session.
pub(crate) struct Tmux {
    socket: PathBuf,
    terminal: Terminal,
}

impl Tmux {
    /// Starts it; nothing where there is no tmux.
    pub(crate) fn start(home: &Home, plan: &Plan) -> Option<Self> {
        if !Path::new(TMUX).is_file() {
            console::print("no tmux here: switches are measured without their floor");
            return None;
        }
        let socket = home.path().join("tmux");
        let config = home.path().join("tmux.conf");
        fs::write(&config, configuration()).unwrap_or_else(|error| panic!("no tmux configuration: {error}"));
        for number in 1..=SESSIONS {
            let text = q(home, &plan.program, &["show", &name(number)]);
            fs::write(text_of(home, number), text)
                .unwrap_or_else(|error| panic!("no text for tmux: {error}"));
        }
        let mut command = home.pty_command(Path::new(TMUX));
        command.args([
            "-f".as_ref(),
            config.as_os_str(),
            "-S".as_ref(),
            socket.as_os_str(),
            "new-session".as_ref(),
        ]);
        command.arg(window(home, 1));
        let terminal = Terminal::spawn(command, ROWS, COLS);
        wait_shown(&terminal, 1);
        for number in 2..=SESSIONS {
            tmux(home, &socket, &["new-window", &window(home, number)]);
            wait_shown(&terminal, number);
        }
        Some(Self { socket, terminal })
    }

    /// Where its keys go.
    pub(crate) fn terminal(&mut self) -> &mut Terminal {
        &mut self.terminal
    }

    /// Ends it and all its windows.
    pub(crate) fn stop(self, home: &Home) {
        tmux(home, &self.socket, &["kill-server"]);
        self.terminal.wait_exit();
    }
}

/// The same keys as in `q`, and no delay after Escape.
fn configuration() -> String {
    let mut configuration = String::from(
        "set -g history-limit 100000\nset -s escape-time 0\nset -g base-index 1\nset -g status-interval 0\n",
    );
    for number in 1..=9 {
        // Writing to a string cannot fail.
        writeln!(configuration, "bind -n M-{number} select-window -t :{number}").ok();
    }
    configuration
}

fn text_of(home: &Home, number: usize) -> PathBuf {
    home.path().join(format!("text-{number}"))
}

/// A window shows a session's text and a prompt like `q`'s.
fn window(home: &Home, number: usize) -> String {
    format!("cat '{}'; printf '[%s] > ' {}; exec cat", text_of(home, number).display(), name(number))
}

fn wait_shown(terminal: &Terminal, number: usize) {
    let prompt = format!("[{}] >", name(number));
    terminal.wait_settled(&prompt, QUIET, |screen| screen.contents().contains(&prompt));
}

fn tmux(home: &Home, socket: &Path, arguments: &[&str]) {
    let mut command = home.command(Path::new(TMUX));
    let output = output_within(command.arg("-S").arg(socket).args(arguments), PATIENCE);
    assert!(output.is_some_and(|output| output.status.success()), "tmux {arguments:?} failed");
}
