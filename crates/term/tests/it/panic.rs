//! A panic while the terminal is ours, in a real one: it is given back before the panic is told, which can then be read.

use std::path::PathBuf;

use q_testkit::terminal::{CommandBuilder, Terminal};

#[test]
fn a_panic_gives_the_terminal_back_and_can_be_read() {
    // The example is built beside the tests.
    let tests = PathBuf::from(std::env::args_os().next().unwrap());
    let example = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples/panics");
    // A shell around it keeps the terminal open, and tells its settings before and after.
    let script = format!("stty -a; {}; stty -a; echo the end; read _", example.display());
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", &script]);
    let terminal = Terminal::spawn(command, 40, 120);
    terminal.wait_text("the end");
    let screen = terminal.screen_text();
    assert!(screen.contains("on purpose, with the terminal taken"), "{screen}");
    let settings: Vec<&str> = screen.lines().filter(|line| line.contains("isig")).collect();
    assert_eq!(settings.len(), 2, "{screen}");
    assert_eq!(settings[0], settings[1], "{screen}");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let left = raw.rfind("\x1b[?1049l").expect("the alternate screen is left");
    assert!(left > raw.rfind("\x1b[?1049h").expect("it was entered"));
    let title = raw.rfind("\x1b[23;2t").expect("the title before is there again");
    assert!(left < title && title < raw.find("on purpose").expect("the panic is told"), "{raw:?}");
    assert!(left < raw.find("on purpose").expect("the panic is told"), "given back first");
    let other = raw.find("in another thread").expect("that of the other thread is told, too");
    assert!(left < other && raw.find("drawn after it").is_some_and(|drawn| drawn < left), "{raw:?}");
    assert_eq!(raw.matches("\x1b[?1049l").count(), 1, "given back once: {raw:?}");
}
