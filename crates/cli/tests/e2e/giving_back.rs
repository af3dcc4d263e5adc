//! The terminal as it was before: every way in which a client ends, with each face.

use q_testkit::process::kill9;
use q_testkit::terminal::Terminal;
use rustix::process::Signal;

use crate::run::send;
use crate::screen::CTRL_D;
use crate::terminals::{in_a_shell, mouse, stop, untouched_line_settings};
use crate::world::{World, eventually};

/// Both faces that take the terminal.
const FACES: [&str; 2] = ["full", "inline"];

/// What of a terminal can be left otherwise than it was.
fn state(terminal: &Terminal) -> String {
    let modes = terminal.look(|screen| {
        let (alternate, hidden) = (screen.alternate_screen(), screen.hide_cursor());
        let (paste, keys) = (screen.bracketed_paste(), screen.application_cursor());
        format!(
            "alternate {alternate}, hidden {hidden}, paste {paste}, keys {keys}, {}",
            screen.attributes_formatted()
        )
    });
    format!("{modes:?} mouse {} {}", mouse(terminal), terminal.line_settings())
}

/// That many keyboard modes as were pushed were taken back.
fn assert_keys_are_given_back(terminal: &Terminal) {
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.rfind("\x1b[<") > raw.rfind("\x1b[>5u"), "{raw:?}");
}

#[test]
fn whatever_ends_a_client_leaves_the_terminal_as_it_was() {
    type End = fn(&mut Terminal, u32);
    let ends: [(&str, End); 6] = [
        ("Ctrl+D", |terminal, _| terminal.send(CTRL_D)),
        ("/quit", |terminal, _| terminal.send("/quit\r")),
        ("SIGTERM", |_, pid| send(pid, Signal::TERM)),
        ("SIGHUP", |_, pid| send(pid, Signal::HUP)),
        ("SIGINT", |_, pid| send(pid, Signal::INT)),
        ("SIGQUIT", |_, pid| send(pid, Signal::QUIT)),
    ];
    let world = World::new().with_sessions(&["api"]);
    let before = untouched_line_settings(&world);
    for face in FACES {
        for (end, by) in ends {
            let mut terminal = world.terminal(&["--face", face]);
            terminal.wait_text("[api] >");
            assert_ne!(terminal.line_settings(), before, "{face}: raw while q has it");
            let pid = terminal.pid();
            by(&mut terminal, pid);
            terminal.wait_exit();
            let fresh = world.terminal(&["--version"]);
            fresh.wait_exit();
            assert_eq!(state(&terminal), state(&fresh), "{face}, {end}");
            assert_keys_are_given_back(&terminal);
        }
    }
}

#[test]
fn a_client_that_is_stopped_gives_the_terminal_back_and_takes_it_again() {
    for face in FACES {
        let world = World::new().with_sessions(&["api"]);
        let (mut terminal, pid) = in_a_shell(&world, &format!("--face {face}"));
        terminal.wait_text("[api] >");
        stop(&terminal, pid, Signal::TSTP);
        assert!(!terminal.look(|screen| screen.alternate_screen() || screen.bracketed_paste()), "{face}");
        assert_eq!(mouse(&terminal), "None", "{face}");
        terminal.send_line("fg");
        terminal.wait_for("q again", vt100::Screen::bracketed_paste);
        terminal.send(CTRL_D);
        terminal.wait_for("the shell", |screen| !screen.bracketed_paste() && !screen.hide_cursor());
    }
}

#[test]
fn what_a_killed_client_left_is_mended_by_a_verb_and_by_the_next_start() {
    for face in FACES {
        for mends in ["fix-terminal", "--face inline"] {
            let world = World::new().with_sessions(&["api"]);
            let (mut terminal, pid) = in_a_shell(&world, &format!("--face {face}"));
            terminal.wait_text("[api] >");
            kill9(pid);
            terminal.wait_text("Killed");
            assert!(terminal.look(vt100::Screen::bracketed_paste), "{face}: it was left");
            let written = terminal.raw().len();
            let q = env!("CARGO_BIN_EXE_q");
            // The shell reads lines as they are now: nothing makes a line feed of what Enter sends.
            terminal.send(format!("{q} {mends}\n"));
            if mends != "fix-terminal" {
                eventually("q again", || {
                    terminal.raw().get(written..).is_some_and(|raw| says(raw, "\x1b[>5u"))
                });
                let raw = terminal.raw();
                let raw = String::from_utf8_lossy(raw.get(written..).unwrap_or_default()).into_owned();
                assert!(raw.find("\x1b[?1049l") < raw.find("\x1b[>5u"), "mended before it is taken: {raw:?}");
                terminal.send(CTRL_D);
                terminal.wait_text("detached");
            }
            let is_mended = |screen: &vt100::Screen| {
                !(screen.alternate_screen() || screen.bracketed_paste() || screen.hide_cursor())
            };
            terminal.wait_for(&format!("{mends} after {face}"), is_mended);
            assert_eq!(mouse(&terminal), "None", "{face}, {mends}");
        }
    }
}

fn says(raw: &[u8], bytes: &str) -> bool {
    raw.windows(bytes.len()).any(|window| window == bytes.as_bytes())
}

#[test]
fn a_terminal_in_which_nothing_is_left_is_not_changed() {
    let world = World::new();
    let fresh = world.terminal(&["--version"]);
    fresh.wait_exit();
    let mended = world.terminal(&["fix-terminal"]);
    assert!(mended.wait_exit().success());
    assert_eq!(state(&mended), state(&fresh));
    assert_eq!(mended.look(vt100::Screen::cursor_position), (0, 0), "the cursor stays where it is");
    // Where there is none, what mends goes along the pipe.
    let piped = world.q(&["fix-terminal"]).succeeded();
    assert!(piped.out.is_empty() || piped.out.contains("\x1b[?1049l"), "{:?}", piped.out);
}

#[test]
fn a_program_that_has_the_terminal_ends_with_q() {
    let mut world = World::new();
    let pid_file = world.home.path().join("editor.pid");
    // It ends by itself some time, also where nobody ends it.
    let script = format!(
        "trap '' HUP\necho $$ >{}\necho the editor is here\nn=0\n\
         while [ $n -lt 300 ]; do read -r line || {{ n=$((n+1)); sleep 0.1; }}; done\n",
        pid_file.display()
    );
    let editor = world.home.path().join("editor.sh");
    std::fs::write(&editor, script).expect("a script");
    world.home.set("VISUAL", &format!("sh {}", editor.display()));
    let world = world.with_sessions(&["api"]);
    let mut terminal = world.open();
    terminal.wait_text("[api] >");
    terminal.send("precious\x07");
    terminal.wait_text("the editor is here");
    let pid: u32 = std::fs::read_to_string(pid_file).expect("its id").trim().parse().expect("a number");
    send(terminal.pid(), Signal::TERM);
    terminal.wait_exit();
    eventually("the editor's end", || !q_testkit::process::is_alive(pid));
    terminal.wait_text("what you were writing is in");
}
