//! Reading what was said: found, pointed at, copied, and paged, in a real terminal.

use crate::screen::{ESCAPE, Person as _};
use crate::world::{World, eventually};

/// The left button pressed and released there, as terminals report it: column and row count from 1.
fn click(column: usize, row: usize) -> String {
    format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
}

#[test]
fn a_text_is_found_and_the_view_stays_there() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    for number in 0..12 {
        terminal.enter(&format!("question {number}"), &format!("echo: question {number}"));
    }
    terminal.send_line("/find question 1");
    terminal.wait_text("1 of 6");
    terminal.send("nnnn");
    terminal.wait_text("5 of 6");
    terminal.send(ESCAPE);
    terminal.wait_prompt("api");
    terminal.wait_text("question 1");
    terminal.wait_no_text("question 11");
}

#[test]
fn a_click_in_the_bar_switches_and_the_wheel_scrolls() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    for number in 0..12 {
        terminal.enter(&format!("question {number}"), &format!("echo: question {number}"));
    }
    terminal.send("\x1b[<64;10;10M".repeat(20));
    terminal.wait_text("more lines");
    let bar = terminal.screen_text();
    let column = bar.find("plan").unwrap_or_else(|| panic!("{bar}")) + 1;
    terminal.send(click(column, 1));
    terminal.wait_prompt("plan");
}

#[test]
fn an_answer_goes_to_the_clipboard() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.enter_each(&[("hello", "echo: hello"), ("/copy", "copied the answer: 1 line")]);
    // `echo: hello`
    let expected = b"\x1b]52;c;ZWNobzogaGVsbG8=\x07";
    let raw = terminal.raw();
    assert!(raw.windows(expected.len()).any(|window| window == expected), "{}", raw.escape_ascii());
}

#[test]
fn the_transcript_is_read_in_the_persons_pager_which_gets_the_terminal() {
    let mut world = World::new().with_sessions(&["api"]);
    let kept = world.home.path().join("paged");
    // Ends once it has read a line from the terminal, which nobody else reads meanwhile.
    let pager = format!(
        "cat > '{0}'; echo paging; read -r typed < /dev/tty; echo \"$typed\" >> '{0}'",
        kept.display()
    );
    world.home.set("PAGER", &pager);
    let mut terminal = world.open_at("api");
    terminal.enter("hello", "echo: hello");
    terminal.send_line("/pager");
    terminal
        .wait_for("the pager", |screen| !screen.alternate_screen() && screen.contents().contains("paging"));
    terminal.send("typed\n");
    terminal.wait_for("q again", vt100::Screen::alternate_screen);
    terminal.wait_prompt("api");
    eventually("what was paged", || {
        std::fs::read_to_string(&kept)
            .is_ok_and(|text| text.contains("echo: hello") && text.ends_with("typed\n"))
    });
    terminal.enter("and again", "echo: and again");
}
