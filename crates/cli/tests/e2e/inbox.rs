//! What waits for an answer, and where nothing does: in the inbox of a real terminal, in plain mode, in the shell.

use q_testkit::server::Script;
use serde_json::json;

use crate::screen::{Person as _, leader};
use crate::tools::{Workshop, call, says_while, until};
use crate::world::World;

#[test]
fn what_waits_elsewhere_is_answered_and_put_aside_in_the_inbox() {
    let shop = Workshop::with_tools();
    let run = json!({ "argv": ["touch", "made"] });
    shop.rounds("do it", vec![call("run", &run), Script::new().say("It is made.").done()]);
    shop.begin("api", "do it");
    assert_eq!(shop.waiting()["circumstance"], json!("unheld"));
    shop.world.q(&["new", "-d", "here"]).succeeded();
    let mut terminal = shop.world.terminal(&["attach", "here"]);
    terminal.wait_prompt("here");
    terminal.send(leader("i"));
    terminal.wait_text("asked by hands");
    terminal.wait_text(&format!("api in {}", shop.directory.display()));
    // By its number: what is typed once more than needed is for nothing else then.
    says_while(&mut terminal, "/approve 1", || !shop.has("made"));
    terminal.wait_text("It is made.");
    until("an answer that is put aside", || {
        terminal.send("d");
        terminal.screen_text().contains("nothing waits here any more").then_some(())
    });
    assert_eq!(shop.world.session("api")["unread"], json!(0));
    terminal.press_to("\r", "here");
}

#[test]
fn an_empty_inbox_says_so_and_answers_have_a_way_out() {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["inbox"]).succeeded().told("nothing needs you");
    assert_eq!(world.q(&["inbox", "--json"]).succeeded().json(), json!([]));
    for args in [&["approve", "api"][..], &["deny", "api"], &["answer", "api", "yes"]] {
        world.q(args).exited(1).told("waits in `api`").told("q inbox");
    }
    world.q(&["approve", "api", "everything"]).exited(2).told("not an id that `q inbox` prints");
    world.q(&["approve", "nobody"]).exited(3);
}

#[test]
fn the_commands_of_plain_mode_say_the_same() {
    let world = World::new().with_sessions(&["api"]);
    let said =
        world.q_reading(&["attach", "api"], "/inbox\n/approve\n/deny 3\n/answer yes\n/quit\n").succeeded();
    for line in ["* nothing needs you", "nothing in this session waits for that", "number 3"] {
        assert!(said.out.contains(line), "{line:?}: {}", said.out);
    }
}
