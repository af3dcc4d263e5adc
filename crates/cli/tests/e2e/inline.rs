//! The inline face in a real terminal: what is said stays in its scrollback, once, and what is drawn leaves no trace there.

use std::path::Path;

use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::screen::{CTRL_D, alt, leader};
use crate::world::{Q, World};

/// `q --face inline` in a terminal of that size, with that session in front.
fn open(world: &World, (rows, columns): (u16, u16), name: &str) -> Terminal {
    let mut command = world.home.pty_command(Path::new(Q));
    command.args(["--face", "inline", "attach", name]);
    let terminal = Terminal::spawn(command, rows, columns);
    wait_prompt(&terminal, name);
    terminal
}

fn wait_prompt(terminal: &Terminal, name: &str) {
    let prompt = format!("[{name}] >");
    let is_prompt = |row: &str| row.starts_with(&prompt);
    terminal.wait_for(&prompt, |screen| screen.contents().lines().any(is_prompt));
}

/// Text of so many lines, each another.
fn lines(count: usize) -> String {
    (0..count).map(|number| format!("item {number} of it\n\n")).collect::<Vec<_>>().concat()
}

#[test]
fn what_is_said_stands_in_the_scrollback_once_as_q_show_prints_it() {
    for size in [(24, 80), (12, 40)] {
        let world = World::new().with_sessions(&["api"]);
        world.gated("dig", "Digging.\n\n", "dig", &format!("{}```\nlet x = 1;\n```\n\nFound.", lines(40)));
        let mut terminal = open(&world, size, "api");
        terminal.send_line("dig");
        terminal.wait_text("Digging.");
        // What lies on top meanwhile goes without a trace.
        terminal.send(leader("?"));
        terminal.wait_text("┌ help");
        terminal.send("\x1b");
        wait_prompt(&terminal, "api");
        world.server.open("dig");
        terminal.wait_text("Found.");
        terminal.send_line("and then?");
        terminal.wait_text("echo: and then?");
        terminal.send(CTRL_D);
        terminal.wait_exit();
        let (kept, shown) = (terminal.scrollback_text(), world.q(&["show", "api"]).succeeded().out);
        let kept: Vec<&str> = kept.lines().map(without_gutter).filter(|row| !row.is_empty()).collect();
        let said = shown.lines().map(|line| line.trim_start_matches("> ").trim());
        let said: Vec<&str> = said.filter(|line| !line.is_empty() && !line.starts_with("```")).collect();
        let end = kept.iter().position(|row| row.starts_with("detached")).expect("it left");
        assert_eq!(kept.get(..end).unwrap_or_default(), said, "{size:?}");
    }
}

/// A row of the transcript without what stands beside it.
fn without_gutter(row: &str) -> &str {
    let row = row.trim_start();
    let row = ["you ", "› ", "scripted ", "│ ", "openai "]
        .iter()
        .find_map(|label| row.strip_prefix(label))
        .unwrap_or(row);
    row.trim()
}

#[test]
fn a_switch_prints_a_rule_and_what_is_new_and_nothing_of_others_meanwhile() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = open(&world, (24, 80), "api");
    world.q(&["chat", "--session", "plan", "hello over there"]);
    world.q(&["send", "plan", "hello"]).succeeded();
    terminal.wait_text("2 plan +");
    assert!(!terminal.scrollback_text().contains("echo: hello"), "{}", terminal.scrollback_text());
    terminal.send(alt('2'));
    terminal.wait_text("── [plan] ──");
    terminal.wait_text("echo: hello");
    wait_prompt(&terminal, "plan");
}

#[test]
fn a_terminal_that_grows_and_shrinks_keeps_what_stands_above() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = open(&world, (24, 80), "api");
    terminal.send_line("hello there");
    terminal.wait_text("echo: hello there");
    terminal.resize(24, 120);
    wait_prompt(&terminal, "api");
    terminal.send_line("once more");
    terminal.wait_text("echo: once more");
    let text = terminal.scrollback_text();
    for once in ["echo: hello there", "echo: once more", "[api] >"] {
        assert_eq!(text.matches(once).count(), 1, "{once:?} in\n{text}");
    }
}

#[test]
fn control_bytes_of_an_answer_are_shown_and_not_obeyed() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("trick", Script::new().say("a\x1b[2J\x1b]0;owned\x07b").done());
    let mut terminal = open(&world, (24, 80), "api");
    terminal.send_line("trick");
    terminal.wait_text("<U+001B>[2J");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("\x1b[2J") && !raw.contains("\x1b]0;"), "{raw:?}");
}
