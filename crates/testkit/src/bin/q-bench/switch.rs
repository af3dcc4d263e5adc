//! Switching: from the key to the last byte of the settled frame, and the same in tmux as the floor.

use std::time::Duration;

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::terminal::Terminal;

use crate::budget::Figure;
use crate::floor::Tmux;
use crate::plan::{Plan, SESSIONS};
use crate::prepare::name;
use crate::start::{QUIET, attach};
use crate::statistics::Sample;

/// `Alt+1` … `Alt+9` are the slots one key reaches.
const REACHED_BY_KEY: usize = 9;

/// Switches measured at two moments of each.
struct Switches {
    /// The session's prompt stands on the screen.
    shown: Sample,
    /// The last byte before the program falls silent: also later frames, if it draws any.
    settled: Sample,
}

/// Measures switches in `q` and in tmux.
pub(crate) fn measure(home: &Home, plan: &Plan) -> Vec<Figure> {
    let reached = SESSIONS.min(REACHED_BY_KEY);
    let mut terminal = attach(home, plan);
    let ours = switches(&mut terminal, reached, plan.amounts.switches);
    drop(terminal);
    let tmux = Tmux::start(home, plan).map(|mut tmux| {
        let floor = switches(tmux.terminal(), reached, plan.amounts.switches);
        tmux.stop(home);
        floor.settled
    });
    let floor = |percent| tmux.as_ref().and_then(|floor| floor.percentile(percent));
    let settled = |percent| ours.settled.percentile(percent);
    let ratio = settled(95).zip(floor(95)).map(|(ours, floor)| ours / floor);
    vec![
        Figure::new("switch, prompt on the screen, p95", ours.shown.percentile(95), "ms"),
        Figure::new("switch, settled, p50", settled(50), "ms"),
        Figure::new("switch, settled, p95", settled(95), "ms").gate(500.0).budget(5.0),
        Figure::new("switch, settled, p99", settled(99), "ms").budget(10.0),
        Figure::new("  floor: tmux select-window, settled, p50", floor(50), "ms"),
        Figure::new("  floor: tmux select-window, settled, p95", floor(95), "ms"),
        Figure::new("switch, settled, p95, as a multiple of tmux's", ratio, "×").budget(2.0),
    ]
}

/// Presses the keys of all slots in turn. `q` and the floor show the same prompt for the same number.
fn switches(terminal: &mut Terminal, reached: usize, count: usize) -> Switches {
    // From another session than the first one measured.
    press(terminal, reached);
    let (shown, settled) = (0..count).map(|round| press(terminal, round % reached + 1)).unzip();
    Switches { shown: Sample::new(shown), settled: Sample::new(settled) }
}

fn press(terminal: &mut Terminal, number: usize) -> (Duration, Duration) {
    let prompt = format!("[{}] >", name(number));
    let fits = |screen: &vt100::Screen| screen.contents().contains(&prompt);
    let began = clock::now();
    terminal.send(format!("\x1b{number}"));
    let shown = terminal.wait_for(&prompt, fits);
    let settled = terminal.wait_settled(&prompt, QUIET, fits);
    (shown - began, settled - began)
}
