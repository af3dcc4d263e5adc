//! Cold start: from the process's birth to the painted prompt, with the host running and with the host to be started.

use std::path::Path;
use std::time::Duration;

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::terminal::Terminal;

use crate::budget::Figure;
use crate::plan::Plan;
use crate::prepare::q;
use crate::statistics::Sample;

pub(crate) const ROWS: u16 = 50;
pub(crate) const COLS: u16 = 200;
/// A program that was silent for so long has drawn its frame.
pub(crate) const QUIET: Duration = Duration::from_millis(25);
/// Ctrl+D on an empty prompt.
const DETACH: &[u8] = b"\x04";

/// Measures starts of all sorts.
pub(crate) fn measure(home: &Home, plan: &Plan) -> Vec<Figure> {
    let running = Sample::new((0..plan.amounts.starts).map(|_| to_prompt(home, plan)).collect());
    let starting = Sample::new(
        (0..plan.amounts.starts)
            .map(|_| {
                q(home, &plan.program, &["host", "stop"]);
                to_prompt(home, plan)
            })
            .collect(),
    );
    let floor = Sample::new((0..plan.amounts.starts).map(|_| to_first_byte(home)).collect());
    vec![
        Figure::new("start, host running, median", running.percentile(50), "ms").budget(20.0),
        Figure::new("start, host running, p95", running.percentile(95), "ms"),
        Figure::new("start, host starting, median", starting.percentile(50), "ms").budget(60.0),
        Figure::new("start, host starting, p95", starting.percentile(95), "ms"),
        Figure::new("  floor: echo, to its last byte, median", floor.percentile(50), "ms"),
    ]
}

/// An attached client with its first frame drawn.
pub(crate) fn attach(home: &Home, plan: &Plan) -> Terminal {
    let terminal = Terminal::spawn(home.pty_command(&plan.program), ROWS, COLS);
    terminal.wait_settled("the prompt", QUIET, has_prompt);
    terminal
}

fn to_prompt(home: &Home, plan: &Plan) -> Duration {
    let began = clock::now();
    let mut terminal = Terminal::spawn(home.pty_command(&plan.program), ROWS, COLS);
    let painted = terminal.wait_settled("the prompt", QUIET, has_prompt);
    terminal.send(DETACH);
    terminal.wait_exit();
    painted - began
}

fn to_first_byte(home: &Home) -> Duration {
    let mut command = home.pty_command(Path::new("/bin/echo"));
    command.arg("[floor] >");
    let began = clock::now();
    let terminal = Terminal::spawn(command, ROWS, COLS);
    terminal.wait_settled("the line", QUIET, has_prompt) - began
}

fn has_prompt(screen: &vt100::Screen) -> bool {
    screen.contents().contains("] >")
}
