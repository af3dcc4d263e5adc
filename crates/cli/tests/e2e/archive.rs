//! Where sessions go when they are done with, and back: closed, reopened, thrown away, restored, erased.

use q_testkit::server::Script;

use crate::screen::{Person as _, UP};
use crate::world::{World, conversation, turns};

fn talked(name: &str) -> World {
    let world = World::new().with_sessions(&[name]);
    world.q(&["chat", "-s", name, "first"]).succeeded();
    world
}

#[test]
fn a_closed_session_is_reopened_with_its_history() {
    let world = talked("api");
    world.q(&["close", "api"]).succeeded().told("q reopen api");
    world.q(&["send", "api", "hello"]).exited(3).told("q reopen api");
    world.q(&["reopen", "api"]).succeeded().told("api is open again, in slot 1");
    world.q(&["reopen", "api"]).exited(1).told("is open already, in slot 1");
    world.q(&["chat", "-s", "api", "second"]).succeeded();
    let history = turns(&["first", "echo: first", "second"]);
    assert_eq!(conversation(&world.request("second")), history);
}

#[test]
fn reopening_in_the_terminal_goes_there() {
    let world = talked("api").with_sessions(&["other"]);
    let mut terminal = world.open_at("api");
    terminal.send_line("/close");
    terminal.wait_prompt("other");
    terminal.wait_text("/reopen api brings it back");
    terminal.send_line("/reopen api");
    terminal.wait_prompt("api");
    terminal.wait_text("echo: first");
    terminal.enter("/reopen apo", "did you mean `api`?");
    terminal.wait_prompt("api");
    terminal.send(UP);
    terminal.wait_typed("api", "/reopen apo");
}

#[test]
fn the_trash_gives_back_until_it_is_told_not_to() {
    let world = talked("api");
    world.q(&["delete", "api"]).succeeded().told("q restore api takes it out");
    assert_eq!(world.session("api")["presence"], "trashed");
    assert!(world.session("api")["trashed_ms"].is_u64());
    let listed = world.q(&["ls", "--all"]).succeeded();
    assert!(listed.out.contains("trashed"), "{listed:?}");
    world.q(&["show", "api"]).exited(0);
    world.q(&["reopen", "api"]).exited(3).told("q restore api");
    world.q(&["restore", "api"]).succeeded().told("q reopen api opens it");
    world.q(&["restore", "api"]).exited(3).told("is not in the trash");
    world.q(&["reopen", "api"]).succeeded();
    assert!(world.q(&["show", "api"]).succeeded().out.contains("echo: first"));

    // For good only on purpose: nobody can be asked here.
    world.q(&["delete", "--now", "api"]).exited(2).told("q delete --now --force api");
    world.q(&["delete", "--now", "--force", "api"]).succeeded().told("gone");
    assert_eq!(world.q(&["ls", "--all", "--json"]).json(), serde_json::json!([]));
    world.q(&["show", "api"]).exited(3);
    // … also for the next host.
    world.q(&["host", "stop"]).succeeded();
    assert_eq!(world.q(&["ls", "--all", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn erasing_at_a_terminal_asks() {
    let world = talked("api");
    for (answer, code) in [("n\r", 1), ("y\r", 0)] {
        let mut terminal = world.terminal(&["delete", "--now", "api"]);
        terminal.wait_text("for good? [y/N]");
        terminal.send(answer);
        assert_eq!(terminal.wait_exit().exit_code(), code, "{}", terminal.screen_text());
    }
    world.q(&["show", "api"]).exited(3);
}

#[test]
fn deleting_in_the_terminal_asks_only_while_it_works() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    world.server.on("dig", Script::new().say("Digging.").silence());
    let mut terminal = world.open_at("api");
    terminal.enter("dig", "Digging.");
    terminal.enter("/delete", "Delete it anyway?");
    terminal.decline("Delete it anyway?");
    world.wait_for_streams(1);
    terminal.enter("/delete api", "Delete it anyway?");
    terminal.send("y");
    terminal.wait_prompt("plan");
    terminal.wait_text("/restore api takes it out");
    world.wait_for_streams(0);
    terminal.enter("/delete docs", "/restore docs takes it out");
    terminal.enter("/restore docs", "docs is in the archive again");
    assert_eq!(world.session("docs")["presence"], "closed");
    assert_eq!(world.session("api")["presence"], "trashed");
    assert_eq!(world.session("api")["activity"], "interrupted");
}

#[test]
fn closed_sessions_of_one_name_are_told_apart() {
    let world = talked("api");
    world.q(&["close", "api"]).succeeded();
    world.q(&["new", "-d", "api"]).succeeded();
    world.q(&["close", "api"]).succeeded();
    let all = world.q(&["ls", "--all", "--json"]).json();
    let ids: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let said = world.q(&["reopen", "api"]).exited(3);
    for id in &ids {
        assert!(said.err.contains(&format!("{id} (api, closed, now)")), "{said:?}");
    }
    world.q(&["reopen", ids[1]]).succeeded();
    // The open one is meant now; the other is reached by its id, and gets a name of its own.
    world.q(&["send", "api", "hello"]).succeeded();
    world.q(&["reopen", ids[0]]).succeeded().told("`api` is taken");
    assert_eq!(world.session("api-2")["slot"], 2);
}

#[test]
fn the_archive_in_plain_mode() {
    let world = talked("api").with_sessions(&["other"]);
    let script = "/close\n/reopen api\n/delete\n/restore api\n/reopen apu\n/quit\n";
    let said = world.q_reading(&["attach", "api"], script).succeeded();
    for line in [
        "* api was closed",
        "* now in other",
        "* api is open again, number 1",
        "* now in api",
        "* api is in the trash",
        "* api is in the archive again; /reopen api opens it",
        "did you mean `api`?",
    ] {
        assert!(said.out.contains(line), "{line:?}: {}", said.out);
    }
}
