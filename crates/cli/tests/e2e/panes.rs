//! Several sessions on one screen: what is seen in a pane is read, and the panes come back.

use crate::coming_back::{Q, shell};
use crate::screen::{CTRL_D, Person as _, leader};
use crate::world::{World, eventually};

/// F6, as xterm sends it.
const F6: &str = "\x1b[17~";

#[test]
fn what_is_seen_in_any_pane_is_read_and_the_panes_come_back() {
    let world = World::new().with_sessions(&["api", "docs"]);
    let mut q = shell(&world);
    q.send_line(&format!("{Q} attach api"));
    q.wait_prompt("api");
    q.enter("/split docs", "[2 docs]");
    q.wait_text("[docs] > ask something");
    q.send(F6);
    q.wait_text("[api] > ask something");
    // The answer comes in the pane that has no keyboard, and is read there.
    world.begin_first("docs");
    q.wait_text("One");
    world.server.open("first");
    q.wait_text("is done.");
    eventually("what is seen is read", || world.session("docs")["unread"] == 0);
    q.send(leader("x"));
    q.wait_no_text("[1 api]");
    q.enter("/split", "[1 api]");
    q.send(CTRL_D);
    q.wait_text("detached");
    // Panes come back in the terminal in which they were.
    q.enter_away("clear", "detached");
    q.send_line(Q);
    q.wait_text("[1 api]");
    q.wait_text("── 2 docs");
}
