//! A terminal whose host is killed: it finds the next one by itself, shows what was kept, and loses no key.

use std::time::Duration;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::chance::{Chance, let_pass};
use crate::world::{World, program};

const ROUNDS: usize = 8;
const LONGEST_LIFE: Duration = Duration::from_millis(300);

#[test]
fn a_terminal_outlives_its_hosts() {
    let world = World::new();
    let mut chance = Chance::of("terminal outlives its hosts");
    world.server.on("", Script::new().repeat(100_000, "and on ", Duration::from_millis(3)).done());
    world.q_ok(&["new", "-d", "alpha"]);
    let mut terminal = Terminal::spawn(world.home.pty_command(program()), 24, 80);
    terminal.wait_text("[alpha]");
    for round in 0..ROUNDS {
        let prompt = format!("prompt of round {round}");
        terminal.send_line(&prompt);
        let served = world.server.wait_for_requests(round + 1, crate::world::PATIENCE);
        assert!(served, "round {round}: {}", terminal.screen_text());
        terminal.send("half a line");
        let_pass(chance.moment(LONGEST_LIFE));
        assert!(kill9(world.home.host_pid().expect("a host runs")));
        terminal.wait_for("the mark of the cut turn", |screen| {
            let text = screen.contents();
            text.rsplit_once(&prompt).is_some_and(|(_, after)| after.contains("interrupted"))
        });
        terminal.wait_for("what was typed", |screen| screen.contents().contains("half a line"));
        terminal.send("\x15"); // Ctrl+U: clears the line
        terminal.wait_no_text("half a line");
    }
    world.home.host_pid();
    let asked: Vec<String> =
        world.server.requests().iter().map(|seen| seen.last_user_text().to_owned()).collect();
    assert_eq!(asked.len(), ROUNDS, "{asked:?}");
    for (round, text) in asked.iter().enumerate() {
        assert!(text.ends_with(&format!("prompt of round {round}")), "{asked:?}");
    }
}
