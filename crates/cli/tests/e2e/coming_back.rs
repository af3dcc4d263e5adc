//! q comes back where one was: in this terminal, or else anywhere.

use std::fs;
use std::path::Path;

use q_testkit::process::kill9;
use q_testkit::terminal::Terminal;

use crate::screen::{CTRL_D, Person as _, alt};
use crate::world::{World, eventually};

pub(crate) const Q: &str = env!("CARGO_BIN_EXE_q");

/// A shell in a terminal, which runs each line.
pub(crate) fn shell(world: &World) -> Terminal {
    let mut command = world.home.pty_command(Path::new("/bin/sh"));
    command.args(["-c", "while read -r line; do eval \"$line\"; done"]);
    let shell = Terminal::spawn(command, 24, 80);
    world.q(&["ls"]).succeeded(); // the home asks the program last run about its host
    shell
}

/// Opens q in a shell, at the session that comes, and goes to the one in a slot.
#[track_caller]
fn visit(shell: &mut Terminal, comes: &str, slot: Option<(char, &str)>) {
    shell.send_line(Q);
    shell.wait_prompt(comes);
    if let Some((slot, there)) = slot {
        shell.send(alt(slot));
        shell.wait_prompt(there);
    }
    shell.send(CTRL_D);
    shell.wait_text("detached");
    shell.enter_away("clear", "detached");
}

#[test]
fn one_comes_back_to_the_session_last_in_front_in_this_terminal_or_else_anywhere() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    let (mut one, mut other) = (shell(&world), shell(&world));
    visit(&mut one, "api", Some(('2', "plan")));
    visit(&mut one, "plan", None);
    visit(&mut other, "plan", Some(('3', "docs")));
    // Work in the background is no visit.
    world.q(&["chat", "-s", "api", "hello"]).succeeded();
    visit(&mut one, "plan", None);
    visit(&mut other, "docs", None);
    world.q(&["close", "plan"]).succeeded();
    visit(&mut one, "docs", None);
    let mut third = shell(&world);
    visit(&mut third, "docs", Some(('1', "api")));
    world.q(&["host", "stop"]).succeeded();
    visit(&mut third, "api", None);
}

#[test]
fn a_client_that_is_killed_comes_back_to_where_the_person_paused() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    terminal.press_to(alt('2'), "plan");
    let id = world.session("plan")["id"].as_str().unwrap().to_owned();
    let state = world.home.directory("XDG_STATE_HOME").join("q");
    let noted = || {
        let directories = fs::read_dir(&state).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut notes = directories
            .filter(|path| path.extension().is_some_and(|end| end == "terminals"))
            .flat_map(|path| fs::read_dir(path).into_iter().flatten().flatten());
        notes.any(|note| fs::read_to_string(note.path()).is_ok_and(|text| text == id))
    };
    eventually("it is noted", noted);
    kill9(terminal.pid());
    world.open().wait_prompt("plan");
}

#[test]
fn plain_mode_comes_back_too_and_scripts_leave_no_note() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    let mut one = shell(&world);
    for (comes, goes) in [("api", "docs"), ("docs", "plan")] {
        one.send_line(&format!("{Q} --plain; echo le''ft"));
        one.wait_text(&format!("now in {comes}"));
        one.send_line(&format!("/switch {goes}"));
        one.wait_text(&format!("now in {goes}"));
        one.enter("/quit", "left");
        one.enter_away("clear", "now in");
    }
    world.q_reading(&[], "/switch api\n").succeeded().said("now in plan").said("now in api");
    world.q_reading(&[], "/quit\n").succeeded().said("now in plan");
    visit(&mut one, "plan", None);
}
