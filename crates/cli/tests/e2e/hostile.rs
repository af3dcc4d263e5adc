//! What agents, servers and pasted texts try with the terminal: it is shown, and never done.

use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::screen::{Person as _, pasted};
use crate::world::World;

/// Title, clipboard, device control, erasing, its own styles, C1 forms of them, the bell, and hidden text.
const HOSTILE: &str = "A\u{1b}]0;pwned\u{7}B\u{1b}]52;c;cHduZWQ=\u{1b}\\C\u{1b}P1$r0m\u{1b}\\D\u{1b}[31337mE\u{9b}31337mF\u{9d}0;x\u{9c}\
     G\u{1b}_x\u{1b}\\H\u{1b}[?1049lI\u{202e}J\u{8}K\u{e0041}L";
/// What the terminal must never be sent.
const NEVER: [&[u8]; 9] = [
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b^",
    b"\x1bX",
    b"31337m\x1b",
    "\u{9b}".as_bytes(),
    "\u{9d}".as_bytes(),
    "\u{202e}".as_bytes(),
];

#[track_caller]
fn check(raw: &[u8]) {
    for sequence in NEVER {
        let found = raw.windows(sequence.len()).position(|window| window == sequence);
        assert_eq!(found, None, "{} was sent to the terminal", sequence.escape_ascii());
    }
    let smuggled = raw.windows(7).any(|window| window == b"\x1b[31337");
    assert!(!smuggled, "a style of the agent's own");
    assert!(!raw.contains(&0x07), "the bell");
}

/// What the terminal was sent, but for the titles that q itself gives the window: these and no others, to the byte.
fn beside_titles(terminal: &Terminal) -> Vec<u8> {
    let sent = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let titles = ["\x1b]2;q\x1b\\", "\x1b]2;q · 1 needs you\x1b\\"];
    titles.into_iter().fold(sent, |sent, title| sent.replace(title, "")).into_bytes()
}

fn ends_with_its_screen(terminal: &mut Terminal) {
    assert!(terminal.look(vt100::Screen::alternate_screen), "the screen is still q's");
    terminal.send_line("/quit");
    terminal.wait_detached();
}

#[test]
fn an_answer_is_shown_and_not_done() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("show", Script::new().say(HOSTILE).say("\n\nAll said.").done());
    let mut terminal = world.open_at("api");
    terminal.enter("show me", "All said.");
    terminal.wait_text("A<U+001B>]0;pwned<U+0007>B");
    check(&beside_titles(&terminal));
    ends_with_its_screen(&mut terminal);

    for args in [&["show", "api"][..], &["ls"], &["chat", "-s", "api", "show again"]] {
        let said = world.q(args).succeeded();
        check(said.out.as_bytes());
        assert!(!said.out.contains('\x1b'), "{said:?}");
    }
    // In data it is all there, escaped as JSON escapes.
    let shown = world.q(&["show", "--json", "api"]).succeeded();
    assert!(!shown.out.contains('\x1b'));
    assert_eq!(shown.json()["entries"][1]["text"], format!("{HOSTILE}\n\nAll said."));
    let plain = world.q_reading(&[], "show once more\n").succeeded();
    check(plain.out.as_bytes());
}

#[test]
fn a_refusal_of_the_server_is_shown_and_not_done() {
    let world = World::new().with_sessions(&["api"]);
    let body = serde_json::json!({"error": {"message": HOSTILE}}).to_string();
    world.server.on("show", Script::new().status(400, &body));
    let mut terminal = world.open_at("api");
    terminal.enter("show me", "the server rejects the request");
    check(&beside_titles(&terminal));
    ends_with_its_screen(&mut terminal);
    let said = world.q(&["chat", "-s", "api", "show again"]).exited(1);
    check(said.err.as_bytes());
    check(world.q(&["ls", "--waiting"]).out.as_bytes());
}

#[test]
fn a_pasted_text_is_shown_and_sent_as_it_was() {
    let world = World::new().with_sessions(&["api"]);
    // A paste ends where the terminal's own mark says so: the text cannot hold the escape that begins it.
    let text = "before \u{9b}31337m\u{202e}\u{7} after";
    let mut terminal = world.open_at("api");
    terminal.send(pasted(text));
    terminal.wait_text("after");
    check(&beside_titles(&terminal));
    terminal.send("\r");
    terminal.wait_text("echo: before");
    check(&beside_titles(&terminal));
    assert_eq!(world.server.requests()[0].last_user_text(), text);
}
