//! Several terminals on the same sessions, each with its own focus; and the terminal given back as it was.

use q_testkit::process::is_alive;
use q_testkit::terminal::Terminal;
use rustix::process::Signal;

use crate::run::send;
use crate::screen::{Person as _, alt};
use crate::world::{World, eventually};

/// What gives the screen back.
const LEAVE_ALTERNATE_SCREEN: &[u8] = b"\x1b[?1049l";
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
const NO_BRACKETED_PASTE: &[u8] = b"\x1b[?2004l";

#[test]
fn two_terminals_show_the_same_sessions_each_with_its_own_focus() {
    let world = World::new().with_sessions(&["api", "plan"]);
    world.gated("dig", "Digging.", "dig", " Found it.");
    let mut one = world.open_at("api");
    let mut two = world.open_at("api");
    two.press_to(alt('2'), "plan");
    one.wait_prompt("api");

    // An answer shows in both when both look, and is counted where nobody does.
    one.enter("dig", "Digging.");
    two.send(alt('1'));
    two.wait_text("Digging.");
    two.wait_prompt("api");
    world.server.open("dig");
    one.wait_text("Digging. Found it.");
    two.wait_text("Digging. Found it.");

    // What the one creates, renames and closes, the other sees, and stays where it is.
    one.send_line("/new review third");
    one.wait_prompt("third");
    two.wait_bar("3 third");
    one.send_line("/rename fourth");
    two.wait_bar("3 fourth");
    two.wait_prompt("api");
    two.send_line("/close fourth");
    one.wait_prompt("api");
}

#[test]
fn killing_a_terminal_leaves_the_sessions_and_the_other_terminal_alone() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("dig", "Digging.", "dig", " Found it.");
    let mut one = world.open_at("api");
    let mut two = world.open_at("api");
    one.send_line("dig");
    two.wait_text("Digging.");
    one.kill9();
    world.wait_for_streams(1);
    world.server.open("dig");
    two.wait_text("Digging. Found it.");
    two.enter("and you?", "echo: and you?");
    assert!(world.home.host_pid().is_some_and(is_alive));

    let third = world.open();
    for text in ["dig", "Digging. Found it.", "and you?", "echo: and you?"] {
        third.wait_text(text);
    }
}

#[test]
fn what_was_unread_is_read_in_every_terminal() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut one = world.open();
    let two = world.open();
    one.wait_prompt("api");
    two.wait_prompt("api");
    world.q(&["send", "plan", "hello"]).succeeded();
    one.wait_bar("2 plan +");
    two.wait_bar("2 plan +");
    one.send(alt('2'));
    one.wait_text("echo: hello");
    two.wait_for("plan read in the other terminal", |screen| !screen.contents().contains("plan +"));
    two.wait_prompt("api");
}

/// What ends a client.
type End = fn(&World, &mut Terminal);

#[test]
fn the_terminal_is_given_back_whatever_ends_the_client() {
    let world = World::new().with_sessions(&["api"]);
    let ends: [(&str, End, u32); 5] = [
        ("/quit", |_, terminal| terminal.send_line("/quit"), 0),
        ("SIGTERM", |_, terminal| send(terminal.pid(), Signal::TERM), 128 + 15),
        ("SIGHUP", |_, terminal| send(terminal.pid(), Signal::HUP), 128 + 1),
        ("SIGINT", |_, terminal| send(terminal.pid(), Signal::INT), 128 + 2),
        ("host stop", |world, _| drop(world.q(&["host", "stop"]).succeeded()), 0),
    ];
    for (end, by, code) in ends {
        let before = untouched_line_settings(&world);
        let mut terminal = world.open_at("api");
        assert_ne!(terminal.line_settings(), before, "raw while q has it");
        by(&world, &mut terminal);
        assert_eq!(terminal.wait_exit().exit_code(), code, "{end}");
        let raw = terminal.raw();
        for sequence in [LEAVE_ALTERNATE_SCREEN, SHOW_CURSOR, NO_BRACKETED_PASTE] {
            let given_back = raw.windows(sequence.len()).any(|window| window == sequence);
            assert!(given_back, "{end}: no {} in {}", sequence.escape_ascii(), raw.escape_ascii());
        }
        assert_eq!(terminal.line_settings(), before, "{end}");
        assert!(!terminal.look(|screen| screen.alternate_screen() || screen.hide_cursor()), "{end}");
        assert_eq!(mouse(&terminal), "None", "{end}");
    }
}

#[test]
fn q_keys_gives_the_terminal_back_whatever_signal_ends_it() {
    let world = World::new();
    let before = untouched_line_settings(&world);
    for (signal, code) in [(Signal::TERM, 128 + 15), (Signal::HUP, 128 + 1), (Signal::INT, 128 + 2)] {
        let terminal = world.terminal(&["keys"]);
        terminal.wait_text("Press keys");
        send(terminal.pid(), signal);
        assert_eq!(terminal.wait_exit().exit_code(), code, "{signal:?}");
        assert_eq!(terminal.line_settings(), before, "{signal:?}");
        assert!(!terminal.look(|screen| screen.alternate_screen() || screen.hide_cursor()), "{signal:?}");
    }
}

