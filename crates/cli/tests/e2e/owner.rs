//! The owner's integration test: two sessions that stream at once, each with its own history, over a restart.

use crate::screen::{Person as _, alt, leader};
use crate::world::{World, conversation, turns};

#[test]
fn two_sessions_stream_at_once_apart_from_one_another_and_survive_a_restart() {
    let world = World::new();
    world.gated("why does login fail", "The first api words.", "api", " The last api words.");
    world.gated("plan the move", "The first plan words.", "plan", " The last plan words.");
    let mut terminal = world.open();
    terminal.wait_text("Welcome to q");

    terminal.send_line("/new debug api");
    terminal.wait_prompt("api");
    terminal.send(leader("n"));
    terminal.wait_prompt("new");
    terminal.wait_bar("2 new");
    terminal.send_line("/rename plan");
    terminal.wait_prompt("plan");

    // Both at once, switching by key between them.
    terminal.send_line("plan the move");
    terminal.wait_text("The first plan words.");
    terminal.send(alt('1'));
    terminal.wait_prompt("api");
    terminal.wait_no_text("The first plan words.");
    terminal.send_line("why does login fail");
    terminal.wait_text("The first api words.");
    world.wait_for_streams(2);

    // The one in the background ends: the bar counts, the screen keeps showing the other.
    world.server.open("plan");
    terminal.wait_bar(" 2 plan +");
    assert!(!terminal.screen_text().contains("plan words"));
    world.server.open("api");
    terminal.wait_text("The last api words.");

    terminal.send_line("/switch plan");
    terminal.wait_prompt("plan");
    terminal.wait_text("The first plan words. The last plan words.");
    assert!(!terminal.screen_text().contains("api words"));
    terminal.wait_bar("[2 plan]");

    terminal.send_line("/sessions");
    terminal.wait_text("Enter goes there");
    let listed = terminal.screen_text();
    for (name, preview) in [("1 api", "The first api words."), ("2 plan", "The first plan words.")] {
        let row = listed.lines().find(|row| row.starts_with('│') && row.contains(name));
        assert!(row.is_some_and(|row| row.contains(preview)), "{name}: {listed}");
    }
    terminal.send("\x1b");
    terminal.wait_no_text("Enter goes there");

    // Each connection saw its own session's words and no others.
    assert_eq!(world.server.requests().len(), 2);
    assert_eq!(conversation(&world.request("plan the move")), turns(&["plan the move"]));
    assert_eq!(conversation(&world.request("why does login fail")), turns(&["why does login fail"]));

    terminal.send_line("/detach");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    world.q(&["host", "stop"]).succeeded();
    assert_eq!(world.home.host_pid(), None);

    continue_after_the_restart(&world);
}

fn continue_after_the_restart(world: &World) {
    let mut terminal = world.open();
    terminal.wait_bar("1 api");
    terminal.wait_bar("2 plan");
    terminal.send_line("/switch plan");
    terminal.wait_prompt("plan");
    terminal.wait_text("The first plan words. The last plan words.");
    terminal.send_line("/switch api");
    terminal.wait_prompt("api");
    terminal.wait_text("The first api words. The last api words.");
    assert_eq!(world.session("api")["kind"], "debug");

    terminal.send_line("and on Mondays?");
    terminal.wait_text("echo: and on Mondays?");
    let history = ["why does login fail", "The first api words. The last api words.", "and on Mondays?"];
    assert_eq!(conversation(&world.request("and on Mondays?")), turns(&history));
    assert_eq!(world.server.requests().len(), 3, "nothing is asked twice");
}
