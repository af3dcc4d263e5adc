//! The pseudo-terminal itself, against the shell.

#![allow(clippy::expect_used, reason = "tests may panic")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use q_testkit::home::Home;
use q_testkit::process;
use q_testkit::terminal::Terminal;

const SHELL: &str = "/bin/sh";

fn shell(home: &Home, script: &str) -> Terminal {
    let mut command = home.pty_command(Path::new(SHELL));
    command.args(["-c", script]);
    Terminal::spawn(command, 10, 40)
}

#[test]
fn what_is_typed_is_read_and_what_is_drawn_is_seen() {
    let home = Home::new();
    let mut terminal = shell(&home, "read line; printf '\\033[2J\\033[5;3H<%s>' \"$line\"; read rest");
    terminal.send_line("hello");
    terminal.wait_text("  <hello>");
    assert_eq!(terminal.look(vt100::Screen::cursor_position), (4, 9));
    assert!(terminal.raw().ends_with(b"<hello>"));
}

#[test]
fn the_end_of_a_program_is_seen_with_its_code() {
    let home = Home::new();
    let terminal = shell(&home, "echo last words; exit 7");
    assert_eq!(terminal.wait_exit().exit_code(), 7);
    assert!(terminal.screen_text().contains("last words"));
}

#[test]
fn kill_9_needs_no_consent() {
    let home = Home::new();
    let terminal = shell(&home, "trap '' TERM HUP INT; echo ready; while :; do read line; done");
    terminal.wait_text("ready");
    assert!(process::is_alive(terminal.pid()));
    terminal.kill9();
    assert!(!process::is_alive(terminal.pid()));
    assert_eq!(terminal.wait_exit().signal(), Some("Killed"));
}

#[test]
fn another_size_reaches_the_program() {
    let home = Home::new();
    let terminal = shell(&home, "trap 'stty size' WINCH; stty size; while :; do read line; done");
    terminal.wait_text("10 40");
    terminal.resize(17, 66);
    terminal.wait_text("17 66");
    assert_eq!(terminal.look(|screen| screen.size().1.get()), 66);
}

#[test]
fn a_screen_settles_at_its_last_byte() {
    let home = Home::new();
    let terminal = shell(&home, "printf one; printf two; read line");
    let settled = terminal
        .wait_settled("two", Duration::from_millis(30), |screen| screen.contents().contains("onetwo"));
    assert!(settled <= terminal.wait_text("onetwo"));
}

#[test]
fn what_never_comes_fails_at_once_with_the_screen_when_the_program_is_over() {
    let home = Home::new();
    let terminal = shell(&home, "echo something else");
    terminal.wait_exit();
    let failure =
        catch_unwind(AssertUnwindSafe(|| terminal.wait_text("a prompt"))).expect_err("it never came");
    let message = failure.downcast_ref::<String>().expect("a message");
    for part in ["before \"a prompt\"", "│something else", "ended: Success"] {
        assert!(message.contains(part), "{part} is missing in:\n{message}");
    }
}

#[test]
fn line_settings_tell_raw_mode_from_line_mode() {
    let home = Home::new();
    let mut terminal = shell(&home, "read a; stty raw -echo; echo raw; read b; stty sane; echo sane; read c");
    let before = terminal.line_settings();
    terminal.send_line("");
    terminal.wait_text("raw");
    assert_ne!(terminal.line_settings(), before);
}

#[test]
fn a_home_says_nothing_of_the_machine_around_it() {
    let home = Home::new();
    let output = home.command(Path::new("/usr/bin/env")).output().expect("env runs");
    let text = String::from_utf8(output.stdout).expect("text");
    for line in text.lines() {
        let (variable, value) = line.split_once('=').expect("a variable");
        let inside = Path::new(value).starts_with(home.path());
        let fixed = ["PATH", "TERM", "LANG", "TZ"].contains(&variable);
        assert!(inside || fixed, "{line}");
    }
    assert_eq!(text.lines().count(), 10);
}

#[test]
fn a_home_leaves_no_process_and_no_file() {
    let home = Home::new();
    let path = home.path().to_owned();
    let mut stray = home
        .command(Path::new(SHELL))
        .args(["-c", "read line"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    home.end_with(stray.id());
    drop(home);
    assert!(!path.exists());
    assert!(!stray.wait().expect("its end").success());
}