#[test]
fn q_keys_that_is_stopped_gives_the_terminal_back_and_comes_again() {
    let world = World::new();
    let (mut terminal, pid) = in_a_shell(&world, "keys");
    terminal.wait_text("Press keys");
    let raw = terminal.line_settings();
    stop(&terminal, pid, Signal::TSTP);
    assert!(!terminal.look(vt100::Screen::alternate_screen));
    assert_ne!(terminal.line_settings(), raw, "cooked again");
    terminal.send_line("fg");
    terminal.wait_for("its screen", |screen| {
        screen.alternate_screen() && screen.contents().contains("Press keys")
    });
    terminal.enter("\x0e", "new on an empty prompt");
    assert_eq!(terminal.line_settings(), raw);
}

/// Who has the mouse: `None` where that is the terminal.
pub(crate) fn mouse(terminal: &Terminal) -> String {
    terminal.look(|screen| format!("{:?}", screen.mouse_protocol_mode()))
}

#[test]
fn the_mouse_is_taken_unless_that_is_not_wanted() {
    let world = World::new().with_sessions(&["api"]);
    assert_eq!(mouse(&world.open_at("api")), "ButtonMotion");
    world.home.configure("mouse = false\n");
    assert_eq!(mouse(&world.open_at("api")), "None");
}

/// The settings of a terminal that nothing has touched: those of one whose program only prints.
pub(crate) fn untouched_line_settings(world: &World) -> String {
    let terminal = world.terminal(&["--version"]);
    terminal.wait_detached();
    terminal.line_settings()
}

#[test]
fn any_size_is_survived_and_the_screen_is_right_again_afterwards() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    terminal.enter("hello there", "echo: hello there");
    // Said with the end of the turn: nothing moves any more.
    terminal.wait_text("5 tokens");
    terminal.wait_prompt("api");
    let right = rows(&terminal.screen_text());
    for (rows, cols, fits) in [
        (5, 20, "hello there"),
        (1, 1, ""),
        (24, 80, "echo: hello there"),
        (2, 200, "[api] >"),
        (60, 2, ""),
        (24, 80, "echo: hello there"),
    ] {
        terminal.resize(rows, cols);
        terminal.wait_text(fits);
        // A key proves that the loop still runs at this size.
        terminal.send("x");
        terminal.send("\x7f");
    }
    terminal.wait_for("the screen as it was", |screen| rows(&screen.contents()) == right);
    terminal.press_to(alt('2'), "plan");
}

#[test]
fn a_size_that_came_and_went_unseen_leaves_nothing_behind() {
    let world = World::new().with_sessions(&["api"]);
    let terminal = world.open_at("api");
    let right = rows(&terminal.screen_text());
    for _ in 0..20 {
        terminal.resize(2, 3);
        terminal.resize(24, 80);
    }
    terminal.wait_for("the screen as it was", |screen| rows(&screen.contents()) == right);
}

#[test]
fn a_redrawn_screen_is_whole_and_the_terminal_is_asked_nothing() {
    const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    for redraw in ["\x0c", "/redraw\r"] {
        terminal.send(redraw);
        terminal.type_at("api", "x");
        terminal.send("\x15");
        terminal.wait_prompt("api");
    }
    let cleared = terminal.raw().windows(4).filter(|window| window == b"\x1b[2J").count();
    assert!(cleared >= 2, "cleared {cleared} times");
    let asked = terminal.raw().windows(4).any(|window| window == WHERE_IS_THE_CURSOR);
    assert!(!asked, "a late answer would be taken for typing");
}

#[test]
fn a_suspended_client_gives_the_terminal_back_and_comes_again() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.shell();
    terminal.send_line(env!("CARGO_BIN_EXE_q"));
    terminal.wait_prompt("api");
    terminal.send("draft\x1a");
    terminal.wait_text("Stopped");
    assert!(!terminal.look(vt100::Screen::alternate_screen));
    shell_then_draft_go_on(&mut terminal);
}

/// The shell is there to be used, and `fg` brings q back, with its draft and a keyboard.
fn shell_then_draft_go_on(terminal: &mut Terminal) {
    terminal.enter("echo still $((40 + 2))", "still 42");
    terminal.send_line("fg");
    terminal.wait_typed("api", "draft");
    terminal.send(" goes on");
    terminal.wait_typed("api", "draft goes on");
}

/// A shell that has `q` in the foreground, and the process id of that.
pub(crate) fn in_a_shell(world: &World, args: &str) -> (Terminal, u32) {
    let mut terminal = world.shell();
    let file = world.home.path().join("q.pid");
    let q = env!("CARGO_BIN_EXE_q");
    terminal.send_line(&format!("sh -c 'echo $$ >{}; exec {q} {args}'", file.display()));
    let pid = || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
    eventually("the process id of q", || pid().is_some());
    (terminal, pid().expect("it was there"))
}

