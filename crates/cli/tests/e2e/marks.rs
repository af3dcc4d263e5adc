//! What a person sticks on sessions: tags, pins, "come back to this"; and kinds of their own.

use serde_json::json;

use crate::screen::{Person as _, alt};
use crate::world::World;

#[test]
fn tags_group_sessions() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    assert_eq!(world.q(&["tag", "api", "+Work", "urgent"]).succeeded().out, "urgent\nwork\n");
    world.q(&["tag", "plan", "work"]).succeeded();
    assert_eq!(world.q(&["tag", "api", "-urgent"]).succeeded().out, "work\n");
    assert_eq!(world.q(&["tag", "docs"]).succeeded().out, "");
    world.q(&["tag", "api", "+a b"]).exited(2).told("cannot be a tag");
    let tagged = world.q(&["ls", "--tag", "work", "--json"]).succeeded().json();
    let names: Vec<&str> =
        tagged.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["api", "plan"]);
    assert_eq!(tagged[0]["tags"], json!(["work"]));
    world.q(&["new", "-d", "late", "--tag", "work", "--tag", "night"]).succeeded();
    assert_eq!(world.session("late")["tags"], json!(["night", "work"]));
    let verbose = world.q(&["ls", "--verbose"]).succeeded().out;
    assert!(verbose.contains("#night #work"), "{verbose}");
}

#[test]
fn tags_in_the_terminal_are_shown_when_they_change() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.enter_each(&[
        ("/tag", "api has no tags"),
        ("/tag +work night", "tags of api: night work"),
        ("/tag -work", "tags of api: night"),
        ("/tag a/b", "cannot be a tag"),
    ]);
    terminal.wait_prompt("api");
    let said = world.q_reading(&["attach", "api"], "/tag -night\n/tag more\n/quit\n").succeeded();
    assert!(said.out.contains("* api has no tags") && said.out.contains("* tags of api: more"), "{said:?}");
}

#[test]
fn a_pin_keeps_a_session_awake() {
    let world = World::new();
    world.home.configure("[limits]\nlive_sessions = 2\n");
    let world = world.with_sessions(&["api", "plan"]);
    world.q(&["pin", "api"]).succeeded().told("q unpin api");
    world.q(&["new", "-d", "third"]).succeeded().told("plan hibernates now");
    let mut terminal = world.open_at("api");
    terminal.enter("/unpin", "may hibernate by itself again");
    terminal.enter("/pin plan", "plan is pinned");
    assert_eq!(
        (world.session("api")["pinned"].clone(), world.session("plan")["pinned"].clone()),
        (false.into(), true.into())
    );
}

#[test]
fn what_is_marked_unread_is_come_back_to() {
    let world = World::new().with_sessions(&["api", "plan"]);
    world.q(&["chat", "-s", "api", "first"]).succeeded();
    world.q(&["unread", "api"]).succeeded().told("unread until it is shown again");
    let waiting = world.q(&["ls", "--waiting", "--json"]).succeeded().json();
    assert_eq!(waiting[0]["name"], "api");
    let mut terminal = world.attach("plan");
    terminal.wait_bar(" 1 api +");
    terminal.send(alt('a'));
    terminal.wait_prompt("api");
    terminal.wait_bar("[1 api]");
    // Also of the one in view: it is read only when it is gone to again.
    terminal.send_line("/unread");
    terminal.wait_bar("[1 api +");
    terminal.press_to(alt('2'), "plan");
    terminal.wait_bar(" 1 api +");
    terminal.send(alt('1'));
    terminal.wait_bar("[1 api]");
}

#[test]
fn kinds_of_ones_own_bring_a_system_prompt_and_a_colour() {
    let world = World::new();
    world.home.configure(
        "[kinds.writing]\nsystem_prompt = \"Write plainly.\"\ntools = \"deny\"\ncolour = \"green\"\n",
    );
    world.q(&["new", "-d", "essay", "--kind", "writing"]).succeeded();
    world.q(&["chat", "-s", "essay", "begin"]).succeeded();
    let seen = world.request("begin");
    let system = seen.body["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    assert!(system.contains("Write plainly."), "{system}");
    assert_eq!(
        (world.session("essay")["kind"].clone(), world.session("essay")["policy"].clone()),
        (json!("writing"), json!("deny"))
    );
    let mut terminal = world.open_at("essay");
    terminal.send_line("/new writing writing");
    terminal.wait_prompt("writing");
    // A kind's word is no name: whoever goes to `writing` goes to the session.
    terminal.switch("essay");
    terminal.switch("writing");
    terminal.enter("/new writting x", "did you mean /new writing x?");
    world.q(&["new", "-d", "--kind", "writting"]).exited(2).told("did you mean `writing`?");
}

#[test]
fn who_plans_or_reviews_looks_only_and_is_told_so() {
    let world = World::new();
    let told = |name: &str, kind: &str| world.q(&["new", "-d", name, "--kind", kind]).succeeded().err;
    let policy = |name: &str| world.session(name)["policy"].clone();
    assert!(told("plan", "planning").contains("Tools only look here (planning)."));
    assert!(told("look", "review").contains("Tools only look here (review)."));
    assert!(!told("api", "debug").contains("Tools only look"));
    assert_eq!([policy("plan"), policy("look"), policy("api")], [json!("deny"), json!("deny"), json!("ask")]);
    let terminal = world.open_at("plan");
    terminal.wait_text("Tools only look here (planning).");
    // The configuration is for new ones: what there is keeps what it was made with.
    world.home.configure("[kinds.planning]\ntools = \"ask\"\n[kinds.review]\ncolour = \"green\"\n");
    assert!(!told("plan2", "planning").contains("Tools only look"));
    assert!(told("look2", "review").contains("Tools only look here (review)."));
    assert_eq!(
        [policy("plan"), policy("plan2"), policy("look2")],
        [json!("deny"), json!("ask"), json!("deny")]
    );
}

#[test]
fn a_mistake_in_a_kind_is_told() {
    let kind = |line: &str| format!("[kinds.writing]\n{line}\n");
    World::new().refuses_configurations([
        (kind("colour = \"grene\""), "did you mean `green`?"),
        (kind("tools = \"dney\""), "did you mean `deny`?"),
        (kind("system_promt = \"x\""), "did you mean `system_prompt`?"),
        ("[kinds.\"a b\"]\n".to_owned(), "cannot be the name of a kind"),
    ]);
}

#[test]
fn what_is_marked_is_closed_at_once_found_by_typing_and_taken_back() {
    let world = World::new().with_sessions(&["here", "api", "plan"]);
    let mut terminal = world.open_at("here");
    terminal.send(alt('s'));
    terminal.wait_text("filter:");
    terminal.send("\x1b[B  ");
    terminal.wait_text("2 marked");
    terminal.send("\x17");
    terminal.wait_text("2 sessions closed");
    terminal.wait_no_text("2 plan");
    terminal.send("is:closed");
    terminal.wait_text("api");
    terminal.wait_text("plan");
    terminal.send("\x15");
    terminal.wait_no_text("is:closed ");
    terminal.send(alt('u'));
    terminal.wait_text("undone: 2 sessions closed");
    terminal.wait_bar("plan");
    terminal.send("\x1b");
    // Found, and gone to.
    world.q(&["close", "plan"]).succeeded();
    terminal.wait_no_text("plan");
    terminal.send(alt('s'));
    terminal.send("pla");
    terminal.wait_text("– plan");
    terminal.press_to("\r", "plan");
}
