//! Keys at a real terminal: what is set in the configuration counts, what arrives is told, and keys get through tmux.

use std::path::Path;
use std::process::Command;

use q_testkit::terminal::Terminal;
use serde_json::Value;

use crate::screen::{CTRL_C, ESCAPE, Person as _};
use crate::world::World;

const CONFIG: &str = "[keys]\npreset = \"app\"\nleader = \"Ctrl+B\"\n[keys.direct]\nhelp = [\"F2\", \"Alt+H\"]\nclosse = \"F3\"\n\
                      [keys.after_leader]\nnew = \"c\"\n[keys.empty]\nlast = \"Ctrl+C\"\n";

#[test]
fn keys_that_are_set_count_and_mistakes_are_told_with_their_lines() {
    let world = World::new().with_sessions(&["api"]);
    world.home.configure(CONFIG);
    let mut terminal = world.open();
    terminal.wait_text("there is no action `closse`");
    terminal.wait_text("config.toml, line 6");
    terminal.send("\x02");
    terminal.wait_text("c new");
    terminal.send("c");
    terminal.wait_bar("2 ");
    terminal.send("\x1bOQ");
    terminal.wait_text("Ctrl+B c");
    terminal.send(ESCAPE);
    terminal.wait_no_text("Ctrl+B c");
    terminal.send("text\x17"); // of the preset: Ctrl+W closes, whatever is typed
    terminal.wait_prompt("api");

    let told = world.q(&["keys", "list", "--json"]);
    let keys: Value = told.succeeded().json();
    assert_eq!(keys["leader"], "Ctrl+B");
    let action = |name: &str| {
        let all = keys["actions"].as_array().unwrap();
        all.iter().find(|action| action["action"] == name).unwrap().clone()
    };
    assert_eq!(action("help")["direct"], serde_json::json!(["F2", "Alt+H"]));
    assert_eq!(action("new")["after_leader"], serde_json::json!(["c"]));
    assert_eq!(action("close")["slash"], serde_json::json!(["/close"]));
    let faults = keys["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[1].as_str().unwrap().contains("line 10: Ctrl+C always interrupts"), "{faults:?}");
    let listed = world.q(&["keys", "list"]);
    assert!(listed.succeeded().out.contains("Alt+H"));
}

#[test]
fn what_arrives_is_shown_and_the_terminal_is_given_back() {
    let world = World::new();
    for (ends, twice) in [(ESCAPE, "Esc"), (CTRL_C, "Ctrl+C")] {
        let mut terminal = world.terminal(&["keys"]);
        terminal.wait_text("Press keys");
        for (sent, told) in [
            ("\x1b[27;5;9~", "Ctrl+Tab         next"),
            ("\x1b[1092::97;3u", "Alt+A            attend"),
            ("\x1b[5;9~", "no key that q knows"),
            ("\x0e", "new on an empty prompt, newer with text in it"),
            ("\x1b", "Esc              cancel"),
            ("n", "typed; new after the leader"),
        ] {
            terminal.send(sent);
            terminal.wait_text(told);
        }
        terminal.send(ends);
        terminal.wait_text(&format!("{twice}  "));
        terminal.send(ends);
        assert_eq!(terminal.wait_exit().exit_code(), 0);
        let raw = terminal.raw();
        let place = |sequence: &[u8]| raw.windows(sequence.len()).rposition(|window| window == sequence);
        let left = place(b"\x1b[?1049l").unwrap();
        assert!(place(b"Ctrl+Tab").unwrap() > left, "it is printed again where it can be copied");
        assert!(place(b"\x1b[<1u").unwrap() < left && place(b"\x1b[?2004l").unwrap() < left);
    }
    world.q(&["keys"]).exited(2).told("this is none");
    assert!(world.home.host_pid().is_none(), "no host is needed for it");
}

/// `q keys` in a tmux of its own, with a server of its own, with that setting; nothing where there is no tmux.
fn in_tmux(world: &World, extended: &str) -> Option<Terminal> {
    let is_there = Command::new("tmux").arg("-V").output().is_ok_and(|told| told.status.success());
    if !is_there {
        return None;
    }
    let mut command = world.home.pty_command(Path::new("tmux"));
    let socket = world.home.path().join(extended).display().to_string();
    let program = env!("CARGO_BIN_EXE_q");
    let settings = ["-f", "/dev/null", "-S", &socket, "set", "-g", "status", "off", ";"];
    let keys = ["set", "-s", "extended-keys", extended, ";", "set", "-s", "escape-time", "10", ";"];
    let around = ["set", "-as", "terminal-features", "xterm*:extkeys", ";", "new-session", program, "keys"];
    command.args(settings.into_iter().chain(keys).chain(around));
    Some(Terminal::spawn(command, 40, 100))
}

#[test]
fn keys_get_through_tmux() {
    let world = World::new();
    for (extended, tab) in [("off", None), ("always", Some("Ctrl+Tab         next"))] {
        let Some(mut terminal) = in_tmux(&world, extended) else { return };
        terminal.wait_text("tmux keeps its prefix");
        for (sent, told) in [
            ("\x18", "the leader"),
            ("\x1bs", "Alt+S            sessions"),
            ("\x1b1", "Alt+1            switch"),
            ("\x1b[5;5~", "Ctrl+PageUp      prev"),
            ("\x17", "Ctrl+W           close"),
            ("\x1bOP", "F1               help"),
        ] {
            terminal.send(sent);
            terminal.wait_text(told);
        }
        if let Some(told) = tab {
            terminal.send("\x1b[27;5;9~");
            terminal.wait_text(told);
        }
        terminal.send(CTRL_C);
        terminal.wait_text("Ctrl+C  ");
        terminal.send(CTRL_C);
        terminal.wait_exit();
    }
}
