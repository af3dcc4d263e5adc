//! The person is called while they look elsewhere, and the title of the window is theirs again however q ends.

use q_testkit::terminal::Terminal;
use rustix::process::Signal;

use crate::run::send;
use crate::screen::{CTRL_D, Person as _};
use crate::world::World;

/// What a terminal says when its window comes to the front, and when it goes behind others.
const FOCUS: [&str; 2] = ["\x1b[I", "\x1b[O"];
/// What has it keep the title of its window, and take that again.
const TITLE: [&str; 2] = ["\x1b[22;2t", "\x1b[23;2t"];
const CALL: &str = "\x1b]9;q: 1 session needs you\x1b\\";
const BELL: &str = "\x07";

fn count(terminal: &Terminal, sequence: &str) -> usize {
    String::from_utf8_lossy(&terminal.raw()).matches(sequence).count()
}

#[test]
fn what_ends_behind_another_window_calls_once_and_names_nobody() {
    let mut world = World::new().with_sessions(&["api", "plan"]);
    world.home.configure("notify = \"osc9\"\n");
    world.home.set("Q_NO_MOTION", "1");
    world.gated("dig", "Digging.", "dig", " Found it.");
    let mut terminal = world.open_at("api");
    terminal.wait_written("\x1b]2;q\x1b\\");
    terminal.send(FOCUS[0]);
    terminal.enter("dig", "Digging.");
    terminal.send(FOCUS[1]);
    world.server.open("dig");
    terminal.wait_text("Found it.");
    terminal.wait_written(CALL);
    terminal.wait_written("\x1b]2;q · 1 needs you\x1b\\");
    // Who comes back is not called, and has seen it.
    terminal.send(FOCUS[0]);
    terminal.enter("and you?", "echo: and you?");
    assert_eq!((count(&terminal, CALL), count(&terminal, BELL)), (1, 0));
    assert!(!String::from_utf8_lossy(&terminal.raw()).contains("needs you: "), "no name is said");
    terminal.send(CTRL_D);
    terminal.wait_detached();
    assert_eq!((count(&terminal, TITLE[0]), count(&terminal, TITLE[1])), (1, 1));
}

#[test]
fn a_terminal_of_which_nothing_is_known_is_rung_and_none_means_none() {
    for (configured, rings) in [("", 1), ("notify = \"none\"\ntitle = \"none\"\n", 0)] {
        let world = World::new().with_sessions(&["api"]);
        world.home.configure(configured);
        world.gated("dig", "Digging.", "dig", " Found it.");
        let mut terminal = world.open_at("api");
        terminal.send(FOCUS[0]);
        terminal.enter("dig", "Digging.");
        terminal.send(FOCUS[1]);
        world.server.open("dig");
        terminal.wait_text("Found it.");
        if rings > 0 {
            terminal.wait_written(BELL);
        }
        terminal.send(FOCUS[0]);
        terminal.send_line("hello");
        terminal.wait_text("echo: hello");
        assert_eq!(count(&terminal, BELL), rings, "{configured}");
        assert_eq!(count(&terminal, TITLE[0]) > 0, rings > 0, "{configured}");
    }
}

#[test]
fn the_title_before_comes_back_however_q_ends() {
    for (signal, exit) in [(Signal::TERM, 128 + 15), (Signal::HUP, 128 + 1), (Signal::INT, 128 + 2)] {
        let world = World::new().with_sessions(&["api"]);
        let terminal = world.open_at("api");
        terminal.wait_written(TITLE[0]);
        send(terminal.pid(), signal);
        assert_eq!(terminal.wait_exit().exit_code(), exit, "{signal:?}");
        let written = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(written.rfind(TITLE[1]) > written.rfind("\x1b[?1049l"), "{signal:?}: {written:?}");
    }
}

#[test]
fn what_the_configuration_may_say_of_the_screen_is_told() {
    World::new().refuses_configurations([
        ("notify = \"ring\"\n".to_owned(), "unknown variant `ring`"),
        ("title = \"full\"\n".to_owned(), "unknown variant `full`"),
        ("text_width = 3\n".to_owned(), "text_width is from 20 to 1000 columns"),
        ("notify_names = \"yes\"\n".to_owned(), "line 1"),
    ]);
}