/// Stops the process in the foreground; whoever started it says so.
pub(crate) fn stop(terminal: &Terminal, pid: u32, signal: Signal) {
    send(pid, signal);
    terminal.wait_text("Stopped");
}

#[test]
fn a_client_that_is_stopped_from_outside_gives_the_terminal_back_and_comes_again() {
    let world = World::new().with_sessions(&["api"]);
    let (mut terminal, pid) = in_a_shell(&world, "");
    terminal.wait_prompt("api");
    let raw = terminal.line_settings();
    terminal.type_at("api", "draft");
    stop(&terminal, pid, Signal::TSTP);
    assert!(!terminal.look(|screen| screen.alternate_screen() || screen.bracketed_paste()));
    assert_ne!(terminal.line_settings(), raw, "cooked again");
    shell_then_draft_go_on(&mut terminal);
    assert_eq!(terminal.line_settings(), raw);
    assert!(terminal.look(|screen| screen.alternate_screen() && screen.bracketed_paste()));
}

#[test]
fn a_client_that_was_stopped_without_a_word_takes_the_terminal_again() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("dig", "Digging.", "dig", " Found it.");
    let (mut terminal, pid) = in_a_shell(&world, "");
    terminal.wait_prompt("api");
    let raw = terminal.line_settings();
    terminal.enter("dig", "Digging.");
    stop(&terminal, pid, Signal::STOP);
    // What shells do that care, and what this client may not take for its own.
    terminal.send("stty sane; printf '\\033[?1049l\\033[?2004l'; echo sane $((40 + 2))\n");
    terminal.wait_text("sane 42");
    assert!(!terminal.look(vt100::Screen::alternate_screen));
    // The answer goes on meanwhile, and is there afterwards.
    world.server.open("dig");
    eventually("the end of the answer", || world.session("api")["activity"] == "idle");
    terminal.enter("fg", "Digging. Found it.");
    terminal.wait_prompt("api");
    assert_eq!(terminal.line_settings(), raw);
    assert!(terminal.look(|screen| screen.alternate_screen() && screen.bracketed_paste()));
    terminal.enter("and you?", "echo: and you?");
    send(pid, Signal::TERM);
    terminal.wait_for("the shell's screen", |screen| !screen.alternate_screen());
}

#[test]
fn where_nobody_would_continue_it_a_client_does_not_stop() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    for stop in 0..2 {
        if stop == 0 {
            terminal.send("\x1a");
        } else {
            send(terminal.pid(), Signal::TSTP);
        }
        terminal.wait_text("no shell would bring q back here");
        terminal.send("x\x7f");
        terminal.wait_no_text("no shell would bring q back here");
        // Both keys were taken: either clears what is said, also of the next stop.
        terminal.wait_prompt("api");
    }
}

#[test]
fn plain_mode_asks_again_after_it_was_stopped() {
    let world = World::new().with_sessions(&["api"]);
    let (mut terminal, pid) = in_a_shell(&world, "--plain");
    let asked = |screen: &vt100::Screen| screen.contents().trim_end().ends_with("[api] >");
    terminal.wait_for("the prompt", asked);
    for signal in [Signal::TSTP, Signal::STOP] {
        send(pid, signal);
        terminal.wait_for("the shell's prompt", |screen| {
            screen.contents().contains("Stopped") && !screen.contents().trim_end().ends_with("[api] >")
        });
        terminal.send_line("fg");
        terminal.wait_for("the prompt again", asked);
    }
    terminal.enter("hello", "echo: hello");
}

#[test]
fn what_alt_gr_types_arrives_whatever_the_terminal_makes_of_it() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    let mut typed = String::new();
    let sent = ["\x1b{", "\x1b[48;3u", "\x1b[123;7u", "\x1b@", "\x1b\u{20ac}"];
    for (bytes, letter) in sent.into_iter().zip("{0{@\u{20ac}".chars()) {
        terminal.send(bytes);
        typed.push(letter);
        terminal.wait_typed("api", &typed);
    }
    terminal.send("\x1b[50;3u");
    terminal.wait_prompt("plan");
}

/// What stands in each row, whatever blanks follow it.
fn rows(contents: &str) -> Vec<String> {
    contents.trim_end().lines().map(|row| row.trim_end().to_owned()).collect()
}

#[test]
fn a_terminal_that_was_never_told_its_size_is_survived() {
    let world = World::new().with_sessions(&["api"]);
    let mut command = world.home.pty_command(std::path::Path::new(env!("CARGO_BIN_EXE_q")));
    command.arg("attach");
    command.arg("api");
    let terminal = Terminal::spawn(command, 0, 0);
    terminal.resize(24, 80);
    terminal.wait_prompt("api");
}
